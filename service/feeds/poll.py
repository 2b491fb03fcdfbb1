"""Feeds -> headlines, for as long as the service runs."""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar
from urllib.parse import urlsplit

from service.errors import FeedError, FetchError, StoreError
from service.feeds.items import Item, items_of
from service.feeds.parse import ParsedFeed, parse
from service.feeds.schedule import after
from service.store.contract import FeedState, FeedStore
from service.types import Feed

if TYPE_CHECKING:
    from service.feeds.fetch import Fetched

log = logging.getLogger(__name__)

BATCH = 200
"""Entries kept at a time, so that other writers wait a moment only."""
_OVERDUE = 500
_T = TypeVar("_T")


class Fetches(Protocol):
    """See ``service.feeds.fetch.Fetcher``."""

    async def fetch(self, url: str, etag: str | None = None, last_modified: str | None = None) -> "Fetched":
        """What the address answers; FetchError says why nothing came."""


class Poller:
    """Asks feeds for news, at most ``places`` at a time and one of each host, and passes on what is new.

    ``ingest`` takes items as of ``items_of``, runs in a thread, and says how many had which result. An answer
    has to be there, and read, within ``deadline_s``. All methods are for one event loop.
    """

    def __init__(
        self,
        feeds: FeedStore,
        fetcher: Fetches,
        ingest: Callable[[list[Item]], Mapping[str, int]],
        clock: Callable[[], datetime],
        *,
        places: int = 16,
        deadline_s: float = 60.0,
        look_s: float = 1.0,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._feeds, self._fetcher, self._ingest, self._clock = feeds, fetcher, ingest, clock
        self._places, self._deadline_s, self._look_s, self._jitter = places, deadline_s, look_s, jitter
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._passed_on: dict[str, frozenset[int]] = {}
        self._storing = asyncio.Lock()
        self._readers = ThreadPoolExecutor(2, "feeds")  # not those of the readers of lists, who would wait for parsers
        self._trouble: StoreError | None = None
        self.polls: Counter[str] = Counter()
        """How many ended how: read, unchanged, failed, gone."""
        self.entries: Counter[str] = Counter()
        """What became of the entries that were passed on, as ``ingest`` says."""

    async def run(self, stop: asyncio.Event) -> None:
        """Poll what is due until told to stop. Then fetches are given up, and what is being written is written."""
        stopped = asyncio.ensure_future(stop.wait())
        try:
            while not stop.is_set():
                self._begin(await self._due())
                free = () if self._trouble else self._under_way.values()  # or a broken store were asked without a pause
                await asyncio.wait({stopped, *free}, timeout=self._look_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            given_up = [stopped, *self._under_way.values()]
            for task in given_up:
                task.cancel()
            await asyncio.gather(*given_up, return_exceptions=True)
            self._readers.shutdown(wait=False, cancel_futures=True)

    async def poll_due(self, now: datetime) -> int:
        """Poll once what is due ``now``; how many feeds that were. StoreError as in ``poll``."""
        return await self.poll(await asyncio.to_thread(self._feeds.due, now, 1_000_000))

    async def poll(self, states: Sequence[FeedState]) -> int:
        """Poll these feeds, due or not; how many they were. StoreError when what they said could not be kept."""
        waiting = self._begin(states)
        while self._under_way:
            await asyncio.wait(self._under_way.values(), return_when=asyncio.FIRST_COMPLETED)
            waiting = self._begin(waiting)
        if self._trouble:
            raise self._trouble
        return len(states)

    def _begin(self, waiting: Sequence[FeedState]) -> list[FeedState]:
        """Begin with those for which there is a place and whose host is not being asked; the others have to wait."""
        left = []
        for state in waiting:
            host = urlsplit(state.feed.url).hostname or ""
            if host in self._under_way or len(self._under_way) >= self._places:
                left.append(state)
                continue
            self._under_way[host] = task = asyncio.create_task(self._poll(state))
            task.add_done_callback(partial(self._end, host))
        return left

    def _end(self, host: str, task: asyncio.Task[None]) -> None:
        del self._under_way[host]

    async def _due(self) -> list[FeedState]:
        try:
            return await asyncio.to_thread(self._feeds.due, self._clock(), _OVERDUE)
        except StoreError as exc:
            self._complain(exc)
            return []

    async def _poll(self, before: FeedState) -> None:
        # Put off before it is asked: other processes then leave it alone, and it is not asked again and again
        # when what it said cannot be kept.
        put_off = replace(before, next_at=self._clock() + timedelta(seconds=2 * self._deadline_s))
        try:
            await self._finish(self._feeds.save, put_off, before.feed.url)
            state = await self._asked(before)
            await self._finish(self._feeds.save, state, before.feed.url)
        except StoreError as exc:
            self._complain(exc)
            return
        self._trouble = None
        _tell(before, state)

    def _complain(self, exc: StoreError) -> None:
        """The store does not answer: said once, for all feeds, until it does."""
        if str(exc) != str(self._trouble):
            log.warning("feeds wait: %s", exc)
        self._trouble = exc

    async def _asked(self, before: FeedState) -> FeedState:
        fetched, parsed, error = None, None, None
        try:
            async with asyncio.timeout(self._deadline_s):
                fetched = await self._fetcher.fetch(before.feed.url, before.etag, before.last_modified)
                if fetched.status == 200:
                    parsed = await self._read(fetched)
            if parsed:
                await self._pass_on(before.feed, parsed)
        except TimeoutError:
            error = f"too slow: nothing to read after {self._deadline_s:g} s"
        except (FetchError, FeedError) as exc:
            error = str(exc)
        except StoreError:
            raise
        except Exception:  # the other feeds go on
            error = "iscore broke over its answer: the log says how"
            if before.error != error:
                log.exception("polling %s broke", before.feed.url)
        state = after(before, fetched, parsed, error, self._clock(), self._jitter())
        self.polls[_result(state, parsed)] += 1
        return state

    async def _read(self, fetched: "Fetched") -> ParsedFeed:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, parse, fetched.body, fetched.url, fetched.content_type)

    async def _pass_on(self, feed: Feed, parsed: ParsedFeed) -> None:
        """Ingest what the feed did not say last time: two that differ over an article would take turns for ever."""
        said = {hash(entry): entry for entry in parsed.entries}
        new = [entry for key, entry in said.items() if key not in self._passed_on.get(feed.url, frozenset())]
        items = items_of(feed, new, parsed.language, self._clock())
        for start in range(0, len(items), BATCH):
            self.entries.update(await self._finish(self._ingest, items[start : start + BATCH]))
        self._passed_on[feed.url] = frozenset(said)

    async def _finish(self, work: Callable[..., _T], *arguments: object) -> _T:
        """Do work in a thread, one at a time; also when cancelled, it is done when this ends."""
        async with self._storing:
            task = asyncio.ensure_future(asyncio.to_thread(work, *arguments))
            try:
                return await asyncio.shield(task)
            except asyncio.CancelledError:
                await asyncio.gather(task, return_exceptions=True)
                raise


def _result(state: FeedState, parsed: ParsedFeed | None) -> str:
    if state.status == "gone":
        return "gone"
    return "failed" if state.failures else "read" if parsed else "unchanged"


def _tell(before: FeedState, state: FeedState) -> None:
    """A line in the log when a feed changes its ways; a feed that never worked is told on the page of sources only."""
    url = before.feed.url
    if state.feed.url != url:
        log.warning("feed %s has moved to %s", url, state.feed.url)
    if state.status == "gone":
        log.warning("feed %s is gone for good", url)
    elif bool(before.failures) != bool(state.failures):
        level = logging.INFO if before.succeeded_at is None or not state.failures else logging.WARNING
        log.log(level, "feed %s %s", url, f"fails: {state.error}" if state.failures else "works")
