"""OPML 2.0: how feed readers hand lists of feeds to each other (http://opml.org/spec2.opml)."""

import re
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree
from xml.parsers import expat

from service.errors import InputError
from service.feeds.catalogue import MAX_NAME_CHARS, feed_from
from service.language import TAG
from service.text import canonical_url, clean
from service.types import TOPICS, Feed

_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # by XML 1.0, even when escaped


def to_opml(feeds: Sequence[Feed], title: str) -> bytes:
    """A file with an outline per feed, in their order. It has no place for publishers."""
    opml = ElementTree.Element("opml", version="2.0")
    ElementTree.SubElement(ElementTree.SubElement(opml, "head"), "title").text = _FORBIDDEN.sub("", title)
    body = ElementTree.SubElement(opml, "body")
    for feed in feeds:
        ElementTree.SubElement(body, "outline", _outline(feed))
    ElementTree.indent(opml)
    file: bytes = ElementTree.tostring(opml, "utf-8", xml_declaration=True)
    return file + b"\n"


def from_opml(body: bytes, refused: list[str] | None = None) -> list[Feed]:
    """The feeds of a file, each address once, in its order; folders and outlines without ``xmlUrl`` are passed over.

    Names and reasons of unusable addresses are added to ``refused``; without it they are an InputError, as is a file
    that cannot be read.
    """
    feeds: dict[str, Feed] = {}
    reasons = [] if refused is None else refused
    for outline in _outlines(body):
        if "xmlurl" in outline:
            try:
                feed = _feed(outline)
            except InputError as exc:
                reasons.append(f"{(_name(outline) or outline['xmlurl'])[:MAX_NAME_CHARS]!r}: {exc}")
            else:
                feeds.setdefault(feed.url, feed)
    if reasons and refused is None:
        raise InputError("; ".join(reasons))
    return list(feeds.values())


def _outline(feed: Feed) -> dict[str, str]:
    attributes = {
        "type": "rss",  # said of Atom too
        "text": feed.name,
        "title": feed.name,
        "xmlUrl": feed.url,
        "htmlUrl": feed.home,
        "category": feed.topic,
        "language": feed.language,
    }
    return {name: _FORBIDDEN.sub("", value) for name, value in attributes.items() if value}


def _outlines(body: bytes) -> list[dict[str, str]]:
    """The attributes of all outlines, however deep, with their names in lower case: readers differ in it."""
    found: list[dict[str, str]] = []
    root = ""

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal root
        if not root and name.lower() != "opml":
            raise InputError(f"this is not OPML: it begins with <{name[:40]}>")
        root = root or name
        if name.lower() == "outline":
            found.append({key.lower(): value for key, value in attributes.items()})

    def doctype(*_: object) -> None:
        # Entities are declared there: they can name files of this machine, or grow to gigabytes.
        raise InputError("a file with a DOCTYPE is not read: OPML needs none")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, LookupError, ValueError) as exc:
        raise InputError(f"this is not OPML: {exc}") from exc
    return found


def _feed(outline: Mapping[str, str]) -> Feed:
    """Only the address must be right: who imports a list cannot mend what else its author wrote."""
    return feed_from(
        {
            "url": outline["xmlurl"],
            "name": _name(outline)[:MAX_NAME_CHARS].strip(),
            "home": _home(outline),
            "topic": _topic(outline),
            "language": _language(outline),
        }
    )


def _name(outline: Mapping[str, str]) -> str:
    return clean(outline.get("text", "")) or clean(outline.get("title", ""))


def _home(outline: Mapping[str, str]) -> str:
    try:
        return canonical_url(outline.get("htmlurl", ""))
    except InputError:
        return ""


def _topic(outline: Mapping[str, str]) -> str | None:
    """The first of our topics in ``category``: paths with slashes, separated by commas."""
    said = [part.strip().lower() for part in re.split("[,/]", outline.get("category", ""))]
    return next((part for part in said if part in TOPICS), None)


def _language(outline: Mapping[str, str]) -> str | None:
    tag = outline.get("language", "")
    return tag if TAG.fullmatch(tag) and tag != "unknown" else None  # "unknown" is OPML's word for None
