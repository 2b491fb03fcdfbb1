"""Feeds and how their polling goes."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import Connection, Row, select, update
from typing_extensions import override

from service.store.contract import FeedState, FeedStore
from service.store.database import Database
from service.store.tables import feeds
from service.types import Feed

_FEED = [field.name for field in fields(Feed)]
_STATE = [field.name for field in fields(FeedState) if field.name != "feed"]
_COLUMNS = [feeds.c[name] for name in (*_FEED, *_STATE)]
_REMOVED = "removed"


class SqlFeeds(FeedStore):
    """The contract says it all."""

    def __init__(self, database: Database) -> None:
        """Work on a database whose schema is current."""
        self._database = database

    @override
    def add(self, new: Sequence[Feed], now: datetime, again: bool = False) -> int:
        wanted = {feed.url: feed for feed in reversed(new)}  # of two with one address the first stands
        with self._database.writing() as connection:
            known = self._known(connection, list(wanted))
            added = [feed for url, feed in wanted.items() if url not in known or (again and known[url] == _REMOVED)]
            self._database.upsert(connection, feeds, [_row(FeedState(feed, now)) for feed in added])
        return len(added)

    @override
    def all(self) -> list[FeedState]:
        with self._database.reading() as connection:
            found = map(_state, connection.execute(select(*_COLUMNS).where(feeds.c.status != _REMOVED)))
            return sorted(
                found, key=lambda one: (one.feed.name, one.feed.url)
            )  # databases differ in how they order text

    @override
    def due(self, now: datetime, limit: int) -> list[FeedState]:
        query = (
            select(*_COLUMNS)
            .where(feeds.c.status == "active", feeds.c.next_at <= now)
            .order_by(feeds.c.next_at, feeds.c.url)
            .limit(limit)
        )
        with self._database.reading() as connection:
            return [_state(row) for row in connection.execute(query)]

    @override
    def save(self, state: FeedState, url: str) -> None:
        with self._database.writing() as connection:
            known = self._known(connection, [url, state.feed.url])
            if known.get(url, _REMOVED) == _REMOVED:
                return
            if state.feed.url != url:
                _remove(connection, url)
                if known.get(state.feed.url) == "active":
                    return  # the feed that is polled there already is this one
            self._database.upsert(connection, feeds, [_row(state)])

    @override
    def remove(self, url: str) -> bool:
        with self._database.writing() as connection:
            return _remove(connection, url)

    def _known(self, connection: Connection, urls: Sequence[str]) -> Mapping[str, str]:
        """Status by address, also of removed ones."""
        rows = connection.execute(
            select(feeds.c.url, feeds.c.status).where(feeds.c.url.in_(self._database.listed(urls)))
        )
        return {url: status for url, status in rows}


def _remove(connection: Connection, url: str) -> bool:
    there = update(feeds).where(feeds.c.url == url, feeds.c.status != _REMOVED)
    return connection.execute(there.values(status=_REMOVED)).rowcount == 1


def _row(state: FeedState) -> dict[str, object]:
    return {
        **{name: getattr(state.feed, name) for name in _FEED},
        **{name: getattr(state, name) for name in _STATE},
    }


def _state(row: Row[tuple[object, ...]]) -> FeedState:
    said = row._mapping
    return FeedState(Feed(**{name: said[name] for name in _FEED}), **{name: said[name] for name in _STATE})
