"""JSON Feed 1.0 and 1.1."""

import json
from typing import Any

from service.errors import FeedError
from service.feeds.raw import MAX_READ, RawEntry, RawFeed, absolute


def read_json(text: str, url: str) -> RawFeed:
    """The feed in ``text``, which was found at ``url``; FeedError when it is no feed."""
    try:
        feed = json.loads(text, strict=False)  # a raw tab in a title is no reason to lose the feed
    except (ValueError, RecursionError) as exc:
        raise FeedError(f"the feed's JSON is broken: {str(exc)[:100]}") from exc
    items = feed.get("items")
    if not isinstance(items, list):
        raise FeedError('this JSON is not a feed: a JSON Feed has "items"')
    entries = [_entry(item, url) for item in items[:MAX_READ] if isinstance(item, dict)]
    return RawFeed(_text(feed, "title"), _text(feed, "language"), entries)


def _entry(item: dict[str, Any], url: str) -> RawEntry:
    return RawEntry(
        titles=[_text(item, "title")],
        links=[absolute(url, _text(item, key)) for key in ("url", "external_url")],
        dates=[_text(item, key) for key in ("date_published", "date_modified")],
    )


def _text(fields: dict[str, Any], key: str) -> str:
    """Empty for anything but text: the file is a stranger's."""
    value = fields.get(key)
    return value if isinstance(value, str) else ""
