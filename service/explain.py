"""Points per word that add up to the score.

Shapley values of the words, sampled over orders in which they join the title (Strumbelj and Kononenko 2014,
https://doi.org/10.1007/s10115-013-0679-x), each order with its reverse, which halves the noise (Mitchell et al. 2022,
arXiv:2104.12199). Along an order the gains telescope, so base + points is the score however few orders are drawn.
"""

import re
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from service.model import ImportanceModel
from service.text import clean

ORDERS = 8
"""Orders drawn per title, even; a title of n words costs about ORDERS x (n - 1) scores."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the cleaned title, ``title[start:end]``, and what it adds to the score, in points."""

    word: str
    start: int
    end: int
    points: float


@dataclass(frozen=True, slots=True)
class Why:
    """``base`` is the score of a title without words; base plus all points is the raw score."""

    base: float
    words: tuple[Word, ...]


def level(points: float) -> int:
    """How much a word matters, for its looks: 0 takes away, 1 hardly matters, 2 adds, 3 decides."""
    return bisect((-2, 2, 10), points)


def explain(model: ImportanceModel, title: str) -> Why:
    """Why ``model`` gives the title its score. The same title and model give the same points."""
    title = clean(title)
    spans = [match.span() for match in re.finditer(r"\S+", title)]
    words = [title[start:end] for start, end in spans]
    orders = _orders(len(words))
    subsets = {_subset(order, joined) for order in orders for joined in range(len(words) + 1)}
    texts = {subset: title if len(subset) == len(words) else " ".join(words[i] for i in subset) for subset in subsets}
    raws = model.predict(list(texts.values())).astype(np.float64)
    score = dict(zip(texts, raws.tolist(), strict=True))
    points = np.zeros(len(words))
    for order in orders:
        for joined, word in enumerate(order):
            points[word] += score[_subset(order, joined + 1)] - score[_subset(order, joined)]
    points /= max(1, len(orders))
    found = (Word(word, *span, float(gain)) for word, span, gain in zip(words, spans, points, strict=True))
    return Why(score[()], tuple(found))


def _orders(words: int) -> list[Sequence[int]]:
    """Some orders, each with its reverse; the seed is fixed, so that points do not change from call to call."""
    random = np.random.default_rng(words)
    drawn = [random.permutation(words).tolist() for _ in range(ORDERS // 2)]
    return [order for one in drawn for order in (one, one[::-1])]


def _subset(order: Sequence[int], joined: int) -> tuple[int, ...]:
    return tuple(sorted(order[:joined]))
