"""Every test of a contract runs on each database."""

from tests.contract.databases import postgres_url, sqlite_url, store, url

__all__ = ["postgres_url", "sqlite_url", "store", "url"]
