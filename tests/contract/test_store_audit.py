"""What every store promises of the audit log, on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import StatementError

from service.store.connect import open_store
from service.store.contract import ApiKey
from service.store.editorial import Entry, Logged
from service.store.sql import SqlStore
from service.types import Headline, Score, ScoredHeadline

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
TICK = timedelta(microseconds=1)
ENTRY = Entry(
    "k1", "pin.add", "p1", {"hours": 6, "reason": 'Ann\'s "choice" — ☃\0\ud800', "both": [True, None, {"x": 0.5}]}
)
KEY = ApiKey("k1", "0" * 64, ("editor",), NOON, name="Ann, night desk")


@pytest.fixture
def dated(url: str) -> Iterator[SqlStore]:
    """A store whose clock stands still."""
    opened = open_store(url, lambda: NOON)
    yield opened
    opened.close()


def _scored(key: str) -> ScoredHeadline:
    return ScoredHeadline(Headline(key, "Dam bursts", "https://a.example/", "Anvil", NOON, NOON), Score(50.0), "m1")


def test_an_entry_comes_back_as_it_went_in_with_its_number_and_the_stores_time(dated: SqlStore) -> None:
    assert dated.audit.entries(10) == []
    dated.audit.add(ENTRY)
    assert dated.audit.entries(10) == [Logged(1, NOON, ENTRY)]


def test_the_log_counts_up_without_gaps_whoever_writes(store: SqlStore, url: str) -> None:
    another = open_store(url)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: one.audit.add(ENTRY), [store, another] * 10))
    another.close()
    assert [logged.number for logged in store.audit.entries(100)] == list(range(20, 0, -1))


def test_entries_come_newest_first_by_caller_by_action_and_page_by_page(store: SqlStore) -> None:
    for by, action in (("k1", "pin.add"), ("k2", "pin.add"), ("k1", "pin.end"), ("k1", "pin.add")):
        store.audit.add(Entry(by, action, "p1"))

    def numbers(**asked: str | int | None) -> list[int]:
        return [logged.number for logged in store.audit.entries(2, **asked)]  # type: ignore[arg-type]

    assert numbers() == [4, 3]
    assert numbers(before=3) == [2, 1]
    assert numbers(before=1) == []
    assert numbers(by="k1") == [4, 3]
    assert numbers(by="k1", before=3) == [1]
    assert numbers(action="pin.add") == [4, 2]
    assert numbers(action="pin.add", by="k2", before=4) == [2]


@pytest.mark.parametrize("text", ["", "a\0b", "\ud800", "é" * 3000])
def test_any_text_can_be_logged_and_asked_for(store: SqlStore, text: str) -> None:
    store.audit.add(Entry(text, text, text))
    assert len(store.audit.entries(9, by=text, action=text)) == 1
    assert store.audit.entries(9, by=text + "x") == []


def test_what_json_cannot_hold_is_not_logged(store: SqlStore) -> None:
    with pytest.raises((StatementError, ValueError)):
        store.audit.add(Entry("k1", "run.end", "r1", {"spearman": float("nan")}))
    assert store.audit.entries(9) == []


def test_a_story_told_differently_is_logged_once_when_it_is(store: SqlStore) -> None:
    entry = Entry("k1", "story.merge", "a")
    store.put([_scored("a"), _scored("b")])
    assert store.retell({"b": "a"}, entry) == 1
    assert store.retell({"b": "a", "unknown": "a"}, entry) == 0
    assert [logged.entry for logged in store.audit.entries(9)] == [entry]


def test_a_reign_is_logged_when_it_begins(store: SqlStore) -> None:
    first, second = (Entry("schedule", "model.promote", model) for model in ("m1", "m2"))
    for model, entry in (("m1", first), ("m1", first), ("m2", second)):
        store.reign(model, entry)
    store.reign("m3")
    assert [logged.entry for logged in store.audit.entries(9)] == [second, first]


def test_keys_that_are_made_and_revoked_are_logged(store: SqlStore) -> None:
    made, revoked = Entry("command line", "key.create", "k1"), Entry("command line", "key.revoke", "k1")
    store.add_key(KEY, made)
    assert not store.revoke_key("unknown", NOON, revoked)
    assert store.revoke_key("k1", NOON, revoked)
    assert not store.revoke_key("k1", NOON + TICK, revoked)
    assert [logged.entry for logged in store.audit.entries(9)] == [revoked, made]


def test_a_change_that_fails_is_not_logged(store: SqlStore) -> None:
    store.add_key(KEY)
    with pytest.raises(StatementError):
        store.add_key(KEY, Entry("command line", "key.create", "k1"))
    assert store.audit.entries(9) == []


def test_a_change_whose_entry_cannot_be_logged_is_not_made(store: SqlStore) -> None:
    with pytest.raises((StatementError, TypeError)):
        store.add_key(KEY, Entry("command line", "key.create", "k1", {"at": NOON}))
    assert store.keys() == []
