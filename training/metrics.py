"""How right a set of scores is. Arrays are one-dimensional, of equal length, in points of the i-Score."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from service.bands import BANDS, band_of
from service.ranks import spearman
from training.config import TOP
from training.dataset import Example

Scores = NDArray[np.float64]
FAMILY_TOP = 80.0
"""Score from which a title of a family counts as the top: families have more of it than real headlines."""


def agreement(predicted: Scores, actual: Scores, top: float = TOP) -> dict[str, float]:
    """Spearman, mean absolute error, and mean error of headlines labelled ``top`` or more (below 0: squeezed)."""
    error = predicted - actual
    return {
        "spearman": spearman(predicted, actual),
        "mae": float(np.abs(error).mean()),
        "bias_top": float(error[actual >= top].mean()) if (actual >= top).any() else 0.0,
    }


def top_overlap(predicted: Scores, actual: Scores, rows: int = 10, hour: int = 50, hours: int = 500) -> float:
    """Share of the ``rows`` highest of an hour's headlines that both agree on; hours are drawn with a fixed seed."""
    random = np.random.default_rng(0)
    shares = []
    for _ in range(hours):
        drawn = random.choice(len(actual), min(hour, len(actual)), replace=False)
        tops = [set(drawn[np.argsort(-scores[drawn], kind="stable")[:rows]]) for scores in (predicted, actual)]
        shares.append(len(tops[0] & tops[1]) / rows)
    return float(np.mean(shares))


def coverage(intervals: Scores, predicted: Scores, actual: Scores) -> dict[str, float]:
    """Share of ratings inside ``intervals`` (n, 2), in all and by the score's band, and the mean width in points."""
    inside = (actual >= intervals[:, 0]) & (actual <= intervals[:, 1])
    bands = np.array([band_of(score).name for score in predicted])
    found = {"coverage": float(inside.mean())}
    found |= {f"coverage_{band.name}": float(inside[bands == band.name].mean()) for band in BANDS if band.name in bands}
    return {**found, "width": float(np.diff(intervals, axis=1).mean())}


def topic_agreement(predicted: Sequence[str], actual: Sequence[str]) -> dict[str, float]:
    """Share of right topics, and the mean over topics of F1 (harmonic mean of precision and recall)."""
    found, known = np.array(predicted), np.array(actual)
    scores = [
        2 * ((found == one) & (known == one)).sum() / ((found == one).sum() + (known == one).sum())
        for one in set(actual)
    ]
    return {"accuracy": float((found == known).mean()), "macro_f1": float(np.mean(scores))}


@dataclass(frozen=True, slots=True)
class FamilyResult:
    """One family: which examples, highest minus lowest score, and how many of its ``pairs`` are in the right order.

    Pairs are those labelled ``apart`` points apart or more; a tie is half right.
    """

    members: list[int]
    equal: bool
    spread: float
    right: float
    pairs: int


def per_family(predicted: Scores, examples: Sequence[Example], apart: float = 5.0) -> dict[str, FamilyResult]:
    """Each family's result, by name."""
    families: dict[str, list[int]] = defaultdict(list)
    for index, example in enumerate(examples):
        families[example.family].append(index)
    return {name: _result(members, predicted, examples, apart) for name, members in families.items()}


def contrast(predicted: Scores, examples: Sequence[Example]) -> dict[str, float]:
    """Share of ordered pairs in order, mean spread of ``equals`` families, mean error at FAMILY_TOP and above.

    A figure of which there is nothing among the examples is left out.
    """
    results = list(per_family(predicted, examples).values())
    spreads = [one.spread for one in results if one.equal]
    errors = (predicted - np.array([example.i_score for example in examples]))[
        [example.i_score >= FAMILY_TOP for example in examples]
    ]
    found: dict[str, float] = {}
    if pairs := sum(one.pairs for one in results):
        found["ordered_pairs"] = sum(one.right for one in results) / pairs
    if spreads:
        found["equals_spread"] = float(np.mean(spreads))
    if len(errors):
        found["bias_80"] = float(errors.mean())
    return found


def interval(
    figure: Callable[[NDArray[np.intp]], float], size: int, draws: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Where 95 % of ``figure`` lie over bootstrap samples: arrays of ``size`` row numbers drawn with replacement."""
    random = np.random.default_rng(seed)
    low, high = np.percentile([figure(random.integers(0, size, size)) for _ in range(draws)], [2.5, 97.5])
    return float(low), float(high)


def _result(members: list[int], predicted: Scores, examples: Sequence[Example], apart: float) -> FamilyResult:
    right, pairs = 0.0, 0
    for a, b in combinations(members, 2):
        gap = examples[a].i_score - examples[b].i_score
        if abs(gap) >= apart:
            difference = predicted[a] - predicted[b]
            right += 0.5 if difference == 0 else float(difference * gap > 0)
            pairs += 1
    equal = examples[members[0]].factor == "equals"
    return FamilyResult(members, equal, float(np.ptp(predicted[members])), right, pairs)
