"""The store on SQLite and PostgreSQL."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from typing_extensions import override

from service.store.changes import Changes, plan
from service.store.contract import Census, Change, Past, Span, Store
from service.store.database import Database
from service.store.feeds import SqlFeeds
from service.store.keys import SqlKeys
from service.store.seen import HEADLINE, SCORE, Seen, headline_of, score_of
from service.store.tables import former_headlines, former_scores, headlines, reigns, revisions, scores, state
from service.types import Headline, Score, ScoredHeadline

_HEADLINE = [headlines.c[name] for name in HEADLINE]
_SCORE = [scores.c[name] for name in SCORE]


def utc_now() -> datetime:
    """The clock, unless another is given."""
    return datetime.now(UTC)


class SqlStore(SqlKeys, Store):
    """The contract says it all; see :func:`service.store.connect.open_store`."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = utc_now) -> None:
        """Work on a database whose schema is current; ``clock`` says when changes were made."""
        self._database = database
        self.feeds = SqlFeeds(database)
        self._clock = clock

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
        told, kept = former_headlines.c, former_scores.c
        same = and_(kept.headline_id == told.id, kept.until == told.until)
        query = (
            select(*(told[name] for name in HEADLINE), *(kept[name] for name in SCORE), kept.model, revisions.c.at)
            .select_from(former_headlines)
            .join(revisions, revisions.c.number == told.until)
            .outerjoin(former_scores, same)
            .where(told.id == headline_id)
            .order_by(told.until)
        )
        found: dict[datetime, Past] = {}
        with self._database.reading() as connection:
            for row in connection.execute(query):
                past = found.setdefault(row.at, Past(headline_of(row), {}, row.at))
                if row.model is not None:
                    past.scores[row.model] = score_of(row)
        return list(found.values())

    @override
    def window(self, span: Span) -> list[ScoredHeadline]:
        with self._seen(span) as seen:
            return seen.window()

    @override
    def best(self, span: Span, limit: int) -> list[ScoredHeadline]:
        with self._seen(span) as seen:
            return seen.best(limit)

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
    def unscored(self, model: str, start: datetime, end: datetime, limit: int) -> list[Headline]:
        query = (
            select(*_HEADLINE)
            .where(headlines.c.published_at > start, headlines.c.published_at <= end, _without_score(model))
            .order_by(headlines.c.published_at.desc(), headlines.c.id)
            .limit(limit)
        )
        with self._database.reading() as connection:
            return [headline_of(row) for row in connection.execute(query)]

    @override
    def heard(self, revision: int, start: datetime) -> list[Headline]:
        new = and_(headlines.c.published_at > start, headlines.c.since > revision)
        query = select(*_HEADLINE).where(new).order_by(headlines.c.published_at, headlines.c.id)
        with self._database.reading() as connection:
            return [headline_of(row) for row in connection.execute(query)]

    @override
    def story(self, story_id: str) -> list[Headline]:
        own = and_(headlines.c.id == story_id, headlines.c.story == "")
        query = select(*_HEADLINE).where(or_(headlines.c.story == story_id, own))
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(headlines.c.published_at, headlines.c.id))
            return [headline_of(row) for row in rows]

    @override
    def retell(self, stories: Mapping[str, str]) -> int:
        with self._database.writing() as connection:
            known = self._headlines(connection, list(stories))
            changed = {key: stories[key] for key, one in known.items() if one.story_id != stories[key]}
            if changed:
                with self._change(connection) as revision:
                    self._touch(connection, list(changed), revision)
                    for story in set(changed.values()):
                        ids = self._database.listed([key for key, one in changed.items() if one == story])
                        connection.execute(update(headlines).where(headlines.c.id.in_(ids)).values(story=story))
                        connection.execute(update(scores).where(scores.c.headline_id.in_(ids)).values(story=story))
        return len(changed)

    @override
    def reign(self, model: str) -> None:
        with self._database.writing() as connection:
            if connection.scalar(_rulers()) != model:
                with self._change(connection) as revision:
                    connection.execute(insert(reigns).values(since=revision, model=model))

    @override
    def ruler(self, at: int) -> str | None:
        with self._database.reading() as connection:
            return connection.scalar(_rulers().where(reigns.c.since <= at))

    @override
    def revision(self) -> int:
        with self._database.reading() as connection:
            return _revision(connection)

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
            yield Seen(self._database, connection, span, _revision(connection) if span.at is None else span.at)

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
        return self._headlines(connection, keys), models

    def _headlines(self, connection: Connection, keys: Sequence[str]) -> dict[str, Headline]:
        ids = self._database.listed(keys)
        return {
            row.id: headline_of(row) for row in connection.execute(select(*_HEADLINE).where(headlines.c.id.in_(ids)))
        }

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
        with self._change(connection) as revision:
            if touched := sorted({*rescored, *edited}):
                self._touch(connection, touched, revision)
            if changes.outdated:
                outdated = self._database.listed(changes.outdated)
                connection.execute(delete(scores).where(scores.c.headline_id.in_(outdated)))
            told = [{**{name: getattr(one, name) for name in HEADLINE}, "since": revision} for one in changes.headlines]
            self._database.upsert(connection, headlines, told)
            self._move(connection, [key for key in edited if now[key].published_at != known[key].published_at])
            rows = [
                {"headline_id": key, "model": model, "since": revision, **_score_columns(now[key], one, self._clock())}
                for key, by_model in changes.scores.items()
                for model, one in by_model.items()
            ]
            self._database.upsert(connection, scores, rows)

    @contextmanager
    def _change(self, connection: Connection) -> Iterator[int]:
        """The number of the next revision. Its time is that of the end of the change, near the commit."""
        number = _revision(connection) + 1
        yield number
        connection.execute(update(state).values(revision=number))
        connection.execute(insert(revisions).values(number=number, at=self._clock()))

    def _touch(self, connection: Connection, keys: Sequence[str], revision: int) -> None:
        """Keep what headlines and their scores have been, before they change."""
        ids = self._database.listed(keys)
        for table, former, key in ((headlines, former_headlines, "id"), (scores, former_scores, "headline_id")):
            these = table.c[key].in_(ids)
            columns = [column.name for column in former.c]
            before = select(*table.c, literal(revision).label("until")).where(these)
            connection.execute(insert(former).from_select(columns, before))
            connection.execute(update(table).where(these).values(since=revision))

    def _move(self, connection: Connection, keys: Sequence[str]) -> None:
        """Scores of other models follow a headline that has another time now."""
        if keys:
            time = select(headlines.c.published_at).where(headlines.c.id == scores.c.headline_id).scalar_subquery()
            these = scores.c.headline_id.in_(self._database.listed(keys))
            connection.execute(update(scores).where(these).values(published_at=time))


def _revision(connection: Connection) -> int:
    number: int = connection.execute(select(state.c.revision)).scalar_one()
    return number


def _rulers() -> Select[str]:
    return select(reigns.c.model).order_by(reigns.c.since.desc()).limit(1)


def _without_score(model: str) -> ColumnElement[bool]:
    return ~exists().where(scores.c.headline_id == headlines.c.id, scores.c.model == model)


def _score_columns(headline: Headline, score: Score, now: datetime) -> dict[str, object]:
    low, high = score.interval or (None, None)
    values = (float(score.raw), score.topic, low, high, score.percentile, score.doubt)
    said = dict(zip(SCORE, values, strict=True))
    return {**said, "scored_at": now, "published_at": headline.published_at, "story": headline.story_id}
