"""Pages from a store are those that the pure ranking makes of all headlines, however few of them are read."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service import lists
from service.lists import Lists
from service.ranking import ListQuery, rank
from service.store.connect import open_store
from service.store.contract import Span
from service.store.editorial import Entry
from service.store.sql import SqlStore
from service.types import Adjustment, AdjustmentKind, Headline, Score, ScoredHeadline

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStore]:
    opened = open_store(f"sqlite:///{Path(tmp_path_factory.mktemp('lists')) / 'iscore.db'}", lambda: NOON)
    yield opened
    opened.close()


headlines = st.lists(
    st.tuples(st.integers(0, 59), st.sampled_from([0, 40, 40, 66.5, 90]), st.sampled_from("ABC"), st.integers(0, 9)),
    max_size=30,
)
queries = st.builds(
    ListQuery,
    limit=st.integers(1, 7),
    collapse=st.sampled_from(["story", "none"]),
    sources=st.sampled_from([(), ("A", "B")]),
    min_score=st.sampled_from([0, 50]),
)
hands = st.lists(
    st.tuples(
        st.integers(0, 30),
        st.sampled_from(["pin", "boost", "mute"]),
        st.sampled_from([-45, 0.5, 30]),
        st.integers(0, 5),
    ),
    max_size=6,
)
numbers = iter(range(1_000_000))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=headlines, query=queries, front=st.integers(1, 12), hand=hands)
def test_pages_are_those_of_the_whole_window(
    store: SqlStore,
    drawn: list[tuple[int, float, str, int]],
    query: ListQuery,
    front: int,
    hand: list[tuple[int, AdjustmentKind, float, int]],
) -> None:
    model = f"m{next(numbers)}"  # a store that is empty for this example
    put = [
        ScoredHeadline(
            Headline(
                f"{model}-{n}", f"Title {n % 4}", "https://a.example/", source, time, time, story=f"{model}-s{story}"
            ),
            Score(raw),
            model,
        )
        for n, (minutes, raw, source, story) in enumerate(drawn)
        for time in [NOON - timedelta(minutes=minutes)]
    ]
    store.put(put)
    held = [adjusted(store, put[n % len(put)], *rest) for n, *rest in hand if put]
    whole = rank(put, replace(query, limit=100), None, held)
    made, cursor, seen = Lists(store, lambda: NOON), None, []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lists, "_SPARE", front - 2 * query.limit)
        while True:
            page = made.page(model, query, cursor)
            seen += [replace(row, previous_rank=None) for row in page.ranking.rows]
            assert page.ranking.total == whole.total
            cursor = page.next_cursor
            if cursor is None:
                break
    assert tuple(seen) == whole.rows
    assert store.census(Span(model, NOON - HOUR, NOON)).headlines == len(put)


def adjusted(store: SqlStore, one: ScoredHeadline, kind: AdjustmentKind, points: float, minutes_ago: int) -> Adjustment:
    """An adjustment that the store knows."""
    since, id_ = NOON - timedelta(minutes=minutes_ago), f"a{next(numbers)}"
    told = (one.headline.id, one.headline.story_id)
    made = Adjustment(id_, kind, *told, "a reason", "ada", since, NOON + HOUR, points if kind == "boost" else 0.0)
    store.adjustments.add(made, Entry("ada", "pin.add", id_))
    return made
