"""The heads on a network's vectors: fitted where the answer is known."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from service.bands import BANDS, band_of, rounded
from service.calibration import Calibration, calibration_from_json
from service.head import Floats, Head
from service.types import TOPICS
from training.config import StudentConfig
from training.heads import balance, calibrate, fit_head, fit_topics, honour, within_families

CONFIG = StudentConfig(head_penalty=20.0, head_trust=0.1)
RANDOM = np.random.default_rng(0)
VECTORS = RANDOM.normal(size=(300, 6)).astype(np.float32)  # the last is the lexicon's number
LABELS = 50 + VECTORS.astype(np.float64) @ np.array([9.0, -4.0, 2.0, 0.0, 1.0, 0.0]) + RANDOM.normal(size=300)
WEIGHTS = RANDOM.uniform(0.5, 4.0, 300)
START = np.array([5.0, 0.0, 0.0, 7.0, 0.0, 0.0, 42.0])


def headlines(seed: int, count: int = 4000) -> tuple[Floats, Floats]:
    """Points and ratings: the points are squeezed and the ratings' noise grows with the score."""
    random = np.random.default_rng(seed)
    truth = 100 * random.beta(2, 3, count)
    ratings = np.clip(truth + random.normal(size=count) * (2 + truth / 8), 0, 100)
    return 20 + 0.5 * truth + random.normal(size=count) * 2, ratings


POINTS, RATINGS = headlines(1)
REFERENCE, _ = headlines(3, 10_000)


def calibrated(unsqueeze: float = 0.5) -> Calibration:
    return calibrate(POINTS, RATINGS, REFERENCE, replace(CONFIG, unsqueeze=unsqueeze))


def test_the_head_is_a_ridge_regression_towards_its_start() -> None:
    head = fit_head(VECTORS, LABELS, WEIGHTS, START, 30.0, CONFIG)
    heavy = np.sqrt(WEIGHTS)
    held = np.diag(np.sqrt([*[CONFIG.head_penalty] * 6, 1e-3]))
    network = np.column_stack([VECTORS[:, :5], np.zeros(300), np.ones(300)])
    rows = np.vstack([network * heavy[:, None], held])
    expected, *_ = np.linalg.lstsq(rows, np.concatenate([LABELS * heavy, held @ START]), rcond=None)
    assert head.mean == pytest.approx(expected, abs=1e-6)
    assert head.noise == 30.0


def test_a_head_held_tightly_stays_at_its_start_but_for_the_level() -> None:
    head = fit_head(VECTORS, LABELS, WEIGHTS, START, 30.0, replace(CONFIG, head_penalty=1e12))
    assert head.mean[:-1] == pytest.approx(START[:-1], abs=1e-3)
    assert np.average(head.predict(VECTORS) - LABELS, weights=WEIGHTS) == pytest.approx(0, abs=0.01)


def test_the_lexicon_counts_as_much_as_suits_headlines_that_neither_has_seen() -> None:
    random = np.random.default_rng(5)
    truth = random.normal(size=4000) * 15
    vectors = random.normal(size=(4000, 6)).astype(np.float32)
    vectors[:, 0] = (truth + random.normal(size=4000) * 6) / 15  # two that err, each in its own way
    vectors[:, -1] = (truth + random.normal(size=4000) * 12) / 15
    head = Head(np.array([15.0, 0, 0, 0, 0, 0, 30.0]), np.eye(7), 1.0)
    found = balance(head, vectors, 40 + truth)
    assert np.ptp(found.mean[1:5]) == 0
    assert found.mean[0] / found.mean[-2] == pytest.approx(4, rel=0.1)  # by their noise: 12² / 6²
    assert np.mean((found.predict(vectors) - 40 - truth) ** 2) < 0.85 * np.mean((vectors[:, 0] * 15 - truth) ** 2)
    assert found.predict(vectors).mean() == pytest.approx(40 + truth.mean())


