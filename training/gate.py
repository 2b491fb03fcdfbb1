"""Whether a new version may replace the one that serves. Pure: two reports in, one verdict out, always the same bytes.

The champion stays unless the challenger is better on what the newsroom held back, by more than chance and by more than
a margin, and loses nowhere else. All differences are paired (training/paired.py). Where several figures could each
prove the challenger better, their intervals are widened so that together they err once in twenty (Bonferroni).
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal

import numpy as np

from service.bands import BANDS, band_of
from service.calibration import LEVEL
from service.errors import InputError
from service.judgements import HELD_OUT_ONE_IN, LEAST_HELD_OUT
from training.metrics import Scores
from training.paired import Figure, Gap, gap, mean, ratio, spearman
from training.reports import Rated, Report

_CERTAINTY = 0.95
_HELD_OUT = "judgements held out"
_SLICE = 30
"""Headlines of a topic or band below which its figure is not asked for."""
_COVERAGE = (0.85, 0.99)
"""LEVEL is right. What a newsroom makes wider holds more of the development set; what holds everything says nothing."""
_SLOWER = 1.2
_MAX_BYTES = 15 << 20
_BROKEN_MORE = 1


@dataclass(frozen=True, slots=True)
class Reason:
    """A question of the gate. Of the group ``better`` one must be passed, of the group ``floor`` all."""

    name: str
    group: Literal["better", "floor"]
    passed: bool
    needed: str
    champion: float | None = None
    challenger: float | None = None
    difference: float | None = None
    interval: tuple[float, float] | None = None
    """Where the difference lies, challenger less champion; None where nothing is left to chance."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """``summary`` says it in a sentence. Digests say what was judged by what, for whoever asks later."""

    promote: bool
    summary: str
    champion: str
    challenger: str
    champion_sha256: str
    challenger_sha256: str
    labels_sha256: str
    holdout_sha256: str
    held_out: int
    reasons: Sequence[Reason]

    def to_json(self) -> bytes:
        """The same bytes whenever the same two versions are judged by the same snapshot."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False).encode() + b"\n"


def verdict(champion: Report, challenger: Report) -> Verdict:
    """Judge. InputError when the two reports are not of the same questions."""
    _check_same_questions(champion, challenger)
    reasons = list(_reasons(champion, challenger))
    won = any(one.passed for one in reasons if one.group == "better")
    promote = won and all(one.passed for one in reasons if one.group == "floor")
    return Verdict(
        promote,
        _summary(champion.version, challenger.version, reasons, promote),
        champion.version,
        challenger.version,
        champion.scoring_sha256,
        challenger.scoring_sha256,
        challenger.labels_sha256,
        challenger.holdout_sha256,
        len(challenger.rated.ratings) + len(challenger.comparisons),
        reasons,
    )


def _summary(champion: str, challenger: str, reasons: Sequence[Reason], promote: bool) -> str:
    if promote:
        better = "; ".join(one.name for one in reasons if one.group == "better" and one.passed)
        return f"{challenger} may replace {champion}. Better: {better}."
    if lost := [f"{one.name} ({one.needed})" for one in reasons if one.group == "floor" and not one.passed]:
        return f"{champion} stays. In the way: {'; '.join(lost)}."
    if reasons[0].name == _HELD_OUT:
        return f"{champion} stays: too few {_HELD_OUT} to show what is better. Needed are {reasons[0].needed}."
    return f"{champion} stays: nothing shows that {challenger} is better for this newsroom."


def _reasons(champion: Report, challenger: Report) -> Iterator[Reason]:
    if champion.scoring_sha256 == challenger.scoring_sha256:
        needed = "it scores every headline as the champion does: nothing was learnt"
        yield Reason("another model than the champion", "floor", False, needed)
        return
    yield from _better(champion, challenger)
    challenger = replace(challenger, dev=_on_level_of(champion.dev, challenger.dev))
    yield from _dev_floors(champion, challenger)
    yield from _coverages(champion, challenger)
    yield from _family_floors(champion, challenger)
    yield from _budgets(champion, challenger)


