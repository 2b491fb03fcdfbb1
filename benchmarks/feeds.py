"""``service.feeds.parse`` against feedparser and fastfeedparser, on every feed of a folder, in one process.

Ours ends with entries that can be believed, what the peers return goes through the same last layer before it is
counted, outside the time. feedparser runs without sanitising and without resolving links in HTML: three times as fast.
"""

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fastfeedparser
import feedparser

from service.errors import FeedError
from service.feeds.parse import Entry, entry_from, parse
from service.feeds.raw import RawEntry, absolute
from service.settings import HERE

FOLDER = HERE.parent / "shared" / "data" / "feeds"
ROUNDS = 3
_URL = "https://example.org/feed"
Read = Callable[[bytes], Any]


def run(folder: Path = FOLDER) -> None:
    """Print the table: a row a feed, then the sums; * marks a feed of which a peer kept more."""
    feeds = sorted(folder.glob("*.xml"))
    if not feeds:
        print(f"No feeds in {folder}: save some there as *.xml, or call benchmarks.feeds.run(folder).")
        return
    print(f"{len(feeds)} feeds, best of {ROUNDS} rounds in turn, entries kept and ms\n")
    print("| feed | KB | feedparser | fastfeedparser | iscore | feedparser ms | fastfeedparser ms | iscore ms |")
    print("|---|---|---|---|---|---|---|---|")
    rows = [_row(path.read_bytes()) for path in feeds]
    for path, row in zip(feeds, rows, strict=True):
        print(f"| {path.stem}{'*' if row[3] < max(row[1:3]) else ''} | {_cells(row)} |")
    print(f"| **all** | {_cells([sum(column) for column in zip(*rows, strict=True)])} |")


def _row(body: bytes) -> list[float]:
    """KB, entries of each reader, milliseconds of each."""
    readers: list[Read] = [_feedparser, _fastfeedparser, _ours]
    rounds = [[_timed(reader, body) for reader in readers] for _ in range(ROUNDS)]
    counts = [_count(found) for _, found in rounds[0]]
    return [len(body) / 1024, *counts, *(min(one[0] for one in column) for column in zip(*rounds, strict=True))]


def _timed(reader: Read, body: bytes) -> tuple[float, Any]:
    started = time.perf_counter()
    try:
        found = reader(body)
    except (FeedError, ValueError):
        found = ()
    return 1000 * (time.perf_counter() - started), found


def _ours(body: bytes) -> Any:
    return parse(body, _URL).entries


def _feedparser(body: bytes) -> Any:
    return feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False).entries


def _fastfeedparser(body: bytes) -> Any:
    return fastfeedparser.parse(body).entries


def _count(found: Any) -> int:
    return len({entry.url for entry in map(_believed, found) if entry})


def _believed(found: Any) -> Entry | None:
    if isinstance(found, Entry):
        return found
    link = absolute(_URL, dict.get(found, "link") or "")
    return entry_from(RawEntry([dict.get(found, "title") or ""], [link], []))


def _cells(row: list[float]) -> str:
    return " | ".join([f"{number:.0f}" for number in row[:4]] + [f"{number:.2f}" for number in row[4:]])
