"""RSS 0.9-2.0, RDF and Atom: the fields of a feed as they stand in its XML.

Read with the standard library. fastfeedparser hands out dates that it has read already ("GMT+0200" as UTC), mends
what it cannot read in silence ("AT&T" to "AT") and keeps ``source``, ``origLink``, ``xml:base``, ``ttl`` and the
channel's language to itself: to check on it and to add these, all XML would have to be read a second time.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from itertools import chain

from service.errors import FeedError
from service.feeds.damage import mend, soup
from service.feeds.raw import MAX_READ, RawEntry, RawFeed, absolute

MAX_TAGS = 500_000
"""Of the worst kind they take 150 MB; a real feed of 5 MB, with all its articles' HTML, has a third of them."""
_MAX_PROLOG = 65_536
_ROOT = re.compile(r"<((?:[\w.-]+:)?(?:rss|rdf|feed))[\s>]", re.IGNORECASE)
_PAGE = re.compile(r"<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>]", re.IGNORECASE)
_OTHER = re.compile(r"<([a-zA-Z][\w.:-]{0,40})")

# Names of these namespaces are taken alike; all others (itunes:title) are not what they are called.
_RSS, _ATOM = "http://purl.org/rss/1.0/", "http://www.w3.org/2005/Atom"
_SPACES = {
    **dict.fromkeys(("", _RSS, "http://my.netscape.com/rdf/simple/0.9/", _ATOM, "http://purl.org/atom/ns#"), ""),
    **dict.fromkeys(("http://purl.org/dc/elements/1.1/", "http://purl.org/dc/terms/"), "dc:"),
    "http://purl.org/rss/1.0/modules/syndication/": "sy:",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner:",
    "http://search.yahoo.com/mrss/": "media:",
}
_XML, _RDF = "{http://www.w3.org/XML/1998/namespace}", "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_ALTERNATE = {None, "alternate", "http://www.iana.org/assignments/relation/alternate"}
_PERIODS_S = {"hourly": 3600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}

_PUBLISHED = ("pubdate", "published", "issued", "dc:date", "dc:issued", "dc:created", "date")
_UPDATED = ("updated", "modified", "dc:modified", "lastbuilddate")
_NUMBER = re.compile(r"\d{1,6}")

Fields = dict[str, list[ET.Element]]


def read_markup(text: str, url: str) -> RawFeed:
    """The feed in ``text``, which was found at ``url``; FeedError when it is no feed.

    Whatever stands before the feed's own first tag is not read: no declared entity is ever expanded, no file opened.
    """
    root = _ROOT.search(text, 0, _MAX_PROLOG)
    page = _PAGE.search(text, 0, root.start() if root else _MAX_PROLOG)
    if page:
        raise FeedError("this is a web page, not a feed: give the address of its RSS or Atom feed")
    if not root:
        other = _OTHER.search(text, 0, _MAX_PROLOG)
        raise FeedError(
            f"this is not a feed: {f'its first tag is <{other[1]}>' if other else 'it holds no XML or JSON'}"
        )
    text = text[root.start() :]
    if text.count("<") > MAX_TAGS:
        raise FeedError(f"the feed is too large: more than {MAX_TAGS:,} tags")
    tree = _tree(text)
    if isinstance(tree, str):
        text, damage = mend(text, root[1]), tree
        tree = _tree(text)
        feed = soup(text, url) if isinstance(tree, str) else _feed(tree, url)
        if not feed.entries:
            raise FeedError(f"the feed's XML is broken ({damage}) and no entry can be read from it")
        return feed
    return _feed(tree, url)


def _tree(text: str) -> ET.Element | str:
    """The first tag and all within, or what is wrong. (An exception that is kept keeps half a tree in memory.)"""
    try:
        return ET.fromstring(text)  # noqa: S314  (it declares nothing: see read_markup)
    except ET.ParseError as exc:
        return str(exc).partition(":")[0]


