"""A page that shows how right a model version is: figures with intervals, pictures, and what it judges worst."""

from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from training import data
from training.evaluate import Judged, Metrics, rows
from training.metrics import FamilyResult, Scores, interval, per_family
from training.plots import plots
from training.resample import resampled
from training.slices import slices

_WORST_HEADLINES, _WORST_FAMILIES = 30, 12


def report(judged: Judged, versions: dict[str, Metrics], learning: dict[int, Scores]) -> str:
    """HTML, complete in itself. ``versions`` are figures side by side, first those of ``judged``."""
    intervals = {
        name: "{:.3f} to {:.3f}".format(*interval(figure.of, figure.size)) for name, figure in resampled(judged).items()
    }
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
        plots=plots(judged, learning),
        worst=[(judged.dev_scores[i], judged.dev.i_scores[i], judged.dev.titles[i]) for i in worst],
        families=_worst_families(judged),
        behaviour=judged.behaviour,
        slices=slices(judged),
    )


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
