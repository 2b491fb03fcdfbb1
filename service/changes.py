"""What would change in the lists if another model gave the scores. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from service.bands import BANDS, band_of
from service.ranking import ListQuery, Row, rank
from service.types import ScoredHeadline

FRONTS = (10, 50)
"""So many rows are shown side by side."""
LARGEST = 20
RANKED = 1000
"""Rows whose ranks are known under both models."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A row, and its story's rank under either model; None: not among the first RANKED."""

    row: Row
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Front:
    """The first ``limit`` rows under both models."""

    limit: int
    before: tuple[Placed, ...]
    after: tuple[Placed, ...]

    @property
    def enter(self) -> tuple[Placed, ...]:
        """Rows that would be new."""
        return tuple(one for one in self.after if not self._holds(one.before))

    @property
    def leave(self) -> tuple[Placed, ...]:
        """Rows that would be gone."""
        return tuple(one for one in self.before if not self._holds(one.after))

    @property
    def move(self) -> tuple[Placed, ...]:
        """Rows that would stay, at another rank."""
        return tuple(one for one in self.after if self._holds(one.before) and one.before != one.after)

    def _holds(self, rank: int | None) -> bool:
        return rank is not None and rank <= self.limit


@dataclass(frozen=True, slots=True)
class Shift:
    """A headline under both models."""

    before: ScoredHeadline
    after: ScoredHeadline

    @property
    def points(self) -> float:
        """How many more the challenger gives it."""
        return self.after.raw - self.before.raw


@dataclass(frozen=True, slots=True)
class BandCount:
    """How many headlines bear a band under either model."""

    band: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Changes:
    """``mean_points``: how many more the challenger gives on average. ``largest`` holds one headline per story."""

    headlines: int
    mean_points: float
    bands: tuple[BandCount, ...]
    fronts: tuple[Front, ...]
    largest: tuple[Shift, ...]


def compare(before: Sequence[ScoredHeadline], after: Sequence[ScoredHeadline], query: ListQuery) -> Changes:
    """The same headlines as two models score them; one that only one of them has scored is left out."""
    new = {one.headline.id: one for one in after}
    shifts = [Shift(one, new[one.headline.id]) for one in before if one.headline.id in new]
    old_rows = _rows([one.before for one in shifts], query)
    new_rows = _rows([one.after for one in shifts], query)
    return Changes(
        len(shifts),
        sum(one.points for one in shifts) / len(shifts) if shifts else 0.0,
        _bands(shifts),
        tuple(_front(limit, old_rows, new_rows) for limit in FRONTS),
        _largest(shifts),
    )


def _rows(scored: Sequence[ScoredHeadline], query: ListQuery) -> dict[str, Row]:
    """The front of a list by story, in order."""
    ranking = rank(scored, replace(query, limit=RANKED, collapse="story"))
    return {row.story.id: row for row in ranking.rows}


def _front(limit: int, old: dict[str, Row], new: dict[str, Row]) -> Front:
    before, after = (
        tuple(
            Placed(row, old[key].rank if key in old else None, new[key].rank if key in new else None)
            for key, row in list(rows.items())[:limit]
        )
        for rows in (old, new)
    )
    return Front(limit, before, after)


def _bands(shifts: Sequence[Shift]) -> tuple[BandCount, ...]:
    before = Counter(band_of(one.before.raw).name for one in shifts)
    after = Counter(band_of(one.after.raw).name for one in shifts)
    return tuple(BandCount(band.name, before[band.name], after[band.name]) for band in BANDS)


def _largest(shifts: Sequence[Shift]) -> tuple[Shift, ...]:
    found: dict[str, Shift] = {}
    for one in sorted(shifts, key=lambda one: (-abs(one.points), one.before.headline.id)):
        if len(found) == LARGEST or not one.points:
            break
        found.setdefault(one.before.headline.story_id, one)
    return tuple(found.values())
