"""Parts of the development set: where a model is better or worse than on the whole."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.evaluate import Judged
from training.metrics import agreement, interval

_CONTINENTS = Path(__file__).with_name("continents.toml")
_WORD = re.compile(r"[a-z]+")
_LENGTHS = (
    (0, 7, "up to 6 words"),
    (7, 10, "7 to 9 words"),
    (10, 14, "10 to 13 words"),
    (14, 1000, "14 words and more"),
)
_LEAST = 20
"""Headlines in a slice; of fewer, figures say nothing."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Figures of a part of the development set, each with 95 % of its bootstrap samples."""

    name: str
    headlines: int
    mae: float
    mae_interval: tuple[float, float]
    bias: float
    bias_interval: tuple[float, float]
    spearman: float


def slices(judged: Judged) -> list[Slice]:
    """By length, topic as the model sees it, collection, and continent of the places named."""
    members: dict[str, list[int]] = defaultdict(list)
    for index, names in enumerate(_names(judged)):
        for name in names:
            members[name].append(index)
    return [_slice(name, judged, np.array(rows)) for name, rows in sorted(members.items()) if len(rows) >= _LEAST]


def _names(judged: Judged) -> Iterator[list[str]]:
    continents = {
        word: name for name, words in tomllib.loads(_CONTINENTS.read_text("utf-8")).items() for word in words.split()
    }
    for title, topic, dataset in zip(judged.dev.titles, judged.dev_topics, judged.dev.datasets, strict=True):
        words = len(title.split())
        length = next(name for least, below, name in _LENGTHS if least <= words < below)
        places = {continents[word] for word in _WORD.findall(title.lower()) if word in continents}
        yield [
            f"length: {length}",
            f"topic: {topic}",
            f"collection: {dataset}",
            *(f"place: {place}" for place in places or {"none named"}),
        ]


def _slice(name: str, judged: Judged, rows: np.ndarray) -> Slice:
    scores, ratings = judged.dev_scores[rows], judged.dev.i_scores[rows]
    errors = scores - ratings
    found = agreement(scores, ratings)
    return Slice(
        name,
        len(rows),
        found["mae"],
        interval(lambda drawn: float(np.abs(errors[drawn]).mean()), len(rows)),
        float(errors.mean()),
        interval(lambda drawn: float(errors[drawn].mean()), len(rows)),
        found["spearman"],
    )