def test_what_is_to_make_no_difference_makes_less_the_more_it_counts() -> None:
    families = [str(number % 20) for number in range(60)]
    told = np.zeros((60, 6), np.float32)
    told[:, 0] = np.random.default_rng(4).normal(size=60)
    told[:, 1] = [float(family) for family in families]
    apart = within_families(told, families)
    assert apart[:, 1] == pytest.approx(0)
    assert [apart[[one == family for one in families], 0].sum() for family in set(families)] == pytest.approx([0] * 20)
    first = [
        abs(fit_head(VECTORS, LABELS, WEIGHTS, START, 30.0, replace(CONFIG, swap_weight=weight), apart).mean[0])
        for weight in (0.0, 10.0, 1e6)
    ]
    assert first[0] == abs(fit_head(VECTORS, LABELS, WEIGHTS, START, 30.0, CONFIG).mean[0])
    assert first[0] > first[1] > first[2]
    assert first[2] < 0.01


def test_labels_that_the_network_knows_count_less_for_certainty_and_as_much_for_the_mean() -> None:
    trusted, doubted = (
        fit_head(VECTORS, LABELS, WEIGHTS, START, 30.0, replace(CONFIG, head_trust=trust)) for trust in (1.0, 0.1)
    )
    assert trusted.mean == pytest.approx(doubted.mean)
    certain, uncertain = (one.variance(VECTORS) - 30.0 for one in (trusted, doubted))
    assert uncertain == pytest.approx(10 * certain)


MUSTS = np.array([85.0, 75.0, 72.0, 72.0, 65.0, 55.0, 45.0, 45.0])
PLAIN = Calibration((0.0, 100.0), (0.0, 100.0), (), (10.0,), (10.0,), (0.0, 100.0))
"""Points are scores."""


def wide_head(seed: int) -> tuple[Head, Floats]:
    """A head on vectors of 30 numbers, and vectors of headlines that it scores about 40."""
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(2000, 30)).astype(np.float32)
    labels = 40 + vectors.astype(np.float64) @ random.normal(size=30) * 3 + random.normal(size=2000) * 5
    start = Head(np.append(np.zeros(30), 40.0), np.eye(31), 25.0)
    head = start.updated(vectors, labels, np.ones(2000))
    return head, random.normal(size=(len(MUSTS), 30)).astype(np.float32)


def is_honoured(scores: Floats) -> bool:
    pairs = [
        (one, other)
        for one, must in zip(scores, MUSTS, strict=True)
        for other, less in zip(scores, MUSTS, strict=True)
        if must > less
    ]
    bands = [band_of(score) for score in scores] == [band_of(must) for must in MUSTS]
    return bands and all(rounded(one) > rounded(other) for one, other in pairs)


@given(st.integers(0, 10_000))
def test_labels_that_must_be_honoured_have_their_bands_and_order_at_the_least_cost(seed: int) -> None:
    head, vectors = wide_head(seed)
    found = honour(head, lambda _: PLAIN, vectors, MUSTS)
    assert is_honoured(found.predict(vectors))
    heavy = head.updated(vectors, MUSTS, np.full(len(MUSTS), 1e5))  # says their very numbers
    cost, costs = (one @ head.precision @ one for one in (found.mean - head.mean, heavy.mean - head.mean))
    assert cost < costs
    again = honour(found, lambda _: PLAIN, vectors, MUSTS)
    assert again.predict(vectors) == pytest.approx(found.predict(vectors), abs=0.5)


def test_bands_that_must_be_honoured_are_those_of_the_scale_that_moves_with_the_head() -> None:
    head, vectors = wide_head(1)

    def scale(of: Head) -> Calibration:
        level = float(of.predict(vectors).mean()) / 5
        return replace(PLAIN, points=(level, level + 100.0))

    found = honour(head, scale, vectors, MUSTS)
    assert is_honoured(scale(found).apply(found.predict(vectors)).astype(np.float64))


