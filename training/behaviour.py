"""What a score must do whatever it learnt: order, floors and ceilings, and the same for other names, places and faiths.

Behavioural tests as in CheckList (Ribeiro et al. 2020, arXiv:2005.04118), on sentences of our own in
``data/behaviour.toml`` that no model trains on.
"""

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.metrics import Scores

FILE = Path(__file__).resolve().parent.parent / "data" / "behaviour.toml"

Predict = Callable[[Sequence[str]], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Sameness:
    """Scores of one event told of several ``values`` (columns), for several templates (rows)."""

    values: list[str]
    scores: Scores

    @property
    def spread(self) -> float:
        """Highest less lowest score of a template, on average."""
        return float(np.ptp(self.scores, axis=1).mean())

    @property
    def favour(self) -> dict[str, float]:
        """By how many points each value lies above the others' mean, over all templates."""
        means = self.scores.mean(0)
        others = (means.sum() - means) / (len(means) - 1)
        return dict(zip(self.values, (means - others).tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class Behaviour:
    """``same`` by what changes; titles that break an order, a floor or a ceiling, in words; and how many were asked."""

    same: dict[str, Sameness]
    broken: list[str]
    asked: int


def behaviour(predict: Predict, file: Path = FILE) -> Behaviour:
    """Ask ``predict`` everything in ``file``."""
    asked = tomllib.loads(file.read_text("utf-8"))
    same = {name: _sameness(predict, one) for name, one in asked["same"].items()}
    orders = [_order(predict, one["titles"]) for one in asked["order"]]
    floors = [_limit(predict, titles, float(limit), 1) for limit, titles in asked["floor"].items()]
    ceilings = [_limit(predict, titles, float(limit), -1) for limit, titles in asked["ceiling"].items()]
    answers = [answer for group in (*orders, *floors, *ceilings) for answer in group]
    return Behaviour(same, [answer for answer in answers if answer], len(answers))


def _sameness(predict: Predict, one: dict[str, Any]) -> Sameness:
    rows = [predict([template.format(value) for value in one["values"]]) for template in one["templates"]]
    return Sameness(one["values"], np.array(rows, np.float64))


def _order(predict: Predict, titles: list[str]) -> list[str]:
    pairs = pairwise(zip(titles, predict(titles).tolist(), strict=True))
    return ["" if high > low else f"{more} ({high:.0f}) <= {less} ({low:.0f})" for (less, low), (more, high) in pairs]


def _limit(predict: Predict, titles: list[str], limit: float, sign: int) -> list[str]:
    name = "at least" if sign > 0 else "at most"
    return [
        "" if sign * score >= sign * limit else f"{title} ({score:.0f}): {name} {limit:.0f}"
        for title, score in zip(titles, predict(titles).tolist(), strict=True)
    ]
