"""Brings a database to the schema of this version of the program.

An empty one gets all tables at once, and one that is up to date is left alone: only between the two is Alembic needed,
whose import is a tenth of the time in which a service starts.
"""

from importlib.resources import files

from sqlalchemy import Column, Connection, MetaData, String, Table, insert, inspect, select

from service.errors import StoreError
from service.store.database import Database
from service.store.tables import metadata, state

# Alembic's own table, as Alembic makes it.
_version = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True, nullable=False))


def migrate(database: Database) -> None:
    """Apply the missing migrations, all or none; StoreError when the schema is newer than this program.

    Processes that start together take turns: the first migrates, the others find nothing left to do.
    """
    with database.reading() as connection:
        if _is_current(connection, database):
            return
    with database.writing() as connection:
        if _is_current(connection, database):
            return
        if inspect(connection).get_table_names():
            _upgrade(connection)
        else:
            _create(connection)


def _is_current(connection: Connection, database: Database) -> bool:
    known = versions()
    current = None
    if inspect(connection).has_table(_version.name):
        current = connection.scalar(select(_version.c.version_num))
    if current is not None and current not in known:
        raise StoreError(
            f"{database}: schema {current} is unknown to this program, whose newest is {known[-1]}: "
            "install the newer iscore that made it, or use another database"
        )
    return current == known[-1]


def _create(connection: Connection) -> None:
    metadata.create_all(connection)
    _version.create(connection)
    connection.execute(insert(_version).values(version_num=versions()[-1]))
    connection.execute(insert(state).values(id=1, revision=0))


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "service.store:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def versions() -> list[str]:
    """The numbers of all migrations, oldest first; a migration's file begins with its number."""
    names = (path.name for path in files("service.store").joinpath("migrations", "versions").iterdir())
    return sorted(name.partition("_")[0] for name in names if name[0].isdigit())
