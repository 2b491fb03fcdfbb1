"""What a reader finds in a feed, whatever its format, before anything of it is believed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urljoin

MAX_READ = 5_000
"""Entries of one document that are looked at."""
_UNSEEN_BY_BROWSERS = re.compile(r"[\t\r\n]")


@dataclass(frozen=True, slots=True)
class RawEntry:
    """Each field holds what the entry offers, the best first."""

    titles: Sequence[str]
    links: Sequence[str]
    dates: Sequence[str]
    publisher: str = ""


@dataclass(frozen=True, slots=True)
class RawFeed:
    """``entries`` are in document order."""

    title: str
    language: str
    entries: Sequence[RawEntry]
    ttl_s: int | None = None


def absolute(base: str, link: str) -> str:
    """The address that a browser would go to, so that no "java\\tscript:" hides; empty when there is none."""
    link = _UNSEEN_BY_BROWSERS.sub("", link).strip().replace("&amp;", "&")
    if not link or link.startswith(("https://", "http://")):
        return link
    try:
        return urljoin(base, link)
    except ValueError:
        return ""
