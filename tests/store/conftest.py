"""The store's own tests run on the databases of its contract."""

from tests.contract.databases import empty, postgres_url, sqlite_url, store, url

__all__ = ["empty", "postgres_url", "sqlite_url", "store", "url"]
