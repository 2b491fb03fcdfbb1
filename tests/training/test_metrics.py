"""The figures mean what their names say."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import spearmanr

from service.ranks import spearman
from training.dataset import Example
from training.metrics import agreement, contrast, interval
from training.split import is_held_out

POINTS = arrays(np.float64, 20, elements=st.integers(0, 100).map(float))


@given(POINTS, POINTS)
def test_spearman_is_scipys(a: np.ndarray, b: np.ndarray) -> None:
    if np.ptp(a) and np.ptp(b):
        assert spearman(a, b) == pytest.approx(spearmanr(a, b).statistic)


def test_agreement_tells_errors_and_a_squeezed_top() -> None:
    figures = agreement(np.array([10.0, 20.0, 70.0]), np.array([10.0, 30.0, 80.0]))
    assert figures == pytest.approx({"spearman": 1.0, "mae": 20 / 3, "bias_top": -10.0})


def test_pairs_count_from_five_points_apart_and_ties_count_half() -> None:
    family = [Example("a", 10, family="f"), Example("b", 14, family="f"), Example("c", 20, family="f")]
    top = [Example("d", 90, family="g", factor="equals"), Example("e", 90, family="g", factor="equals")]
    figures = contrast(np.array([3.0, 5.0, 5.0, 80.0, 84.0]), [*family, *top])
    assert figures["ordered_pairs"] == 0.75  # a < c is right, b = c is half right, a and b are too close
    assert figures["equals_spread"] == 4.0
    assert figures["bias_80"] == -8.0


def test_an_interval_holds_the_figure_and_narrows_with_more_rows() -> None:
    random = np.random.default_rng(7)
    widths = []
    for size in (50, 5000):
        values = random.normal(10, 3, size)
        low, high = interval(partial(_mean_of_rows, values), size)
        assert low < values.mean() < high
        widths.append(high - low)
    assert widths[1] < widths[0] / 5
    assert widths[1] == pytest.approx(2 * 1.96 * 3 / 5000**0.5, rel=0.2)  # the interval of a mean is known


def _mean_of_rows(values: np.ndarray, rows: np.ndarray) -> float:
    return float(values[rows].mean())


@given(st.text(), st.floats(0, 1))
def test_a_family_never_changes_sides_and_a_larger_share_only_adds(family: str, share: float) -> None:
    assert is_held_out(family, share) == is_held_out(family, share)
    assert is_held_out(family, share / 2) <= is_held_out(family, share)


def test_about_the_asked_share_is_held_out() -> None:
    assert sum(is_held_out(f"family {n}", 0.15) for n in range(4000)) / 4000 == pytest.approx(0.15, abs=0.02)
