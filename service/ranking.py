"""Scored headlines -> a ranked list. Pure: time, query and headlines come in as arguments."""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from service.bands import band_of, rounded
from service.errors import InputError
from service.types import Adjustment, AdjustmentKind, Headline, ScoredHeadline

Collapse = Literal["story", "none"]

MAX_WEIGHT = 100.0
MAX_WEIGHTS = 50

_WORDS = re.compile(r"\w+")

_Place = tuple[float, float, float, str]


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What a reader asked for. An empty filter lets everything through; ``limit`` is 1-100."""

    window: timedelta = timedelta(hours=1)
    limit: int = 10
    sources: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    bands: tuple[str, ...] = ()
    min_score: int = 0
    weights: tuple[tuple[str, float], ...] = ()
    """Factors by topic or source that change the order and nothing else."""
    collapse: Collapse = "story"


@dataclass(frozen=True, slots=True)
class Story:
    """Headlines that tell the same: how many there are, and how many outlets tell it of their own accord."""

    id: str
    outlets: int
    headlines: int


@dataclass(frozen=True, slots=True)
class Position:
    """A row's place in the total order, from which the next page goes on."""

    rank: int
    weighed: float
    published_at: datetime
    id: str
    pinned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list; ``rank`` counts from 1 over all pages."""

    rank: int
    scored: ScoredHeadline
    story: Story
    weighed: float
    """What it is ranked by: the raw score times the weights of its topic and its source, and the points of a boost."""
    previous_rank: int | None = None
    """Where it stood some time before; None when it was not listed then."""
    adjusted: AdjustmentKind | None = None
    """What an editor did to it: a pin counts more than a boost, and muted rows are none."""
    pinned_at: datetime | None = None

    def seen(self) -> "Row":
        """The row without what only its order knows."""
        return replace(self, weighed=0.0, pinned_at=None)

    def position(self) -> Position:
        """Where the row stands."""
        headline = self.scored.headline
        return Position(self.rank, self.weighed, headline.published_at, headline.id, self.pinned_at)


@dataclass(frozen=True, slots=True)
class Ranking:
    """One page: its rows, how many rows all pages hold, and whether more follow."""

    rows: tuple[Row, ...]
    total: int
    more: bool


def parse_weights(text: str) -> tuple[tuple[str, float], ...]:
    """``world:1.3,sports:0.5`` as pairs of a topic or source and its factor, sorted; InputError says what is wrong."""
    found: dict[str, float] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        name, colon, factor = part.rpartition(":")
        try:
            value = float(factor) if colon and name.strip() else math.nan
        except ValueError:
            value = math.nan
        if not 0 <= value <= MAX_WEIGHT:
            raise InputError(f"{part[:40]!r} is no weight: write topic:factor or source:factor, 0 to {MAX_WEIGHT:g}")
        if name.strip() in found:
            raise InputError(f"{name.strip()[:40]!r} has two weights")
        found[name.strip()] = value
    if len(found) > MAX_WEIGHTS:
        raise InputError(f"{len(found)} weights: at most {MAX_WEIGHTS}")
    return tuple(sorted(found.items()))


def rank(
    scored: Sequence[ScoredHeadline],
    query: ListQuery,
    after: Position | None = None,
    adjustments: Sequence[Adjustment] = (),
) -> Ranking:
    """Order by weighed score, then newest, then id: total and stable; one row per story unless told otherwise.

    A story's row is its best headline; among copies, which score alike, the one that was published first.
    ``after`` gives the rows behind that position, so that pages over the same headlines neither
    repeat nor lose a row.

    Of the ``adjustments``, which hold for whole stories, the newest of each kind counts. A muted story is not listed. A
    boost adds its points to the weighed score. Pinned rows come first, the newest pin before the others; with one row
    per headline, it is the headline that was pinned. No adjustment brings in a row that the query leaves out.
    """
    order = _Order(query, adjustments)
    stories = by_story(scored)
    listed = [one for one in scored if one.headline.story_id not in order.muted and _wanted(one, query)]
    if query.collapse == "story":
        leads: dict[str, ScoredHeadline] = {}
        for one in sorted(listed, key=order.lead, reverse=True):
            leads[one.headline.story_id] = one
        listed = list(leads.values())
    listed.sort(key=order.place)
    start = sum(order.place(one) <= _place(after) for one in listed) if after else 0
    first = after.rank + 1 if after else 1
    page = listed[start : start + query.limit]
    rows = tuple(order.row(first + i, one, story_of(stories[one.headline.story_id])) for i, one in enumerate(page))
    return Ranking(rows, len(listed), start + len(page) < len(listed))


def story_of(told: Sequence[Headline]) -> Story:
    """A story from the headlines that tell it.

    Outlets of one publisher are one voice, and who prints the words of another confirms nothing: of headlines with the
    same words only the first counts.
    """
    voices: set[str] = set()
    words: set[str] = set()
    for one in sorted(told, key=lambda one: (one.published_at, one.id)):
        said = " ".join(_WORDS.findall(one.title.casefold()))
        if said not in words:
            voices.add(one.voice)
            words.add(said)
    return Story(told[0].story_id, len(voices), len(told))


def by_story(scored: Iterable[ScoredHeadline]) -> dict[str, list[Headline]]:
    """Headlines by the story that they tell, in input order."""
    stories: dict[str, list[Headline]] = defaultdict(list)
    for one in scored:
        stories[one.headline.story_id].append(one.headline)
    return stories


def _wanted(one: ScoredHeadline, query: ListQuery) -> bool:
    return (
        rounded(one.raw) >= query.min_score
        and (not query.sources or one.headline.source in query.sources)
        and (not query.topics or one.topic in query.topics)
        and (not query.bands or band_of(one.raw).name in query.bands)
    )


class _Order:
    """By what rows stand: the weights of the query, and what editors adjusted."""

    def __init__(self, query: ListQuery, adjustments: Sequence[Adjustment]) -> None:
        self._weights = dict(query.weights)
        self._flat = query.collapse == "none"
        self.muted = {one.story for one in adjustments if one.kind == "mute"}
        self._points: dict[str, float] = {}
        self._pins: dict[tuple[str, str], datetime] = {}
        for one in sorted(adjustments, key=lambda one: (one.since, one.id)):
            if one.kind == "boost":
                self._points[one.story] = one.points
            elif one.kind == "pin":
                self._pins[one.story, one.headline_id if self._flat else ""] = one.since

    def place(self, one: ScoredHeadline) -> _Place:
        return _ordered(self._pinned_at(one), self._weighed(one), one.headline.published_at, one.headline.id)

    def lead(self, one: ScoredHeadline) -> tuple[float, float, str]:
        return (-self._weighed(one), one.headline.published_at.timestamp(), one.headline.id)

    def row(self, rank: int, one: ScoredHeadline, story: Story) -> Row:
        pinned_at = self._pinned_at(one)
        adjusted: AdjustmentKind | None = "pin" if pinned_at else "boost" if story.id in self._points else None
        return Row(rank, one, story, self._weighed(one), None, adjusted, pinned_at)

    def _weighed(self, one: ScoredHeadline) -> float:
        weights = self._weights
        weighed = one.raw * weights.get(one.topic or "", 1.0) * weights.get(one.headline.source, 1.0)
        return weighed + self._points.get(one.headline.story_id, 0.0)

    def _pinned_at(self, one: ScoredHeadline) -> datetime | None:
        if not self._pins:
            return None
        return self._pins.get((one.headline.story_id, one.headline.id if self._flat else ""))


def _place(position: Position) -> _Place:
    return _ordered(position.pinned_at, position.weighed, position.published_at, position.id)


def _ordered(pinned_at: datetime | None, weighed: float, published_at: datetime, id_: str) -> _Place:
    return (-pinned_at.timestamp() if pinned_at else 0.0, -weighed, -published_at.timestamp(), id_)
