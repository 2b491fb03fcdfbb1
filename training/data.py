"""The data of a training run: which files, how they are split, and their digests."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from service.errors import InputError
from service.text import normalise
from training.dataset import Example, digest, family_examples, read_labels, read_rows
from training.metrics import Scores
from training.split import is_held_out

LABELS = Path(__file__).resolve().parent.parent / "data" / "labels"
CLIENT = LABELS / "client.jsonl"
FAMILIES = {name: LABELS / f"{name}.jsonl.gz" for name in ("contrast", "wordings", "retellings", "swaps", "variations")}
CONTRAST = "contrast"
RATED = "rated_train.jsonl.gz"
RATED_DEV = "rated_dev.jsonl.gz"
STORIES = "stories.jsonl.gz"
TAUGHT = "taught.jsonl.gz"


@dataclass(frozen=True, slots=True)
class Dev:
    """Headlines rated twice that no model trains on: titles, mean ratings and both raters' own, 0-100."""

    titles: list[str]
    i_scores: Scores
    rater_a: Scores
    rater_b: Scores


def training_examples(folder: Path, labels: Sequence[Path], held_out_share: float) -> list[Example]:
    """Rated headlines, families that are not held out, stories, label files and taught headlines, in that order."""
    rated = [Example(normalise(row["title"]), float(row["i_score"])) for row in read_rows(_joined(folder, RATED))]
    families = [one for name in FAMILIES for one in families_in(name) if not is_held_out(one.family, held_out_share)]
    own = [
        Example(normalise(label.title), label.i_score, label.weight) for path in labels for label in read_labels(path)
    ]
    taught = [Example(normalise(row["title"]), row["i_score"], once=True) for row in read_rows(_joined(folder, TAUGHT))]
    return rated + families + _stories(folder) + own + taught


def families_in(name: str) -> list[Example]:
    """All families of one file of FAMILIES."""
    return family_examples(read_rows(FAMILIES[name]), once=name != CONTRAST)


def held_out(name: str, share: float) -> list[Example]:
    """The families of one file of FAMILIES that a run with this share never trained on."""
    return [one for one in families_in(name) if is_held_out(one.family, share)]


def dev(folder: Path) -> Dev:
    """The development set."""
    rows = list(read_rows(_joined(folder, RATED_DEV)))
    return Dev([row["title"] for row in rows], *(_column(rows, key) for key in ("i_score", "rater_a", "rater_b")))


def dev_ids() -> set[str]:
    """Ids of the development set, by the published labels: nothing that is trained on may have them."""
    return {row["id"] for row in read_rows(LABELS / "rated.csv.gz") if row["split"] == "dev"}


def digests(folder: Path, labels: Sequence[Path]) -> dict[str, str]:
    """SHA-256 of every file that a run reads."""
    files = [folder / RATED, folder / RATED_DEV, folder / STORIES, folder / TAUGHT, *FAMILIES.values(), *labels]
    return {path.name: digest(path) for path in files}


def _column(rows: Sequence[dict[str, Any]], key: str) -> Scores:
    return np.array([float(row[key]) for row in rows])


def _stories(folder: Path) -> list[Example]:
    """Groups without a score: only their members' differences are trained, towards none."""
    return [
        Example(normalise(row["title"]), 0.0, weight=0.0, family=f"story/{row['story']}", factor="equals", once=True)
        for row in read_rows(_joined(folder, STORIES))
    ]


def _joined(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        raise InputError(
            f"{path} is not there: the texts of real headlines are not ours to publish. "
            "data/README.md says how to join their published ids with the public sources (`iscore-train join`)."
        )
    return path
