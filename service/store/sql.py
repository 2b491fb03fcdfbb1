"""The store on SQLite and PostgreSQL."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, exists, func, select, update
from typing_extensions import override

from service.store.changes import Changes, plan
from service.store.contract import ApiKey, Change, Reply, Store
from service.store.database import Database
from service.store.tables import api_keys, headlines, replies, scores, state
from service.types import Headline, Score, ScoredHeadline

_REPLY_LIFE = timedelta(hours=24)

_HEADLINE = [headlines.c[field.name] for field in fields(Headline)]
_SCORE = [scores.c[name] for name in ("raw", "topic", "low", "high", "percentile", "doubt")]
_API_KEY = [api_keys.c[field.name] for field in fields(ApiKey)]
_REPLY = [replies.c[field.name] for field in fields(Reply)]

_Row = Row[*tuple[Any, ...]]


class SqlStore(Store):
    """The contract says it all; see :func:`service.store.connect.open_store`."""

    def __init__(self, database: Database) -> None:
        """Work on a database whose schema is current."""
        self._database = database

    @override
    def put(self, scored: Sequence[ScoredHeadline]) -> list[Change]:
        with self._database.writing() as connection:
            changes = plan(scored, *self._known(connection, scored))
            if changes:
                self._write(connection, changes)
        return changes.said

    @override
    def put_scores(self, scored: Sequence[ScoredHeadline]) -> None:
        with self._database.writing() as connection:
            known, _ = self._known(connection, scored)
            fresh: dict[str, dict[str, Score]] = {}
            for one in scored:
                stored = known.get(one.headline.id)
                if stored is not None and stored.title == one.headline.title:
                    fresh.setdefault(stored.id, {})[one.model] = one.score
            if fresh:
                self._write(connection, Changes([], [], [], fresh))

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
        return _headline(rows[0]), {row.model: _score(row) for row in rows if row.model is not None}

    @override
    def window(self, model: str, start: datetime, end: datetime) -> list[ScoredHeadline]:
        query = (
            select(*_HEADLINE, *_SCORE)
            .join_from(headlines, scores)
            .where(scores.c.model == model, _between(start, end))
        )
        with self._database.reading() as connection:
            return [ScoredHeadline(_headline(row), _score(row), model) for row in connection.execute(query)]

    @override
    def raws(self, model: str, start: datetime, end: datetime, limit: int) -> list[float]:
        query = (
            select(scores.c.raw)
            .join_from(headlines, scores)
            .where(scores.c.model == model, _between(start, end))
            .order_by(headlines.c.published_at.desc(), headlines.c.id)
            .limit(limit)
        )
        with self._database.reading() as connection:
            return list(connection.scalars(query))

    @override
    def unscored(self, model: str, start: datetime, end: datetime, limit: int) -> list[Headline]:
        query = (
            select(*_HEADLINE)
            .where(_between(start, end), _without_score(model))
            .order_by(headlines.c.published_at.desc(), headlines.c.id)
            .limit(limit)
        )
        with self._database.reading() as connection:
            return [_headline(row) for row in connection.execute(query)]

    @override
    def count_unscored(self, model: str, start: datetime, end: datetime) -> int:
        query = select(func.count()).select_from(headlines).where(_between(start, end), _without_score(model))
        with self._database.reading() as connection:
            return connection.execute(query).scalar_one()

    @override
    def revision(self) -> int:
        with self._database.reading() as connection:
            revision: int = connection.execute(select(state.c.revision)).scalar_one()
        return revision

    @override
    def secret(self) -> str:
        query = select(state.c.secret)
        with self._database.reading() as connection:
            known: str | None = connection.execute(query).scalar_one()
        if known is not None:
            return known
        with self._database.writing() as connection:
            made = update(state).where(state.c.secret.is_(None)).values(secret=secrets.token_hex(32))
            connection.execute(made)
            first: str = connection.execute(query).scalar_one()
        return first

    @override
    def add_key(self, key: ApiKey) -> None:
        with self._database.writing() as connection:
            connection.execute(self._database.insert(api_keys).values(asdict(key)))

    @override
    def key(self, key_id: str) -> ApiKey | None:
        with self._database.reading() as connection:
            row = connection.execute(select(*_API_KEY).where(api_keys.c.id == key_id)).one_or_none()
        return None if row is None else _api_key(row)

    @override
    def keys(self) -> list[ApiKey]:
        with self._database.reading() as connection:
            rows = connection.execute(select(*_API_KEY).order_by(api_keys.c.created_at, api_keys.c.id))
            return [_api_key(row) for row in rows]

    @override
    def use_key(self, key_id: str, now: datetime) -> None:
        with self._database.writing() as connection:
            connection.execute(update(api_keys).where(api_keys.c.id == key_id).values(last_used_at=now))

    @override
    def revoke_key(self, key_id: str, now: datetime) -> bool:
        in_use = and_(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
        with self._database.writing() as connection:
            return connection.execute(update(api_keys).where(in_use).values(revoked_at=now)).rowcount == 1

    @override
    def reply(self, key_id: str, idempotency_key: str) -> Reply | None:
        query = select(*_REPLY).where(replies.c.key_id == key_id, replies.c.idempotency_key == idempotency_key)
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Reply(*row)

    @override
    def put_reply(self, key_id: str, idempotency_key: str, reply: Reply, now: datetime) -> None:
        kept = {"key_id": key_id, "idempotency_key": idempotency_key, "stored_at": now, **asdict(reply)}
        with self._database.writing() as connection:
            connection.execute(delete(replies).where(replies.c.stored_at < now - _REPLY_LIFE))
            connection.execute(self._database.insert(replies).values(kept).on_conflict_do_nothing())

    @override
    def close(self) -> None:
        self._database.close()

    def _known(
        self, connection: Connection, scored: Sequence[ScoredHeadline]
    ) -> tuple[dict[str, Headline], dict[str, set[str]]]:
        """Of these headlines, those that are stored, and the models that have scored them."""
        ids = self._database.listed(sorted({one.headline.id for one in scored}))
        known = connection.execute(select(*_HEADLINE).where(headlines.c.id.in_(ids)))
        pairs = connection.execute(select(scores.c.headline_id, scores.c.model).where(scores.c.headline_id.in_(ids)))
        models: dict[str, set[str]] = {}
        for key, model in pairs:
            models.setdefault(key, set()).add(model)
        return {row.id: _headline(row) for row in known}, models

    def _write(self, connection: Connection, changes: Changes) -> None:
        now = datetime.now(UTC)
        self._database.upsert(
            connection, headlines, [{c.name: getattr(one, c.name) for c in _HEADLINE} for one in changes.headlines]
        )
        if changes.outdated:
            outdated = self._database.listed(changes.outdated)
            connection.execute(delete(scores).where(scores.c.headline_id.in_(outdated)))
        rows = [
            {"headline_id": key, "model": model, "scored_at": now, **_columns(one)}
            for key, by_model in changes.scores.items()
            for model, one in by_model.items()
        ]
        self._database.upsert(connection, scores, rows)
        connection.execute(update(state).values(revision=state.c.revision + 1))


def _between(start: datetime, end: datetime) -> ColumnElement[bool]:
    published, seen = headlines.c.published_at, headlines.c.first_seen_at
    return and_(published > start, published <= end, seen <= end)


def _without_score(model: str) -> ColumnElement[bool]:
    return ~exists().where(scores.c.headline_id == headlines.c.id, scores.c.model == model)


def _headline(row: _Row) -> Headline:
    return Headline(*row[: len(_HEADLINE)])


def _score(row: _Row) -> Score:
    raw, topic, low, high, percentile, doubt = row[len(_HEADLINE) : len(_HEADLINE) + len(_SCORE)]
    return Score(raw, topic, None if low is None else (low, high), percentile, doubt)


def _columns(score: Score) -> dict[str, object]:
    low, high = score.interval or (None, None)
    values = (float(score.raw), score.topic, low, high, score.percentile, score.doubt)
    return dict(zip((column.name for column in _SCORE), values, strict=True))


def _api_key(row: _Row) -> ApiKey:
    return ApiKey(**{**row._mapping, "scopes": tuple(row.scopes)})