def _better(champion: Report, challenger: Report) -> Iterator[Reason]:
    """Figures of the hold-out of which there is enough. What another figure wins does not make good a certain loss."""
    figures = list(_newsroom_figures(champion, challenger))
    if not figures:
        yield _too_few(challenger)
    worse = []
    for name, margin, first, second in figures:
        found = gap(first, second, 1 - (1 - _CERTAINTY) / len(figures))
        gain, low, high = _gain(found, margin)
        needed = f"{'up' if margin > 0 else 'down'} by more than {abs(margin):g}, and for certain"
        yield _reason(name, "better", gain > abs(margin) and low > 0, needed, found)
        worse += [name] if high < 0 else []
    if worse:
        yield Reason("nothing worse in the newsroom", "floor", False, f"certainly worse: {', '.join(worse)}")


def _newsroom_figures(champion: Report, challenger: Report) -> Iterator[tuple[str, float, Figure, Figure]]:
    """Name, margin (below 0 when less is better), and the figure of both."""
    if len(challenger.rated.ratings) >= LEAST_HELD_OUT:
        yield "order of the newsroom's ratings (Spearman)", 0.005, _order(champion.rated), _order(challenger.rated)
        yield "mean error in the newsroom (points)", -0.1, _error(champion.rated), _error(challenger.rated)
    if len(challenger.comparisons) >= LEAST_HELD_OUT:
        shares = mean(champion.comparisons), mean(challenger.comparisons)
        yield "comparisons ordered as the newsroom does", 0.01, *shares


def _too_few(report: Report) -> Reason:
    """How many are missing, counted in the kind that there is most of."""
    most = max(len(report.rated.ratings), len(report.comparisons))
    more = LEAST_HELD_OUT - most
    needed = f"{LEAST_HELD_OUT} of one kind: {more} more, which is about {more * HELD_OUT_ONE_IN} more judgements"
    return Reason(_HELD_OUT, "better", False, needed, None, float(most))


def _dev_floors(champion: Report, challenger: Report) -> Iterator[Reason]:
    yield _floor("order of the development set (Spearman)", _order(champion.dev), _order(challenger.dev), 0.01)
    slices = list(_slices(champion))
    certainty = 1 - (1 - _CERTAINTY) / max(1, len(slices))
    for name, rows, most, figure in slices:
        first, second = (figure(_part(one.dev, rows)) for one in (champion, challenger))
        yield _slice_floor(name, first, second, most, certainty)


def _slices(report: Report) -> Iterator[tuple[str, np.ndarray, float, Callable[[Rated], Figure]]]:
    """Parts of the development set that are large enough: name, rows, what may be lost of which figure."""
    topics = np.array(report.dev_topics)
    for topic in sorted(set(report.dev_topics)):
        if (rows := topics == topic).sum() >= _SLICE:
            yield f"order of headlines on {topic} (Spearman)", rows, 0.03, _order
    bands = np.array([band_of(rating).name for rating in report.dev.ratings])
    for band in BANDS:
        if (rows := bands == band.name).sum() >= _SLICE:
            yield f"mean error of headlines rated {band.name} (points)", rows, -2.0, _error


def _coverages(champion: Report, challenger: Report) -> Iterator[Reason]:
    yield _coverage("ratings inside the intervals, development set", champion.dev, challenger.dev)
    if len(challenger.rated.ratings) >= LEAST_HELD_OUT:
        yield _coverage("ratings inside the intervals, newsroom", champion.rated, challenger.rated)


def _coverage(name: str, one: Rated, other: Rated) -> Reason:
    """Who is not certainly farther off than the champion is not held up."""
    found = gap(mean(_inside(one)), mean(_inside(other)), _CERTAINTY)
    was, now = (max(_COVERAGE[0] - share, share - _COVERAGE[1], 0.0) for share in (found.first, found.second))
    needed = (
        f"{_COVERAGE[0]:.0%} to {_COVERAGE[1]:.0%} ({LEVEL:.0%} is right), or not certainly farther off than before"
    )
    return _reason(name, "floor", now <= was or found.low <= 0 <= found.high, needed, found)


