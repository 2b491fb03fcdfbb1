"""What to judge next: where a label would teach the model most, and some by chance, which say how it does. Pure.

Where the model itself is least sure is not where a newsroom's taste is unknown, and doubt alone picks look-alikes and
the odd (Settles 2009, "Active Learning Literature Survey", sections 3.1 and 3.6). So the uncertain ones are those whose
label would tell most of all others (service/taste.py), and a queue is a mix.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from service.head import Floats, Head, Vectors, with_one
from service.judgements import title_key
from service.store.editorial import LabelEvent
from service.taste import Unknown
from service.types import ScoredHeadline

Asked = Literal["score", "pair", "best_worst"]
Why = Literal["uncertain", "high", "diverse", "random", "repeat"]

SIZES: dict[Asked, int] = {"score": 1, "pair": 2, "best_worst": 4}
"""How many headlines are judged beside each other."""
MOST = 2000
"""Candidates that are worth encoding."""

_BLOCK: tuple[Why, ...] = ("uncertain", "uncertain", "high", "diverse", "random")
_ALIKE = 0.7
"""Cosine from which titles say the same: so near are one in twenty pairs of one story at least, and of others none in
a thousand (0.5)."""
_EVERY = 20
"""Judgements for each one that is asked for again; also how many lie between the two, unless a day does."""
_FORGOTTEN = timedelta(days=1)
_HIGH_SHARE = 4


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """What may be asked for, in an order of chance: one row a headline, all of different stories."""

    raws: Floats
    places: Floats
    """From :func:`places`."""
    tastes: Floats
    """From :func:`service.taste.taste_rows`."""
    fresh: NDArray[np.bool_]
    """Whether nobody has judged it. Others' are asked for by chance only, to see whether editors agree."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What was judged before, by anyone: one row a title, as in a :class:`Pool`."""

    places: Floats
    tastes: Floats


@dataclass(frozen=True, slots=True)
class Choice:
    """Rows of the pool to judge, beside each other, and what for."""

    rows: tuple[int, ...]
    why: Why


