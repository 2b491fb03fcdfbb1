"""A model version teaches the next: its scores of headlines that nobody judged are labels too.

Pseudo-labels (Lee 2013); a network that learns from them and from the judged headlines together is smoother than
its teacher ("noisy student", Xie et al. 2020, arXiv:1911.04252).
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from service.model import ImportanceModel
from service.text import headline_id, normalise
from training.data import dev_ids
from training.dataset import read_rows
from training.whole import write_csv

_WORDS = range(3, 31)
_AT_ONCE = 1024


def teach(teachers: Sequence[ImportanceModel], sources: Iterable[Path], most: int, seed: int, out: Path) -> int:
    """Write ``out`` (CSV, gzipped: id, i_score): mean scores of up to ``most`` headlines, drawn by ``seed``.

    Returns how many. Headlines of the development set stay out.
    """
    titles = _titles(row["title"] for source in sources for row in read_rows(source))
    keys = sorted(titles)
    chosen = [keys[i] for i in np.random.default_rng(seed).permutation(len(keys))[:most]]
    write_csv(out, ["id", "i_score"], _scored(teachers, {key: titles[key] for key in chosen}))
    return len(chosen)


def _scored(teachers: Sequence[ImportanceModel], titles: dict[str, str]) -> Iterator[tuple[str, str]]:
    keys = list(titles)
    for start in track(range(0, len(keys), _AT_ONCE), "scoring", console=Console(stderr=True)):
        part = keys[start : start + _AT_ONCE]
        scores = np.mean([teacher.predict([titles[key] for key in part]) for teacher in teachers], axis=0)
        yield from zip(part, (f"{score:.1f}" for score in scores), strict=True)


def _titles(titles: Iterable[object]) -> dict[str, str]:
    """Titles of a headline's length by id, without those of the development set."""
    without = dev_ids()
    found: dict[str, str] = {}
    for title in map(str, titles):
        key = headline_id(title)
        if key not in without and len(normalise(title).split()) in _WORDS:
            found.setdefault(key, title)
    return found
