"""Brings a database to the schema of this version of the program."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from service.errors import StoreError
from service.store.database import Database


def migrate(database: Database) -> None:
    """Apply the missing migrations, all or none; StoreError when the schema is newer than this program.

    Processes that start together take turns: the first migrates, the others find nothing left to do.
    """
    config = Config()
    config.set_main_option("script_location", "service.store:migrations")
    scripts = ScriptDirectory.from_config(config)
    with database.reading() as connection:
        if _missing(connection, scripts, database) == 0:
            return
    with database.writing() as connection:
        if _missing(connection, scripts, database):
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _missing(connection: Connection, scripts: ScriptDirectory, database: Database) -> int:
    current = MigrationContext.configure(connection).get_current_revision()
    newest_first = [script.revision for script in scripts.walk_revisions()]
    if current is None:
        return len(newest_first)
    if current not in newest_first:
        raise StoreError(
            f"{database}: schema {current} is unknown to this program, whose newest is {newest_first[0]}: "
            "install the newer iscore that made it, or use another database"
        )
    return newest_first.index(current)
