"""When feeds are asked again: always later, never too often, and politely where the feed says so."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.feeds.fetch import Fetched
from service.feeds.parse import Entry, ParsedFeed
from service.feeds.schedule import LONGEST_PAUSE_S, LONGEST_S, SHORTEST_S, after
from service.store.contract import FeedState
from service.types import Feed

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FEED = Feed("https://a.example/rss", "Anvil")
STATE = FeedState(FEED, NOON, etag='"1"', last_modified="Sun, 01 Mar 2026 11:00:00 GMT", succeeded_at=NOON, entries=3)
MIDDLE = 0.5
"""No jitter at all."""
ANSWER = Fetched(200, b"<rss/>", None, None, None, FEED.url, None, None, None)

jitters = st.floats(0, 1, exclude_max=True)
seconds = st.none() | st.integers(0, 2**31)
errors = st.none() | st.text(max_size=400)
answers = st.none() | st.builds(
    replace,
    st.just(ANSWER),
    status=st.sampled_from([200, 204, 304, 404, 410, 418, 429, 500, 503, 599, 999]),
    permanent_url=st.none() | st.just("https://new.example/rss"),
    retry_after_s=seconds,
    max_age_s=seconds,
)
states = st.builds(
    replace,
    st.just(STATE),
    interval_s=st.integers(SHORTEST_S, LONGEST_S),
    failures=st.integers(0, 10_000),
    moved=st.integers(0, 2),
)
times = st.none() | st.datetimes(datetime(1995, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))


def said(*times: datetime | None, ttl_s: int | None = None) -> ParsedFeed:
    entries = (Entry(f"Title {n}", f"https://a.example/{n}", time, None) for n, time in enumerate(times))
    return ParsedFeed("Anvil", None, tuple(entries), 0, ttl_s)


parsed = st.none() | st.lists(times, max_size=30).flatmap(
    lambda some: st.builds(said, *map(st.just, some), ttl_s=seconds)
)


def read(parsed: ParsedFeed, state: FeedState = STATE, **answer: object) -> FeedState:
    return after(state, replace(ANSWER, **answer), parsed, None, NOON, MIDDLE)


def unchanged(state: FeedState = STATE, **answer: object) -> FeedState:
    return after(state, replace(ANSWER, status=304, **answer), None, None, NOON, MIDDLE)


def failed(state: FeedState = STATE, status: int = 500, retry_after_s: int | None = None) -> FeedState:
    return after(state, replace(ANSWER, status=status, retry_after_s=retry_after_s), None, None, NOON, MIDDLE)


def every(gap: timedelta, count: int = 12) -> Sequence[datetime]:
    return [NOON - (1 + number) * gap for number in range(count)]


def wait_s(state: FeedState) -> float:
    return (state.next_at - NOON).total_seconds()


@given(state=states, fetched=answers, parsed=parsed, error=errors, jitter=jitters)
def test_the_next_try_is_minutes_away_and_never_more_than_a_day(
    state: FeedState, fetched: Fetched | None, parsed: ParsedFeed | None, error: str | None, jitter: float
) -> None:
    later = after(state, fetched, parsed, error, NOON, jitter)
    assert 0.9 * SHORTEST_S <= wait_s(later) <= LONGEST_PAUSE_S
    assert SHORTEST_S <= later.interval_s <= LONGEST_S
    assert later.checked_at == NOON
    if not later.failures:
        assert wait_s(later) <= 1.1 * LONGEST_S
        assert (later.succeeded_at, later.error, later.status) == (NOON, None, "active")
    else:
        assert later.error
        assert (later.etag, later.last_modified) == (state.etag, state.last_modified)


@given(first=jitters, second=jitters, retries=st.lists(seconds, min_size=2, max_size=30))
def test_a_feed_that_goes_on_failing_is_asked_less_and_less(
    first: float, second: float, retries: list[int | None]
) -> None:
    state, waits = STATE, []
    for jitter, _ in zip([first, second] * 15, retries, strict=False):
        state = after(state, None, None, "no route", NOON, jitter)
        waits.append(wait_s(state))
    assert all(a < b or b >= 0.9 * LONGEST_PAUSE_S for a, b in pairwise(waits))


@given(state=states, jitter=jitters)
def test_one_good_answer_makes_up_for_all_failures(state: FeedState, jitter: float) -> None:
    good = after(state, ANSWER, said(*every(timedelta(minutes=20))), None, NOON, jitter)
    assert (good.failures, good.error, good.succeeded_at, good.entries) == (0, None, NOON, 12)
    assert wait_s(after(good, None, None, "no route", NOON, MIDDLE)) == SHORTEST_S


def test_failures_wait_5_10_20_minutes_up_to_a_day() -> None:
    state, minutes = STATE, []
    for _ in range(11):
        state = failed(state)
        minutes.append(wait_s(state) / 60)
    assert minutes == [5, 10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440]


@pytest.mark.parametrize(
    ("gap_min", "interval_min"), [(1, 5), (10, 5), (20, 10), (40, 20), (120, 60), (3 * 24 * 60, 60)]
)
def test_a_feed_is_asked_twice_as_often_as_it_has_something_new_from_5_to_60_minutes(
    gap_min: float, interval_min: float
) -> None:
    state = read(said(*every(timedelta(minutes=gap_min))))
    assert state.interval_s == wait_s(state) == 60 * interval_min


def test_a_few_odd_times_do_not_change_the_pace() -> None:
    usual = every(timedelta(minutes=20))
    assert read(said(*usual, NOON - timedelta(days=900), NOON + timedelta(days=90), None)).interval_s == 600


def test_a_burst_of_long_ago_is_no_pace() -> None:
    burst = [NOON - timedelta(hours=5, minutes=number) for number in range(12)]
    assert read(said(*burst)).interval_s == 1800


@pytest.mark.parametrize("times", [[], [None, None], [NOON - timedelta(hours=1)]])
def test_a_feed_without_times_is_asked_every_quarter_of_an_hour(times: list[datetime | None]) -> None:
    assert read(said(*times)).interval_s == 900


@pytest.mark.parametrize(("asked_s", "interval_s"), [(60, 300), (1200, 1200), (90_000, 3600)])
def test_what_the_feed_asks_for_is_granted_up_to_an_hour(asked_s: int, interval_s: int) -> None:
    busy = every(timedelta(minutes=1))
    assert read(said(*busy, ttl_s=asked_s)).interval_s == interval_s
    assert read(said(*busy), max_age_s=asked_s).interval_s == interval_s
    assert unchanged(replace(STATE, interval_s=300), max_age_s=asked_s).interval_s == max(interval_s, 330)


def test_as_long_as_nothing_is_new_it_is_asked_slowly_less_often() -> None:
    state, waits = replace(STATE, interval_s=300), []
    for _ in range(40):
        state = unchanged(state)
        waits.append(wait_s(state))
    assert waits[0] == 330
    assert all(a < b <= 1.11 * a or b == LONGEST_S for a, b in pairwise(waits))
    assert waits[-1] == LONGEST_S


def test_validators_are_kept_as_they_came() -> None:
    state = read(said(), etag='W/"2"', last_modified="yesterday")
    assert (state.etag, state.last_modified) == ('W/"2"', "yesterday")
    assert (read(said(), state).etag, read(said(), state).last_modified) == (None, None)


def test_validators_of_a_304_are_taken_over_and_those_it_does_not_repeat_stay() -> None:
    state = unchanged(etag='"2"')
    assert (state.etag, state.last_modified, state.entries) == ('"2"', STATE.last_modified, STATE.entries)


def test_validators_of_an_answer_that_could_not_be_used_are_not_kept() -> None:
    state = after(STATE, replace(ANSWER, etag='"2"'), None, "this is a web page", NOON, MIDDLE)
    assert (state.etag, state.error, state.failures) == ('"1"', "this is a web page", 1)


@pytest.mark.parametrize("status", [429, 503])
def test_who_asks_for_time_gets_it_up_to_a_day(status: int) -> None:
    assert wait_s(failed(STATE, status, 7200)) == 7200
    assert wait_s(failed(STATE, status, 10)) == SHORTEST_S
    assert wait_s(failed(STATE, status, 10**9)) == LONGEST_PAUSE_S


def test_errors_are_said_in_one_line_of_words() -> None:
    assert failed(status=404).error == "answers 404 (Not Found)"
    assert failed(status=999).error == "answers 999 (unknown)"
    assert after(STATE, None, None, "no\n\0 route", NOON, MIDDLE).error == "no route"
    assert len(after(STATE, None, None, "word " * 999, NOON, MIDDLE).error or "") <= 300


def test_a_feed_that_is_gone_stays_gone() -> None:
    state = failed(status=410)
    assert (state.status, state.failures) == ("gone", 1)


def test_a_feed_that_was_not_found_may_come_back() -> None:
    assert failed(status=404).status == "active"


def test_a_move_for_good_is_believed_the_third_time_in_a_row() -> None:
    new = "https://new.example/rss"
    first = unchanged(permanent_url=new)
    second = failed(read(said(), first, permanent_url=new))  # a failure says nothing of the move
    assert (second.feed.url, second.moved) == (FEED.url, 2)
    third = unchanged(second, permanent_url=new)
    assert (third.feed, third.moved) == (replace(FEED, url=new), 0)
    assert read(said(), second).moved == 0
