"""The two databases, and all in which they differ: drivers, transactions, upserts and errors."""

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import (
    ARRAY,
    URL,
    Connection,
    Engine,
    Select,
    Table,
    Text,
    bindparam,
    column,
    create_engine,
    event,
    func,
    literal,
    make_url,
    select,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, OperationalError, TimeoutError
from sqlalchemy.pool import ConnectionPoolEntry

from service.errors import MissingExtraError, StoreError

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

_WAIT_S = 10
_to_json = partial(json.dumps, allow_nan=False)  # SQLite would keep what PostgreSQL and JSON refuse
_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}

# One writer at a time, on both: the revision has to grow in the order of the commits anyway, and what a
# writer decides on cannot change under it. The number is arbitrary; other programs must not use it.
_WRITE = {
    "sqlite": ("BEGIN IMMEDIATE",),
    "postgresql": (f"SET LOCAL lock_timeout = '{_WAIT_S}s'", "SELECT pg_advisory_xact_lock(7236837001284)"),
}
# One snapshot for all that is read: a row that a writer moves to the past meanwhile is neither lost nor seen twice.
_READ = {"sqlite": ("BEGIN",), "postgresql": ("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",)}


class Database:
    """A database that was reached once, with its pool of connections."""

    def __init__(self, url: str) -> None:
        """Raise StoreError when the address is wrong or nobody answers, MissingExtraError without a driver."""
        self._url = _parse(url)
        self._engine = _engine(self._url)
        try:
            with self._translated():
                _reach(self._engine)
        except StoreError:
            self.close()
            raise

    def __str__(self) -> str:
        """The address, fit to be shown: without its password."""
        return self._url.render_as_string()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that waits for nobody."""
        with self._begin(_READ) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that no other writer's overlaps: it sees all that was committed before, and commits next."""
        with self._begin(_WRITE) as connection:
            yield connection

    def listed(self, values: Sequence[str]) -> Select[tuple[str]]:
        """``values`` to compare a column with, as one parameter: both databases limit the number of parameters."""
        if self._engine.dialect.name == "sqlite":
            return select(func.json_each(json.dumps(values)).table_valued(column("value", Text)).c.value)
        return select(func.unnest(literal(values, ARRAY(Text))))

    def insert(self, table: Table) -> "sqlite.Insert | postgresql.Insert":
        """An INSERT that knows ON CONFLICT."""
        if self._engine.dialect.name == "sqlite":
            return sqlite.insert(table)
        from sqlalchemy.dialects import postgresql  # its drivers cost a start with SQLite 20 ms

        return postgresql.insert(table)

    def upsert(self, connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
        """Insert rows of all columns, in place of those with the same primary key; no key may occur twice."""
        if not rows:
            return
        statement = self.insert(table)
        values = {c.name: statement.excluded[c.name] for c in table.c if not c.primary_key}
        if self._engine.dialect.name == "sqlite":
            connection.execute(statement.on_conflict_do_update(index_elements=table.primary_key, set_=values), rows)
            return
        # One array per column: row by row takes half as long again, even pipelined
        arrays = [bindparam(c.name, [row[c.name] for row in rows], type_=ARRAY(c.type)) for c in table.c]
        source = select(func.unnest(*arrays).table_valued(*table.c.keys()).render_derived())
        statement = statement.from_select(table.c.keys(), source)
        connection.execute(statement.on_conflict_do_update(index_elements=table.primary_key, set_=values))

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()

    @contextmanager
    def _begin(self, first: Mapping[str, tuple[str, ...]]) -> Iterator[Connection]:
        with self._translated(), self._engine.begin() as connection:
            for statement in first[self._engine.dialect.name]:
                connection.exec_driver_sql(statement)
            yield connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (IntegrityError, DataError):
            raise  # the database refuses what we sent: our bug, nothing that an operator can mend
        except DBAPIError as exc:
            first_line = str(exc.orig).partition("\n")[0]
            raise StoreError(f"{self}: {first_line}") from exc
        except TimeoutError as exc:
            raise StoreError(f"{self}: all connections are in use") from exc


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
        driver = _DRIVERS[parsed.get_backend_name()]
    except (ArgumentError, KeyError, ValueError) as exc:
        raise StoreError("A database address starts with sqlite:/// or postgresql://") from exc
    if driver == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise StoreError("SQLite needs a file, as in sqlite:///iscore.db: a database in memory forgets all")
    return parsed.set(drivername=driver)


def _engine(url: URL) -> Engine:
    # Parameters stay out of error messages: secrets and digests are among them
    if url.get_backend_name() == "sqlite":
        # isolation_level None keeps the driver from opening transactions at moments of its own choice
        options = {"isolation_level": None, "timeout": _WAIT_S}
        engine = create_engine(url, connect_args=options, hide_parameters=True, json_serializer=_to_json)
        event.listen(engine, "connect", _prepare_sqlite)
        return engine
    try:
        timed = url.set(query={"connect_timeout": str(_WAIT_S), **url.query})
        return create_engine(timed, pool_pre_ping=True, hide_parameters=True, json_serializer=_to_json)
    except ModuleNotFoundError as exc:
        raise MissingExtraError("PostgreSQL", "postgres") from exc


def _prepare_sqlite(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    # FULL: a commit has reached the disk when it returns; WAL's usual NORMAL may lose it at a power cut
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _reach(engine: Engine) -> None:
    deadline = time.monotonic() + _WAIT_S
    while True:
        try:
            with engine.connect() as connection:
                if engine.dialect.name == "sqlite":
                    connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            return
        except OperationalError as exc:
            # Alone among statements, the switch to WAL does not wait for other processes that start
            # just now (SQLite asks no busy handler while it upgrades a read lock): ask again ourselves.
            if not _busy(exc) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _busy(exc: OperationalError) -> bool:
    return isinstance(exc.orig, sqlite3.Error) and exc.orig.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
