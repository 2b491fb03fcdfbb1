"""Scored headlines -> a ranked list. Pure: time, query and headlines come in as arguments."""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from service.bands import band_of, rounded
from service.errors import InputError
from service.types import Headline, ScoredHeadline

Collapse = Literal["story", "none"]

MAX_WEIGHT = 100.0
MAX_WEIGHTS = 50

_WORDS = re.compile(r"\w+")


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


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list; ``rank`` counts from 1 over all pages."""

    rank: int
    scored: ScoredHeadline
    story: Story
    weighed: float
    """What it is ranked by: the raw score times the weights of its topic and its source."""
    previous_rank: int | None = None
    """Where it stood some time before; None when it was not listed then."""

    def position(self) -> Position:
        """Where the row stands."""
        headline = self.scored.headline
        return Position(self.rank, self.weighed, headline.published_at, headline.id)


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


def rank(scored: Sequence[ScoredHeadline], query: ListQuery, after: Position | None = None) -> Ranking:
    """Order by weighed score, then newest, then id: total and stable; one row per story unless told otherwise.

    A story's row is its best headline; among copies, which score alike, the one that was published first.
    ``after`` gives the rows behind that position, so that pages over the same headlines neither
    repeat nor lose a row.
    """
    weights = dict(query.weights)
    stories = by_story(scored)
    listed = [one for one in scored if _wanted(one, query)]
    if query.collapse == "story":
        leads: dict[str, ScoredHeadline] = {}
        for one in sorted(listed, key=lambda one: _lead(one, weights), reverse=True):
            leads[one.headline.story_id] = one
        listed = list(leads.values())
    listed.sort(key=lambda one: _order(one, weights))
    start = sum(_order(one, weights) <= _place(after) for one in listed) if after else 0
    first = after.rank + 1 if after else 1
    page = listed[start : start + query.limit]
    rows = tuple(
        Row(first + i, one, story_of(stories[one.headline.story_id]), _weighed(one, weights))
        for i, one in enumerate(page)
    )
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


def _weighed(one: ScoredHeadline, weights: Mapping[str, float]) -> float:
    return one.raw * weights.get(one.topic or "", 1.0) * weights.get(one.headline.source, 1.0)


def _order(one: ScoredHeadline, weights: Mapping[str, float]) -> tuple[float, float, str]:
    return (-_weighed(one, weights), -one.headline.published_at.timestamp(), one.headline.id)


def _place(position: Position) -> tuple[float, float, str]:
    return (-position.weighed, -position.published_at.timestamp(), position.id)


def _lead(one: ScoredHeadline, weights: Mapping[str, float]) -> tuple[float, float, str]:
    return (-_weighed(one, weights), one.headline.published_at.timestamp(), one.headline.id)
