"""Training runs."""

from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Connection, Select, insert, select, update
from typing_extensions import override

from service.store.database import Database
from service.store.editorial import ACTIVE, Entry, Run, RunStore
from service.store.ledger import Ledger
from service.store.tables import runs

_RUNS = select(*(runs.c[field.name] for field in fields(Run)))
_NEWEST_FIRST = _RUNS.order_by(runs.c.created_at.desc(), runs.c.id)
_ACTIVE = _NEWEST_FIRST.where(runs.c.state.in_(ACTIVE)).limit(1)


class SqlRuns(RunStore):
    """The contract says it all."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        """Work on a database whose schema is current."""
        self._database = database
        self._ledger = ledger

    @override
    def start(self, run: Run, entry: Entry) -> bool:
        with self._database.writing() as connection:
            if _one(connection, _ACTIVE) is not None:
                return False
            connection.execute(insert(runs).values(asdict(run)))
            self._ledger.log(connection, entry)
        return True

    @override
    def save(self, run: Run, entry: Entry | None = None) -> None:
        with self._database.writing() as connection:
            known = _one(connection, _RUNS.where(runs.c.id == run.id))
            if known is not None and known != run:
                connection.execute(update(runs).where(runs.c.id == run.id).values(asdict(run)))
                self._ledger.log(connection, entry)

    @override
    def get(self, run_id: str) -> Run | None:
        with self._database.reading() as connection:
            return _one(connection, _RUNS.where(runs.c.id == run_id))

    @override
    def newest(self, limit: int) -> list[Run]:
        with self._database.reading() as connection:
            return [Run(*row) for row in connection.execute(_NEWEST_FIRST.limit(limit))]

    @override
    def active(self) -> Run | None:
        with self._database.reading() as connection:
            return _one(connection, _ACTIVE)


def _one(connection: Connection, query: Select[*tuple[Any, ...]]) -> Run | None:
    row = connection.execute(query).one_or_none()
    return None if row is None else Run(*row)
