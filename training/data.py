"""The data of a training run: which files, how they are split, and their digests."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from service.errors import InputError
from service.text import normalise
from service.types import Topic
from training.dataset import Example, digest, family_examples, read_labels, read_rows
from training.metrics import Scores
from training.split import is_held_out

LABELS = Path(__file__).resolve().parent.parent / "data" / "labels"
CLIENT = LABELS / "client.jsonl"
FAMILIES = {name: LABELS / f"{name}.jsonl.gz" for name in ("contrast", "wordings", "retellings", "swaps", "variations")}
CONTRAST, SWAPS = "contrast", "swaps"
RATED = "rated_train.jsonl.gz"
RATED_DEV = "rated_dev.jsonl.gz"
STORIES = "stories.jsonl.gz"
TAUGHT = "taught.jsonl.gz"
TOPICS_OF = "topics.jsonl.gz"

_TOPICS_HELD_OUT = 0.1


@dataclass(frozen=True, slots=True)
class Dev:
    """Headlines rated twice that no model trains on: mean ratings and both raters' own are 0-100."""

    titles: list[str]
    datasets: list[str]
    i_scores: Scores
    rater_a: Scores
    rater_b: Scores


def labelled_examples(
    folder: Path, labels: Sequence[Path], held_out_share: float, calibration_share: float
) -> list[Example]:
    """What was judged: rated headlines and families that are not held out, and label files, in that order."""
    features, topics = _features(folder), _topics(folder)
    rated = [
        Example(
            normalise(row["title"]),
            float(row["i_score"]),
            once=True,
            features=features.get(row["id"], b""),
            topic=topics.get(row["id"], ""),
        )
        for row in read_rows(_joined(folder, RATED))
        if not is_held_out(row["id"], calibration_share)
    ]
    families = [one for name in FAMILIES for one in trained_on(name, held_out_share)]
    own = [
        Example(normalise(label.title), label.i_score, label.weight) for path in labels for label in read_labels(path)
    ]
    return rated + families + own


def taught_examples(folder: Path) -> list[Example]:
    """Headlines that nobody rated, with a teacher's scores and features."""
    rated, topics = {row["id"] for row in read_rows(_joined(folder, RATED))}, _topics(folder)
    return [
        Example(
            normalise(row["title"]),
            row["i_score"],
            once=True,
            features=bytes.fromhex(row["features"]),
            topic=topics.get(row["id"], ""),
        )
        for row in read_rows(_joined(folder, TAUGHT))
        if row["id"] not in rated
    ]


def stories(folder: Path) -> list[Example]:
    """Groups without a score: only their members' differences are trained, towards none."""
    return [
        Example(normalise(row["title"]), 0.0, weight=0.0, family=f"story/{row['story']}", factor="equals", once=True)
        for row in read_rows(_joined(folder, STORIES))
    ]


def topics_of(folder: Path, held_out: bool) -> tuple[list[str], list[Topic]]:
    """Titles with the topic under which their publisher ran them: those to judge by, or the others."""
    rows = _topic_rows(folder, held_out)
    return [row["title"] for row in rows], [row["topic"] for row in rows]


def calibration(folder: Path, share: float) -> tuple[list[str], Scores]:
    """Titles and ratings of the rated headlines that no student is trained on, by a hash of their id."""
    rows = [row for row in read_rows(_joined(folder, RATED)) if is_held_out(row["id"], share)]
    return [row["title"] for row in rows], _column(rows, "i_score")


def families_in(name: str) -> list[Example]:
    """All families of one file of FAMILIES."""
    return family_examples(read_rows(FAMILIES[name]), once=name != CONTRAST)


def trained_on(name: str, share: float) -> list[Example]:
    """The families of one file of FAMILIES that a run with this share trains on."""
    return [one for one in families_in(name) if not is_held_out(one.family, share)]


def held_out(name: str, share: float) -> list[Example]:
    """The families of one file of FAMILIES that a run with this share never trained on."""
    rows = (row for row in read_rows(FAMILIES[name]) if is_held_out(row["family"], share))
    return family_examples(rows, once=name != CONTRAST)


def dev(folder: Path) -> Dev:
    """The development set."""
    rows = list(read_rows(_joined(folder, RATED_DEV)))
    titles, datasets = ([row[key] for row in rows] for key in ("title", "dataset"))
    return Dev(titles, datasets, *(_column(rows, key) for key in ("i_score", "rater_a", "rater_b")))


def dev_ids() -> set[str]:
    """Ids of the development set, by the published labels: nothing that is trained on may have them."""
    return {row["id"] for row in read_rows(LABELS / "rated.csv.gz") if row["split"] == "dev"}


def digests(folder: Path, labels: Sequence[Path]) -> dict[str, str]:
    """SHA-256 of every file that a run reads."""
    joined = [folder / name for name in (RATED, RATED_DEV, STORIES, TAUGHT, TOPICS_OF)]
    files = [*joined, *FAMILIES.values(), *labels]
    return {path.name: digest(path) for path in files}


def _column(rows: Sequence[dict[str, Any]], key: str) -> Scores:
    return np.array([float(row[key]) for row in rows])


def _topic_rows(folder: Path, held_out: bool) -> list[dict[str, Any]]:
    rows = read_rows(_joined(folder, TOPICS_OF))
    return [row for row in rows if is_held_out(row["id"], _TOPICS_HELD_OUT) == held_out]


def _topics(folder: Path) -> dict[str, str]:
    return {row["id"]: row["topic"] for row in _topic_rows(folder, held_out=False)}


def _features(folder: Path) -> dict[str, bytes]:
    return {row["id"]: bytes.fromhex(row["features"]) for row in read_rows(_joined(folder, TAUGHT))}


def _joined(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        raise InputError(
            f"{path} is not there: the texts of real headlines are not ours to publish. "
            "data/README.md says how to join their published ids with the public sources (`iscore-train join`)."
        )
    return path
