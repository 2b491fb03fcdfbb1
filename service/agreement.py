"""How far editors agree, with each other and with themselves, and how their work goes: pure, from label events.

Alpha: K. Krippendorff, Content Analysis (4th ed., 2018), chapter 12, interval metric; A. F. Hayes and K. Krippendorff,
Communication Methods and Measures 1 (2007), 77-89. Its interval: the percentile bootstrap that draws titles, as in
A. Zapf et al., BMC Medical Research Methodology 16 (2016), 93.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np

from service.judgements import KINDS
from service.store.editorial import LabelEvent
from service.types import JudgementKind

GOOD_ALPHA, TENTATIVE_ALPHA = 0.8, 0.667
"""Krippendorff's: rely on what agrees so well; draw tentative conclusions from what agrees less, down to the second."""
CLOSE_POINTS = 10
PAUSE = timedelta(minutes=5)
"""Who judges nothing for longer was not at work."""
_DRAWS = 1000
_LEAST_UNITS = 10  # the interval of fewer titles says nothing


@dataclass(frozen=True, slots=True)
class Agreement:
    """Krippendorff's alpha: 1 all agree, 0 as by chance. None: nothing was judged twice, or all alike.

    ``interval`` holds it with 95 %; None for fewer than ten titles. ``titles`` is how many two editors or more judged.
    """

    alpha: float | None
    interval: tuple[float, float] | None
    titles: int


@dataclass(frozen=True, slots=True)
class Consistency:
    """How far scores of blind repeats are from what the same editor said before; None without repeats."""

    repeats: int
    mean_difference: float | None
    """In points, whatever the sign."""
    close_share: float | None
    """Of repeats within CLOSE_POINTS points."""


@dataclass(frozen=True, slots=True)
class Work:
    """What was done, repeats too: to leave them out would tell the editor which they were."""

    total: int
    kinds: dict[JudgementKind, int]
    days: dict[date, int]
    """By day (UTC), oldest first; days without work are left out."""
    median_seconds: float | None
    per_hour: float | None
    """Over the last hour of work; pauses of more than five minutes are none."""


def agreement(events: Iterable[LabelEvent], seed: int = 0) -> Agreement:
    """Of editors' scores of the same titles. ``events`` are standing ones; repeats and other kinds are left out."""
    values: dict[str, dict[str, float]] = defaultdict(dict)
    for event in events:
        if (judgement := event.judgement) and judgement.i_score is not None and not event.repeat:
            values[judgement.titles[0]][event.by] = judgement.i_score
    units = [list(by.values()) for by in values.values() if len(by) > 1]
    alpha = krippendorff_alpha(units)
    interval = None if alpha is None or len(units) < _LEAST_UNITS else alpha_interval(units, seed)
    return Agreement(alpha, interval, len(units))


def words(found: Agreement) -> str:
    """What an alpha means for who trains on the labels."""
    if found.alpha is None:
        return "not known yet: two editors must have scored the same titles, not all alike"
    if found.alpha >= GOOD_ALPHA:
        return "good: rely on these labels"
    if found.alpha >= TENTATIVE_ALPHA:
        return "fair: draw tentative conclusions only"
    return "poor: talk about what the scores mean before judging more"


def krippendorff_alpha(units: Sequence[Sequence[float]]) -> float | None:
    """Of values per unit, interval metric; units of one value count for nothing. None where it is not defined."""
    sums = _sums(units)
    alpha = float(_alphas(sums.sum(0, keepdims=True))[0]) if len(sums) else np.nan
    return None if np.isnan(alpha) else alpha


def alpha_interval(units: Sequence[Sequence[float]], seed: int = 0) -> tuple[float, float] | None:
    """Holds alpha with 95 %: from draws of as many units with replacement. The same seed gives the same interval."""
    sums, rng = _sums(units), np.random.default_rng(seed)
    count = len(sums)
    draws = range(_DRAWS if count else 0)
    drawn = [np.bincount(rng.integers(count, size=count), minlength=count) @ sums for _ in draws]
    alphas = _alphas(np.array(drawn).reshape(-1, 4))
    alphas = alphas[~np.isnan(alphas)]  # a draw in which all values are equal has none
    return (float(np.quantile(alphas, 0.025)), float(np.quantile(alphas, 0.975))) if len(alphas) else None


def consistency(events: Iterable[LabelEvent]) -> Consistency:
    """Of scores, over all editors of ``events``, which are standing ones in order of arrival."""
    said: dict[tuple[str, str], float] = {}
    again: list[tuple[tuple[str, str], float]] = []
    for event in events:
        if (judgement := event.judgement) and judgement.i_score is not None:
            key = (event.by, judgement.titles[0])
            if event.repeat:
                again.append((key, judgement.i_score))
            else:
                said[key] = judgement.i_score
    apart = [abs(score - said[key]) for key, score in again if key in said]
    if not apart:
        return Consistency(0, None, None)
    close = sum(points <= CLOSE_POINTS for points in apart)
    return Consistency(len(apart), float(np.mean(apart)), close / len(apart))


def work(events: Sequence[LabelEvent]) -> Work:
    """Of standing events. Per day and pace go by when they were judged."""
    judged = [(event, event.judgement) for event in events if event.judgement]
    kinds = Counter(judgement.kind for _, judgement in judged)
    days = Counter(event.at.astimezone(UTC).date() for event, _ in judged)
    seconds = [event.seconds for event, _ in judged if event.seconds is not None]
    return Work(
        total=len(judged),
        kinds={kind: kinds[kind] for kind in KINDS},
        days=dict(sorted(days.items())),
        median_seconds=float(np.median(seconds)) if seconds else None,
        per_hour=pace([event.at for event, _ in judged]),
    )


def by_editor(events: Iterable[LabelEvent]) -> dict[str, list[LabelEvent]]:
    """The events of each, in the same order; who has done most comes first."""
    found: dict[str, list[LabelEvent]] = defaultdict(list)
    for event in events:
        found[event.by].append(event)
    return dict(sorted(found.items(), key=lambda one: (-len(one[1]), one[0])))


def pace(times: Iterable[datetime]) -> float | None:
    """Judgements an hour over the last hour of work; None when there were not two in a row.

    What came all at once, from a file, took nobody's time and is left out.
    """
    worked, done = timedelta(), 0
    for later, earlier in pairwise(sorted(times, reverse=True)):
        if timedelta() < (took := later - earlier) <= PAUSE and worked < timedelta(hours=1):
            worked, done = worked + took, done + 1
    return done / (worked / timedelta(hours=1)) if worked else None


def _sums(units: Sequence[Sequence[float]]) -> np.ndarray:
    """(units of two values or more, 4) float64: per unit its values' number, sum, squares, and disagreement."""
    rows: list[tuple[float, float, float, float]] = []
    for values in (unit for unit in units if len(unit) > 1):
        count, total, squares = len(values), sum(values), sum(value * value for value in values)
        rows.append((count, total, squares, 2 * (count * squares - total * total) / (count - 1)))
    return np.array(rows, np.float64).reshape(-1, 4)


def _alphas(sums: np.ndarray) -> np.ndarray:
    """1 - observed / expected disagreement of each row of added sums; NaN where nothing could disagree."""
    count, total, squares, observed = sums.T
    expected = 2 * (count * squares - total * total) / (count - 1)
    # Sums of squares that differ by their rounding only are of equal values.
    apart = expected > 1e-9 * np.maximum(squares, 1)
    return 1 - np.where(apart, observed, np.nan) / np.where(apart, expected, 1)
