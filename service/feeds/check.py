"""Do feeds answer, and with what: a look at each, without keeping anything."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from urllib.parse import urlsplit

from service.errors import FeedError, FetchError
from service.feeds.fetch import Fetcher
from service.feeds.parse import ParsedFeed, parse
from service.types import Feed

MAX_HOSTS = 32
"""Asked at a time."""
GAP_S = 1.0
"""Between two questions to one host."""


@dataclass(frozen=True, slots=True)
class Check:
    """What a feed answered, after how many ``seconds``; ``problem`` says in words why it does not work."""

    feed: Feed
    seconds: float
    parsed: ParsedFeed | None = None
    problem: str | None = None
    moved_to: str | None = None
    """Its new address, where the old one says so for good."""

    @property
    def newest(self) -> datetime | None:
        """When the newest entry was published."""
        times = [entry.published_at for entry in self.parsed.entries if entry.published_at] if self.parsed else []
        return max(times, default=None)


async def check(fetcher: Fetcher, feed: Feed) -> Check:
    """Ask for a feed and read it."""
    start = perf_counter()
    try:
        fetched = await fetcher.fetch(feed.url)
        if fetched.status != 200:
            return Check(feed, perf_counter() - start, problem=f"it answers {fetched.status}")
        parsed = await asyncio.to_thread(parse, fetched.body, fetched.url, fetched.content_type)
    except (FetchError, FeedError) as exc:
        return Check(feed, perf_counter() - start, problem=str(exc))
    return Check(feed, perf_counter() - start, parsed, moved_to=fetched.permanent_url)


async def check_all(
    fetcher: Fetcher,
    feeds: Iterable[Feed],
    report: Callable[[Check], None],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Tell ``report`` of each feed as soon as it is known. A slow host delays its own feeds only."""
    hosts: dict[str, list[Feed]] = {}
    for feed in feeds:
        hosts.setdefault(urlsplit(feed.url).hostname or "", []).append(feed)
    free = asyncio.Semaphore(MAX_HOSTS)

    async def ask(host: list[Feed]) -> None:
        async with free:
            for feed in host:
                if feed is not host[0]:
                    await sleep(GAP_S)  # here and not in the fetcher, so that no feed's time has waiting in it
                report(await check(fetcher, feed))

    await asyncio.gather(*map(ask, hosts.values()))
