"""How a newsroom's judgements change a head: Bayesian regression on the change alone. Pure, numpy only.

The prior of the change is in service/taste.py. How free it is, measured in what one label counts against it (WEIGHTS),
is found by cross-validation; "not at all" is one of the answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.head import Floats, Head
from service.taste import TOPIC_SHARES, WEIGHTS, prior_root
from service.topics import TopicHead

FOLDS = 5
_STEPS, _CLOSE = 12, 1e-3
_LOGISTIC = 1.7
"""With it the logistic curve is near the normal one (Bowling et al. 2009, "A logistic approximation to the
cumulative normal distribution")."""


@dataclass(frozen=True, slots=True)
class Lessons:
    """What judgements say, row by row. A row is a title's vector with a 1 behind it, or the difference of two such.

    ``targets`` are the points that a row should have, or NaN: then it should have more than 0. ``weights`` are 1 for a
    title's score. Rows of one ``fold`` are left out together.
    """

    rows: Floats
    targets: Floats
    weights: Floats
    folds: NDArray[np.intp]

    def part(self, chosen: NDArray[np.bool_]) -> "Lessons":
        """Some of the rows."""
        return Lessons(self.rows[chosen], self.targets[chosen], self.weights[chosen], self.folds[chosen])


@dataclass(frozen=True, slots=True)
class Tried:
    """A prior: what a label counts, how much freer topics are, and how well it foretold judgements left out.

    ``loss`` is in nats a judgement; ``share`` is what it has in the change. Weight 0 changes nothing.
    """

    weight: float
    topics: float
    loss: float
    share: float


@dataclass(frozen=True, slots=True)
class Taste:
    """``change`` (width + 1,) of a head's mean and its ``covariance`` in units of the head's noise.

    ``foretold`` (rows,) are the points of each lesson by what the other folds taught.
    """

    change: Floats
    covariance: Floats
    tried: Sequence[Tried]
    foretold: Floats


def learn(head: Head, topics: TopicHead, lessons: Lessons, weights: Sequence[float] = WEIGHTS) -> Taste:
    """The mean of what all priors make of the lessons, each by how well it foretells the folds that it has not seen.

    Averaging (Yao et al. 2018, "Using stacking to average Bayesian predictive distributions", pseudo-BMA) is less
    up to chance than the best prior alone: 200 labels tell two weights apart hardly better than dice do. A judgement
    counts half, as folds learn from each other.
    """
    before = lessons.rows @ head.mean
    nothing = np.zeros(len(head.mean))
    priors = [(0.0, 0.0, np.zeros((len(nothing), 1)))]
    roots = [(share, prior_root(topics, share)) for share in TOPIC_SHARES]
    priors += [(weight, share, np.sqrt(weight) * root) for weight in weights for share, root in roots]
    foretold, losses, posteriors = [], [], []
    for _, _, root in priors:
        rows = lessons.rows @ root
        step, curve = _posterior(rows, lessons, before, head.noise, np.zeros(root.shape[1]))
        points = before + _foretell(rows, lessons, before, head.noise, step)
        foretold.append(points)
        losses.append(float(_losses(lessons, points, head.noise).sum()))
        posteriors.append((root @ step, root @ np.linalg.solve(curve, root.T)))
    likely = np.exp(-0.5 * (np.array(losses) - min(losses)))
    shares = likely / likely.sum()
    change = sum((share * one for share, (one, _) in zip(shares, posteriors, strict=True)), nothing)
    covariance = sum(
        (share * one for share, (_, one) in zip(shares, posteriors, strict=True)), np.outer(nothing, nothing)
    )
    tried = [
        Tried(weight, topic, loss / len(before), float(share))
        for (weight, topic, _), loss, share in zip(priors, losses, shares, strict=True)
    ]
    return Taste(change, (covariance + covariance.T) / 2, tried, shares @ np.array(foretold))


def _foretell(rows: Floats, lessons: Lessons, before: Floats, noise: float, start: Floats) -> Floats:
    """By how many points each lesson's row changes by what the other folds teach."""
    found = np.zeros(len(before))
    for fold in np.unique(lessons.folds):
        out = lessons.folds == fold
        step, _ = _posterior(rows[~out], lessons.part(~out), before[~out], noise, start)
        found[out] = rows[out] @ step
    return found


def _posterior(rows: Floats, lessons: Lessons, before: Floats, noise: float, step: Floats) -> tuple[Floats, Floats]:
    """Mean and precision of a change with a prior of unit variance: Laplace's approximation, Newton from ``step``."""
    curve = np.eye(len(step))
    for _ in range(_STEPS):
        slopes, bends = _slopes(lessons, before + rows @ step, noise)
        curve = np.eye(len(step)) + (rows.T * bends) @ rows
        move = np.linalg.solve(curve, rows.T @ slopes - step)
        step = step + move
        if not np.isnan(lessons.targets).any() or np.abs(move).max(initial=0) < _CLOSE:
            break  # points alone need one step
    return step, curve


def _slopes(lessons: Lessons, points: Floats, noise: float) -> tuple[Floats, Floats]:
    """How each row pulls at its points, and how that changes with them, in units of the noise."""
    scale = _scale(noise)
    chance = 1 / (1 + np.exp(np.clip(points / scale, -50, 50)))  # of the other order
    ordered = np.isnan(lessons.targets)
    slopes = np.where(ordered, noise / scale * chance, lessons.targets - points)
    bends = np.where(ordered, noise / scale**2 * chance * (1 - chance), 1.0)
    return lessons.weights * slopes, lessons.weights * bends


def _losses(lessons: Lessons, points: Floats, noise: float) -> Floats:
    """In nats: half the squared error in units of the noise, or minus the logarithm of an order's chance."""
    ordered = np.isnan(lessons.targets)
    error = np.where(ordered, 0.0, lessons.targets - points)
    return lessons.weights * np.where(ordered, np.logaddexp(0, -points / _scale(noise)), error**2 / noise / 2)


def _scale(noise: float) -> float:
    """Of the logistic curve for the difference of two titles, each with the noise of a label."""
    return float(np.sqrt(2 * noise)) / _LOGISTIC
