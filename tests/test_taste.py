"""What a taste may change, and what one more label would tell of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.head import Floats
from service.taste import Unknown, prior_root, taste_rows
from service.topics import TopicHead
from service.types import TOPICS

WIDTH = 5


def rows(count: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(size=(count, WIDTH + 1))


def topics_along_first() -> TopicHead:
    """Topics that differ in the first entry of a vector alone."""
    weights = np.zeros((len(TOPICS), WIDTH + 1))
    weights[:, 0] = np.arange(len(TOPICS))
    return TopicHead(weights)


def mean_variance(pool: Floats, judged: Floats) -> float:
    """Over the pool, in units of the noise, by the book."""
    covariance = np.linalg.inv(np.eye(WIDTH + 1) + judged.T @ judged)
    return float(((pool @ covariance) * pool).sum(1).mean())


def test_without_topics_all_directions_are_as_free_and_the_level_freer() -> None:
    covariance = prior_root(topics_along_first(), 0.0) ** 2
    assert covariance == pytest.approx(np.diag([1.0] * WIDTH + [30.0]))


def test_the_directions_of_topics_are_freer() -> None:
    root = prior_root(topics_along_first(), 3.0)
    free = np.diag(root @ root.T)
    assert free[0] == pytest.approx(1 + 3 * WIDTH)
    assert free[1:-1] == pytest.approx(np.ones(WIDTH - 1))


def test_rows_of_titles_have_the_variance_of_the_mean_prior() -> None:
    vectors = rows(4)[:, :-1].astype(np.float32)
    found = taste_rows(topics_along_first(), vectors)
    free = np.array([1 + 1.5 * WIDTH] + [1.0] * (WIDTH - 1) + [30.0])
    expected = 0.01875 * (np.column_stack([vectors.astype(float), np.ones(4)]) ** 2 * free).sum(1)
    assert (found**2).sum(1) == pytest.approx(expected)


@given(st.integers(1, 30), st.integers(0, 5), st.integers(0, 3), st.integers(0, 1000))
def test_a_label_lowers_the_mean_variance_by_what_was_said_of_it(count: int, judged: int, more: int, seed: int) -> None:
    pool, known = rows(count, seed), rows(judged, seed + 1)
    unknown = Unknown(pool, known)
    for row in np.random.default_rng(seed).integers(count, size=more):
        unknown.learn(row)
        known = np.vstack([known, pool[row]])
    before = mean_variance(pool, known)
    expected = [before - mean_variance(pool, np.vstack([known, one])) for one in pool]
    assert unknown.told() == pytest.approx(expected)


def test_of_an_empty_pool_nothing_is_told() -> None:
    assert Unknown(rows(0), rows(3)).told().shape == (0,)
