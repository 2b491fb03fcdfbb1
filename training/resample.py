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
        tops = [_errors_at_the_top(one, judged.family_scores[name], examples) for one in results]
        per_unit = {
            "ordered_pairs": [(one.right, one.pairs) for one in results if one.pairs],
            "equals_spread": [(one.spread, 1) for one in results if one.equal],
            "bias_80": [(total, count) for total, count in tops if count],
        }
        for figure, sums in per_unit.items():
            if sums:
                found[figure_name(name, figure)] = Resampled(len(sums), partial(_ratio, np.array(sums, np.float64)))
    return found


def _agreement(name: str, scores: Scores, actual: Scores, sample: Sample) -> float:
    return agreement(scores[sample], actual[sample])[name]


def _errors_at_the_top(family: FamilyResult, scores: Scores, examples: Sequence[Example]) -> tuple[float, int]:
    """Sum and number of the errors on a family's titles labelled FAMILY_TOP or more."""
    errors = [scores[i] - examples[i].i_score for i in family.members if examples[i].i_score >= FAMILY_TOP]
    return sum(errors), len(errors)


def _ratio(sums: Scores, sample: Sample) -> float:
    return float(np.divide(*sums[sample].sum(0)))
