"""What every store promises of feeds, on SQLite and on PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from service.store.connect import open_store
from service.store.contract import FeedState
from service.store.sql import SqlStore
from service.types import Feed

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
TICK = timedelta(microseconds=1)
FEED = Feed("https://a.example/rss", "Anvil", "https://a.example/", "Anvil Group", "world", "en-GB")
OTHER = Feed("https://b.example/rss", "Bellows")
STATE = FeedState(
    FEED, NOON, "active", 'W/"1"', "Sun, 01 Mar 2026 12:00:00 GMT", 600, NOON, NOON - TICK, 2, "answers 500", 1, 30
)


def test_a_new_feed_is_due_at_once_and_says_nothing_else_yet(store: SqlStore) -> None:
    assert store.feeds.add([FEED, OTHER], NOON) == 2
    assert store.feeds.all() == [FeedState(FEED, NOON), FeedState(OTHER, NOON)]
    assert store.feeds.due(NOON, 10) == store.feeds.all()
    assert store.feeds.due(NOON - TICK, 10) == []


def test_nothing_added_is_nothing_new(store: SqlStore) -> None:
    assert store.feeds.add([], NOON) == 0
    assert store.feeds.all() == []


def test_a_known_address_stays_as_it_is(store: SqlStore) -> None:
    store.feeds.add([FEED], NOON)
    store.feeds.save(STATE, FEED.url)
    assert store.feeds.add([replace(FEED, name="Another name"), OTHER], NOON + TICK, again=True) == 1
    assert store.feeds.all() == [STATE, FeedState(OTHER, NOON + TICK)]


def test_of_two_new_feeds_with_one_address_the_first_stands(store: SqlStore) -> None:
    assert store.feeds.add([FEED, replace(FEED, name="Another name")], NOON) == 1
    assert store.feeds.all() == [FeedState(FEED, NOON)]


def test_what_is_saved_comes_back_as_it_went_in(store: SqlStore) -> None:
    store.feeds.add([FEED], NOON)
    for state in (STATE, FeedState(replace(FEED, topic=None, language=None), NOON)):
        store.feeds.save(state, FEED.url)
        assert store.feeds.all() == [state]


def test_an_unknown_feed_is_not_saved(store: SqlStore) -> None:
    store.feeds.save(STATE, FEED.url)
    assert store.feeds.all() == []


def test_feeds_come_in_order_of_name_then_address_in_every_database(store: SqlStore) -> None:
    feeds = [Feed(f"https://{host}.example/rss", name) for host, name in ("bB", "cB", "ea", "dé", "aB", "fz")]
    store.feeds.add(feeds, NOON)
    assert [state.feed for state in store.feeds.all()] == sorted(feeds, key=lambda feed: (feed.name, feed.url))


def test_the_longest_overdue_comes_first(store: SqlStore) -> None:
    feeds = [Feed(f"https://{number}.example/rss", "Same name") for number in range(4)]
    store.feeds.add(feeds, NOON)
    for late, feed in enumerate(feeds):
        store.feeds.save(FeedState(feed, NOON - late * TICK), feed.url)
    assert [state.feed for state in store.feeds.due(NOON - TICK, 2)] == [feeds[3], feeds[2]]
    assert len(store.feeds.due(NOON, 10)) == 4


def test_a_feed_that_is_gone_is_known_and_never_due(store: SqlStore) -> None:
    store.feeds.add([FEED], NOON)
    store.feeds.save(replace(STATE, status="gone"), FEED.url)
    assert store.feeds.due(NOON + timedelta(days=999), 10) == []
    assert store.feeds.all() == [replace(STATE, status="gone")]
    assert store.feeds.add([FEED], NOON) == 0


def test_a_removed_feed_is_gone_from_sight_once(store: SqlStore) -> None:
    store.feeds.add([FEED], NOON)
    assert store.feeds.remove(FEED.url)
    assert not store.feeds.remove(FEED.url)
    assert not store.feeds.remove(OTHER.url)
    assert store.feeds.all() == store.feeds.due(NOON, 10) == []


def test_a_removed_feed_comes_back_only_when_it_is_asked_for_again(store: SqlStore, url: str) -> None:
    store.feeds.add([FEED], NOON)
    store.feeds.save(STATE, FEED.url)
    store.feeds.remove(FEED.url)
    another = open_store(url)
    assert another.feeds.add([FEED], NOON) == 0
    assert another.feeds.add([FEED], NOON + TICK, again=True) == 1
    another.close()
    assert store.feeds.all() == [FeedState(FEED, NOON + TICK)]


def test_a_poll_that_ends_after_the_feed_was_removed_does_not_bring_it_back(store: SqlStore) -> None:
    store.feeds.add([FEED], NOON)
    store.feeds.remove(FEED.url)
    store.feeds.save(STATE, FEED.url)
    assert store.feeds.all() == []


def test_a_moved_feed_is_known_under_its_new_address_and_its_old_one_is_not_added_again(store: SqlStore) -> None:
    moved = replace(STATE, feed=replace(FEED, url="https://new.example/rss"))
    store.feeds.add([FEED], NOON)
    store.feeds.save(moved, FEED.url)
    assert store.feeds.all() == [moved]
    assert store.feeds.add([FEED], NOON) == 0
    store.feeds.save(STATE, moved.feed.url)
    assert store.feeds.all() == [STATE]  # it has moved back


def test_a_feed_that_moves_to_the_address_of_another_makes_way(store: SqlStore) -> None:
    store.feeds.add([FEED, OTHER], NOON)
    store.feeds.save(replace(STATE, feed=replace(FEED, url=OTHER.url)), FEED.url)
    assert store.feeds.all() == [FeedState(OTHER, NOON)]


@pytest.mark.parametrize("address", ["", "a\0b", "\ud800", "é" * 3000])
def test_an_impossible_address_is_merely_unknown(store: SqlStore, address: str) -> None:
    assert not store.feeds.remove(address)


def test_processes_that_add_the_same_feeds_at_once_add_them_once(store: SqlStore, url: str) -> None:
    another = open_store(url)
    with ThreadPoolExecutor(4) as pool:
        new = list(pool.map(lambda one: one.feeds.add([FEED, OTHER], NOON), [store, another] * 2))
    another.close()
    assert sorted(new) == [0, 0, 0, 2]
