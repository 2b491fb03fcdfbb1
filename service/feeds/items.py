"""What a feed says -> what ``service.ingest`` takes."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from service.types import Feed

if TYPE_CHECKING:
    from service.feeds.parse import Entry

Item = dict[str, object]


def items_of(feed: Feed, entries: "Sequence[Entry]", language: str | None, now: datetime) -> list[Item]:
    """The entries of a feed, in their order; ``language`` is what the feed says of itself.

    Nobody knows when an entry without a time, or with one that is still to come, was published: it gets ``now``,
    and says so, so that ingest keeps the time at which it was seen first.
    """
    shared = {"topic": feed.topic, "language": language or feed.language}
    return [{**shared, **_said(feed, entry), **_dated(entry.published_at, now)} for entry in entries]


def _said(feed: Feed, entry: "Entry") -> Item:
    """What an aggregator passes on is its publisher's; the aggregator is no voice."""
    source, publisher = (entry.publisher, None) if entry.publisher else (feed.name, feed.publisher or None)
    return {"title": entry.title, "url": entry.url, "source": source, "publisher": publisher}


def _dated(published_at: datetime | None, now: datetime) -> Item:
    if published_at is None or published_at > now:
        return {"published_at": now.isoformat(), "date_source": "fetched"}
    return {"published_at": published_at.isoformat(), "date_source": "published"}
