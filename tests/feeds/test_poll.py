"""Polling: real servers and a real store, and a clock that moves only when it is told."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.errors import StoreError
from service.feeds.fetch import Fetcher
from service.feeds.items import Item
from service.feeds.poll import BATCH, Poller
from service.ingest import counts, ingest
from service.model import ImportanceModel
from service.store.connect import open_store
from service.store.contract import FeedState
from service.store.sql import SqlStore
from service.types import Feed
from tests.feeds.site import Site, answer, fetcher, redirect

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def rss(*titles: str, dated: str | None = "Sun, 01 Mar 2026 11:00:00 GMT", **headers: str) -> bytes:
    date = f"<pubDate>{dated}</pubDate>" if dated else ""
    items = (f"<item><title>{one}</title><link>https://a.example/{one[:4]}</link>{date}</item>" for one in titles)
    text = f"<rss version='2.0'><channel><title>Anvil</title>{''.join(items)}</channel></rss>"
    return answer(200, text.encode(), **headers)


class Stage:
    """A site, a store, and a poller between them. ``batches`` is all that was ingested, by what ``keep`` does."""

    def __init__(self, site: Site, fetch: Fetcher, store: SqlStore) -> None:
        self.site, self.fetch, self.store = site, fetch, store
        self.now, self.step = NOON, timedelta()
        self.batches: list[list[Item]] = []
        self.keep: Callable[[list[Item]], Mapping[str, int]] = lambda items: {"created": len(items), "rejected": 0}
        self.poller = self.new_poller()

    def new_poller(self, **options: Any) -> Poller:
        """Another process, or one with other limits."""
        chosen = {"look_s": 0.001, "jitter": lambda: 0.5, **options}
        self.poller = Poller(self.store.feeds, self.fetch, self.take, self.clock, **chosen)
        return self.poller

    def clock(self) -> datetime:
        self.now += self.step
        return self.now

    def take(self, items: list[Item]) -> Mapping[str, int]:
        self.batches.append(items)
        return self.keep(items)

    def feed(self, path: str, page: Any, host: str = "") -> Feed:
        """A new feed that is called like its path, by default at a host of its own."""
        self.site.pages = {**self.site.pages, path: page}
        name = path.strip("/")
        feed = Feed(self.site.url(path, f"{host or name}.example"), name, publisher=f"{name} group", topic="world")
        assert self.store.feeds.add([feed], self.now) == 1
        return feed

    def serves(self, path: str, page: Any) -> None:
        self.site.pages = {**self.site.pages, path: page}

    async def poll(self, **later: float) -> FeedState:
        """Move the clock, poll what is due, and give the state of the first feed."""
        self.now += timedelta(**later)
        await self.poller.poll_due(self.now)
        return self.store.feeds.all()[0]

    def states(self) -> dict[str, FeedState]:
        return {state.feed.name: state for state in self.store.feeds.all()}

    def asked(self, path: str) -> int:
        return sum(head.split()[1] == path for head in self.site.asked)

    @property
    def titles(self) -> list[object]:
        return [item["title"] for batch in self.batches for item in batch]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    with closing(open_store(f"sqlite:///{tmp_path / 'iscore.db'}")) as opened:
        yield opened


@pytest.fixture
async def stage(store: SqlStore) -> AsyncIterator[Stage]:
    async with Site({}) as site, fetcher() as fetch:
        yield Stage(site, fetch, store)


# --- what is asked, and what is passed on -----------------------------------------------------------


async def test_a_feed_that_did_not_change_is_asked_with_its_validators_and_touches_nothing(stage: Stage) -> None:
    stage.feed("/anvil", rss("One", ETag='W/"1"', Last_Modified="some time"))
    await stage.poll()
    stage.serves("/anvil", answer(304, b"", ETag='W/"2"'))
    state = await stage.poll(minutes=70)
    assert 'If-None-Match: W/"1"\r\nIf-Modified-Since: some time' in stage.site.asked[1]
    assert stage.titles == ["One"]
    assert (state.etag, state.last_modified, state.entries) == ('W/"2"', "some time", 1)
    assert (state.checked_at, state.succeeded_at, state.failures) == (stage.now, stage.now, 0)
    assert stage.poller.polls == {"read": 1, "unchanged": 1}


async def test_what_a_feed_says_again_is_not_ingested_again(stage: Stage) -> None:
    stage.feed("/anvil", rss("One", "Two"))
    await stage.poll()
    stage.serves("/anvil", rss("Two", "Three"))
    await stage.poll(minutes=70)
    await stage.poll(minutes=70)
    assert stage.titles == ["One", "Two", "Three"]
    assert stage.poller.entries == {"created": 3, "rejected": 0}


async def test_an_entry_says_where_it_comes_from(stage: Stage) -> None:
    stage.feed("/anvil", rss("One"))
    await stage.poll()
    assert stage.batches == [
        [
            {
                "title": "One",
                "url": "https://a.example/One",
                "source": "anvil",
                "publisher": "anvil group",
                "topic": "world",
                "language": None,
                "published_at": "2026-03-01T11:00:00+00:00",
                "date_source": "published",
            }
        ]
    ]


async def test_what_an_aggregator_passes_on_is_its_publishers(stage: Stage) -> None:
    stage.feed("/anvil", rss("One").replace(b"</item>", b"<source url='https://b.example/'>Bellows</source></item>"))
    await stage.poll()
    assert (stage.batches[0][0]["source"], stage.batches[0][0]["publisher"]) == ("Bellows", None)


@pytest.mark.parametrize("dated", [None, "Sun, 01 Mar 2026 12:00:01 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"])
async def test_an_entry_without_a_time_or_from_the_future_is_dated_now(stage: Stage, dated: str | None) -> None:
    stage.feed("/anvil", rss("One", dated=dated))
    await stage.poll()
    (item,) = stage.batches[0]
    assert (item["published_at"], item["date_source"]) == (NOON.isoformat(), "fetched")


async def test_an_undated_entry_does_not_become_new_again(stage: Stage, model: ImportanceModel) -> None:
    stage.keep = lambda items: counts(ingest(items, model, stage.store, stage.now, inside=True))
    stage.feed("/anvil", rss("Old news of a bridge", dated=None))
    await stage.poll()
    stage.new_poller()  # another process: it has not seen the entry
    stage.serves("/anvil", rss("Old news of a bridge", "New: a dam is built", dated=None))
    await stage.poll(minutes=70)
    assert stage.poller.entries == {"created": 1, "duplicate": 1, "updated": 0, "rejected": 0}
    times = {one.title: one.published_at for one in stage.store.heard(0, NOON - timedelta(days=1))}
    assert times == {"Old news of a bridge": NOON, "New: a dam is built": stage.now}


async def test_many_entries_come_in_batches(stage: Stage) -> None:
    stage.feed("/anvil", rss(*(f"{number:04}" for number in range(2 * BATCH + 1))))
    await stage.poll()
    assert [len(batch) for batch in stage.batches] == [BATCH, BATCH, 1]


async def test_a_feed_that_has_moved_for_good_is_asked_at_its_new_address_after_three_times(stage: Stage) -> None:
    feed = stage.feed("/anvil", redirect("http://new.example:{port}/new"))
    stage.serves("/new", rss("One"))
    for _ in range(3):
        state = await stage.poll(minutes=70)
    assert state.feed == replace(feed, url=stage.site.url("/new", "new.example"))
    await stage.poll(minutes=70)
    assert (stage.asked("/anvil"), stage.asked("/new")) == (3, 4)


async def test_a_feed_that_is_gone_is_not_asked_again(stage: Stage) -> None:
    stage.feed("/anvil", answer(410, b""))
    state = await stage.poll()
    await stage.poll(days=100)
    assert (state.status, stage.asked("/anvil"), stage.poller.polls) == ("gone", 1, {"gone": 1})


# --- one bad feed ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (answer(200, b"<!doctype html><p>Welcome"), "web page"),
        (answer(200, b"\0\xff<<<"), "feed"),
        (answer(200, b""), "empty"),
        (answer(500, b""), "answers 500 (Internal Server Error)"),
        (b"not HTTP at all\r\n\r\n", "no proper answer"),
        (redirect("http://127.0.0.1:1/"), "no proper answer"),
    ],
)
async def test_a_bad_feed_says_why_beside_a_good_one_that_works(stage: Stage, page: bytes, why: str) -> None:
    stage.feed("/good", rss("One"))
    stage.feed("/bad", page)
    await stage.poll()
    bad, good = stage.states()["bad"], stage.states()["good"]
    assert (good.failures, good.entries, stage.titles) == (0, 1, ["One"])
    assert (bad.failures, bad.succeeded_at, bad.next_at) == (1, None, NOON + timedelta(minutes=5))
    assert why in (bad.error or "")


async def test_a_slow_feed_delays_no_other(stage: Stage) -> None:
    others = asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await others.wait()
        writer.write(rss("Slow"))

    def keep(items: list[Item]) -> Mapping[str, int]:
        if {"One", "Two"} <= set(stage.titles):
            loop.call_soon_threadsafe(others.set)
        return {}

    loop, stage.keep = asyncio.get_running_loop(), keep
    stage.feed("/slow", slow)
    stage.feed("/one", rss("One"))
    stage.feed("/two", rss("Two"))
    await stage.poll()
    assert stage.titles[2:] == ["Slow"]


async def test_feeds_of_one_host_are_asked_one_after_the_other_and_leave_places_to_others(stage: Stage) -> None:
    at_once, first, other = 0, asyncio.Event(), asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal at_once
        at_once += 1
        assert at_once == 1
        first.set()
        await other.wait()
        at_once -= 1
        writer.write(rss("Slow"))

    async def last(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await first.wait()
        other.set()
        writer.write(rss("Last"))

    for number in range(9):
        stage.feed(f"/slow{number}", slow, host="same")
    stage.feed("/last", last)
    stage.new_poller(places=2)
    await stage.poll()
    assert stage.poller.polls == {"read": 10}


async def test_what_is_not_there_by_the_deadline_has_failed(stage: Stage) -> None:
    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    stage.feed("/never", never)
    stage.new_poller(deadline_s=0.05)
    state = await stage.poll()
    assert (state.error, state.failures) == ("too slow: nothing to read after 0.05 s", 1)


async def test_a_feed_over_which_we_break_is_told_once_and_asked_less_often(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    def keep(items: list[Item]) -> Mapping[str, int]:
        if items[0]["source"] == "bad":
            raise RuntimeError("a bug")
        return {}

    stage.keep = keep
    stage.feed("/bad", rss("One"))
    stage.feed("/good", rss("One"))
    await stage.poll()
    await stage.poll(minutes=70)
    bad, good = stage.states()["bad"], stage.states()["good"]
    assert (bad.failures, good.failures, bad.next_at) == (2, 0, stage.now + timedelta(minutes=10))
    assert [record.message for record in caplog.records] == [f"polling {bad.feed.url} broke"]


async def test_the_log_has_a_line_when_a_feed_changes_its_ways_and_no_more(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "service.feeds.poll")
    url = stage.feed("/anvil", rss("One")).url
    for page in (rss("One"), answer(500, b""), answer(500, b""), answer(404, b""), rss("One"), rss("Two"), answer(410)):
        stage.serves("/anvil", page)
        await stage.poll(days=1)
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("WARNING", f"feed {url} fails: answers 500 (Internal Server Error)"),
        ("INFO", f"feed {url} works"),
        ("WARNING", f"feed {url} is gone for good"),
    ]


async def test_a_start_without_a_network_warns_of_nothing(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.feed("/anvil", redirect("http://127.0.0.1:1/"))
    await stage.poll()
    assert caplog.records == []


# --- the store -------------------------------------------------------------------------------------


async def test_what_could_not_be_kept_is_no_fault_of_the_feed_and_is_passed_on_again(stage: Stage) -> None:
    full: list[int] = []

    def keep(items: list[Item]) -> Mapping[str, int]:
        full.append(1)
        if len(full) == 1:
            raise StoreError("the disk is full")
        return {"created": 1}

    stage.keep = keep
    stage.feed("/anvil", rss("One"))
    with pytest.raises(StoreError, match="the disk is full"):
        await stage.poll()
    (state,) = stage.store.feeds.all()
    assert (state.checked_at, state.failures) == (None, 0)
    assert state.next_at > stage.now  # it is not asked again and again
    state = await stage.poll(minutes=5)
    assert (state.failures, stage.titles) == (0, ["One", "One"])


async def test_processes_that_poll_one_store_ask_each_feed_once(stage: Stage) -> None:
    asked, second = 0, stage.new_poller()

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        assert await second.poll_due(stage.now) == 0
        writer.write(rss("One"))

    stage.feed("/anvil", once)
    stage.new_poller()
    await stage.poll()
    assert asked == 1


async def test_a_feed_that_is_removed_while_it_is_asked_stays_removed(stage: Stage) -> None:
    async def removed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stage.store.feeds.remove(feed.url)
        writer.write(rss("One"))

    feed = stage.feed("/anvil", removed)
    await stage.poller.poll_due(stage.now)
    assert stage.store.feeds.all() == []


async def test_a_store_that_does_not_answer_is_told_once_until_it_does(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stop, tries = asyncio.Event(), 0
    feeds = stage.store.feeds

    class Broken(type(feeds)):  # type: ignore[misc]
        """Answers the fifth time."""

        def due(self, now: datetime, limit: int) -> list[FeedState]:
            nonlocal tries
            tries += 1
            if tries < 5:
                raise StoreError("the disk is gone")
            return super().due(now, limit)  # type: ignore[no-any-return]

    def keep(items: list[Item]) -> Mapping[str, int]:
        loop.call_soon_threadsafe(stop.set)
        return {}

    loop, stage.keep = asyncio.get_running_loop(), keep
    stage.feed("/anvil", rss("One"))
    stage.store.feeds = Broken(stage.store._database)
    await stage.new_poller().run(stop)
    assert [record.message for record in caplog.records] == ["feeds wait: the disk is gone"]
    assert stage.titles == ["One"]


# --- for as long as the service runs ---------------------------------------------------------------


async def test_it_polls_again_and_again_until_it_is_told_to_stop(stage: Stage) -> None:
    stop = asyncio.Event()

    async def more(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = stage.asked("/anvil")
        writer.write(rss(f"No. {number}"))
        if number == 5:
            stop.set()

    stage.feed("/anvil", more)
    stage.step = timedelta(minutes=10)
    await stage.poller.run(stop)
    assert stage.asked("/anvil") == 5


async def test_a_stop_gives_up_a_fetch_that_hangs(stage: Stage) -> None:
    asked, hung_up, stop = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()
        hung_up.set()

    stage.feed("/anvil", hang)
    running = asyncio.create_task(stage.poller.run(stop))
    await asked.wait()
    stop.set()
    await running
    await hung_up.wait()
    (state,) = stage.store.feeds.all()
    assert (state.checked_at, state.failures) == (None, 0)


async def test_a_stop_waits_for_what_is_being_written(stage: Stage) -> None:
    begun, may_end, ended, stop = asyncio.Event(), threading.Event(), threading.Event(), asyncio.Event()

    def keep(items: list[Item]) -> Mapping[str, int]:
        loop.call_soon_threadsafe(begun.set)
        assert may_end.wait(30)
        ended.set()
        return {}

    loop, stage.keep = asyncio.get_running_loop(), keep
    stage.feed("/anvil", rss("One"))
    running = asyncio.create_task(stage.poller.run(stop))
    await begun.wait()
    stop.set()
    for _ in range(10):
        await asyncio.sleep(0)
    assert not running.done()
    may_end.set()
    await running
    assert ended.is_set()


async def test_a_feed_that_is_added_while_it_runs_is_polled(stage: Stage) -> None:
    stop = asyncio.Event()

    async def first(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stage.feed("/second", second)
        writer.write(rss("One"))

    async def second(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stop.set()
        writer.write(rss("Two"))

    stage.feed("/first", first)
    await stage.poller.run(stop)
    assert (stage.asked("/first"), stage.asked("/second")) == (1, 1)
