"""From a head's points to an i-Score that can be relied on: scale, interval and percentile, as plain arrays."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.errors import ArtifactError

REFERENCE_SIZE = 201
LEVEL = 0.9
"""Share of ratings that lie inside their headline's interval."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Fitted in training on rated headlines that the network never saw.

    ``points`` -> ``scores`` is a rising line of straight pieces. Between ``edges[k - 1]`` and ``edges[k]`` of the
    scale an interval goes from ``below[k]`` points under the score to ``above[k]`` over it. ``reference`` holds
    quantiles of the scores of real headlines, evenly spaced from the lowest to the highest.
    """

    points: tuple[float, ...]
    scores: tuple[float, ...]
    edges: tuple[float, ...]
    below: tuple[float, ...]
    above: tuple[float, ...]
    reference: tuple[float, ...]

    def apply(self, points: NDArray[np.float64]) -> NDArray[np.float32]:
        """i-Scores, 0-100, in the order of the points; beyond the ends the last piece goes on."""
        x, y = np.array(self.points), np.array(self.scores)
        return np.clip(_along(x, y, points), 0, 100).astype(np.float32)

    def points_of(self, i_scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points that ``apply`` takes to these scores, (n,)."""
        return _along(np.array(self.scores), np.array(self.points), i_scores)

    def interval(self, raw: float) -> tuple[float, float]:
        """Where LEVEL of ratings of headlines with about this score lie, 0-100."""
        region = bisect_right(self.edges, raw)
        return max(0.0, raw - self.below[region]), min(100.0, raw + self.above[region])

    def widest(self, raw: float) -> tuple[float, float]:
        """Where LEVEL of all headlines lie, and the score: all that is known of a title that cannot be judged."""
        low, high = np.interp([(1 - LEVEL) / 2, (1 + LEVEL) / 2], _shares(self.reference), self.reference)
        return min(raw, float(low)), max(raw, float(high))

    def percentile(self, raw: float, reference: Sequence[float] = ()) -> float:
        """How many percent of headlines score lower, 0-100: of those that ``reference`` is of, else of its own."""
        return self.percentiles([raw], reference)[0]

    def percentiles(self, raws: Sequence[float], reference: Sequence[float] = ()) -> list[float]:
        """The percentiles of raw scores, in their order."""
        quantiles = reference or self.reference
        found: list[float] = np.interp(raws, quantiles, 100 * _shares(quantiles)).tolist()
        return found

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {name: list(getattr(self, name)) for name in self.__slots__}


def reference_of(raws: Sequence[float]) -> tuple[float, ...]:
    """A reference made of raw scores, at least one."""
    return tuple(np.quantile(raws, np.linspace(0, 1, REFERENCE_SIZE)).tolist())


def calibration_from_json(found: object) -> Calibration:
    """What ``to_json`` gave; ArtifactError when it is no calibration."""
    try:
        if not isinstance(found, Mapping) or set(found) != set(Calibration.__slots__):
            raise ValueError(f"it must have {', '.join(Calibration.__slots__)}")
        made = Calibration(**{name: tuple(map(float, found[name])) for name in Calibration.__slots__})
        _check(made)
    except (TypeError, ValueError) as exc:
        raise ArtifactError(f"calibration.json cannot be used: {exc}") from exc
    return made


def _check(made: Calibration) -> None:
    if not all(np.isfinite(getattr(made, name)).all() for name in made.__slots__):
        raise ValueError("it holds what is not a finite number")
    if len(made.points) < 2 or len(made.points) != len(made.scores):
        raise ValueError("points and scores must be two or more, and as many of each")
    if (np.diff(made.points) <= 0).any() or (np.diff(made.scores) <= 0).any():
        raise ValueError("points and scores must rise")
    if not len(made.below) == len(made.above) == len(made.edges) + 1 or min(*made.below, *made.above) < 0:
        raise ValueError("below and above must be 0 or more, one for each region between edges")
    if len(made.reference) < 2 or (np.diff(made.reference) < 0).any() or (np.diff(made.edges) <= 0).any():
        raise ValueError("reference and edges must rise")


def _along(x: NDArray[np.float64], y: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values at ``at`` of the line through the points (x, y); beyond the ends the last piece goes on."""
    piece = np.clip(np.searchsorted(x, at) - 1, 0, len(x) - 2)
    return y[piece] + (at - x[piece]) * (y[piece + 1] - y[piece]) / (x[piece + 1] - x[piece])


def _shares(reference: Sequence[float]) -> NDArray[np.float64]:
    return np.linspace(0.0, 1.0, len(reference))
