"""From an address to a store that is ready to use."""

from collections.abc import Callable
from datetime import datetime

from service.store.database import Database
from service.store.migrate import migrate
from service.store.sql import SqlStore, utc_now


def open_store(url: str, clock: Callable[[], datetime] = utc_now) -> SqlStore:
    """Reach the database at ``sqlite:///file`` or ``postgresql://…`` and bring its schema up to date.

    ``clock`` dates its changes. Raises StoreError when it cannot be reached or has a newer schema, and
    MissingExtraError when the PostgreSQL driver is not installed.
    """
    database = Database(url)
    try:
        migrate(database)
    except BaseException:
        database.close()
        raise
    return SqlStore(database, clock)
