"""A month of invented headlines, straight into SQLite, and a second model version beside the shipped one."""

import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from service import artifact
from service.model import ImportanceModel
from service.store.connect import open_store

DAYS = 30
_MICROSECOND = timedelta(microseconds=1)
_WHO = ("Ministers", "Farmers", "Rescue teams", "Scientists", "The port council", "Striking pilots", "A city court")
_DOES = ("reject", "welcome", "begin talks on", "find flaws in", "fear delays to", "vote on", "pay twice for")
_WHAT = (
    "a dam in the northern valley",
    "new rules for river ferries",
    "the harbour's last crane",
    "a vaccine for sheep",
)
_MORE = ("after a week of storms", "as prices rise again", "while neighbours watch", "and thousands wait for trains")


def titles(count: int) -> Iterator[str]:
    """So many different headlines, as long as real ones are: of some 65 characters and twelve words."""
    draw = random.Random(4)
    for number in range(count):
        told = (_WHO, _DOES, _WHAT) if number % 4 else (_WHO, _DOES, _WHAT, _MORE)
        yield f"{' '.join(map(draw.choice, told))}, ward {number}"


def fill(path: Path, size: int, now: datetime, model: ImportanceModel) -> None:
    """``size`` headlines, evenly over the month before ``now``; the last day's scores are the model's, others drawn.

    The last hours of the month stay empty, or headlines would fall out of the longest window while it is measured.
    """
    open_store(f"sqlite:///{path}").close()
    step = timedelta(days=DAYS, hours=-3) / size / _MICROSECOND
    last = (now - datetime.fromtimestamp(0, now.tzinfo)) // _MICROSECOND
    rows = [
        (f"{n * 0x9E3779B97F4A7C15 % 2**64:016x}", title, last - int(n * step)) for n, title in enumerate(titles(size))
    ]
    live = [title for _, title, _ in rows[: size // DAYS + size // 1000]]
    raws, draw = model.predict(live).tolist(), random.Random(2)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.executemany(
            "INSERT INTO headlines (id, title, url, source, published_at, first_seen_at, date_source, story, since) "
            "SELECT ?1, ?2, 'https://news.example/' || ?1, 'Source', ?3, ?3, 'published', '', 1",
            sorted(rows),
        )
        scores = (
            (id_, raws[n] if n < len(raws) else draw.uniform(0, 100), time) for n, (id_, _, time) in enumerate(rows)
        )
        connection.executemany(
            "INSERT INTO scores (headline_id, model, raw, scored_at, published_at, story, since) "
            f"SELECT ?1, '{model.version}', ?2, ?3, ?3, ?1, 1",
            sorted(scores),
        )
        connection.execute("INSERT INTO revisions VALUES (1, 0)")
        connection.execute("INSERT INTO reigns VALUES (1, ?)", (model.version,))
        connection.execute("UPDATE state SET revision = 1")
        connection.commit()


def another_version(of: Path, folder: Path) -> None:
    """A version that scores a little otherwise: its head has another mean."""
    source = artifact.read(of)
    files = dict(source.files)
    head = ImportanceModel(source, 1).head
    files["head.npz"] = replace(head, mean=head.mean * 1.03).to_bytes()
    changed = ImportanceModel(replace(source, version=folder.name, files=files), 1)
    asked = [row["title"] for row in source.json("golden.json")]
    golden = [{"title": t, "score": s} for t, s in zip(asked, changed.predict(asked).tolist(), strict=True)]
    files["golden.json"] = json.dumps(golden).encode()
    artifact.write(folder, files, {"created_at": "2026-01-31"})
