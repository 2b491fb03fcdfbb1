"""How far two things are apart: distributions, shares, and two scores of the same titles. Plain numbers in and out."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from service.ranks import spearman

Floats = NDArray[np.float64]
Interval = tuple[float, float]

_FLOOR = 0.001  # of a bin's share: one headline in a bin that was empty is no drift
_ROUNDS = 1000
_SURE = 1.96  # standard errors on either side: 95 %


def psi(expected: ArrayLike, actual: ArrayLike) -> float:
    """Population stability index of two counts, or shares, of the same bins: 0 when their shares are equal.

    The symmetric divergence of Kullback and Leibler (1951). By chance alone it is about (1/n + 1/m) times a chi-square
    of (bins - 1) degrees (B. Yurdakul and J. Naranjo, Journal of Risk Model Validation 14(4), 2020).
    """
    e, a = (np.maximum(np.asarray(one, float) / np.sum(one), _FLOOR) for one in (expected, actual))
    return float(np.sum((a - e) * np.log(a / e)))


def risen(now: int, of: int, before: int, of_before: int) -> Interval:
    """95 % interval of how much a share has risen, in percentage points (A. Agresti and B. Caffo, 2000)."""
    p, q = (now + 1) / (of + 2), (before + 1) / (of_before + 2)
    width = _SURE * (p * (1 - p) / (of + 2) + q * (1 - q) / (of_before + 2)) ** 0.5
    return 100 * (p - q - width), 100 * (p - q + width)


def agreement(editors: Floats, scores: Floats) -> tuple[float, float, float]:
    """Spearman, mean absolute error and bias of scores, beside those of editors."""
    apart = scores - editors
    return spearman(editors, scores), float(np.abs(apart).mean()), float(apart.mean())


def agreement_intervals(editors: Floats, scores: Floats) -> list[Interval]:
    """95 % intervals of the three, by bootstrap over titles; the same every time."""
    picks = np.random.default_rng(0).integers(0, len(editors), (_ROUNDS, len(editors)))
    drawn = [agreement(editors[pick], scores[pick]) for pick in picks]
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0).tolist()
    return list(zip(low, high, strict=True))
