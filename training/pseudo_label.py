"""A teacher tells what it makes of headlines that nobody judged: the student's schoolbook.

Scores are pseudo-labels (Lee 2013); the features from which a score comes say more of a headline than the score
("hints", Romero et al. 2015, arXiv:1412.6550). All but 3 % of their variance lies in 8 directions, so that 8 bytes a
headline hold them.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from rich.console import Console
from rich.progress import track

from service.head import Floats, Vectors
from service.text import headline_id, normalise
from training.data import dev_ids
from training.dataset import FEATURE_DEVIATION, FEATURES, read_rows
from training.whole import write_csv, written_whole

_WORDS = range(3, 31)
_BLOCK = 4096


class Judge(Protocol):
    """What a teacher can do that is needed here."""

    def judge(self, texts: Sequence[str]) -> tuple[Floats, Vectors]:
        """Of normalised titles: scores (n,) and features (n, hidden)."""


def pseudo_label(
    teachers: Sequence[Judge], sources: Iterable[Path], most: int, seed: int, out: Path, work: Path
) -> int:
    """Write ``out`` (CSV, gzipped: id, i_score, features) for up to ``most`` headlines, drawn by ``seed``.

    ``i_score`` is the mean of the teachers, ``features`` are those of the first, each an int8 written as two hex
    digits. Finished blocks are kept under ``work``, from which a stopped run goes on. Returns how many. Headlines of
    the development set stay out.
    """
    titles = _titles(row["title"] for source in sources for row in read_rows(source))
    keys = sorted(titles)
    chosen = [keys[i] for i in np.random.default_rng(seed).permutation(len(keys))[:most]]
    blocks = [chosen[start : start + _BLOCK] for start in range(0, len(chosen), _BLOCK)]
    found = [
        _block(teachers, [titles[key] for key in block], work / f"{number:04}.npz")
        for number, block in enumerate(track(blocks, "scoring", console=Console(stderr=True)))
    ]
    write_csv(out, ["id", "i_score", "features"], _rows(chosen, *map(np.concatenate, zip(*found, strict=True))))
    return len(chosen)


def _block(teachers: Sequence[Judge], texts: list[str], path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Scores (n,) and features (n, hidden) of a block, from disk when they were found before."""
    if not path.is_file():
        judged = [teacher.judge([normalise(text) for text in texts]) for teacher in teachers]
        with written_whole(path) as temporary:
            np.savez(temporary, scores=np.mean([one for one, _ in judged], axis=0), features=judged[0][1])
    with np.load(path, allow_pickle=False) as arrays:
        return arrays["scores"], arrays["features"].astype(np.float32)


def _rows(keys: Sequence[str], scores: np.ndarray, features: np.ndarray) -> Iterator[tuple[str, str, str]]:
    for key, score, code in zip(keys, np.clip(scores, 0, 100), codes(features), strict=True):
        yield key, f"{score:.1f}", code.tobytes().hex()


def codes(features: np.ndarray) -> np.ndarray:
    """The main FEATURES directions of standardised features, (n, FEATURES) int8; all directions share one scale."""
    standard = (features - features.mean(0)) / (features.std(0) + 1e-3)
    _, directions = np.linalg.eigh(np.cov(standard, rowvar=False))
    found = standard @ directions[:, ::-1][:, :FEATURES]
    return np.clip(np.rint(found * (FEATURE_DEVIATION / found[:, 0].std())), -127, 127).astype(np.int8)


def _titles(titles: Iterable[object]) -> dict[str, str]:
    """Titles of a headline's length by id, without those of the development set."""
    without = dev_ids()
    found: dict[str, str] = {}
    for title in map(str, titles):
        key = headline_id(title)
        if key not in without and len(normalise(title).split()) in _WORDS:
            found.setdefault(key, title)
    return found
