"""From an address to a store that is ready to use."""

from service.store.database import Database
from service.store.migrate import migrate
from service.store.sql import SqlStore


def open_store(url: str) -> SqlStore:
    """Reach the database at ``sqlite:///file`` or ``postgresql://…`` and bring its schema up to date.

    Raises StoreError when it cannot be reached or has a newer schema, and MissingExtraError when the
    PostgreSQL driver is not installed.
    """
    database = Database(url)
    try:
        migrate(database)
    except BaseException:
        database.close()
        raise
    return SqlStore(database)
