"""Opening a store: what is refused and how it is told, and what many processes may do at once."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

import service
from service.errors import MissingExtraError, StoreError
from service.store.connect import open_store
from service.store.database import Database
from service.store.migrate import _upgrade, versions
from service.store.tables import metadata

ROOT = Path(service.__file__).parents[1]
OPEN_AND_TELL = "import sys; from service.store.connect import open_store; print(open_store(sys.argv[1]).secret())"


def test_an_empty_database_gets_the_tables_that_the_queries_use_and_the_migrations_build(
    url: str, empty: Callable[[], str]
) -> None:
    open_store(url).close()
    migrated = empty()
    for_migrations = Database(migrated)
    with for_migrations.writing() as connection:
        _upgrade(connection)
    for_migrations.close()
    open_store(migrated).close()  # finds nothing left to do
    for address in (url, migrated):
        database = Database(address)
        with database.reading() as connection:
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []
            assert connection.execute(text("SELECT id, revision, secret FROM state")).all() == [(1, 0, None)]
            assert connection.execute(text("SELECT * FROM alembic_version")).all() == [(versions()[-1],)]
        database.close()


def test_a_store_that_is_up_to_date_opens_without_alembic(sqlite_url: str) -> None:
    for _ in range(2):
        told = subprocess.run(
            [sys.executable, "-c", OPEN_AND_TELL + "; print('alembic' in sys.modules)", sqlite_url],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert told.stdout.splitlines()[1] == "False"


def test_processes_that_start_together_on_an_empty_database_all_get_the_same_one(url: str) -> None:
    command = [sys.executable, "-W", "error", "-c", OPEN_AND_TELL, url]
    starting = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    secrets = {process.communicate()[0] for process in starting}
    assert [process.returncode for process in starting] == [0, 0, 0, 0]
    assert len(secrets) == 1


def test_a_newer_schema_is_refused_and_left_alone(url: str) -> None:
    open_store(url).close()
    database = Database(url)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"schema 9999 is unknown .* install the newer iscore"):
        open_store(url)
    with database.reading() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "9999"
    database.close()


def test_a_failed_migration_leaves_nothing_behind(url: str) -> None:
    database = Database(url)
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE state (someone_elses INTEGER)"))  # the last table of the first migration
    with pytest.raises(StoreError, match="already exists"):
        open_store(url)
    with database.writing() as connection:
        connection.execute(text("DROP TABLE state"))
    open_store(url).close()
    database.close()


@pytest.mark.parametrize(
    "address", ["", "iscore.db", "mysql://host/db", "sqlite://", "sqlite:///:memory:", "postgresql://host:port/db"]
)
def test_an_address_of_nothing_we_know_is_refused(address: str) -> None:
    with pytest.raises(StoreError):
        open_store(address)


def test_a_sqlite_file_that_cannot_be_made_is_told_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"missing/iscore\.db: unable to open database file"):
        open_store(f"sqlite:///{tmp_path}/missing/iscore.db")


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    diary = tmp_path / "diary.txt"
    diary.write_text("Dear diary, " * 100)
    with pytest.raises(StoreError, match="not a database"):
        open_store(f"sqlite:///{diary}")
    assert diary.read_text() == "Dear diary, " * 100


def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    with pytest.raises(StoreError, match=r"127\.0\.0\.1") as caught:
        open_store("postgresql://someone:hunter2@127.0.0.1:1/iscore")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_every_spelling_of_postgresql_reaches_it(postgres_url: str, scheme: str) -> None:
    open_store(postgres_url.replace("postgresql", scheme, 1)).close()


def test_without_its_driver_postgresql_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtraError, match=r'pip install "iscore\[postgres\]"'):
        open_store("postgresql://127.0.0.1/iscore")


def test_sqlite_writes_ahead_and_to_the_disk(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with database.reading() as connection:
        pragmas = ["journal_mode", "synchronous", "foreign_keys", "busy_timeout"]
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in pragmas]
    database.close()
    assert found == ["wal", 2, 1, 10_000]
