"""Plots of drift as what a template writes into an SVG: no inline styles, classes carry the colours of both themes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from service.drift.parts import PSI_ALARM, PSI_WATCH
from service.drift.report import Bin, Day, Judged, TopicShare

_WIDTH = 360
_LEFT, _RIGHT, _TOP = 36, 14, 10
_HEIGHT, _BOTTOM = 190, 22
_ROW = 24
_LABELS = 106  # room for the longest topic's name
_PSI_TOP = 2 * PSI_ALARM
_LEAST_SPAN = 10  # points on the axis of mean scores: an even fortnight shall look even


@dataclass(frozen=True, slots=True)
class Mark:
    """An element of an SVG."""

    tag: str
    attributes: tuple[tuple[str, str], ...]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawing of ``width`` by ``height``; ``label`` says what it shows to who cannot see it."""

    label: str
    height: int
    marks: tuple[Mark, ...]
    width: int = _WIDTH


Scale = Callable[[float], float]


def histogram(bins: Sequence[Bin], window: str) -> Plot:
    """Bars of a window's scores, and the reference's as a line of steps."""
    most = max(max(one.shares[window], one.reference) for one in bins)
    x, y = _scale(0, 100, _LEFT, _WIDTH - _RIGHT), _scale(0, most, _HEIGHT - _BOTTOM, _TOP)
    bars = [
        _mark("rect", "now", x=x(one.low) + 1, y=y(one.shares[window]), width=x(one.high) - x(one.low) - 2, height=tall)
        for one in bins
        if (tall := y(0) - y(one.shares[window])) > 0
    ]
    steps = " ".join(f"{x(at):.1f},{y(one.reference):.1f}" for one in bins for at in (one.low, one.high))
    line = _mark("polyline", "then", points=steps)
    frame = [*_ticks(x, y(0)), *_levels(y, (0, most), "{:.0%}"), *bars, line]
    return Plot("Share of headlines by score, now and in the model's reference", _HEIGHT, tuple(frame))


def topic_bars(topics: Sequence[TopicShare], window: str) -> Plot:
    """Two bars a topic: a window's share, filled, above that of the 30 days before, outlined."""
    most = max(max(one.shares[window], one.before) for one in topics)
    wide = _scale(0, most or 1, 0, _WIDTH - _RIGHT - _LABELS)
    marks = []
    for k, one in enumerate(topics):
        top = k * _ROW
        marks += [
            _mark("text", "text", one.topic, x=6, y=top + 15),
            _mark("rect", "now", x=_LABELS, y=top + 3, width=wide(one.shares[window]), height=9),
            _mark("rect", "then", x=_LABELS, y=top + 12, width=wide(one.before), height=7),
        ]
    return Plot("Share of headlines by topic, now and in the 30 days before", len(topics) * _ROW, tuple(marks))


def agreement(judged: Sequence[Judged]) -> Plot:
    """The editors' mean score above the model's, for each stretch of the scale; larger where there are more titles."""
    side = _WIDTH - _LEFT - _RIGHT
    height = side + _TOP + _BOTTOM
    x, y = _scale(0, 100, _LEFT, _WIDTH - _RIGHT), _scale(0, 100, height - _BOTTOM, _TOP)
    most = max(one.n for one in judged)
    dots = [
        _mark("circle", "now", cx=x(one.model), cy=y(one.editors), r=3 + 6 * (one.n / most) ** 0.5) for one in judged
    ]
    frame = [*_ticks(x, y(0)), *_levels(y, range(0, 101, 20), "{:.0f}")]
    frame.append(_mark("line", "then", x1=x(0), y1=y(0), x2=x(100), y2=y(100)))
    return Plot("Mean score by editors (upwards) for titles by the model's score", height, (*frame, *dots))


def mean_scores(days: Sequence[Day]) -> Plot:
    """Mean score, day by day."""
    known = [one.mean for one in days if one.mean is not None]
    middle, half = (min(known) + max(known)) / 2, max(max(known) - min(known), _LEAST_SPAN) / 2 + 1
    y = _scale(middle - half, middle + half, _HEIGHT - _BOTTOM, _TOP)
    frame = _levels(y, (middle - half, middle, middle + half), "{:.0f}")
    return _daily("Mean score, day by day", days, [one.mean for one in days], y, frame)


def daily_psi(days: Sequence[Day]) -> Plot:
    """Population stability index, day by day, with the lines where watching and the alarm begin; cut off above."""
    y = _scale(0, _PSI_TOP, _HEIGHT - _BOTTOM, _TOP)
    frame = [*_levels(y, (0, PSI_WATCH, PSI_ALARM), "{:.2g}"), *_levels(y, (_PSI_TOP,), "{:.2g}+")]
    for name, at in (("watch", PSI_WATCH), ("alarm", PSI_ALARM)):
        frame.append(_mark("line", name, x1=_LEFT, y1=y(at), x2=_WIDTH - _RIGHT, y2=y(at)))
        frame.append(_mark("text", "text", name, "end", x=_WIDTH - _RIGHT, y=y(at) - 3))
    values = [None if one.psi is None else min(one.psi, _PSI_TOP) for one in days]
    return _daily("Population stability index, day by day", days, values, y, frame)


def _daily(label: str, days: Sequence[Day], values: Sequence[float | None], y: Scale, frame: list[Mark]) -> Plot:
    x = _scale(0, len(days) - 1, _LEFT + 8, _WIDTH - _RIGHT - 8)
    points = [None if value is None else (x(k), y(value)) for k, value in enumerate(values)]
    lines = [_mark("line", "line", x1=a[0], y1=a[1], x2=b[0], y2=b[1]) for a, b in pairwise(points) if a and b]
    dots = [_mark("circle", "now", cx=one[0], cy=one[1], r=3) for one in points if one]
    base = _HEIGHT - 6
    ends = [
        _mark("text", "text", f"{days[0].until:%d %b}", x=_LEFT, y=base),
        _mark("text", "text", f"{days[-1].until:%d %b}", "end", x=_WIDTH - _RIGHT, y=base),
    ]
    return Plot(label, _HEIGHT, (*frame, *ends, *lines, *dots))


def _scale(low: float, high: float, start: float, end: float) -> Scale:
    return lambda value: start + (value - low) / (high - low) * (end - start)


def _ticks(x: Scale, base: float) -> Iterator[Mark]:
    """Scores below a plot."""
    for score in range(0, 101, 20):
        yield _mark("text", "text", str(score), "middle", x=x(score), y=base + 16)


def _levels(y: Scale, values: Sequence[float], spelt: str) -> list[Mark]:
    """Lines across a plot, with their values at the left."""
    lines = [_mark("line", "axis", x1=_LEFT, y1=y(one), x2=_WIDTH - _RIGHT, y2=y(one)) for one in values]
    return lines + [_mark("text", "text", spelt.format(one), "end", x=_LEFT - 4, y=y(one) + 4) for one in values]


def _mark(tag: str, look: str, text: str = "", anchor: str = "", **numbers: float | str) -> Mark:
    spelt = [(name, value if isinstance(value, str) else f"{value:.1f}") for name, value in numbers.items()]
    anchored = [("text-anchor", anchor)] if anchor else []
    return Mark(tag, (("class", f"plot-{look}"), *anchored, *spelt), text)
