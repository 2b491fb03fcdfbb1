"""The colour bands of the i-Score: the one table that says what a score is called and looks like."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Band:
    """A range of rounded scores, from ``floor`` up to the next band's floor.

    ``symbol`` and ``shape`` differ between bands so that colour is never the only signal
    (WCAG 2.2, success criterion 1.4.1).
    """

    name: str
    floor: int
    colour: str
    symbol: str
    shape: str
    meaning: str


BANDS: tuple[Band, ...] = (
    Band("top", 80, "green", "🟢", "disc", "top importance"),
    Band("major", 60, "red", "🔴", "square", "major importance"),
    Band("notable", 0, "blue", "🔵", "triangle", "notable"),
)
"""Highest first; the last floor is 0, so every score has a band."""


def rounded(raw: float) -> int:
    """The printed i-Score of a raw score: half up, 0-100.

    Monotone, so a list ordered by raw scores is also ordered by printed scores and by bands.
    """
    return min(100, max(0, math.floor(raw + 0.5)))


def band_of(raw: float) -> Band:
    """The band of a raw score, decided on the printed number so that the two never disagree."""
    score = rounded(raw)
    return next(band for band in BANDS if score >= band.floor)


def band_named(name: str) -> Band:
    """The band called ``name``; KeyError, with the names there are, when there is none."""
    by_name = {band.name: band for band in BANDS}
    if name not in by_name:
        raise KeyError(f"unknown band {name!r}: choose from {', '.join(by_name)}")
    return by_name[name]
