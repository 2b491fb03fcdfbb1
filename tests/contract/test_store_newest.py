"""The newest headlines of a span, on SQLite and PostgreSQL."""

from datetime import UTC, datetime, timedelta

from service.store.contract import Span
from service.store.sql import SqlStore
from service.types import Headline, Score, ScoredHeadline

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SPAN = Span("m1", NOON, NOON + timedelta(hours=5))


def scored(name: str, hour: int, model: str = "m1", title: str = "Bridge closes") -> ScoredHeadline:
    time = NOON + timedelta(hours=hour)
    return ScoredHeadline(
        Headline(name, title, "", "Example", time, time, topic="world"), Score(50.0, doubt="x"), model
    )


def test_the_newest_of_a_span_come_first_then_by_id_and_no_more_than_asked(store: SqlStore) -> None:
    rows = [scored(f"h{hour}", hour) for hour in range(8)]
    store.put([*rows, scored("b", 5), scored("m", 4, "m2")])
    assert store.newest(SPAN, 3) == [scored("b", 5), rows[5], rows[4]]
    assert store.newest(SPAN, 99) == [scored("b", 5), *rows[5:0:-1]]
    assert store.newest(Span("m3", SPAN.start, SPAN.end), 3) == []


def test_the_newest_of_the_past_are_those_that_were(store: SqlStore) -> None:
    store.put([scored("a", 1), scored("b", 2)])
    then = store.revision()
    store.put([scored("b", 3, title="Bridge opens"), scored("c", 4)])
    assert store.newest(Span("m1", SPAN.start, SPAN.end, then), 5) == [scored("b", 2), scored("a", 1)]
    assert [one.headline.id for one in store.newest(SPAN, 2)] == ["c", "b"]
