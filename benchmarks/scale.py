"""A fresh list, not a kept one, over stores of ten thousand to five million headlines of the last 30 days."""

import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from service.forms import as_json
from service.lists import Lists
from service.ranking import ListQuery
from service.store.connect import open_store

SIZES = (10_000, 1_000_000, 5_000_000)
QUERIES = 40
_NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_MONTH = timedelta(days=30)
_MODEL = "m1"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def run() -> None:
    """Print the table: milliseconds from the question to the JSON."""
    print("| headlines stored | in the last hour | p50, ms | p99, ms | file, GB |\n|---|---|---|---|---|")
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "iscore.db"
            _fill(path, size)
            in_window, times = _ask(path)
            cuts = statistics.quantiles(times, n=100)
            weight = path.stat().st_size / 1e9
            print(
                f"| {size:,} | {in_window:,} | {statistics.median(times):.1f} | {cuts[98]:.1f} | {weight:.1f} |",
                flush=True,
            )


def _ask(path: Path) -> tuple[int, list[float]]:
    """Lists of slightly other moments, so that none is known before."""
    draw, times, found = random.Random(1), [], 0
    with closing(open_store(f"sqlite:///{path}")) as store:
        for turn in range(QUERIES + 3):
            now = _NOW - timedelta(seconds=draw.randrange(3600))
            lists = Lists(store, lambda now=now: now)  # type: ignore[misc]
            started = time.perf_counter()
            page = lists.page(_MODEL, ListQuery())
            as_json(page, "/v1/top")
            if turn >= 3:
                times.append((time.perf_counter() - started) * 1000)
                found = page.ranking.total
    return found, times


def _fill(path: Path, size: int) -> None:
    """Rows straight into the tables: through the store the largest would take an hour."""
    open_store(f"sqlite:///{path}").close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        rows = list(_times(size))
        headlines = ((f"{n:016x}", f"Headline number {n} of a day like any other", time) for n, time in enumerate(rows))
        connection.executemany(
            "INSERT INTO headlines (id, title, url, source, published_at, first_seen_at, date_source, story, since) "
            "SELECT ?1, ?2, 'https://news.example/' || ?1, 'Source', ?3, ?3, 'published', '', 1",
            headlines,
        )
        draw = random.Random(2)
        scores = ((f"{n:016x}", draw.uniform(0, 100), time) for n, time in enumerate(rows))
        connection.executemany(
            "INSERT INTO scores (headline_id, model, raw, scored_at, published_at, story, since) "
            f"SELECT ?1, '{_MODEL}', ?2, ?3, ?3, ?1, 1",
            scores,
        )
        connection.execute("INSERT INTO revisions VALUES (1, 0)")
        connection.execute("UPDATE state SET revision = 1")
        connection.commit()


def _times(size: int) -> Iterator[int]:
    """Moments of the month before ``_NOW``, evenly, in microseconds."""
    start = (_NOW - _MONTH - _EPOCH) // timedelta(microseconds=1)
    step = _MONTH / size / timedelta(microseconds=1)
    return (start + int(n * step) for n in range(1, size + 1))