def candidates(listed: Iterable[ScoredHeadline], done: Collection[str], most: int, seed: str) -> list[ScoredHeadline]:
    """One headline a story, none of a story with a title that is ``done``, and none that the model cannot read.

    In an order of chance that depends on ``seed`` and ids alone. Of more than ``most`` the highest quarter is kept
    besides the first, and stands behind them unless it is among them.
    """
    known = set(done)
    stories: dict[str, ScoredHeadline] = {}
    over = set()
    for one in sorted(listed, key=lambda one: (one.raw, -one.headline.published_at.timestamp(), one.headline.id)):
        if one.headline.title in known:
            over.add(one.headline.story_id)
        elif one.score.doubt is None:
            stories[one.headline.story_id] = one
    found = [one for story, one in stories.items() if story not in over]
    found.sort(key=lambda one: _digest(seed, one.headline.id))
    high = max(0, min(most // _HIGH_SHARE, len(found) - most))
    first, rest = found[: most - high], found[most - high :]
    kept = {one.headline.id for one in sorted(rest, key=lambda one: -one.raw)[:high]}
    chosen = first + [one for one in rest if one.headline.id in kept]
    return list({title_key(one.headline.title): one for one in reversed(chosen)}.values())[::-1]


def places(head: Head, vectors: Vectors) -> Floats:
    """Directions (n, width + 1) of titles as the head's labels measure them: cosines tell which are alike.

    In the vectors themselves what matters for the score hides all else: of unlike titles the nearest in a thousand have
    a cosine of 0.95 there, and of 0.5 here.
    """
    whitened = np.linalg.solve(np.linalg.cholesky(head.precision), with_one(vectors).T).T
    found: Floats = whitened / np.linalg.norm(whitened, axis=1, keepdims=True)
    return found


def choose(pool: Pool, known: Known, kind: Asked, count: int, seed: str) -> list[Choice]:
    """At most ``count`` things to judge: two of five where a label would tell most of the newsroom's taste in all of
    the pool, one each of the highest, of those unlike all others, and by chance.

    Beside a headline stands the one that scores nearest (``pair``), or of each other quarter of the scores the one
    that would tell most (``best_worst``). No headline is asked for twice. Each counts as if a label of it had come.
    """
    chance = chance_of(seed)
    drawing = _Drawing(pool, known)
    chosen = []
    for why in _reasons(count, chance):
        if drawing.left() < SIZES[kind]:
            break
        rows = [drawing.draw(why)]
        if kind == "pair":
            rows.append(drawing.nearest(rows[0]))
        elif kind == "best_worst":
            rows += drawing.other_quarters(rows[0])
        chosen.append(Choice(tuple(chance.permutation(rows).tolist()), why))
    return chosen


def repeats(own: Sequence[LabelEvent], kind: Asked, now: datetime, count: int, seed: str) -> list[LabelEvent]:
    """What an editor shall judge again among the next ``count``, so that a twentieth of all are repeats.

    ``own`` are the editor's standing judgements in order of arrival.
    """
    mine = [(event, event.judgement) for event in own if event.judgement and event.judgement.kind == kind]
    again = {frozenset(judgement.titles) for event, judgement in mine if event.repeat}
    due = min(len(mine) // _EVERY - len(again), max(1, count // _EVERY))
    old = [
        event
        for behind, (event, judgement) in enumerate(reversed(mine))
        if not event.repeat
        and frozenset(judgement.titles) not in again
        and (behind >= _EVERY or event.at <= now - _FORGOTTEN)
    ]
    picked = chance_of(seed).permutation(len(old))[: max(0, due)]
    return [old[at] for at in picked.tolist()]


def chance_of(seed: str) -> "np.random.Generator":  # quoted: numpy loads it late, and starting has no time for it
    """Dice that fall the same way for the same seed."""
    return np.random.default_rng(list(_digest(seed)))


class _Drawing:
    """Draws from a pool, without putting back."""

    def __init__(self, pool: Pool, known: Known) -> None:
        self._pool = pool
        self._open = np.ones(len(pool.raws), bool)
        self._near: Floats = (pool.places @ known.places.T).max(1, initial=-1.0)
        """Of each row, the cosine to the most alike of what is judged or drawn."""
        self._unknown = Unknown(pool.tastes, known.tastes)

    def left(self) -> int:
        return int(self._open.sum())

    def draw(self, why: Why) -> int:
        if why == "random":
            return self._take(int(np.argmax(self._open)))
        value = {"uncertain": self._unknown.told(), "high": self._pool.raws, "diverse": -self._near}[why]
        fresh = self._open & self._pool.fresh
        unlike = fresh & (self._near < _ALIKE)
        return self._best(value, next((mask for mask in (unlike, fresh) if mask.any()), self._open))

    def nearest(self, row: int) -> int:
        return self._best(-np.abs(self._pool.raws - self._pool.raws[row]), self._open)

    def other_quarters(self, row: int) -> list[int]:
        """One row of each quarter of the scores but that of ``row``; of any when a quarter is empty."""
        raws = self._pool.raws
        quarters = np.searchsorted(np.quantile(raws, [0.25, 0.5, 0.75]), raws, "right")
        found = []
        for quarter in set(range(4)) - {int(quarters[row])}:
            there = self._open & (quarters == quarter)
            found.append(self._best(self._unknown.told(), there if there.any() else self._open))
        return found

    def _best(self, value: Floats, among: NDArray[np.bool_]) -> int:
        return self._take(int(np.argmax(np.where(among, value, -np.inf))))

    def _take(self, row: int) -> int:
        self._open[row] = False
        self._near = np.maximum(self._near, self._pool.places @ self._pool.places[row])
        self._unknown.learn(row)
        return row


def _reasons(count: int, chance: "np.random.Generator") -> list[Why]:
    blocks = [chance.permutation(len(_BLOCK)).tolist() for _ in range(-(-count // len(_BLOCK)))]
    return [_BLOCK[at] for block in blocks for at in block][:count]


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode()).digest()
