"""The data of a training run: which files, how they are split, and their digests."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from service.errors import InputError
from service.text import normalise
from training.dataset import Example, contrast_examples, digest, read_labels, read_rows
from training.metrics import Scores
from training.split import is_held_out

LABELS = Path(__file__).resolve().parent.parent / "data" / "labels"
CLIENT = LABELS / "client.jsonl"
CONTRAST = LABELS / "contrast.jsonl.gz"
RATED = "rated_train.jsonl.gz"
RATED_DEV = "rated_dev.jsonl.gz"


@dataclass(frozen=True, slots=True)
class Dev:
    """Headlines rated twice that no model trains on: titles, mean ratings and both raters' own, 0-100."""

    titles: list[str]
    i_scores: Scores
    rater_a: Scores
    rater_b: Scores


def training_examples(folder: Path, labels: Sequence[Path], held_out_share: float) -> list[Example]:
    """Rated headlines, contrast families that are not held out, and label files, in that order."""
    rated = [Example(normalise(row["title"]), float(row["i_score"])) for row in read_rows(_rated(folder, RATED))]
    families = [one for one in contrast() if not is_held_out(one.family, held_out_share)]
    own = [
        Example(normalise(label.title), label.i_score, label.weight) for path in labels for label in read_labels(path)
    ]
    return rated + families + own


def contrast() -> list[Example]:
    """All contrast families."""
    return contrast_examples(read_rows(CONTRAST))


def held_out(share: float) -> list[Example]:
    """The contrast families that a run with this share never trained on."""
    return [one for one in contrast() if is_held_out(one.family, share)]


def dev(folder: Path) -> Dev:
    """The development set."""
    rows = list(read_rows(_rated(folder, RATED_DEV)))
    return Dev([row["title"] for row in rows], *(_column(rows, key) for key in ("i_score", "rater_a", "rater_b")))


def digests(folder: Path, labels: Sequence[Path]) -> dict[str, str]:
    """SHA-256 of every file that a run reads."""
    files = [folder / RATED, folder / RATED_DEV, CONTRAST, *labels]
    return {path.name: digest(path) for path in files}


def _column(rows: Sequence[dict[str, Any]], key: str) -> Scores:
    return np.array([float(row[key]) for row in rows])


def _rated(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        raise InputError(
            f"{path} is not there: the rated headlines' texts are not ours to publish. "
            "data/README.md says how to join data/labels/rated.csv.gz with the public sources (`iscore-train join`)."
        )
    return path
