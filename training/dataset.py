"""Labels on disk -> one list of training examples."""

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from service.errors import InputError
from service.files.reading import rows_of
from service.judgements import held_out, judgement_from
from service.text import clean, normalise, title_problem
from service.types import Label

FEATURES = 8
"""Of a teacher, per headline: each is an int8, and FEATURE_DEVIATION is the deviation of the first."""
FEATURE_DEVIATION = 40.0


@dataclass(frozen=True, slots=True)
class Example:
    """A normalised title and what it should score. Examples of one ``family`` are compared with each other.

    ``once`` marks what an epoch of the teacher shows once, because there is plenty of its kind. ``features`` are
    FEATURES bytes from a teacher, or none; ``topic`` is one of TOPICS, or none.
    """

    text: str
    i_score: float
    weight: float = 1.0
    family: str = ""
    factor: str = ""
    once: bool = False
    features: bytes = b""
    topic: str = ""


def read_labels(path: Path) -> list[Label]:
    """Labels from CSV, JSONL (either may be gzipped) or Parquet with ``title``, ``i_score`` and an optional ``weight``.

    Of a snapshot of the newsroom's judgements (its rows have ``titles``) these are the scores that are not held out.
    Raises InputError that names up to ten bad rows, each with its number (the first data row is 1) and reason.
    """
    labels: list[Label] = []
    problems: list[str] = []
    for number, (row, fault) in enumerate(rows_of(path), 1):
        try:
            judged = judgement_from(row) if "titles" in row else None
            if judged is None:
                labels.append(_label(row, fault))
            elif judged.kind == "score" and not held_out(judged):
                labels.append(_label({**row, "title": judged.titles[0]}, fault))
        except (ValueError, InputError) as exc:
            problems.append(f"row {number}: {exc}")
    if problems:
        more = f"\n... and {len(problems) - 10} more" if len(problems) > 10 else ""
        raise InputError(f"{path}: {len(problems)} bad row(s)\n" + "\n".join(problems[:10]) + more)
    if not labels:
        raise InputError(f"{path}: no rows to learn from")
    return labels


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Rows of a CSV, JSONL or Parquet file; InputError at the first that cannot be read."""
    for number, (row, fault) in enumerate(rows_of(path), 1):
        if fault:
            raise InputError(f"{path}: row {number}: {fault}")
        yield row


def digest(path: Path) -> str:
    """SHA-256 of a data file, for the artifact's record of what it was trained on."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def run_key(*depends_on: object) -> str:
    """Names a run by all that it depends on, so that what another run left is never taken for its own."""
    found = hashlib.sha256()
    for one in depends_on:
        for part in one if isinstance(one, list) else [one]:
            found.update(repr(part).encode())
    return found.hexdigest()[:12]


def family_examples(rows: Iterable[dict[str, Any]], once: bool) -> list[Example]:
    """Examples of the families, in file order."""
    return [Example(normalise(r["title"]), float(r["i_score"]), 1.0, r["family"], r["factor"], once) for r in rows]


def feature_values(examples: Sequence[Example]) -> np.ndarray:
    """(n, FEATURES) float32, the first of deviation 1; 0 for examples without features."""
    codes = b"".join(example.features or bytes(FEATURES) for example in examples)
    return np.frombuffer(codes, np.int8).reshape(-1, FEATURES).astype(np.float32) / FEATURE_DEVIATION


def _label(row: dict[str, Any], fault: str | None) -> Label:
    if fault:
        raise ValueError(fault)
    title = clean(str(row.get("title") or ""))
    if problem := title_problem(title):
        raise ValueError(problem)
    i_score = _number(row, "i_score")
    if not 0 <= i_score <= 100:
        raise ValueError(f"i_score is {i_score:g}: it must be from 0 to 100")
    weight = _number(row, "weight") if row.get("weight") not in (None, "") else 1.0
    if not 0 <= weight <= 1000:
        raise ValueError(f"weight is {weight:g}: it must be from 0 to 1000")
    return Label(title, i_score, weight)


def _number(row: dict[str, Any], key: str) -> float:
    value = row.get(key)
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ValueError(f"{key} is {value!r}: it must be a number") from None
    if not math.isfinite(number):
        raise ValueError(f"{key} is {value!r}: it must be a finite number")
    return number
