"""Every test of a contract runs on each database."""

from tests.contract.databases import empty, postgres_url, sqlite_url, store, url

__all__ = ["empty", "postgres_url", "sqlite_url", "store", "url"]
