"""All parts at one moment, with what pages draw of them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from service.drift.measures import Floats
from service.drift.parts import (
    ENOUGH,
    GRAVITIES,
    Gravity,
    Part,
    Rows,
    of_editors,
    of_news,
    score_counts,
    score_psi,
    topic_counts,
)
from service.types import TOPICS

DAY = timedelta(days=1)
WINDOWS: Mapping[str, timedelta] = {"24h": DAY, "7d": 7 * DAY}
BEFORE = 30 * DAY
"""What lies before a window, and is compared with it; also how old a judgement may be."""
LOOKS_BACK = max(WINDOWS.values()) + BEFORE
DAYS = 14

_STEP = 10
_SAYS: Mapping[Gravity, str] = {
    "unknown": "There is too little to judge by yet.",
    "ok": "Nothing speaks against the model.",
    "watch": "Something moves: look again in a few days.",
    "alarm": "The model no longer fits: retrain it. Nothing is put live by itself.",
}


@dataclass(frozen=True, slots=True)
class Bin:
    """Headlines scored from ``low`` to ``high``: their share, of 1, in the model's reference and in each window."""

    low: float
    high: float
    reference: float
    shares: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class TopicShare:
    """A topic's share, of 1, in the 30 days before the longest window and in each window."""

    topic: str
    before: float
    shares: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Judged:
    """Judged titles that the model scores from ``low`` to 10 points above: its mean score, and the editors'."""

    low: int
    n: int
    model: float
    editors: float


@dataclass(frozen=True, slots=True)
class Day:
    """The 24 hours until ``until``: without headlines there is no ``mean`` score, without enough of them no ``psi``."""

    until: datetime
    n: int
    mean: float | None
    psi: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """All that was looked at, and what it comes to: ``state`` is that of the gravest part."""

    model: str
    at: datetime
    state: Gravity
    says: str
    parts: tuple[Part, ...]
    deciles: tuple[Bin, ...]
    histogram: tuple[Bin, ...]
    topics: tuple[TopicShare, ...]
    judged: tuple[Judged, ...]
    days: tuple[Day, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a report is made of.

    ``rows``: headlines of the last LOOKS_BACK with the model's scores. ``reference``: quantiles of the scores it was
    made for. ``editors`` and ``scores``: what editors and the model say of titles. ``card_error``: the mean absolute
    error among the model's figures, None when they have none.
    """

    rows: Rows
    reference: Sequence[float]
    editors: Sequence[float] = ()
    scores: Sequence[float] = ()
    card_error: float | None = None


def report(model: str, now: datetime, found: Evidence) -> Report:
    """Look at everything."""
    edges = _quantiles(found.reference)
    windows = {name: _between(found.rows, now - length, now) for name, length in WINDOWS.items()}
    before = {name: _between(found.rows, now - length - BEFORE, now - length) for name, length in WINDOWS.items()}
    editors, scores = np.array(found.editors, float), np.array(found.scores, float)
    parts = [part for name in WINDOWS for part in of_news(name, windows[name], before[name], edges)]
    parts += of_editors(editors, scores, found.card_error)
    state = max((part.state for part in parts), key=GRAVITIES.index)
    return Report(
        model=model,
        at=now,
        state=state,
        says=_SAYS[state],
        parts=tuple(parts),
        deciles=_bins(edges, windows, found.reference),
        histogram=_bins(np.linspace(0, 100, 21), windows, found.reference),
        topics=_topics(windows, before[max(WINDOWS, key=WINDOWS.__getitem__)]),
        judged=_judged(editors, scores),
        days=tuple(_day(found.rows, now - age * DAY, edges) for age in reversed(range(DAYS))),
    )


def _between(rows: Rows, start: datetime, end: datetime) -> Rows:
    return [row for row in rows if start < row.headline.published_at <= end]


def _quantiles(reference: Sequence[float]) -> Floats:
    """The ends of the reference's tenths."""
    return np.interp(np.linspace(0, 1, 11), np.linspace(0, 1, len(reference)), reference)


def _bins(edges: Floats, windows: Mapping[str, Rows], reference: Sequence[float]) -> tuple[Bin, ...]:
    lower = np.interp(edges, reference, np.linspace(0, 1, len(reference)), left=0, right=1)
    expected = np.diff(lower).tolist()
    shares = {
        name: [count / max(1, len(rows)) for count in score_counts(rows, edges)] for name, rows in windows.items()
    }
    return tuple(
        Bin(low, high, expected[k], {name: of[k] for name, of in shares.items()})
        for k, (low, high) in enumerate(pairwise(edges.tolist()))
    )


def _topics(windows: Mapping[str, Rows], before: Rows) -> tuple[TopicShare, ...]:
    then = [count / max(1, len(before)) for count in topic_counts(before)]
    now = {name: [count / max(1, len(rows)) for count in topic_counts(rows)] for name, rows in windows.items()}
    return tuple(
        TopicShare(topic, then[k], {name: of[k] for name, of in now.items()}) for k, topic in enumerate(TOPICS)
    )


def _judged(editors: Floats, scores: Floats) -> tuple[Judged, ...]:
    stretch = np.minimum(scores // _STEP, 100 // _STEP - 1).astype(int)
    inside = {int(one): stretch == one for one in np.unique(stretch)}
    return tuple(
        Judged(one * _STEP, int(these.sum()), float(scores[these].mean()), float(editors[these].mean()))
        for one, these in inside.items()
    )


def _day(rows: Rows, until: datetime, edges: Floats) -> Day:
    those = _between(rows, until - DAY, until)
    mean = sum(row.raw for row in those) / len(those) if those else None
    return Day(until, len(those), mean, score_psi(those, edges) if len(those) >= ENOUGH else None)
