"""Two model versions on the same headlines and families: what differs, and by how much for certain.

Paired bootstrap (Efron and Tibshirani 1993, chapter 16; for models on one test set: Koehn 2004): both are judged on the
same samples, so that what is hard for both does not blur the difference.
"""

from dataclasses import dataclass

import numpy as np

from service.errors import InputError
from training.evaluate import Judged, number
from training.metrics import interval
from training.resample import Resampled, Sample, resampled


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of both versions; 95 % of the differences (second less first) lie from ``low`` to ``high``."""

    first: float
    second: float
    low: float
    high: float

    @property
    def certain(self) -> bool:
        """Whether the interval leaves out "no difference"."""
        return self.low > 0 or self.high < 0


def compare(first: Judged, second: Judged) -> dict[str, Difference]:
    """Each figure's difference, by name. InputError where the two were not judged on the same families."""
    if first.families != second.families:
        raise InputError("the versions hold out different families (held_out_share): no figure of theirs is comparable")
    others = resampled(second)
    return {name: _difference(one, others[name]) for name, one in resampled(first).items()}


def comparison_table(first: str, second: str, differences: dict[str, Difference]) -> str:
    """A Markdown table; a star marks a difference that is certain."""
    head = f"| figure | {first} | {second} | difference | 95 % of differences |\n| --- | --- | --- | --- | --- |"
    return "\n".join([head, *(_row(name, one) for name, one in differences.items())])


def _difference(first: Resampled, second: Resampled) -> Difference:
    def gap(sample: Sample) -> float:
        return second.of(sample) - first.of(sample)

    whole = np.arange(first.size)
    return Difference(first.of(whole), second.of(whole), *interval(gap, first.size))


def _row(name: str, one: Difference) -> str:
    gap = f"{one.second - one.first:+.3f}{' *' if one.certain else ''}"
    return f"| {name} | {number(one.first)} | {number(one.second)} | {gap} | {one.low:+.3f} to {one.high:+.3f} |"
