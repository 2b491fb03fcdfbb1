"""How far editors agree, and how their work goes."""

from datetime import UTC, date, datetime, timedelta
from itertools import combinations, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.agreement import (
    agreement,
    alpha_interval,
    by_editor,
    consistency,
    krippendorff_alpha,
    pace,
    words,
    work,
)
from service.store.editorial import LabelEvent
from service.types import Judgement

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOT = None
# The worked example of K. Krippendorff, Computing Krippendorff's Alpha-Reliability (2011).
RATERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NOT, NOT, NOT],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NOT, 3],
    [NOT, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NOT],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NOT],
]
UNITS = [[value for value in unit if value is not None] for unit in zip(*RATERS, strict=True)]
VALUES = st.lists(st.lists(st.integers(0, 100).map(float), max_size=4), max_size=8)


def label(title: str, i_score: float, by: str = "ann", minute: float = 0, **more: object) -> LabelEvent:
    said = Judgement("score", (title,), i_score)
    name = f"{by}-{title}-{minute}"
    return LabelEvent(name, by, NOON + timedelta(minutes=minute), said, **more)  # type: ignore[arg-type]


def by_definition(units: list[list[float]]) -> float | None:
    """One minus observed over expected disagreement, pair by pair."""
    units = [unit for unit in units if len(unit) > 1]
    values = [value for unit in units for value in unit]
    apart = sum((a - b) ** 2 for a, b in permutations(values, 2))
    if not apart:
        return None
    within = sum(sum((a - b) ** 2 for a, b in permutations(unit, 2)) / (len(unit) - 1) for unit in units)
    return 1 - (within / len(values)) / (apart / (len(values) * (len(values) - 1)))


# --- alpha -------------------------------------------------------------------------------------------


def test_alpha_is_that_of_the_published_example() -> None:
    assert krippendorff_alpha(UNITS) == pytest.approx(0.849, abs=0.0005)


@given(VALUES)
def test_alpha_is_what_its_definition_says(units: list[list[float]]) -> None:
    assert krippendorff_alpha(units) == pytest.approx(by_definition(units))


@given(VALUES, st.floats(0.1, 10), st.floats(-50, 50))
def test_alpha_does_not_depend_on_the_unit_of_the_scale(units: list[list[float]], factor: float, shift: float) -> None:
    moved = [[value * factor + shift for value in unit] for unit in units]
    assert krippendorff_alpha(moved) == pytest.approx(krippendorff_alpha(units), abs=1e-6)


def test_alpha_is_one_when_all_agree_and_not_defined_when_nothing_could_differ() -> None:
    assert krippendorff_alpha([[10, 10], [70, 70, 70], [5]]) == 1
    assert krippendorff_alpha([[0.1, 0.1], [0.1, 0.1]]) is None
    assert krippendorff_alpha([[10], [20], []]) is None
    assert krippendorff_alpha([]) is None


def test_the_interval_holds_alpha_is_narrower_with_more_titles_and_is_the_same_again() -> None:
    alpha, few, many = krippendorff_alpha(UNITS), alpha_interval(UNITS), alpha_interval(UNITS * 20)
    assert alpha is not None
    assert few is not None
    assert many is not None
    assert few[0] < many[0] < alpha < many[1] < few[1]
    assert few == alpha_interval(UNITS)
    assert alpha_interval([]) is None
    assert alpha_interval([[7, 7]]) is None


def test_editors_scores_of_the_same_title_are_compared_and_repeats_are_not() -> None:
    events = [label(f"Storm {n} nears", 7 * n, by) for n in range(12) for by in ("ann", "bob")]
    events += [label("Storm 3 nears", 21, "cat"), label("Only one looked", 90)]
    events += [label("Storm 4 nears", 99, minute=5, repeat=True)]
    events += [LabelEvent("p1", "ann", NOON, Judgement("pair", ("Storm 1 nears", "Storm 2 nears"), best=1))]
    events += [LabelEvent("u1", "ann", NOON, undoes="x")]
    found = agreement(events)
    assert (found.alpha, found.interval, found.titles) == (1, (1, 1), 12)
    assert words(found).startswith("good")


