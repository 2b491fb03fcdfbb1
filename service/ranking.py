"""Scored headlines -> a ranked list. Pure: time, query and headlines come in as arguments."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from service.bands import band_of, rounded
from service.types import ScoredHeadline

Collapse = Literal["story", "none"]

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
    collapse: Collapse = "story"


@dataclass(frozen=True, slots=True)
class Story:
    """Headlines with the same words: how many there are, and from how many outlets."""

    id: str
    outlets: int
    headlines: int


@dataclass(frozen=True, slots=True)
class Position:
    """A row's place in the total order, from which the next page goes on."""

    rank: int
    raw: float
    published_at: datetime
    id: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list; ``rank`` counts from 1 over all pages."""

    rank: int
    scored: ScoredHeadline
    story: Story

    def position(self) -> Position:
        """Where the row stands."""
        headline = self.scored.headline
        return Position(self.rank, self.scored.raw, headline.published_at, headline.id)


@dataclass(frozen=True, slots=True)
class Ranking:
    """One page: its rows, how many rows all pages hold, and whether more follow."""

    rows: tuple[Row, ...]
    total: int
    more: bool


def rank(scored: Sequence[ScoredHeadline], query: ListQuery, after: Position | None = None) -> Ranking:
    """Order by raw score, then newest, then id, which is total and stable; one row per story unless told otherwise.

    ``after`` gives the rows behind that position, so that pages over the same headlines neither
    repeat nor lose a row.
    """
    ordered = sorted((one for one in scored if _wanted(one, query)), key=_order)
    stories = _stories(ordered)
    if query.collapse == "story":
        ordered = [members[0] for members in stories.values()]
    start = sum(_order(one) <= _place(after) for one in ordered) if after else 0
    first = after.rank + 1 if after else 1
    page = ordered[start : start + query.limit]
    rows = tuple(Row(first + i, one, _story(stories[_story_id(one)])) for i, one in enumerate(page))
    return Ranking(rows, len(ordered), start + len(page) < len(ordered))


def _wanted(one: ScoredHeadline, query: ListQuery) -> bool:
    return (
        rounded(one.raw) >= query.min_score
        and (not query.sources or one.headline.source in query.sources)
        and (not query.topics or one.headline.topic in query.topics)
        and (not query.bands or band_of(one.raw).name in query.bands)
    )


def _order(one: ScoredHeadline) -> tuple[float, float, str]:
    return (-one.raw, -one.headline.published_at.timestamp(), one.headline.id)


def _place(position: Position) -> tuple[float, float, str]:
    return (-position.raw, -position.published_at.timestamp(), position.id)


def _story_id(one: ScoredHeadline) -> str:
    """Names the title's words in any script; ``headline_id`` would know "Землетрясение 2024" by its 2024 alone."""
    words = " ".join(_WORDS.findall(one.headline.title.casefold()))
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def _stories(ordered: Sequence[ScoredHeadline]) -> dict[str, list[ScoredHeadline]]:
    """Members by story, both in list order."""
    stories: dict[str, list[ScoredHeadline]] = defaultdict(list)
    for one in ordered:
        stories[_story_id(one)].append(one)
    return stories


def _story(members: Sequence[ScoredHeadline]) -> Story:
    return Story(_story_id(members[0]), len({one.headline.source for one in members}), len(members))
