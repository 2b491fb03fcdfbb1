"""Two versions side by side: the differences, and which of them are certain."""

from dataclasses import replace

import numpy as np
import pytest

from service.errors import InputError
from training import data
from training.behaviour import Behaviour
from training.compare import compare, comparison_table
from training.dataset import Example
from training.evaluate import Judged, figures

RANDOM = np.random.default_rng(1)
RATINGS = RANDOM.uniform(0, 100, 300)
FAMILIES = [
    Example(f"{family} {i}", score, family=f"{kind}{family}", factor=kind)
    for family in range(40)
    for kind, scores in (("equals", (50.0, 50.0)), ("quantity", (60.0, 90.0)))
    for i, score in enumerate(scores)
]


def judged(noise: float, lift: float = 0.0) -> Judged:
    """A version that errs by ``noise`` at random and by ``lift`` always."""
    random = np.random.default_rng(7)
    labels = np.array([one.i_score for one in FAMILIES])
    return Judged(
        dev=data.Dev([f"title {i}" for i in range(len(RATINGS))], ["gnews"] * len(RATINGS), RATINGS, RATINGS, RATINGS),
        dev_scores=RATINGS + lift + noise * random.normal(size=len(RATINGS)),
        dev_intervals=np.column_stack([RATINGS - 5, RATINGS + 5]),
        dev_topics=["world"] * len(RATINGS),
        families={"contrast": FAMILIES},
        family_scores={"contrast": labels + lift + noise * random.normal(size=len(labels))},
        client=[],
        client_scores=np.array([]),
        topics=["world"],
        publishers_topics=["world"],
        behaviour=Behaviour({}, [], 0),
    )


def test_every_difference_is_that_of_the_reported_figures() -> None:
    first, second = judged(3), judged(9, lift=-4)
    reported = figures(first), figures(second)
    found = compare(first, second)
    assert {"dev mae", "contrast equals spread", "contrast ordered pairs", "contrast bias 80"} <= set(found)
    for name, one in found.items():
        section, figure = name.split(" ", 1)
        values = [all_figures[section][figure.replace(" ", "_")] for all_figures in reported]
        assert (one.first, one.second) == pytest.approx(values)
        assert one.low <= one.second - one.first <= one.high


def test_a_much_worse_version_is_certainly_worse_and_an_equal_one_is_not() -> None:
    worse, same = compare(judged(3), judged(9)), compare(judged(3), judged(3))
    assert worse["dev mae"].certain
    assert worse["contrast equals spread"].certain
    assert not any(one.certain for one in same.values())
    assert "| +0.000 | +0.000 to +0.000 |" in comparison_table("a", "b", same)


def test_pairing_finds_a_shift_that_is_far_smaller_than_the_noise() -> None:
    assert compare(judged(8), judged(8, lift=-0.5))["dev bias top"].certain


def test_versions_that_hold_out_different_families_are_refused() -> None:
    other = replace(judged(3), families={"contrast": FAMILIES[:20]}, family_scores={"contrast": np.zeros(20)})
    with pytest.raises(InputError, match="held_out_share"):
        compare(judged(3), other)
