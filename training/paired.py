"""Differences of two versions on the same rows, and where they lie: a paired bootstrap of a thousand samples at once.

As training/compare.py, but a sample is how often each row was drawn, so that many are a matrix and take milliseconds.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from training.metrics import Scores

_DRAWS = 1000
_AT_ONCE = 2_000_000
"""Entries of the matrix that holds how often each row is drawn: 16 MB."""


@dataclass(frozen=True, slots=True)
class Figure:
    """``of`` gives the figure for each sample, (draws,), from how often it holds each row, (draws, rows)."""

    rows: int
    of: Callable[[Scores], Scores]


@dataclass(frozen=True, slots=True)
class Gap:
    """A figure of both versions, and between which ends the difference, second less first, lies."""

    first: float
    second: float
    low: float
    high: float

    @property
    def difference(self) -> float:
        """Second less first."""
        return self.second - self.first


def mean(values: Scores) -> Figure:
    """The mean of one value per row."""
    return Figure(len(values), lambda drawn: drawn @ values / len(values))


def ratio(sums: Scores) -> Figure:
    """First column over second: of rows (n, 2) that count how many of how many."""
    return Figure(len(sums), lambda drawn: np.divide(drawn @ sums[:, 0], drawn @ sums[:, 1]))


def spearman(scores: Scores, ratings: Scores) -> Figure:
    """Rank correlation, mid-ranks for ties; 0 where all scores or all ratings are equal."""
    rank_scores, rank_ratings = _ranks_of(scores), _ranks_of(ratings)

    def of(drawn: Scores) -> Scores:
        middle = (len(scores) + 1) / 2  # the mean of all ranks, whatever the ties
        x, y = rank_scores(drawn) - middle, rank_ratings(drawn) - middle
        xy, xx, yy = ((drawn * product).sum(1) for product in (x * y, x * x, y * y))
        return np.divide(xy, np.sqrt(xx * yy), out=np.zeros(len(drawn)), where=xx * yy > 0)

    return Figure(len(scores), of)


def gap(first: Figure, second: Figure, certainty: float) -> Gap:
    """Of the same rows, at least one. The seed is fixed: the same figures give the same gap."""
    differences = np.concatenate([second.of(drawn) - first.of(drawn) for drawn in _samples(first.rows)])
    low, high = np.percentile(differences, [50 * (1 - certainty), 50 * (1 + certainty)])
    whole = np.ones((1, first.rows))
    return Gap(float(first.of(whole)[0]), float(second.of(whole)[0]), float(low), float(high))


def _samples(rows: int) -> Iterator[Scores]:
    """Drawn with replacement, as many rows as there are."""
    random = np.random.default_rng(0)
    size = max(1, _AT_ONCE // rows)
    for begun in range(0, _DRAWS, size):
        draws = min(size, _DRAWS - begun)
        drawn = random.integers(0, rows, (draws, rows)) + rows * np.arange(draws)[:, None]
        yield np.bincount(drawn.ravel(), minlength=draws * rows).reshape(draws, rows).astype(np.float64)


def _ranks_of(values: Scores) -> Callable[[Scores], Scores]:
    """Mid-ranks of the rows in each sample, from 1, equal values sharing the mean of theirs."""
    distinct, place = np.unique(values, return_inverse=True)
    order = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[order], np.arange(len(distinct)))

    def ranks(drawn: Scores) -> Scores:
        counts = np.add.reduceat(drawn[:, order], starts, axis=1)
        return (np.cumsum(counts, axis=1) - (counts - 1) / 2)[:, place]

    return ranks
