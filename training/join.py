"""Published labels (ids without texts) + headlines from the public sources -> rated headlines to train on."""

import gzip
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from service.text import headline_id
from training.data import RATED, RATED_DEV
from training.dataset import read_rows

_FILES = {"train": RATED, "dev": RATED_DEV}


def join(labels: Path, sources: Iterable[Path], out: Path) -> dict[str, tuple[int, int]]:
    """Write the rated headlines whose texts ``sources`` hold (CSV, JSONL or Parquet with a ``title``).

    Returns per split how many were found and how many there are.
    """
    wanted = {row["id"]: row for row in read_rows(labels)}
    found: dict[str, str] = {}
    for source in sources:
        for row in read_rows(source):
            title = str(row.get("title") or "")
            if (key := headline_id(title)) in wanted:
                found.setdefault(key, title)
    out.mkdir(parents=True, exist_ok=True)
    return {
        split: _write(out / name, [r for r in wanted.values() if r["split"] == split], found)
        for split, name in _FILES.items()
    }


def _write(path: Path, rows: list[dict[str, Any]], found: dict[str, str]) -> tuple[int, int]:
    matched = [row for row in rows if row["id"] in found]
    temporary = path.with_name(path.name + ".new")
    with gzip.open(temporary, "wt", encoding="utf-8") as file:
        for row in matched:
            file.write(json.dumps({**_numbers(row), "title": found[row["id"]]}, ensure_ascii=False) + "\n")
    os.replace(temporary, path)
    return len(matched), len(rows)


def _numbers(row: dict[str, Any]) -> dict[str, Any]:
    scores = {key: float(row[key]) for key in ("i_score", "rater_a", "rater_b") if row[key]}
    return {"id": row["id"], "dataset": row["dataset"], **scores}
