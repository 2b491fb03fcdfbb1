"""Points become scores without changing places; intervals and percentiles belong to them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.calibration import Calibration, calibration_from_json
from service.errors import ArtifactError

CALIBRATION = Calibration(
    points=(10.0, 40.0, 60.0),
    scores=(5.0, 50.0, 90.0),
    edges=(30.0, 80.0),
    below=(6.0, 9.0, 4.0),
    above=(8.0, 7.0, 3.0),
    reference=(0.0, 20.0, 40.0, 60.0, 100.0),
)
finite = st.floats(-500, 500)


@given(st.lists(finite, min_size=2, max_size=20))
def test_scores_are_from_0_to_100_in_the_order_of_the_points(points: list[float]) -> None:
    scores = CALIBRATION.apply(np.sort(points))
    assert scores.dtype == np.dtype(np.float32)
    assert ((scores >= 0) & (scores <= 100)).all()
    assert (np.diff(scores) >= 0).all()


def test_knots_and_what_lies_between_and_beyond_them() -> None:
    points = np.array([10.0, 25.0, 40.0, 50.0, 60.0, 62.5, 90.0, -90.0])
    assert CALIBRATION.apply(points).tolist() == [5.0, 27.5, 50.0, 70.0, 90.0, 95.0, 100.0, 0.0]


@given(st.lists(st.floats(1, 99), min_size=1))
def test_scores_lead_back_to_their_points(scores: list[float]) -> None:
    points = CALIBRATION.points_of(np.array(scores))
    assert CALIBRATION.apply(points) == pytest.approx(scores, abs=1e-4)


@pytest.mark.parametrize(
    ("raw", "interval"),
    [(29.9, (23.9, 37.9)), (30.0, (21.0, 37.0)), (80.0, (76.0, 83.0)), (99.0, (95.0, 100.0)), (2.0, (0.0, 10.0))],
)
def test_an_interval_is_that_of_its_region_cut_to_the_scale(raw: float, interval: tuple[float, float]) -> None:
    assert CALIBRATION.interval(raw) == pytest.approx(interval)


@pytest.mark.parametrize(("raw", "interval"), [(50.0, (4.0, 92.0)), (1.0, (1.0, 92.0)), (97.0, (4.0, 97.0))])
def test_of_what_cannot_be_judged_all_that_is_usual_is_likely(raw: float, interval: tuple[float, float]) -> None:
    assert CALIBRATION.widest(raw) == pytest.approx(interval)


@pytest.mark.parametrize(("raw", "percent"), [(0, 0), (20, 25), (30, 37.5), (100, 100)])
def test_a_percentile_is_the_share_of_headlines_below(raw: float, percent: float) -> None:
    assert CALIBRATION.percentile(raw) == percent


def test_what_was_written_is_what_is_read() -> None:
    assert calibration_from_json(CALIBRATION.to_json()) == CALIBRATION


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"points": [10.0, 10.0, 60.0]}, "must rise"),
        ({"scores": [5.0, 5.0, 90.0]}, "must rise"),
        ({"points": [1.0]}, "as many of each"),
        ({"points": [1.0], "scores": [1.0]}, "two or more"),
        ({"below": [1.0]}, "one for each region"),
        ({"above": [1.0, -1.0, 1.0]}, "0 or more"),
        ({"edges": [80.0, 30.0]}, "must rise"),
        ({"reference": [0.0]}, "must rise"),
        ({"reference": [1.0, 0.0]}, "must rise"),
        ({"points": [0.0, float("nan"), 1.0]}, "not a finite number"),
        ({"points": "abc"}, "could not convert"),
        ({"points": None}, "not iterable"),
        ({"more": []}, "it must have points, scores"),
    ],
)
def test_what_is_no_calibration_is_refused(change: dict[str, object], reason: str) -> None:
    with pytest.raises(ArtifactError, match=rf"calibration\.json cannot be used: .*{reason}"):
        calibration_from_json({**CALIBRATION.to_json(), **change})


@pytest.mark.parametrize("found", [None, [], "x", {}])
def test_what_is_not_even_an_object_is_refused(found: object) -> None:
    with pytest.raises(ArtifactError, match="it must have points, scores"):
        calibration_from_json(found)
