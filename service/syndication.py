"""A page of the list as feeds that news readers take: RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1.

Entries stand in list order. An entry's id is its headline's, for ever: readers who have seen it are not
told again when it moves or is scored anew. Titles are plain text in all three.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from typing import Any
from urllib.parse import urlencode
from xml.etree.ElementTree import Element, SubElement, tostring

from service.forms import MORE_PATH, list_title, next_link, query_params, score_view
from service.lists import Page
from service.ranking import Row
from service.windows import rfc3339

RSS_PATH, RSS_TYPE = "/v1/top.rss", "application/rss+xml"
ATOM_PATH, ATOM_TYPE = "/v1/top.atom", "application/atom+xml"
JSON_FEED_PATH, JSON_FEED_TYPE = "/v1/top.feed.json", "application/feed+json"
NAMESPACE = "urn:iscore:feed:1"
"""Of the elements that RSS and Atom have no word for: i_score, band, rank, model, story."""

_ABOUT = "Every headline has an i-Score of 0-100, its importance as a trained model reads it."
_ABOUT_PATH = "/docs"
_TTL_MIN = 5
_NAMESPACES = {
    "xmlns:atom": "http://www.w3.org/2005/Atom",
    "xmlns:dc": "http://purl.org/dc/elements/1.1/",
    "xmlns:iscore": NAMESPACE,
}
_NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2


def as_rss(page: Page, base: str) -> bytes:
    """RSS 2.0; ``base`` is where readers reach the service. Its ``self`` is the first page: what to subscribe to."""
    root = Element("rss", {"version": "2.0", **_NAMESPACES})
    channel = SubElement(root, "channel")
    _add(channel, "title", list_title(page.query.window))
    _add(channel, "link", _address(page, base, MORE_PATH))
    _add(channel, "description", _ABOUT)
    _add(channel, "lastBuildDate", _rfc822(page.as_of))
    _add(channel, "ttl", str(_TTL_MIN))
    for rel, href in _links(page, base, RSS_PATH):
        _add(channel, "atom:link", rel=rel, href=href, type=RSS_TYPE)
    for row in page.ranking.rows:
        headline, item = row.scored.headline, SubElement(channel, "item")
        _add(item, "title", headline.title)
        _add(item, "link", headline.url)
        _add(item, "guid", _id(row), isPermaLink="false")
        _add(item, "pubDate", _rfc822(headline.published_at))
        _add(item, "description", escape(_words(row)))  # by custom HTML, unlike everything else
        _add(item, "dc:creator", headline.source)
        if row.scored.topic:
            _add(item, "category", row.scored.topic)
        _add_facts(item, row)
    return _document(root)


def as_atom(page: Page, base: str) -> bytes:
    """RFC 4287; ``base`` and ``self`` as in RSS. The feed's id is its address, so each query has its own."""
    feed = Element("feed", {"xmlns": _NAMESPACES["xmlns:atom"], "xmlns:iscore": NAMESPACE})
    _add(feed, "id", _address(page, base, ATOM_PATH))
    _add(feed, "title", list_title(page.query.window))
    _add(feed, "subtitle", _ABOUT)
    _add(feed, "updated", rfc3339(page.as_of))
    _add(feed, "link", rel="alternate", href=_address(page, base, MORE_PATH), type="text/html")
    for rel, href in _links(page, base, ATOM_PATH):
        _add(feed, "link", rel=rel, href=href, type=ATOM_TYPE)
    for row in page.ranking.rows:
        headline, entry = row.scored.headline, SubElement(feed, "entry")
        _add(entry, "title", headline.title, type="text")
        _add(entry, "link", rel="alternate", href=headline.url)
        _add(entry, "id", _id(row))  # behind the link: feedparser takes an id that comes first for one
        _add(entry, "published", rfc3339(headline.published_at))
        _add(entry, "updated", rfc3339(headline.published_at))
        _add(_add(entry, "author"), "name", headline.source)
        _add(entry, "summary", _words(row), type="text")
        if row.scored.topic:
            _add(entry, "category", term=row.scored.topic)
        _add_facts(entry, row)
    return _document(feed)


def as_json_feed(page: Page, base: str) -> bytes:
    """JSON Feed 1.1 with an ``_iscore`` extension in every item; ``base`` and ``feed_url`` as in RSS."""
    links = dict(_links(page, base, JSON_FEED_PATH))
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": list_title(page.query.window),
        "description": _ABOUT,
        "home_page_url": _address(page, base, MORE_PATH),
        "feed_url": links["self"],
        **({"next_url": links["next"]} if "next" in links else {}),
        "_iscore": {"about": base + _ABOUT_PATH, "as_of": rfc3339(page.as_of)},
        "items": [_json_item(row, base) for row in page.ranking.rows],
    }
    return json.dumps(feed, ensure_ascii=False, separators=(",", ":")).encode()


def _json_item(row: Row, base: str) -> dict[str, Any]:
    headline, topic = row.scored.headline, row.scored.topic
    return {
        "id": _id(row),
        "url": headline.url,
        "title": _legal(headline.title),
        "content_text": _words(row),
        "date_published": rfc3339(headline.published_at),
        "authors": [{"name": _legal(headline.source)}],
        **({"tags": [topic]} if topic else {}),
        **({"language": headline.language} if headline.language else {}),
        "_iscore": {"about": base + _ABOUT_PATH, **_facts(row), "story": _story(row)},
    }


def _id(row: Row) -> str:
    return f"urn:iscore:headline:{row.scored.headline.id}"


def _words(row: Row) -> str:
    """The score as one would say it: "85 / 100, top; 4 outlets"."""
    view, outlets = score_view(row.scored.score), row.story.outlets
    told = f"; {outlets} outlets" if outlets > 1 else ""
    doubt = f"; uncertain: {view['low_confidence']}" if view["low_confidence"] else ""
    return f"{view['i_score']} / 100, {view['band']}{told}{doubt}"


def _facts(row: Row) -> dict[str, Any]:
    view = score_view(row.scored.score)
    return {"i_score": view["i_score"], "band": view["band"], "rank": row.rank, "model": row.scored.model}


def _story(row: Row) -> dict[str, Any]:
    return {"id": row.story.id, "outlets": row.story.outlets, "headlines": row.story.headlines}


def _add_facts(parent: Element, row: Row) -> None:
    for name, value in _facts(row).items():
        _add(parent, f"iscore:{name}", str(value))
    _add(parent, "iscore:story", **{name: str(value) for name, value in _story(row).items()})


def _address(page: Page, base: str, path: str) -> str:
    params = urlencode(query_params(page.query))
    return f"{base}{path}?{params}" if params else base + path


def _links(page: Page, base: str, path: str) -> Iterator[tuple[str, str]]:
    yield "self", _address(page, base, path)
    if following := next_link(page, path):
        yield "next", base + following


def _document(root: Element) -> bytes:
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _add(parent: Element, tag: str, text: str | None = None, **attributes: str) -> Element:
    child = SubElement(parent, tag, {name: _legal(value) for name, value in attributes.items()})
    child.text = text and _legal(text)
    return child


def _legal(text: str) -> str:
    """Without the characters that no XML document may hold; one of them would cost a reader the whole feed."""
    return _NOT_IN_XML.sub("", text)


def _rfc822(time: datetime) -> str:
    return format_datetime(time.astimezone(UTC), usegmt=True)
