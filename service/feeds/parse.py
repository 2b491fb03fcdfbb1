"""Bytes of a feed -> entries that can be believed: a clean title, an address that may be linked to, a certain time."""

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from service.errors import FeedError, InputError
from service.feeds.charset import decode
from service.feeds.dates import EARLIEST, parse_date
from service.feeds.json_feed import read_json
from service.feeds.markup import read_markup
from service.feeds.raw import RawEntry
from service.text import MAX_RAW_CHARS, MAX_SOURCE_CHARS, canonical_url, clean, title_problem

MAX_ENTRIES = 500

_CDATA = re.compile(r"<!\[CDATA\[(.*?)(?:\]\]>|\Z)", re.DOTALL)
_HIDDEN = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)", re.DOTALL | re.IGNORECASE)
_BREAK = re.compile(r"</?(?:br|p|div|li|h[1-6]|td|tr)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z][^<>]*>|<[!?][^<>]*>", re.IGNORECASE)
_LANGUAGE = re.compile(r"([a-zA-Z]{2,3})(?:[-_]([a-zA-Z]{4}))?(?:[-_]([a-zA-Z]{2}|\d{3}))?")


@dataclass(frozen=True, slots=True)
class Entry:
    """A headline in a feed."""

    title: str
    """As ``service.text.clean`` leaves it, without tags; one that can be scored."""
    url: str
    """As ``service.text.canonical_url`` gives it."""
    published_at: datetime | None
    """None when the feed gives no certain time; it may lie in the future."""
    publisher: str | None
    """Who wrote it, where an aggregator says so."""


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A feed's entries in document order, each address once; of more than 500 the newest."""

    title: str
    language: str | None
    """BCP 47."""
    entries: tuple[Entry, ...]
    refused: int
    """Entries without a title that can be scored or an address that may be linked to."""
    ttl_s: int | None
    """How long the feed wants to be left alone."""


def parse(body: bytes, url: str, content_type: str | None = None) -> ParsedFeed:
    """Read RSS, RDF, Atom or JSON Feed. Relative links start at ``url``; FeedError says why there is no feed.

    Nothing is fetched or opened. Time and memory grow with the size of ``body`` only.
    """
    text = decode(body, content_type).strip("\ufeff \t\r\n\0")
    if not text:
        raise FeedError("the answer is empty: a feed was expected")
    raw = read_json(text, url) if text.startswith("{") else read_markup(text, url)
    read = [entry_from(one) for one in raw.entries]
    usable = {one.url: one for one in reversed(read) if one}  # the first of an address stands
    entries = [one for one in read if one and usable[one.url] is one]
    return ParsedFeed(plain(raw.title), _language(raw.language), _newest(entries), read.count(None), raw.ttl_s)


def entry_from(raw: RawEntry) -> Entry | None:
    """What can be believed of ``raw``; None without a usable title or link."""
    title = next((title for title in map(plain, raw.titles) if not title_problem(title)), None)
    url = _first_url(raw.links)
    if title is None or url is None:
        return None
    published_at = next(filter(None, map(parse_date, raw.dates)), None)
    publisher = plain(raw.publisher)
    return Entry(title, url, published_at, publisher if 0 < len(publisher) <= MAX_SOURCE_CHARS else None)


def plain(markup: str) -> str:
    """A title without its HTML, however often it was escaped: tags go, and with scripts and styles what they hold."""
    text = markup[:MAX_RAW_CHARS]
    while (after := clean(_without_tags(text))) != text:  # "&lt;b&gt;" is a tag one layer down
        text = after
    return text


def _without_tags(text: str) -> str:
    if "<" not in text:
        return text
    return _TAG.sub("", _BREAK.sub(" ", _HIDDEN.sub("", _CDATA.sub(r"\1", text))))


def _first_url(links: Iterable[str]) -> str | None:
    for link in links:
        with suppress(InputError):
            return canonical_url(link)
    return None


def _newest(entries: list[Entry]) -> tuple[Entry, ...]:
    if len(entries) <= MAX_ENTRIES:
        return tuple(entries)
    newest = sorted(entries, key=lambda one: one.published_at or EARLIEST, reverse=True)[:MAX_ENTRIES]
    kept = {one.url for one in newest}
    return tuple(one for one in entries if one.url in kept)


def _language(tag: str) -> str | None:
    """ "en_us" as "en-US"; None for what is no tag, such as "English"."""
    match = _LANGUAGE.fullmatch(tag.strip())
    if not match:
        return None
    script, region = match[2] or "", match[3] or ""
    return "-".join(filter(None, (match[1].lower(), script.title(), region.upper())))
