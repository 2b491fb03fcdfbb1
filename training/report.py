"""A page that shows how right a model version is: figures with intervals, pictures, and what it judges worst."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from numpy.typing import NDArray

from training import data
from training.evaluate import Judged, Metrics, figure_name, rows
from training.metrics import FamilyResult, Scores, agreement, interval, per_family
from training.plots import plots

_WORST_HEADLINES, _WORST_FAMILIES = 30, 12


def report(judged: Judged, versions: dict[str, Metrics]) -> str:
    """HTML, complete in itself. ``versions`` are figures side by side, first those of ``judged``."""
    intervals = _intervals(judged)
    errors = np.abs(judged.dev_scores - judged.dev.i_scores)
    worst = np.argsort(-errors, kind="stable")[:_WORST_HEADLINES]
    templates = Environment(loader=PackageLoader("training", "."), autoescape=True, undefined=StrictUndefined)
    return templates.get_template("report.html").render(
        name=next(iter(versions)),
        versions=list(versions),
        headlines=len(judged.dev.titles),
        figures=[
            {"label": name, "cells": cells, "interval": intervals.get(name, "")} for name, cells in rows(versions)
        ],
        plots=plots(judged),
        worst=[(judged.dev_scores[i], judged.dev.i_scores[i], judged.dev.titles[i]) for i in worst],
        families=_worst_families(judged),
    )


def _intervals(judged: Judged) -> dict[str, str]:
    """By the labels of ``rows``."""
    actual, scores = judged.dev.i_scores, judged.dev_scores
    found = {
        figure_name("dev", name): interval(partial(_figure, name, scores, actual), len(actual))
        for name in ("spearman", "mae", "bias_top")
    }
    for name, examples in judged.families.items():
        results = list(per_family(judged.family_scores[name], examples).values())
        spreads = np.array([one.spread for one in results if one.equal])
        right = np.array([[one.right, one.pairs] for one in results if one.pairs] or [[0.0, 1.0]])
        found[figure_name(name, "equals_spread")] = interval(_mean_of(spreads), len(spreads))
        found[figure_name(name, "ordered_pairs")] = interval(_share_of(right), len(right))
    return {name: f"{low:.3f} to {high:.3f}" for name, (low, high) in found.items()}


def _figure(name: str, scores: Scores, actual: Scores, sample: NDArray[np.intp]) -> float:
    return agreement(scores[sample], actual[sample])[name]


def _mean_of(values: Scores) -> Callable[[NDArray[np.intp]], float]:
    return lambda sample: float(values[sample].mean())


def _share_of(counts: Scores) -> Callable[[NDArray[np.intp]], float]:
    return lambda sample: float(np.divide(*counts[sample].sum(0)))


def _worst_families(judged: Judged) -> list[dict[str, Any]]:
    """Half of them equal families far apart, half ordered families in the wrong order."""
    examples, scores = judged.families[data.CONTRAST], judged.family_scores[data.CONTRAST]
    results = per_family(scores, examples)

    def shown(name: str, result: FamilyResult) -> dict[str, Any]:
        fault = f"{result.spread:.0f} points apart" if result.equal else f"{result.right:g} of {result.pairs} in order"
        rows = [(scores[i], examples[i].i_score, examples[i].text) for i in result.members]
        return {"name": name, "fault": fault, "rows": rows}

    equal = sorted((one for one in results.items() if one[1].equal), key=lambda one: -one[1].spread)
    ordered = sorted((one for one in results.items() if one[1].pairs), key=lambda one: one[1].right - one[1].pairs)
    half = _WORST_FAMILIES // 2
    return [shown(*one) for one in equal[:half] + ordered[:half]]
