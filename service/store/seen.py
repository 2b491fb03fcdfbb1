"""Spans of headlines as they stood at a revision: what is there now and was then, and what has been changed since."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, and_, func, select, union_all

from service.store.contract import Census, Span
from service.store.database import Database
from service.store.tables import former_headlines, former_scores, headlines, scores
from service.types import Headline, Score, ScoredHeadline

HEADLINE = [field.name for field in fields(Headline)]
SCORE = ["raw", "topic", "low", "high", "percentile", "doubt"]

_Row = Row[*tuple[Any, ...]]
_Keys = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Seen:
    """Reads one span on one connection, as of revision ``at``."""

    database: Database
    connection: Connection
    span: Span
    at: int

    def window(self) -> list[ScoredHeadline]:
        """See ``Store.window``."""
        return self._found(self._keys)

    def told(self, stories: Sequence[str]) -> list[ScoredHeadline]:
        """See ``Store.told``."""
        wanted = self.database.listed(stories)
        return self._found(lambda table: self._keys(table).where(table.c.story.in_(wanted)))

    def best(self, limit: int) -> list[ScoredHeadline]:
        """See ``Store.best``. Up to the choice of the best one index tells all; only they are looked up in full."""

        def keys(table: Table) -> _Keys:
            order = (table.c.raw.desc(), table.c.published_at.desc(), table.c.headline_id)
            return self._keys(table).order_by(*order).limit(limit)

        found = self._found(keys)
        return sorted(found, key=lambda one: (-one.raw, -one.headline.published_at.timestamp(), one.headline.id))[
            :limit
        ]

    def newest(self, limit: int) -> list[ScoredHeadline]:
        """See ``Store.newest``."""

        def keys(table: Table) -> _Keys:
            return self._keys(table).order_by(table.c.published_at.desc(), table.c.headline_id).limit(limit)

        found = self._found(keys)
        return sorted(found, key=lambda one: (-one.headline.published_at.timestamp(), one.headline.id))[:limit]

    def census(self) -> Census:
        """See ``Store.census``. A score that is seen has a headline that is seen, so that the difference waits."""
        listed = union_all(
            *(select(t.c.story, t.c.published_at).where(self._listed(t)) for t in (scores, former_scores))
        ).subquery()
        counted = select(func.count(), func.count(listed.c.story.distinct()), func.min(listed.c.published_at))
        number, stories, oldest = self.connection.execute(counted.select_from(listed)).one()
        kept = sum(
            self.connection.execute(select(func.count()).select_from(table).where(self._within(table))).scalar_one()
            for table in (headlines, former_headlines)
        )
        return Census(number, stories, kept - number, oldest)

    def _found(self, keys: Callable[[Table], _Keys]) -> list[ScoredHeadline]:
        """What is still there and what was changed since, in full."""
        queries = [_full(keys(scores), scores, headlines), _full(keys(former_scores), former_scores, former_headlines)]
        return [
            ScoredHeadline(headline_of(row), score_of(row), self.span.model)
            for query in queries
            for row in self.connection.execute(query)
        ]

    def _keys(self, table: Table) -> _Keys:
        return select(*table.primary_key.columns).where(self._listed(table))

    def _listed(self, table: Table) -> ColumnElement[bool]:
        return and_(table.c.model == self.span.model, self._within(table))

    def _within(self, table: Table) -> ColumnElement[bool]:
        published = table.c.published_at
        seen = [published > self.span.start, published <= self.span.end, table.c.since <= self.at]
        return and_(*seen, table.c.until > self.at) if "until" in table.c else and_(*seen)


def _full(keys: _Keys, kept: Table, told: Table) -> _Keys:
    """Scores with their headlines; what was changed was changed together, so that both ended at one revision."""
    key = keys.subquery()
    same = told.c.id == key.c.headline_id
    if "until" in told.c:
        same = and_(same, told.c.until == key.c.until)
    columns = [*(told.c[name] for name in HEADLINE), *(kept.c[name] for name in SCORE)]
    these = and_(*(column == key.c[column.name] for column in kept.primary_key.columns))
    return select(*columns).select_from(key).join(kept, these).join(told, same)


def headline_of(row: _Row) -> Headline:
    """The headline at the front of a row."""
    return Headline(*row[: len(HEADLINE)])


def score_of(row: _Row) -> Score:
    """The score that follows it."""
    raw, topic, low, high, percentile, doubt = row[len(HEADLINE) : len(HEADLINE) + len(SCORE)]
    return Score(raw, topic, None if low is None else (low, high), percentile, doubt)
