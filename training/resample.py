"""Figures as functions of a bootstrap sample: headlines, or whole families, drawn with replacement."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from training.dataset import Example
from training.evaluate import Judged, figure_name
from training.metrics import FAMILY_TOP, FamilyResult, Scores, agreement, per_family

Sample = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Resampled:
    """``of`` gives the figure for row numbers below ``size``; all of them once give the figure itself."""

    size: int
    of: Callable[[Sample], float]


def resampled(judged: Judged) -> dict[str, Resampled]:
    """By the names of ``evaluate.rows``, those figures for which samples make sense."""
    actual, scores = judged.dev.i_scores, judged.dev_scores
    found = {
        figure_name("dev", name): Resampled(len(actual), partial(_agreement, name, scores, actual))
        for name in ("spearman", "mae", "bias_top")
    }
    for name, examples in judged.families.items():
        results = list(per_family(judged.family_scores[name], examples).values())
        right = np.array([[one.right, one.pairs] for one in results if one.pairs] or [[0.0, 1.0]])
        spreads = np.array([one.spread for one in results if one.equal])
        top = np.array([_errors_at_the_top(one, judged.family_scores[name], examples) for one in results])
        top = top[top[:, 1] > 0]
        found[figure_name(name, "ordered_pairs")] = Resampled(len(right), partial(_ratio, right))
        found[figure_name(name, "equals_spread")] = Resampled(len(spreads), partial(_mean, spreads))
        found[figure_name(name, "bias_80")] = Resampled(len(top), partial(_ratio, top))
    return found


def _agreement(name: str, scores: Scores, actual: Scores, sample: Sample) -> float:
    return agreement(scores[sample], actual[sample])[name]


def _errors_at_the_top(family: FamilyResult, scores: Scores, examples: Sequence[Example]) -> tuple[float, int]:
    """Sum and number of the errors on a family's titles labelled FAMILY_TOP or more."""
    errors = [scores[i] - examples[i].i_score for i in family.members if examples[i].i_score >= FAMILY_TOP]
    return sum(errors), len(errors)


def _ratio(sums: Scores, sample: Sample) -> float:
    return float(np.divide(*sums[sample].sum(0)))


def _mean(values: Scores, sample: Sample) -> float:
    return float(values[sample].mean())
