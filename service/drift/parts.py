"""What is looked at, and what it comes to: each part has a figure, where watching and alarm begin, and words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from service.drift.measures import Floats, Interval, agreement, agreement_intervals, psi, risen
from service.model import UNREADABLE
from service.types import TOPICS, ScoredHeadline

Gravity = Literal["unknown", "ok", "watch", "alarm"]
GRAVITIES: tuple[Gravity, ...] = get_args(Gravity)
"""In rising order: the whole is as its gravest part."""
PartName = Literal["scores", "topics", "unreadable", "doubted", "spearman", "error", "bias"]
Rows = Sequence[ScoredHeadline]

ENOUGH = 300
"""Headlines with which the index of unchanged news stays below PSI_WATCH in 99 of 100 cases."""
ENOUGH_JUDGED = 30
PSI_WATCH, PSI_ALARM = 0.1, 0.25
"""As usual in credit scoring (N. Siddiqi, Credit Risk Scorecards, Wiley 2006)."""
RISE_WATCH, RISE_ALARM = 3.0, 10.0
"""Percentage points."""
LEAST_SPEARMAN = 0.8
BIAS_WATCH = 5.0

_MONTH = "30d"
_MOVED: Mapping[Gravity, str] = {
    "ok": "about as",
    "watch": "somewhat differently than",
    "alarm": "very differently than",
}
_SHARES: Mapping[PartName, str] = {
    "unreadable": "have mostly words that the model cannot read",
    "doubted": "have a score that means little",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that was looked at, in ``n`` headlines or judged titles of a window.

    ``value`` and its 95 % ``interval`` are None where there is too little to say; ``watch`` and ``alarm`` where those
    never begin.
    """

    name: PartName
    window: str
    state: Gravity
    says: str
    n: int
    value: float | None = None
    interval: Interval | None = None
    watch: float | None = None
    alarm: float | None = None


def of_news(window: str, rows: Rows, before: Rows, edges: Floats) -> list[Part]:
    """What a window's headlines are like, beside those before it and the deciles of the model's reference."""
    return [
        _scores(window, rows, edges),
        _mix(window, rows, before),
        _share("unreadable", window, rows, before),
        _share("doubted", window, rows, before),
    ]


def of_editors(editors: Floats, scores: Floats, card_error: float | None) -> list[Part]:
    """How the model's scores of titles agree with those of editors."""
    if (n := len(editors)) < ENOUGH_JUDGED:
        few = f"Not enough yet ({n} of {ENOUGH_JUDGED} judged titles)."
        return [Part(name, _MONTH, "unknown", few, n) for name in ("spearman", "error", "bias")]
    values, intervals = agreement(editors, scores), agreement_intervals(editors, scores)
    order, error, bias = zip(values, intervals, strict=True)
    if min(np.ptp(editors), np.ptp(scores)) == 0:
        first = Part("spearman", _MONTH, "unknown", "All have the same score: there is no order to compare.", n)
    else:
        first = _order(n, *order)
    return [first, _error(n, *error, card_error), _bias(n, *bias)]


def score_counts(rows: Rows, edges: Floats) -> list[int]:
    """Headlines in each bin between ``edges``; those beyond the ends are in the first and the last."""
    bins = np.searchsorted(edges[1:-1], [row.raw for row in rows], "right")
    return [int(count) for count in np.bincount(bins, minlength=len(edges) - 1)]


def topic_counts(rows: Rows) -> list[int]:
    """Headlines of each topic, in the order of TOPICS."""
    counts = Counter(row.topic for row in rows)
    return [counts[topic] for topic in TOPICS]


def score_psi(rows: Rows, edges: Floats) -> float:
    """How far scores are from those of which as many lie between any two ``edges``."""
    return psi(np.ones(len(edges) - 1), score_counts(rows, edges))


def _scores(window: str, rows: Rows, edges: Floats) -> Part:
    if len(rows) < ENOUGH:
        return _too_few("scores", window, len(rows))
    return _stable("scores", window, rows, score_psi(rows, edges), "Scores are spread {} in the model's reference.")


def _mix(window: str, rows: Rows, before: Rows) -> Part:
    then, now = topic_counts(before), topic_counts(rows)
    if (fewer := min(sum(then), sum(now))) < ENOUGH:
        return _too_few("topics", window, fewer)
    moved = psi(then, now)
    return _stable("topics", window, rows, moved, "Topics are mixed {} in the 30 days before.")


def _stable(name: PartName, window: str, rows: Rows, value: float, says: str) -> Part:
    state: Gravity = "alarm" if value >= PSI_ALARM else "watch" if value >= PSI_WATCH else "ok"
    return Part(name, window, state, says.format(_MOVED[state]), len(rows), value, None, PSI_WATCH, PSI_ALARM)


def _share(name: PartName, window: str, rows: Rows, before: Rows) -> Part:
    if (fewer := min(len(rows), len(before))) < ENOUGH:
        return _too_few(name, window, fewer)
    now, then = (sum(_counts(name, row) for row in some) for some in (rows, before))
    value = 100 * (now / len(rows) - then / len(before))
    low, high = risen(now, len(rows), then, len(before))
    state: Gravity = "ok" if low <= 0 or value < RISE_WATCH else "watch" if value < RISE_ALARM else "alarm"
    says = f"{now / len(rows):.1%} of headlines {_SHARES[name]}, {then / len(before):.1%} in the 30 days before."
    return Part(name, window, state, says, len(rows), value, (low, high), RISE_WATCH, RISE_ALARM)


def _counts(name: PartName, row: ScoredHeadline) -> bool:
    doubt = row.score.doubt
    return doubt is not None and (name == "doubted" or doubt.endswith(UNREADABLE))


def _order(n: int, value: float, interval: Interval) -> Part:
    state: Gravity = "alarm" if interval[1] < LEAST_SPEARMAN else "watch" if value < LEAST_SPEARMAN else "ok"
    says = f"The model orders judged titles {'as' if state == 'ok' else 'otherwise than'} editors do."
    return Part("spearman", _MONTH, state, says, n, value, interval, LEAST_SPEARMAN, LEAST_SPEARMAN)


def _error(n: int, value: float, interval: Interval, card: float | None) -> Part:
    off = f"Scores are {value:.1f} points off the editors' on average"
    if card is None:
        return Part("error", _MONTH, "unknown", f"{off}; the model's figures name none to compare.", n, value, interval)
    worse = interval[0] > card
    says = f"{off}, {card:.1f} in the model's figures{': more than chance explains' if worse else ''}."
    return Part("error", _MONTH, "alarm" if worse else "ok", says, n, value, interval, None, card)


def _bias(n: int, value: float, interval: Interval) -> Part:
    certain = interval[0] > 0 or interval[1] < 0
    state: Gravity = "watch" if certain and abs(value) >= BIAS_WATCH else "ok"
    says = f"Scores are {abs(value):.1f} points {'above' if value > 0 else 'below'} the editors' on average."
    return Part("bias", _MONTH, state, says, n, value, interval, BIAS_WATCH)


def _too_few(name: PartName, window: str, n: int) -> Part:
    return Part(name, window, "unknown", f"Not enough yet ({n} of {ENOUGH} headlines).", n)
