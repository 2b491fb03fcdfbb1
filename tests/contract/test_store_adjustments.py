"""What every store promises of pins, boosts and mutes, on SQLite and on PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from service.store.connect import open_store
from service.store.editorial import Entry
from service.store.sql import SqlStore
from service.types import Adjustment

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
HOUR, TICK = timedelta(hours=1), timedelta(microseconds=1)
PIN = Adjustment("p1", "pin", "h1", "s1", "It leads — ☃", "k1", NOON, NOON + 6 * HOUR)
BOOST = Adjustment("b1", "boost", "h2", "s2", "Local", "k2", NOON + HOUR, NOON + 2 * HOUR, points=-12.5)
ADD, END = Entry("k1", "pin.add", "p1"), Entry("k1", "pin.end", "p1")


def test_what_is_added_comes_back_as_it_went_in_and_is_logged(store: SqlStore) -> None:
    for one in (PIN, BOOST, replace(PIN, id="p2", ended_at=NOON)):
        store.adjustments.add(one, replace(ADD, subject=one.id))
    assert store.adjustments.newest(9) == [BOOST, PIN, replace(PIN, id="p2", ended_at=NOON)]
    assert [logged.entry.subject for logged in store.audit.entries(9)] == ["p2", "b1", "p1"]


def test_one_holds_from_its_first_moment_until_its_last(store: SqlStore) -> None:
    store.adjustments.add(PIN, ADD)
    for moment in (NOON, PIN.expires_at - TICK):
        assert store.adjustments.active(moment) == [PIN]
    for moment in (NOON - TICK, PIN.expires_at):
        assert store.adjustments.active(moment) == []


def test_those_that_hold_come_oldest_first_then_by_id(store: SqlStore) -> None:
    pins = [replace(PIN, id=key) for key in ("b", "B", "é", "a")]
    for one in (BOOST, *pins):
        store.adjustments.add(one, ADD)
    held = store.adjustments.active(BOOST.since)
    assert [one.id for one in held] == ["B", "a", "b", "é", "b1"]


def test_one_that_is_lifted_held_until_then(url: str) -> None:
    store = open_store(url, lambda: NOON + HOUR)
    store.adjustments.add(PIN, ADD)
    assert store.adjustments.end("p1", END)
    lifted = replace(PIN, ended_at=NOON + HOUR)
    assert store.adjustments.active(NOON + HOUR - TICK) == [lifted]
    assert store.adjustments.active(NOON + HOUR) == []
    assert store.adjustments.newest(9) == [lifted]
    assert [logged.entry for logged in store.audit.entries(9)] == [END, ADD]
    store.close()


def test_one_is_found_by_its_id_and_among_the_newest_by_whether_it_holds(url: str) -> None:
    store = open_store(url, lambda: BOOST.expires_at)
    lifted = replace(PIN, id="p2", ended_at=NOON)
    for one in (PIN, BOOST, lifted, replace(PIN, id="p3")):
        store.adjustments.add(one, ADD)
    assert [one.id for one in store.adjustments.newest(9, holding=True)] == ["p1", "p3"]
    assert [one.id for one in store.adjustments.newest(1, holding=True)] == ["p1"]
    assert store.adjustments.newest(9, holding=False) == [BOOST, lifted]
    assert [store.adjustments.get(key) for key in ("b1", "p2", "none", "a\0b")] == [BOOST, lifted, None, None]
    store.close()


def test_what_is_over_or_unknown_is_not_lifted(url: str) -> None:
    store = open_store(url, lambda: BOOST.expires_at)
    store.adjustments.add(PIN, ADD)
    store.adjustments.add(BOOST, ADD)
    assert store.adjustments.end("p1", END)
    before = store.revision()
    assert [store.adjustments.end(key, END) for key in ("p1", "b1", "", "a\0b", "\ud800")] == [False] * 5
    assert store.revision() == before
    assert len(store.audit.entries(9)) == 3
    store.close()


def test_each_change_is_one_revision(store: SqlStore) -> None:
    long = replace(PIN, expires_at=PIN.expires_at.replace(year=2999))
    store.adjustments.add(long, ADD)
    assert store.revision() == 1
    assert store.adjustments.end("p1", END)
    assert store.revision() == 2


def test_of_two_who_lift_it_at_once_one_has(store: SqlStore, url: str) -> None:
    another = open_store(url)
    store.adjustments.add(replace(PIN, expires_at=PIN.expires_at.replace(year=2999)), ADD)
    with ThreadPoolExecutor(4) as pool:
        lifted = list(pool.map(lambda one: one.adjustments.end("p1", END), [store, another] * 2))
    another.close()
    assert sorted(lifted) == [False, False, False, True]
    assert len(store.audit.entries(9)) == 2


def test_the_newest_come_first_and_no_more_than_asked_for(store: SqlStore) -> None:
    for number in range(5):
        store.adjustments.add(replace(PIN, id=f"p{number}", since=NOON + number * TICK), ADD)
    assert [one.id for one in store.adjustments.newest(3)] == ["p4", "p3", "p2"]


@pytest.mark.parametrize("text", ["", "a\tb\nc", "☃ 👩\u200d💻 é", "x" * 10_000])
def test_a_reason_is_any_text(store: SqlStore, text: str) -> None:
    store.adjustments.add(replace(PIN, reason=text), ADD)
    assert store.adjustments.newest(1) == [replace(PIN, reason=text)]


@pytest.mark.parametrize("reason", ["a\0b", "\ud800b"])
def test_characters_that_no_database_takes_are_replaced(store: SqlStore, reason: str) -> None:
    store.adjustments.add(replace(PIN, reason=reason), ADD)
    assert "b" in store.adjustments.newest(1)[0].reason


@pytest.mark.parametrize("wrong", [PIN, replace(BOOST, points=101), replace(BOOST, points=float("nan"))])
def test_what_is_refused_changes_nothing(store: SqlStore, wrong: Adjustment) -> None:
    store.adjustments.add(PIN, ADD)
    with pytest.raises(IntegrityError):
        store.adjustments.add(wrong, ADD)
    assert store.adjustments.newest(9) == [PIN]
    assert store.revision() == len(store.audit.entries(9)) == 1
