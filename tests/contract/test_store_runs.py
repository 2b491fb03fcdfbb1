"""What every store promises of training runs, on SQLite and on PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from service.store.connect import open_store
from service.store.editorial import ACTIVE, Entry, Run, RunState
from service.store.sql import SqlStore

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
TICK = timedelta(microseconds=1)
RUN = Run("r1", "house", "queued", "k1", NOON, NOON, 200, "a" * 64, "headline-base-4")
DONE = replace(
    RUN,
    state="awaiting_approval",
    updated_at=NOON + TICK,
    candidate="headline-base-4-house-aaaaaaaa",
    progress=1.0,
    message="Better on the newsroom's own — ☃",
    verdict=b'{"promote": true}\x00\xff',
)
START, END = Entry("k1", "run.start", "r1"), Entry("schedule", "run.end", "r1")
ENDED = sorted(set(get_args(RunState)) - set(ACTIVE))


def test_a_run_comes_back_as_it_went_in_and_as_it_was_saved(store: SqlStore) -> None:
    assert store.runs.get("r1") is None
    assert store.runs.start(RUN, START)
    assert store.runs.get("r1") == store.runs.active() == RUN
    store.runs.save(DONE, END)
    assert store.runs.get("r1") == DONE
    assert [logged.entry for logged in store.audit.entries(9)] == [END, START]


@pytest.mark.parametrize("state", ACTIVE)
def test_no_run_starts_while_another_is_active(store: SqlStore, state: RunState) -> None:
    store.runs.start(replace(RUN, state=state), START)
    assert not store.runs.start(replace(RUN, id="r2"), START)
    assert store.runs.newest(9) == [replace(RUN, state=state)]
    assert len(store.audit.entries(9)) == 1


@pytest.mark.parametrize("state", ENDED)
def test_a_run_starts_when_the_one_before_has_ended(store: SqlStore, state: RunState) -> None:
    store.runs.start(RUN, START)
    store.runs.save(replace(RUN, state=state))
    assert store.runs.active() is None
    assert store.runs.start(replace(RUN, id="r2"), START)


def test_of_runs_that_processes_start_at_once_one_starts(store: SqlStore, url: str) -> None:
    another = open_store(url)
    with ThreadPoolExecutor(4) as pool:
        starting = [(one, replace(RUN, id=f"r{n}")) for n, one in enumerate([store, another] * 2)]
        started = list(pool.map(lambda pair: pair[0].runs.start(pair[1], START), starting))
    another.close()
    assert sorted(started) == [False, False, False, True]
    assert len(store.runs.newest(9)) == len(store.audit.entries(9)) == 1


def test_an_unknown_run_is_not_saved(store: SqlStore) -> None:
    store.runs.save(RUN, END)
    assert store.runs.newest(9) == store.audit.entries(9) == []


def test_only_a_save_that_changes_something_is_logged(store: SqlStore) -> None:
    store.runs.start(RUN, START)
    store.runs.save(RUN, END)
    store.runs.save(DONE)
    assert [logged.entry for logged in store.audit.entries(9)] == [START]


def test_the_newest_come_first_and_no_more_than_asked_for(store: SqlStore) -> None:
    ended = [replace(DONE, id=f"r{n}", created_at=NOON + n * TICK) for n in range(5)]
    for run in ended:
        store.runs.start(run, START)
    assert store.runs.newest(3) == ended[:1:-1]


@pytest.mark.parametrize("text", ["", "a\tb\nc", "a\0b", "\ud800b", "☃" * 10_000])
def test_who_started_it_and_what_it_says_is_any_text(store: SqlStore, text: str) -> None:
    assert store.runs.start(replace(RUN, by=text), START)
    store.runs.save(replace(RUN, by=text, message=text))
    kept = store.runs.get("r1")
    assert kept is not None
    assert kept.by == kept.message == text.replace("\0", "\ufffd").replace("\ud800", "?")


@pytest.mark.parametrize("run_id", ["", "a\0b", "\ud800"])
def test_an_impossible_id_is_merely_unknown(store: SqlStore, run_id: str) -> None:
    assert store.runs.get(run_id) is None
