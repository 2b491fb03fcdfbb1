"""Published labels (ids without texts) + headlines from the public sources -> headlines to train on."""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from service.text import headline_id
from service.types import TOPICS
from training.data import RATED, RATED_DEV, STORIES, TAUGHT, TOPICS_OF
from training.dataset import read_rows
from training.whole import written_whole


def join(labels: Path, sources: Iterable[Path], out: Path) -> dict[str, tuple[int, int]]:
    """Write the headlines of the folder ``labels`` whose texts ``sources`` hold (files with a ``title``).

    Rows of ``sources`` whose ``category`` is one of our topics teach topics as well.
    Returns per written file how many were found and how many there are.
    """
    rated = list(read_rows(labels / "rated.csv.gz"))
    wanted = {
        RATED: [_numbers(row) for row in rated if row["split"] == "train"],
        RATED_DEV: [_numbers(row) for row in rated if row["split"] == "dev"],
        STORIES: list(read_rows(labels / "stories.csv.gz")),
        TAUGHT: [{**row, "i_score": float(row["i_score"])} for row in read_rows(labels / "taught.csv.gz")],
    }
    titles = dict.fromkeys((row["id"] for rows in wanted.values() for row in rows), "")
    dev, topics = {row["id"] for row in wanted[RATED_DEV]}, dict[str, dict[str, Any]]()
    for source in sources:
        for row in read_rows(source):
            title = str(row.get("title") or "")
            if titles.get(key := headline_id(title)) == "":
                titles[key] = title
            if row.get("category") in TOPICS and key not in dev:
                topics[key] = {"id": key, "title": title, "topic": row["category"]}
    _write_rows(out / TOPICS_OF, topics.values())
    return {
        **{name: _write(out / name, rows, titles) for name, rows in wanted.items()},
        TOPICS_OF: (len(topics), len(topics)),
    }


def _write(path: Path, rows: list[dict[str, Any]], titles: dict[str, str]) -> tuple[int, int]:
    found = [{**row, "title": titles[row["id"]]} for row in rows if titles[row["id"]]]
    _write_rows(path, found)
    return len(found), len(rows)


def _write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    with written_whole(path) as temporary, gzip.open(temporary, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _numbers(row: dict[str, Any]) -> dict[str, Any]:
    scores = {key: float(row[key]) for key in ("i_score", "rater_a", "rater_b") if row[key]}
    return {"id": row["id"], "dataset": row["dataset"], **scores}