def _family_floors(champion: Report, challenger: Report) -> Iterator[Reason]:
    if len(champion.ordered):
        pairs = ratio(champion.ordered), ratio(challenger.ordered)
        yield _floor("contrast families ordered rightly", *pairs, 0.01)
    if len(champion.spreads):
        pairs = mean(champion.spreads), mean(challenger.spreads)
        yield _slice_floor("points between wordings of one event", *pairs, -1.0, _CERTAINTY)


def _budgets(champion: Report, challenger: Report) -> Iterator[Reason]:
    broken, now_broken = len(champion.broken), len(challenger.broken)
    needed = f"at most {_BROKEN_MORE} more than the champion"
    met = now_broken <= broken + _BROKEN_MORE
    yield Reason("demands on behaviour broken", "floor", met, needed, broken, now_broken, now_broken - broken)
    work, now_work = champion.multiplications, challenger.multiplications
    needed = f"at most {_SLOWER:g} times the champion's"
    yield Reason("multiplications per headline", "floor", now_work <= _SLOWER * work, needed, work, now_work)
    size = challenger.size_bytes
    needed = f"at most {_MAX_BYTES} (15 MiB)"
    yield Reason("bytes on disk", "floor", size <= _MAX_BYTES, needed, champion.size_bytes, size)


def _floor(name: str, first: Figure, second: Figure, most: float) -> Reason:
    """The challenger may lose ``most`` (below 0: less is better), and twice that must be ruled out."""
    found = gap(first, second, _CERTAINTY)
    gain, low, _ = _gain(found, most)
    needed = f"no more than {abs(most):g} {'lower' if most > 0 else 'higher'}, and for certain not {2 * abs(most):g}"
    return _reason(name, "floor", gain >= -abs(most) and low >= -2 * abs(most), needed, found)


def _slice_floor(name: str, first: Figure, second: Figure, most: float, certainty: float) -> Reason:
    """Of a small part, more may be lost by chance: of several parts, one often does."""
    found = gap(first, second, certainty)
    gain, _, high = _gain(found, most)
    needed = f"no more than {abs(most):g} {'lower' if most > 0 else 'higher'}, unless by chance"
    return _reason(name, "floor", gain >= -abs(most) or high >= 0, needed, found)


def _gain(found: Gap, margin: float) -> tuple[float, float, float]:
    """What the challenger gains, at least and at most: the difference, turned over where less is better."""
    if margin > 0:
        return found.difference, found.low, found.high
    return -found.difference, -found.high, -found.low


def _reason(name: str, group: Literal["better", "floor"], passed: bool, needed: str, found: Gap) -> Reason:
    """Numbers to four digits: the last bits of another processor are no other verdict."""
    one, other, difference, low, high = (
        round(value, 4) + 0.0 for value in (found.first, found.second, found.difference, found.low, found.high)
    )
    return Reason(name, group, passed, needed, one, other, difference, (low, high))


def _order(rated: Rated) -> Figure:
    return spearman(rated.scores, rated.ratings)


def _error(rated: Rated) -> Figure:
    return mean(np.abs(rated.scores - rated.ratings))


def _part(rated: Rated, rows: np.ndarray) -> Rated:
    return Rated(rated.ratings[rows], rated.scores[rows], rated.intervals[rows])


def _on_level_of(champion: Rated, challenger: Rated) -> Rated:
    """The same without what it scores all headlines higher or lower: a newsroom's level is not other raters'."""
    level = float((challenger.scores - champion.scores).mean())
    return Rated(challenger.ratings, challenger.scores - level, challenger.intervals - level)


def _inside(rated: Rated) -> Scores:
    low, high = rated.intervals.T
    return ((low <= rated.ratings) & (rated.ratings <= high)).astype(np.float64)


def _check_same_questions(champion: Report, challenger: Report) -> None:
    if (champion.labels_sha256, champion.holdout_sha256) != (challenger.labels_sha256, challenger.holdout_sha256):
        raise InputError("the two versions were judged by different snapshots: judge both by the same")
    if not np.array_equal(champion.dev.ratings, challenger.dev.ratings):
        raise InputError("the two versions keep different development sets: none of their figures can be compared")
