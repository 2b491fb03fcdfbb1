"""Published labels (ids without texts) + headlines from the public sources -> headlines to train on."""

import gzip
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from service.text import headline_id
from training.data import RATED, RATED_DEV, STORIES
from training.dataset import read_rows


def join(labels: Path, sources: Iterable[Path], out: Path) -> dict[str, tuple[int, int]]:
    """Write the headlines of the folder ``labels`` whose texts ``sources`` hold (files with a ``title``).

    Returns per written file how many were found and how many there are.
    """
    rated = list(read_rows(labels / "rated.csv.gz"))
    wanted = {
        RATED: [_numbers(row) for row in rated if row["split"] == "train"],
        RATED_DEV: [_numbers(row) for row in rated if row["split"] == "dev"],
        STORIES: list(read_rows(labels / "stories.csv.gz")),
    }
    titles = dict.fromkeys((row["id"] for rows in wanted.values() for row in rows), "")
    for source in sources:
        for row in read_rows(source):
            title = str(row.get("title") or "")
            if titles.get(key := headline_id(title)) == "":
                titles[key] = title
    out.mkdir(parents=True, exist_ok=True)
    return {name: _write(out / name, rows, titles) for name, rows in wanted.items()}


def _write(path: Path, rows: list[dict[str, Any]], titles: dict[str, str]) -> tuple[int, int]:
    found = [{**row, "title": titles[row["id"]]} for row in rows if titles[row["id"]]]
    temporary = path.with_name(path.name + ".new")
    with gzip.open(temporary, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in found)
    os.replace(temporary, path)
    return len(found), len(rows)


def _numbers(row: dict[str, Any]) -> dict[str, Any]:
    scores = {key: float(row[key]) for key in ("i_score", "rater_a", "rater_b") if row[key]}
    return {"id": row["id"], "dataset": row["dataset"], **scores}