def test_few_titles_have_no_interval_and_disagreement_is_called_so() -> None:
    apart = agreement(
        [label("A storm", 10, "ann"), label("A storm", 90, "bob"), label("B", 1, "ann"), label("B", 2, "b")]
    )
    assert apart.alpha is not None
    assert apart.interval is None
    assert words(apart).startswith("poor")
    assert words(agreement([])).startswith("not known yet")
    fair = [
        label(f"T {n}", 8 * n + (11 if by == "bob" else -11) * (-1) ** n, by) for n in range(12) for by in ("a", "bob")
    ]
    assert words(agreement(fair)).startswith("fair")


# --- an editor with themself ---------------------------------------------------------------------------


def test_a_repeat_is_compared_with_what_the_same_editor_said_of_the_title() -> None:
    events = [
        *(label("Dam bursts", 70), label("Port reopens", 40), label("Dam bursts", 10, "bob")),
        label("Dam bursts", 75, minute=9, repeat=True),
        label("Port reopens", 20, minute=9, repeat=True),
        label("Never seen", 20, minute=9, repeat=True),
    ]
    found = consistency(events)
    assert (found.repeats, found.mean_difference, found.close_share) == (2, 12.5, 0.5)
    assert consistency(events[:3]).mean_difference is None


# --- how the work goes -----------------------------------------------------------------------------------


def test_work_is_counted_by_kind_and_day_and_repeats_are_work_too() -> None:
    other = LabelEvent("c1", "ann", NOON + timedelta(days=1), Judgement("cannot_judge", ("Hm",), reason="no news"))
    events = [
        label("A", 1, seconds=4.0),
        label("A", 2, minute=1, repeat=True, seconds=8.0),
        label("B", 3, "bob"),
        other,
    ]
    done = work([*events, LabelEvent("u1", "ann", NOON, undoes="x")])
    assert done.total == 4
    assert done.kinds == {"score": 3, "pair": 0, "best_worst": 0, "cannot_judge": 1}
    assert done.days == {date(2026, 3, 1): 3, date(2026, 3, 2): 1}
    assert done.median_seconds == 6
    assert work([]).median_seconds is None


def test_editors_come_in_order_of_how_much_they_did() -> None:
    events = [label("A", 1, "cat"), label("A", 1, "ann"), label("B", 1, "ann"), label("A", 1, "bob")]
    assert {by: len(one) for by, one in by_editor(events).items()} == {"ann": 2, "bob": 1, "cat": 1}
    assert list(by_editor(events)) == ["ann", "bob", "cat"]


def at(*minutes: float) -> list[datetime]:
    return [NOON + timedelta(minutes=one) for one in minutes]


def test_pace_is_that_of_the_last_hour_of_work_without_its_pauses() -> None:
    assert pace(at(0, 1, 2, 3)) == pytest.approx(60)
    assert pace(at(3, 90, 91, 92, 0)) == pytest.approx(60 * 3 / 5)
    slow, fast = at(*range(0, 300, 5)), at(*(295 + n / 2 for n in range(1, 200)))
    assert pace([*slow, *fast]) == pytest.approx(120)


def test_there_is_no_pace_without_two_judgements_in_a_row() -> None:
    assert pace([]) is None
    assert pace(at(0, 6)) is None
    assert pace(at(0, 0, 0)) is None


@given(st.lists(st.integers(0, 10_000), max_size=30))
def test_pace_is_never_of_pauses(seconds: list[int]) -> None:
    found = pace(at(*(one / 60 for one in seconds)))
    assert found is None or found >= 12 - 1e-9
    close = any(0 < abs(a - b) <= 300 for a, b in combinations(seconds, 2))
    assert (found is not None) == close
