"""Feeds that are not quite XML: the usual slips are mended, the rest is read by feedparser, which forgives anything."""

import io
import re
from html import escape, unescape
from itertools import islice
from typing import Any

from service.errors import FeedError
from service.feeds.raw import MAX_READ, RawEntry, RawFeed, absolute

MAX_MARKS = 60_000
MAX_SOUP_CHARS = 1_000_000
"""So many tags and references, and so many characters, of a feed does feedparser get to see. Of the worst kind it takes
2 s and 170 MB for them; for three times as many tags it would take 30 s."""
_MARK = re.compile("[<&]")
_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SLIP = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<(?![a-zA-Z_/!?])"
    r"|&(?:(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});)?",
    re.DOTALL,
)
_OF_XML = {"amp", "lt", "gt", "quot", "apos"}
_PREFIX = re.compile(r"</?([a-zA-Z_][\w.-]*):")
_DECLARED = re.compile(r"\sxmlns:([\w.-]+)\s*=")
_MAX_PREFIXES = 50
_NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "dc": "http://purl.org/dc/elements/1.1/",
    "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    "media": "http://search.yahoo.com/mrss/",
    "rss": "http://purl.org/rss/1.0/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
}


def mend(text: str, root: str) -> str:
    """``text``, which begins with the tag ``root``, without the slips that are made most.

    Bare "&" and "<", HTML's entities, control characters, prefixes that are not declared, something after the end.
    """
    text = _SLIP.sub(_mended, _FORBIDDEN.sub("", text))
    end = text.rfind(f"</{root}")
    text = text[: text.find(">", end) + 1] if end > 0 else text
    strangers = set(_PREFIX.findall(text)) - set(_DECLARED.findall(text))
    spaces = [f' xmlns:{one}="{_NAMESPACES.get(one, one)}"' for one in sorted(strangers)[:_MAX_PREFIXES]]
    return f"<{root}{''.join(spaces)}{text[len(root) + 1 :]}"


def _mended(slip: re.Match[str]) -> str:
    found, reference = slip[0], slip[1]
    if found == "<":
        return "&lt;"
    if found[0] == "<" or reference in _OF_XML:
        return found
    meant = unescape(found)
    return escape(_FORBIDDEN.sub("", meant)) if reference and meant != found else "&amp;" + found[1:]


def soup(text: str, url: str) -> RawFeed:
    """What feedparser makes of the beginning of ``text``."""
    import feedparser  # type: ignore[import-untyped]  # 0.1 s that most feeds need not spend

    text = text[:MAX_SOUP_CHARS]
    if end := next(islice(_MARK.finditer(text), MAX_MARKS, None), None):
        text = text[: end.start()]
    try:
        found = feedparser.parse(
            io.BytesIO(text.encode()),  # it would open text or bytes as a file of that name
            response_headers={"content-type": "application/xml; charset=utf-8"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as exc:  # tags in an unforeseen place make it fall over: a KeyError, an IndexError ...
        raise FeedError("the feed's XML is too broken to be read") from exc
    feed = found.feed
    entries = [_entry(one, url) for one in found.entries[:MAX_READ]]
    return RawFeed(feed.get("title") or "", feed.get("language") or "", entries)


def _entry(entry: Any, url: str) -> RawEntry:
    pages = [one for one in entry.get("links") or () if one.get("rel", "alternate") == "alternate"]
    pages.sort(key=lambda one: "html" not in one.get("type", "html"))
    links = [entry.get("feedburner_origlink") or "", *(one.get("href") or "" for one in pages)]
    permanent = entry.get("id") if entry.get("guidislink", True) else None
    return RawEntry(
        titles=[entry.get("title") or ""],
        links=[*(absolute(url, link) for link in links), permanent or ""],
        # Not entry.get: it hands out "published" for "updated", with a warning.
        dates=[dict.get(entry, key) or "" for key in ("published", "created", "updated")],
        publisher=(entry.get("source") or {}).get("title") or "",
    )
