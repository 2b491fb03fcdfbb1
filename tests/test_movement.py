"""Changes told one after the other lead from one list to the next."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from service.movement import changes
from service.ranking import Row, Story
from service.types import Headline, Score, ScoredHeadline

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def rows(drawn: list[tuple[str, float, int | None]]) -> list[Row]:
    return [
        Row(
            rank,
            ScoredHeadline(Headline(key, f"Title {key}", "https://a.example/", "A", NOON, NOON), Score(raw), "m"),
            Story(key, 1, 1),
            raw,
            before,
        )
        for rank, (key, raw, before) in enumerate(drawn, 1)
    ]


lists = st.lists(
    st.tuples(st.sampled_from("abcdefg"), st.sampled_from([1.0, 2.0]), st.sampled_from([None, 1])),
    unique_by=lambda one: one[0],
).map(rows)


def key(row: Row) -> str:
    return row.scored.headline.id


@given(before=lists, after=lists)
def test_changes_make_the_next_list_of_the_one_before(before: list[Row], after: list[Row]) -> None:
    shown = {key(row): row for row in before}
    for change in changes(before, after):
        if change.after is None:
            assert change.before
            del shown[key(change.before)]
        elif change.kind == "move":
            shown[key(change.after)] = replace(shown[key(change.after)], rank=change.after.rank)
        else:
            shown[key(change.after)] = change.after
    made = sorted(shown.values(), key=lambda row: row.rank)
    assert [replace(row, previous_rank=None) for row in made] == [replace(row, previous_rank=None) for row in after]


@given(before=lists, after=lists)
def test_each_row_is_told_once_and_only_when_it_has_changed(before: list[Row], after: list[Row]) -> None:
    told = [key(change.after or change.before) for change in changes(before, after)]  # type: ignore[arg-type]
    assert len(told) == len(set(told))
    assert changes(after, after) == []
    same = {(key(row), row.rank, row.scored.raw) for row in before} & {(key(r), r.rank, r.scored.raw) for r in after}
    assert not set(told) & {one[0] for one in same}
