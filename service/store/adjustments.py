"""Editors' pins, boosts and mutes."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, insert, not_, or_, select, update
from typing_extensions import override

from service.store.database import Database
from service.store.editorial import AdjustmentStore, Entry
from service.store.ledger import Ledger
from service.store.tables import adjustments
from service.types import Adjustment

_COLUMNS = [adjustments.c[field.name] for field in fields(Adjustment)]


class SqlAdjustments(AdjustmentStore):
    """The contract says it all."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        """Work on a database whose schema is current."""
        self._database = database
        self._ledger = ledger

    @override
    def add(self, adjustment: Adjustment, entry: Entry) -> None:
        with self._database.writing() as connection, self._ledger.change(connection, entry):
            connection.execute(insert(adjustments).values(asdict(adjustment)))

    @override
    def end(self, adjustment_id: str, entry: Entry) -> bool:
        now, one = self._ledger.clock(), adjustments.c
        there = update(adjustments).where(one.id == adjustment_id, one.ended_at.is_(None), one.expires_at > now)
        with self._database.writing() as connection:
            if connection.execute(there.values(ended_at=now)).rowcount == 0:
                return False
            with self._ledger.change(connection, entry):
                return True

    @override
    def active(self, moment: datetime, start: datetime | None = None) -> list[Adjustment]:
        one, start = adjustments.c, start or moment
        held = (one.since <= moment, one.expires_at > start, or_(one.ended_at.is_(None), one.ended_at > start))
        with self._database.reading() as connection:
            found = [Adjustment(*row) for row in connection.execute(select(*_COLUMNS).where(*held))]
        return sorted(found, key=lambda one: (one.since, one.id))  # databases differ in how they order text

    @override
    def get(self, adjustment_id: str) -> Adjustment | None:
        query = select(*_COLUMNS).where(adjustments.c.id == adjustment_id)
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        return Adjustment(*row) if row else None

    @override
    def newest(self, limit: int, holding: bool | None = None) -> list[Adjustment]:
        query = select(*_COLUMNS).order_by(adjustments.c.since.desc(), adjustments.c.id).limit(limit)
        if holding is not None:
            holds = _holds(self._ledger.clock())
            query = query.where(holds if holding else not_(holds))
        with self._database.reading() as connection:
            return [Adjustment(*row) for row in connection.execute(query)]


def follow(connection: Connection, stories: Mapping[str, str], now: datetime) -> None:
    """What holds goes with its headline into another story: the old one ends and the same begins there."""
    one = adjustments.c
    for row in connection.execute(select(*_COLUMNS).where(_holds(now))).all():
        held = Adjustment(*row)
        if (story := stories.get(held.headline_id, held.story)) != held.story:
            connection.execute(update(adjustments).where(one.id == held.id).values(ended_at=now))
            moved = replace(held, id=secrets.token_hex(8), story=story, since=now)
            connection.execute(insert(adjustments).values(asdict(moved)))


def _holds(now: datetime) -> ColumnElement[bool]:
    one = adjustments.c
    return and_(one.since <= now, one.expires_at > now, one.ended_at.is_(None))
