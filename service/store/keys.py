"""API keys, stored replies and the installation's secret."""

import secrets
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, delete, select, update
from typing_extensions import override

from service.store.contract import ApiKey, KeyStore, Reply
from service.store.database import Database
from service.store.editorial import Entry
from service.store.ledger import Ledger
from service.store.tables import api_keys, replies, state

_REPLY_LIFE = timedelta(hours=24)
_API_KEY = [api_keys.c[field.name] for field in fields(ApiKey)]
_REPLY = [replies.c[field.name] for field in fields(Reply)]


class SqlKeys(KeyStore):
    """The contract says it all."""

    _database: Database
    _ledger: Ledger

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
    def add_key(self, key: ApiKey, entry: Entry | None = None) -> None:
        with self._database.writing() as connection:
            connection.execute(self._database.insert(api_keys).values(asdict(key)))
            self._ledger.log(connection, entry)

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
    def revoke_key(self, key_id: str, now: datetime, entry: Entry | None = None) -> bool:
        in_use = and_(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
        with self._database.writing() as connection:
            if connection.execute(update(api_keys).where(in_use).values(revoked_at=now)).rowcount == 0:
                return False
            self._ledger.log(connection, entry)
        return True

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


def _api_key(row: Row[*tuple[Any, ...]]) -> ApiKey:
    return ApiKey(**{**row._mapping, "scopes": tuple(row.scopes)})