class _Names(dict[str, str]):
    """Of each tag: its local name in lower case, marked where a namespace says so; "" for what is not for us.

    The namespace of the feed's own first tag, known or not, is always taken for RSS or Atom.
    """

    def __init__(self, root: str) -> None:
        self._spaces = {**_SPACES, root[1:].rpartition("}")[0]: ""}

    def __missing__(self, tag: str) -> str:
        space, _, local = tag.rpartition("}")
        mark = self._spaces.get(space[1:])
        self[tag] = "" if mark is None else mark + local.lower()
        return self[tag]


def _feed(root: ET.Element, url: str) -> RawFeed:
    names = _Names(root.tag)
    channels = [child for child in root if names[child.tag] == "channel"]
    base = _base(url, root, *channels[:1])
    head = _fields(chain(*channels, root), names)
    found = [*head.get("item", ()), *head.get("entry", ())]
    return RawFeed(
        title=next(_texts(head, "title"), ""),
        language=next(_texts(head, "language", "dc:language"), "") or root.get(f"{_XML}lang", ""),
        entries=[_entry(one, names, _base(base, one)) for one in found[:MAX_READ]],
        ttl_s=_ttl_s(head),
    )


def _entry(element: ET.Element, names: _Names, base: str) -> RawEntry:
    fields = _fields(element, names)
    publishers = (_publisher(one, names) for one in fields.get("source", ()))
    return RawEntry(
        titles=list(_texts(fields, "title", "dc:title", "media:title")),
        links=list(filter(None, _links(fields, element, base))),
        dates=list(_texts(fields, *_PUBLISHED, *_UPDATED)),
        publisher=next(publishers, ""),
    )


def _publisher(source: ET.Element, names: _Names) -> str:
    """RSS names it, Atom repeats the head of its feed."""
    return next(_texts(_fields(source, names), "title"), "") if len(source) else _text(source)


def _links(fields: Fields, element: ET.Element, base: str) -> Iterator[str]:
    """The article's own address before a counter's, a page before other forms of it, a permanent id if need be."""
    yield from _texts(fields, "feedburner:origlink")
    pages = [one for one in fields.get("link", ()) if one.get("rel") in _ALTERNATE]
    for one in sorted(pages, key=lambda one: "html" not in one.get("type", "html")):
        yield absolute(_base(base, one), one.get("href") or _text(one))
    for one in (*fields.get("guid", ()), *fields.get("id", ())):
        if one.get("isPermaLink", "").lower() != "false":
            yield _text(one)
    yield absolute(base, element.get(f"{_RDF}about", ""))


def _fields(children: Iterable[ET.Element], names: _Names) -> Fields:
    fields: Fields = {}
    for child in children:
        if name := names[child.tag]:
            fields.setdefault(name, []).append(child)
    return fields


def _texts(fields: Fields, *names: str) -> Iterator[str]:
    return filter(None, (_text(one) for name in names for one in fields.get(name, ())))


def _text(element: ET.Element) -> str:
    """Also of <title>A <b>bold</b> claim</title>, where HTML was put into a feed as it is."""
    if len(element):
        for child in element.iter():
            if child.tag.rpartition("}")[2].lower() in {"script", "style"}:
                child.text = None
        return "".join(element.itertext()).strip()
    return (element.text or "").strip()


def _base(base: str, *elements: ET.Element) -> str:
    for one in elements:
        base = absolute(base, one.get(f"{_XML}base", "")) or base
    return base


def _ttl_s(head: Fields) -> int | None:
    """<ttl> counts minutes; the syndication module says how often in a period."""
    if minutes := _number(next(_texts(head, "ttl"), "")):
        return 60 * minutes
    period_s = _PERIODS_S.get(next(_texts(head, "sy:updateperiod"), "").lower(), 0)
    return period_s // (_number(next(_texts(head, "sy:updatefrequency"), "")) or 1) or None


def _number(text: str) -> int:
    return int(text) if _NUMBER.fullmatch(text) else 0