def test_intervals_hold_nine_of_ten_ratings_of_new_headlines_in_every_region() -> None:
    calibration = calibrated()
    points, ratings = headlines(2)
    scores = calibration.apply(points)
    spans = np.array([calibration.interval(float(score)) for score in scores])
    inside = (spans[:, 0] <= ratings) & (ratings <= spans[:, 1])
    assert 0.88 <= inside.mean() <= 0.92
    region = np.searchsorted(calibration.edges, scores, side="right")
    assert len(calibration.edges) >= 5
    for number in range(len(calibration.edges) + 1):
        assert 0.82 <= inside[region == number].mean() <= 0.97


def test_an_interval_is_wider_where_ratings_scatter_more() -> None:
    calibration = calibrated()
    low, high = (np.subtract(*calibration.interval(score)[::-1]) for score in (25.0, 65.0))
    assert high > 1.5 * low


def test_bands_begin_at_an_edge_where_there_are_headlines_enough() -> None:
    plenty = [band.floor for band in BANDS if band.floor and (calibrated().apply(POINTS) >= band.floor).sum() > 400]
    assert plenty
    assert set(plenty) <= set(calibrated().edges)


def test_a_few_headlines_make_one_region() -> None:
    calibration = calibrate(POINTS[:120], RATINGS[:120], REFERENCE, CONFIG)
    assert calibration.edges == ()
    assert len(calibration.below) == len(calibration.above) == 1


@pytest.mark.parametrize("unsqueeze", [0.0, 0.5, 1.0])
def test_the_scale_rises_strictly_and_is_fit_to_be_served(unsqueeze: float) -> None:
    calibration = calibrated(unsqueeze)
    assert (np.diff(calibration.points) > 0).all()
    assert (np.diff(calibration.scores) > 0).all()
    assert calibration_from_json(calibration.to_json()) == calibration


def test_points_that_tell_nothing_still_give_a_rising_scale() -> None:
    noise = np.random.default_rng(0).normal(size=len(RATINGS))
    calibration = calibrate(noise, RATINGS, noise, replace(CONFIG, unsqueeze=0.0))
    assert (np.diff(calibration.scores) > 0).all()
    assert np.ptp(calibration.scores) < 30


def test_an_unsqueezed_scale_spreads_scores_as_ratings_are_spread() -> None:
    points, ratings = headlines(2)
    deviation = calibrated(1.0).apply(points).std()
    assert deviation == pytest.approx(ratings.std(), rel=0.05)
    assert calibrated(0.0).apply(points).std() < calibrated(0.5).apply(points).std() < deviation


def test_a_scale_left_squeezed_gives_the_expected_ratings() -> None:
    points, ratings = headlines(2)
    expected = IsotonicRegression(out_of_bounds="clip").fit(POINTS[1::2], RATINGS[1::2]).predict(points)
    errors = [np.mean((calibrated(one).apply(points) - ratings) ** 2) for one in (0.0, 1.0)]
    assert np.abs(calibrated(0.0).apply(points) - expected).mean() < 1.5
    assert errors[0] < errors[1]


def test_the_percentile_is_the_share_of_real_headlines_that_score_lower() -> None:
    calibration = calibrated()
    scores = calibration.apply(REFERENCE)
    for share in (10, 50, 90):
        assert calibration.percentile(float(np.percentile(scores, share))) == pytest.approx(share, abs=1)


def test_topics_that_lie_apart_are_told_apart() -> None:
    random = np.random.default_rng(0)
    centres = 3 * np.eye(len(TOPICS), 12)
    which = np.arange(len(TOPICS)).repeat(40)[random.permutation(40 * len(TOPICS))]
    vectors = (centres[which] + 0.5 * random.normal(size=(len(which), 12))).astype(np.float32)
    head = fit_topics(vectors[:300], [TOPICS[index] for index in which[:300]])
    right = [found == TOPICS[index] for found, index in zip(head.predict(vectors[300:]), which[300:], strict=True)]
    assert np.mean(right) > 0.95
