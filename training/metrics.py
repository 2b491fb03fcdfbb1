"""How right a set of scores is. Arrays are one-dimensional, of equal length, in points of the i-Score."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from training.dataset import Example

Scores = NDArray[np.float64]


def spearman(predicted: Scores, actual: Scores) -> float:
    """Spearman's rank correlation with mid-ranks for ties, -1 to 1."""
    return float(np.corrcoef(_mid_ranks(predicted), _mid_ranks(actual))[0, 1])


def agreement(predicted: Scores, actual: Scores, top: float = 60.0) -> dict[str, float]:
    """Spearman, mean absolute error, and mean error of headlines labelled ``top`` or more (below 0: squeezed)."""
    error = predicted - actual
    return {
        "spearman": spearman(predicted, actual),
        "mae": float(np.abs(error).mean()),
        "bias_top": float(error[actual >= top].mean()) if (actual >= top).any() else 0.0,
    }


def contrast(predicted: Scores, examples: Sequence[Example], apart: float = 5.0) -> dict[str, float]:
    """Share of pairs within a family, labelled at least ``apart`` points apart, in the right order;
    mean spread (highest minus lowest) of ``equals`` families; mean error at 80 and above."""
    families: dict[str, list[int]] = defaultdict(list)
    for index, example in enumerate(examples):
        families[example.family].append(index)
    right: list[float] = []
    spreads: list[float] = []
    for members in families.values():
        if examples[members[0]].factor == "equals":
            spreads.append(float(np.ptp(predicted[members])))
        for a, b in combinations(members, 2):
            gap = examples[a].i_score - examples[b].i_score
            if abs(gap) >= apart:
                difference = predicted[a] - predicted[b]
                right.append(0.5 if difference == 0 else float(difference * gap > 0))
    actual = np.array([example.i_score for example in examples])
    return {
        "ordered_pairs": float(np.mean(right)),
        "equals_spread": float(np.mean(spreads)),
        "bias_80": float((predicted - actual)[actual >= 80].mean()),
    }


def _mid_ranks(values: Scores) -> Scores:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse].astype(np.float64)
