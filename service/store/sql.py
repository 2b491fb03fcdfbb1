"""The store on SQLite and PostgreSQL."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)
from typing_extensions import override

from service.store.adjustments import SqlAdjustments
from service.store.audit import SqlAudit
from service.store.changes import Changes, plan
from service.store.contract import Census, Change, Past, Span, Store
from service.store.database import Database
from service.store.editorial import Entry
from service.store.feeds import SqlFeeds
from service.store.keys import SqlKeys
from service.store.labels import SqlLabels
from service.store.ledger import Ledger, revision_of
from service.store.past import former, keep_past
from service.store.runs import SqlRuns
from service.store.seen import HEADLINE, SCORE, Seen, headline_of, score_of
from service.store.stories import SqlStories, headlines_of
from service.store.tables import headlines, reigns, revisions, scores, state
from service.types import Headline, Score, ScoredHeadline

_HEADLINE = [headlines.c[name] for name in HEADLINE]
_SCORE = [scores.c[name] for name in SCORE]


def utc_now() -> datetime:
    """The clock, unless another is given."""
    return datetime.now(UTC)


class SqlStore(SqlKeys, SqlStories, Store):
    """The contract says it all; see :func:`service.store.connect.open_store`."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = utc_now) -> None:
        """Work on a database whose schema is current; ``clock`` says when changes were made."""
        self._database = database
        self._ledger = Ledger(clock)
        self.feeds = SqlFeeds(database)
        self.labels = SqlLabels(database, self._ledger)
        self.adjustments = SqlAdjustments(database, self._ledger)
        self.runs = SqlRuns(database, self._ledger)
        self.audit = SqlAudit(database, self._ledger)

    @override
    def put(self, scored: Sequence[ScoredHeadline], renew: bool = True) -> list[Change]:
        with self._database.writing() as connection:
            known, models = self._known(connection, scored)
            changes = plan(scored, known, models, renew)
            if changes:
                self._write(connection, changes, known, models)
        return changes.said

    @override
    def put_scores(self, scored: Sequence[ScoredHeadline]) -> None:
        with self._database.writing() as connection:
            known, models = self._known(connection, scored)
            fresh: dict[str, dict[str, Score]] = {}
            for one in scored:
                stored = known.get(one.headline.id)
                if stored is not None and stored.title == one.headline.title:
                    fresh.setdefault(stored.id, {})[one.model] = one.score
            if fresh:
                self._write(connection, Changes([], [], [], fresh), known, models)

    @override
    def get(self, headline_id: str) -> tuple[Headline, dict[str, Score]] | None:
        query = (
            select(*_HEADLINE, *_SCORE, scores.c.model)
            .outerjoin_from(headlines, scores)
            .where(headlines.c.id == headline_id)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        if not rows:
            return None
        return headline_of(rows[0]), {row.model: score_of(row) for row in rows if row.model is not None}

    @override
    def past(self, headline_id: str) -> list[Past]:
        with self._database.reading() as connection:
            return former(connection, headline_id)

    @override
    def window(self, span: Span) -> list[ScoredHeadline]:
        with self._seen(span) as seen:
            return seen.window()

    @override
    def best(self, span: Span, limit: int) -> list[ScoredHeadline]:
        with self._seen(span) as seen:
            return seen.best(limit)

    @override
    def newest(self, span: Span, limit: int) -> list[ScoredHeadline]:
        with self._seen(span) as seen:
            return seen.newest(limit)

    @override
    def told(self, span: Span, stories: Sequence[str]) -> list[ScoredHeadline]:
        with self._seen(span) as seen:
            return seen.told(stories)

    @override
    def census(self, span: Span) -> Census:
        with self._seen(span) as seen:
            return seen.census()

    @override
    def raws(self, model: str, start: datetime, end: datetime, limit: int) -> list[float]:
        query = (
            select(scores.c.raw)
            .where(scores.c.model == model, scores.c.published_at > start, scores.c.published_at <= end)
            .order_by(scores.c.published_at.desc(), scores.c.headline_id)
            .limit(limit)
        )
        with self._database.reading() as connection:
            return list(connection.scalars(query))

    @override
    def unscored(self, model: str, start: datetime, end: datetime, limit: int, since: int = 0) -> list[Headline]:
        times = (headlines.c.published_at > start, headlines.c.published_at <= end)
        query = (
            select(*_HEADLINE)
            .where(*times, headlines.c.since > since, _without_score(model))
            .order_by(headlines.c.published_at.desc(), headlines.c.id)
            .limit(limit)
        )
        with self._database.reading() as connection:
            return [headline_of(row) for row in connection.execute(query)]

    @override
    def reign(self, model: str, entry: Entry | None = None) -> None:
        with self._database.writing() as connection:
            if connection.scalar(_rulers()) != model:
                with self._ledger.change(connection, entry) as revision:
                    connection.execute(insert(reigns).values(since=revision, model=model))

    @override
    def ruler(self, at: int) -> str | None:
        with self._database.reading() as connection:
            return connection.scalar(_rulers().where(reigns.c.since <= at))

    @override
    def revision(self) -> int:
        with self._database.reading() as connection:
            return revision_of(connection)

    @override
    def listed_revision(self) -> int:
        with self._database.reading() as connection:
            number: int = connection.execute(select(state.c.listed)).scalar_one()
        return number

    @override
    def revision_at(self, time: datetime) -> int:
        query = select(func.max(revisions.c.number)).where(revisions.c.at <= time)
        with self._database.reading() as connection:
            return connection.scalar(query) or 0

    @override
    def close(self) -> None:
        self._database.close()

    @contextmanager
    def _seen(self, span: Span) -> Iterator[Seen]:
        with self._database.reading() as connection:
            yield Seen(self._database, connection, span, revision_of(connection) if span.at is None else span.at)

    def _known(
        self, connection: Connection, scored: Sequence[ScoredHeadline]
    ) -> tuple[dict[str, Headline], dict[str, set[str]]]:
        """Of these headlines, those that are stored, and the models that have scored them."""
        keys = sorted({one.headline.id for one in scored})
        ids = self._database.listed(keys)
        pairs = connection.execute(select(scores.c.headline_id, scores.c.model).where(scores.c.headline_id.in_(ids)))
        models: dict[str, set[str]] = {}
        for key, model in pairs:
            models.setdefault(key, set()).add(model)
        return headlines_of(self._database, connection, keys), models

    def _write(
        self,
        connection: Connection,
        changes: Changes,
        known: Mapping[str, Headline],
        models: Mapping[str, set[str]],
    ) -> None:
        now = {**known, **{one.id: one for one in changes.headlines}}
        rescored = [key for key, by_model in changes.scores.items() if models.get(key, set()) & by_model.keys()]
        edited = [one.id for one in changes.headlines if one.id in known]
        with self._ledger.change(connection, listed=_is_listed(changes, connection.scalar(_rulers()))) as revision:
            if touched := sorted({*rescored, *edited}):
                keep_past(self._database, connection, touched, revision)
            if changes.outdated:
                outdated = self._database.listed(changes.outdated)
                connection.execute(delete(scores).where(scores.c.headline_id.in_(outdated)))
            told = [{**{name: getattr(one, name) for name in HEADLINE}, "since": revision} for one in changes.headlines]
            self._database.upsert(connection, headlines, told)
            self._move(connection, [key for key in edited if now[key].published_at != known[key].published_at])
            at = self._ledger.clock()
            rows = [
                {"headline_id": key, "model": model, "since": revision, **_score_columns(now[key], one, at)}
                for key, by_model in changes.scores.items()
                for model, one in by_model.items()
            ]
            self._database.upsert(connection, scores, rows)

    def _move(self, connection: Connection, keys: Sequence[str]) -> None:
        """Scores of other models follow a headline that has another time now."""
        if keys:
            time = select(headlines.c.published_at).where(headlines.c.id == scores.c.headline_id).scalar_subquery()
            these = scores.c.headline_id.in_(self._database.listed(keys))
            connection.execute(update(scores).where(these).values(published_at=time))


def _is_listed(changes: Changes, ruler: str | None) -> bool:
    """Whether lists show anything of it: scores of a model that does not reign are in none."""
    scored = {model for by_model in changes.scores.values() for model in by_model}
    return bool(changes.headlines or changes.outdated) or ruler is None or ruler in scored


def _rulers() -> Select[str]:
    return select(reigns.c.model).order_by(reigns.c.since.desc()).limit(1)


def _without_score(model: str) -> ColumnElement[bool]:
    return ~exists().where(scores.c.headline_id == headlines.c.id, scores.c.model == model)


def _score_columns(headline: Headline, score: Score, now: datetime) -> dict[str, object]:
    low, high = score.interval or (None, None)
    values = (float(score.raw), score.topic, low, high, score.percentile, score.doubt)
    said = dict(zip(SCORE, values, strict=True))
    return {**said, "scored_at": now, "published_at": headline.published_at, "story": headline.story_id}
