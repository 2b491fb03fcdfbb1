"""Which feeds the service starts with, and what a feed from outside must look like."""

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from urllib.parse import urlsplit

from service.errors import InputError
from service.language import TAG
from service.text import MAX_SOURCE_CHARS, canonical_url, clean
from service.types import TOPICS, Feed

PATH = Path(__file__).resolve().parents[2] / "data" / "feeds.toml"
CONTINENTS = ("World", "Africa", "Asia", "Europe", "North America", "South America", "Oceania")
MAX_NAME_CHARS = MAX_SOURCE_CHARS
"""A feed's name becomes the source of its headlines."""
_FIELDS = [field.name for field in fields(Feed)]


def read_catalogue(path: Path = PATH) -> tuple[Feed, ...]:
    """The feeds of a TOML file, in its order; InputError names the file, the feed and what is wrong with it."""
    feeds: dict[str, Feed] = {}
    for number, entry in enumerate(_entries(path), 1):
        try:
            feed = _from_catalogue(entry)
            if feed.url in feeds:
                raise InputError(f"{feeds[feed.url].name} has the same url")
        except InputError as exc:
            raise InputError(f"{path}: feed {number} ({_named(entry)}): {exc}") from exc
        feeds[feed.url] = feed
    return tuple(feeds.values())


def feed_from(given: Mapping[str, object]) -> Feed:
    """A feed from untrusted fields, called by its host when it has no name; InputError says which is wrong and why."""
    if unknown := given.keys() - _FIELDS:
        raise InputError(f"unknown field {min(unknown)[:40]!r}; known are {', '.join(_FIELDS)}")
    if not (url := _address(given, "url")):
        raise InputError("url is missing")
    topic, language = _text(given, "topic"), _text(given, "language")
    if topic and topic not in TOPICS:
        raise InputError(f"topic {topic[:40]!r} is unknown; known are {', '.join(TOPICS)}")
    if language and not TAG.fullmatch(language):
        raise InputError("language must be a BCP 47 tag such as en or pt-BR")
    return Feed(
        url=url,
        name=_words(given, "name") or (urlsplit(url).hostname or "")[:MAX_NAME_CHARS],
        home=_address(given, "home"),
        publisher=_words(given, "publisher"),
        topic=topic or None,
        language=language or None,
    )


def _entries(path: Path) -> list[object]:
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as exc:
        raise InputError(f"cannot read the feeds in {path}: {exc}") from exc
    entries = tables.get("feed")
    if tables.keys() != {"feed"} or not isinstance(entries, list):
        raise InputError(f"{path}: a catalogue holds [[feed]] tables and nothing else")
    return entries


def _from_catalogue(entry: object) -> Feed:
    if not isinstance(entry, dict):
        raise InputError("it must be a [[feed]] table")
    given = dict(entry)
    if (continent := given.pop("continent", None)) not in CONTINENTS:
        raise InputError(f"continent {continent!r} is unknown; known are {', '.join(CONTINENTS)}")
    return feed_from(given)


def _named(entry: object) -> str:
    return str(entry.get("name") or entry.get("url"))[:MAX_NAME_CHARS] if isinstance(entry, dict) else "?"


def _text(given: Mapping[str, object], key: str) -> str:
    value = given.get(key)
    if value is not None and not isinstance(value, str):
        raise InputError(f"{key} must be text")
    return (value or "").strip()


def _words(given: Mapping[str, object], key: str) -> str:
    words = clean(_text(given, key))
    if len(words) > MAX_NAME_CHARS:
        raise InputError(f"{key} is too long: {len(words)} characters, at most {MAX_NAME_CHARS}")
    return words


def _address(given: Mapping[str, object], key: str) -> str:
    """Canonical, or empty: homes become links on a page, so they are checked as strictly as feeds."""
    text = _text(given, key)
    try:
        return canonical_url(text) if text else ""
    except InputError as exc:
        raise InputError(f"{key}: {str(exc).removeprefix('url ')}") from exc
