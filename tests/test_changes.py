"""What would change under another model: the same headlines twice, side by side."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from service.changes import FRONTS, LARGEST, Changes, compare
from service.ranking import ListQuery
from service.types import Headline, Score, ScoredHeadline

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def headline(number: int, story: str = "") -> Headline:
    time = NOON - timedelta(minutes=number)
    return Headline(f"h{number:03}", f"Title {number}", f"https://news.example/{number}", "A", time, time, story=story)


def scored(raws: Sequence[float], model: str = "m1", stories: Sequence[str] = ()) -> list[ScoredHeadline]:
    names = [*stories, *[""] * len(raws)]
    return [ScoredHeadline(headline(n, names[n]), Score(raw), model) for n, raw in enumerate(raws)]


def changes(before: Sequence[float], after: Sequence[float], stories: Sequence[str] = ()) -> Changes:
    return compare(scored(before, stories=stories), scored(after, "m2", stories), ListQuery(timedelta(hours=24)))


def test_the_same_scores_change_nothing() -> None:
    found = changes([90, 60, 30], [90, 60, 30])
    assert (found.headlines, found.mean_points, found.largest) == (3, 0.0, ())
    assert all((front.enter, front.leave, front.move) == ((), (), ()) for front in found.fronts)
    assert [(one.band, one.before, one.after) for one in found.bands] == [
        ("top", 1, 1),
        ("major", 1, 1),
        ("notable", 1, 1),
    ]


def test_who_enters_leaves_and_moves_is_said_with_both_ranks() -> None:
    before = [95.0 - n for n in range(12)]
    after = [*before[:11], 99.0]
    front = changes(before, after).fronts[0]
    assert front.limit == 10
    assert [(one.row.scored.headline.id, one.before, one.after) for one in front.enter] == [("h011", 12, 1)]
    assert [(one.row.scored.headline.id, one.before, one.after) for one in front.leave] == [("h009", 10, 11)]
    assert [(one.before, one.after) for one in front.move] == [(n, n + 1) for n in range(1, 10)]
    assert [one.row.scored.model for one in (front.before[0], front.after[0])] == ["m1", "m2"]


def test_a_story_is_one_row_whichever_headline_tells_it() -> None:
    found = changes([90, 80, 50], [70, 85, 50], stories=["h000", "h000"])
    assert found.fronts[0].move == ()
    assert [one.row.scored.headline.id for one in (found.fronts[0].before[0], found.fronts[0].after[0])] == [
        "h000",
        "h001",
    ]
    assert [one.points for one in found.largest] == [-20.0]


def test_the_largest_changes_come_first_up_or_down() -> None:
    found = changes([50] * 30, [50 + n * (-1) ** n for n in range(30)])
    assert [abs(one.points) for one in found.largest] == list(range(29, 29 - LARGEST, -1))
    assert found.mean_points == sum(n * (-1) ** n for n in range(30)) / 30


def test_bands_are_counted_under_both() -> None:
    found = changes([85, 85, 65, 10], [79, 85, 85, 65])
    assert [(one.band, one.before, one.after) for one in found.bands] == [
        ("top", 2, 2),
        ("major", 1, 2),
        ("notable", 1, 0),
    ]


def test_a_headline_that_one_of_them_has_not_scored_is_left_out() -> None:
    found = compare(scored([90, 80]), scored([90], "m2"), ListQuery(timedelta(hours=24)))
    assert (found.headlines, [len(front.before) for front in found.fronts]) == (1, [1, 1])


def test_without_headlines_there_is_nothing_to_say() -> None:
    found = changes([], [])
    assert (found.headlines, found.mean_points, found.largest) == (0, 0.0, ())


raws = st.floats(0, 100, width=32)


@given(st.lists(st.tuples(raws, raws), max_size=80))
def test_the_other_way_round_who_enters_leaves(pairs: list[tuple[float, float]]) -> None:
    before, after = [one for one, _ in pairs], [one for _, one in pairs]
    there, back = changes(before, after), changes(after, before)
    for one, other in zip(there.fronts, back.fronts, strict=True):
        assert [(p.row.story.id, p.before, p.after) for p in one.enter] == [
            (p.row.story.id, p.after, p.before) for p in other.leave
        ]
        assert {p.row.story.id for p in one.move} == {p.row.story.id for p in other.move}
        assert len(one.before) == len(one.after) == min(one.limit, len(pairs))
    assert [(one.before.headline, one.points) for one in there.largest] == [
        (one.before.headline, -one.points) for one in back.largest
    ]
    assert sum(one.before for one in there.bands) == sum(one.after for one in there.bands) == len(pairs)


@given(st.lists(st.tuples(raws, raws), max_size=80))
def test_the_first_front_begins_the_second(pairs: list[tuple[float, float]]) -> None:
    first, second = changes([one for one, _ in pairs], [one for _, one in pairs]).fronts
    assert (first.limit, second.limit) == FRONTS
    assert (first.before, first.after) == (second.before[:10], second.after[:10])
