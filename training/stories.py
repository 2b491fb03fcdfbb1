"""Real headlines that tell one story in different words: families that must score alike, found without labels."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.text import headline_id, normalise

ALIKE = 0.77
"""Least cosine of MiniLM vectors with the group's first title; of judged pairs above it, 92 % are one story."""
_AMONG = 0.71
_SHARED_WORDS = 0.6
_MOST = 6
_LEAST = 4
_WORD_COUNTS = range(4, 31)

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Dated:
    """A headline as the model reads it, with the day on which it was seen."""

    id: str
    text: str
    day: date


def dated(rows: Iterable[dict[str, Any]], without: set[str]) -> list[Dated]:
    """Rows with ``title`` and ``date`` and 4-30 words, each id once, none of ``without``."""
    found: dict[str, Dated] = {}
    for row in rows:
        title, day = str(row.get("title") or ""), _day(str(row.get("date") or ""))
        key = headline_id(title)
        if day and key not in without and len((text := normalise(title)).split()) in _WORD_COUNTS:
            found.setdefault(key, Dated(key, text, day))
    return list(found.values())


def stories(headlines: Sequence[Dated], vectors: Vectors) -> list[list[Dated]]:
    """Disjoint groups of 4-6 headlines of two days in a row, in the order of days.

    ``vectors`` is (headlines, width) with rows of length 1. Titles that share most words teach
    nothing and titles with different numbers may differ in weight: neither meet in a group.
    """
    days: dict[date, list[int]] = defaultdict(list)
    for index, headline in enumerate(headlines):
        days[headline.day].append(index)
    used: set[int] = set()
    found: list[list[Dated]] = []
    for day in sorted(days):
        near = [i for i in days[day] + days.get(day + timedelta(1), []) if i not in used]
        for members in _groups([headlines[i].text for i in near], vectors[near]):
            used.update(near[member] for member in members)
            found.append([headlines[near[member]] for member in members])
    return [group for group in found if len(group) >= _LEAST]


def _groups(texts: Sequence[str], vectors: Vectors) -> Iterator[list[int]]:
    """The title with most neighbours starts a group and takes the nearest that fit, until none has neighbours."""
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, 0)
    words, numbers = [_words(text) for text in texts], [_numbers(text) for text in texts]

    def fit(a: int, b: int) -> bool:
        shared = len(words[a] & words[b]) / len(words[a] | words[b])
        same_numbers = not numbers[a] or not numbers[b] or bool(numbers[a] & numbers[b])
        return bool(cosines[a, b] >= _AMONG) and shared < _SHARED_WORDS and same_numbers

    taken = np.zeros(len(texts), bool)
    for first in np.argsort(-(cosines >= ALIKE).sum(1), kind="stable"):
        members = [] if taken[first] else [int(first)]
        for other in np.argsort(-cosines[first], kind="stable") if members else ():
            if cosines[first, other] < ALIKE or len(members) == _MOST:
                break
            if not taken[other] and all(fit(member, other) for member in members):
                members.append(int(other))
        if len(members) > 1:  # smaller groups are taken too, or a rest of each would start another
            taken[members] = True
            yield members


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written[:10])
    except ValueError:
        return None


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


def _numbers(text: str) -> set[str]:
    return set(re.findall(r"\d[\d,.]*", text))
