"""The store that the settings name, for commands."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from service.settings import read_settings

if TYPE_CHECKING:
    from service.store.sql import SqlStore


@contextmanager
def kept() -> Iterator["SqlStore"]:
    """Open it, and close it in the end."""
    from service.store.connect import open_store

    settings = read_settings()
    settings.state.mkdir(parents=True, exist_ok=True)
    store = open_store(settings.store_url())
    try:
        yield store
    finally:
        store.close()
