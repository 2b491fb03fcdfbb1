"""Which headlines of the last two days tell one story.

A headline joins the story with the three wordings that are most like it on average, if that is enough and none of the
story's wordings tells of something else. One link is not enough, so no chain fuses two events, and "12 killed" stays in
its town. ``place`` is stricter than ``same_story``: a word that many headlines share today is worth less.
"""

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.alike import THRESHOLD, alike, apart, weigh
from service.telling import Telling, rarity, rarity_of, read, share

_SPEAKERS = 8
"""Wordings of a story, the earliest, with which a headline is compared."""

_CLOSEST = 3
_KEYS = 8
_NEWEST = 64
"""A headline looks for stories by its rarest words, and among the newest wordings that hold them."""
_NEAR = 5.0
"""Less shared by them than this is not looked into."""
_NEAREST = 12
_ASKED = 5
_COUNTED = 0.05
"""Words that a larger part of all headlines holds find no story."""
_USUAL = 1500
"""So many headlines of a usual day are added to the counts: a few headlines do not say what is rare."""
_ISSUE = timedelta(hours=12)
"""After this, "Morning briefing" is that of another day."""


@dataclass(frozen=True, slots=True)
class Told:
    """A headline as grouping sees it. The newest sets the clock, so none may be dated ahead of it."""

    id: str
    title: str
    published_at: datetime


@dataclass(eq=False, slots=True)
class _Wording:
    """What headlines of a story with the same words share, as long as there are any."""

    telling: Telling
    story: str
    weight: float
    newest: datetime
    headlines: int = 0
    speaks: bool = False


class Stories:
    """Which story each headline of the last ``horizon`` belongs to. Not thread-safe."""

    def __init__(self, horizon: timedelta = timedelta(hours=48)) -> None:
        self._horizon = horizon
        self._latest: datetime | None = None
        self._wordings: dict[str, _Wording] = {}  # by headline
        self._by_age: list[tuple[datetime, str]] = []
        self._stories: dict[str, list[_Wording]] = {}
        self._by_words: dict[tuple[str, ...], _Wording] = {}
        self._by_word: dict[str, list[_Wording]] = {}  # those that speak
        self._speaking = 0

    def __len__(self) -> int:
        return len(self._wordings)

    def place(self, told: Sequence[Told]) -> list[str]:
        """The story id of each, in input order; a story is named by the id of the first headline placed in it.

        The earliest is placed first, whatever the order. Known ids keep their story. A headline from before the
        horizon, counted from the newest ever seen, is alone in its story and not remembered.
        """
        found: dict[str, str] = {}
        for one in sorted(told, key=lambda one: (one.published_at, one.id)):
            if (known := self._wordings.get(one.id)) is not None:
                found[one.id] = known.story
            elif self._within(one.published_at):
                telling = read(one.title)
                found[one.id] = self._find(telling, one.published_at) or one.id
                self._remember(one, found[one.id], telling)
            else:
                found.setdefault(one.id, one.id)
        return [found[one.id] for one in told]

    def learn(self, told: Sequence[Told], stories: Sequence[str]) -> None:
        """Headlines whose story is known (from the store, or after an editor's merge or split)."""
        for one, story in sorted(zip(told, stories, strict=True), key=lambda pair: (pair[0].published_at, pair[0].id)):
            known = self._wordings.get(one.id)
            if known is not None and known.story != story:
                self._drop(one.id)
            if (known is None or known.story != story) and self._within(one.published_at):
                self._remember(one, story, read(one.title))

    def forget(self, before: datetime) -> None:
        """Drop the headlines that were published earlier, and with the last of a story the story."""
        while self._by_age and self._by_age[0][0] < before:
            self._drop(heapq.heappop(self._by_age)[1])

    def rarity(self, word: str) -> float:
        """What a shared word is worth, as ``service.telling.rarity``; but what many tell of now is common now."""
        usual = share(word)
        if usual > _COUNTED:
            return rarity_of(usual)
        here = len(self._by_word.get(word, ())) + 1
        return rarity_of(max(usual, (here + _USUAL * usual) / (self._speaking + 1 + _USUAL)))

    def _within(self, at: datetime) -> bool:
        if self._latest is None or at > self._latest:
            self._latest = at
            self.forget(at - self._horizon)
        return at >= self._latest - self._horizon

    def _find(self, telling: Telling, at: datetime) -> str | None:
        """The story that a headline joins."""
        copy = self._by_words.get(telling.words)
        if telling.words and copy and not (telling.series and abs(at - copy.newest) > _ISSUE):
            return copy.story
        weights = {word: self.rarity(word) for word in telling.words}
        likeness = {story: self._likeness(telling, weights, story) for story in self._near(weights)}
        best = max(likeness, key=likeness.__getitem__, default=None)
        return best if best is not None and likeness[best] >= THRESHOLD else None

    def _near(self, weights: Mapping[str, float]) -> list[str]:
        """Stories worth a closer look."""
        shared: dict[_Wording, float] = defaultdict(float)
        for word in sorted(weights, key=weights.__getitem__, reverse=True)[:_KEYS]:
            weight = weights[word]
            for wording in self._by_word.get(word, ())[-_NEWEST:]:
                shared[wording] += weight
        near = [wording for wording, weight in shared.items() if weight >= _NEAR]
        nearest = heapq.nlargest(_NEAREST, near, key=shared.__getitem__)
        return list(dict.fromkeys(wording.story for wording in nearest))[:_ASKED]

    def _likeness(self, telling: Telling, weights: Mapping[str, float], story: str) -> float:
        speakers = self._stories[story][:_SPEAKERS]
        weight = sum(weights.values())
        each = [alike(telling, other.telling, weights, min(weight, other.weight)) for other in speakers]
        closest = heapq.nlargest(_CLOSEST, each)
        mean = sum(closest) / len(closest)
        if mean < THRESHOLD or any(apart(telling, other.telling, self.rarity) for other in speakers):
            return 0.0
        return mean

    def _remember(self, one: Told, story: str, telling: Telling) -> None:
        wording = self._by_words.get(telling.words)
        if wording is None or wording.story != story:
            wording = _Wording(telling, story, weigh(telling.words, self.rarity), one.published_at)
            self._by_words[telling.words] = wording
            self._stories.setdefault(story, []).append(wording)
            self._let_speak(story)
        wording.headlines += 1
        wording.newest = max(wording.newest, one.published_at)
        self._wordings[one.id] = wording
        heapq.heappush(self._by_age, (one.published_at, one.id))

    def _let_speak(self, story: str) -> None:
        for wording in self._stories[story][:_SPEAKERS]:
            if not wording.speaks:
                wording.speaks = True
                self._speaking += 1
                for word in _keys(wording.telling):
                    self._by_word.setdefault(word, []).append(wording)

    def _drop(self, id_: str) -> None:
        wording = self._wordings.pop(id_, None)
        if wording is None:  # an editor moved it, or it was learnt twice
            return
        wording.headlines -= 1
        if not wording.headlines:
            self._silence(wording)

    def _silence(self, wording: _Wording) -> None:
        """Take out a wording that no headline has any more."""
        if self._by_words.get(wording.telling.words) is wording:
            del self._by_words[wording.telling.words]
        if wording.speaks:
            self._speaking -= 1
            for word in _keys(wording.telling):
                self._by_word[word].remove(wording)
                if not self._by_word[word]:
                    del self._by_word[word]
        others = self._stories[wording.story]
        others.remove(wording)
        if others:
            self._let_speak(wording.story)
        else:
            del self._stories[wording.story]


def same_story(a: str, b: str) -> float:
    """How alike two titles are told, 0-1; from THRESHOLD up they are one story."""
    one, other = read(a), read(b)
    if one.words and one.words == other.words:
        return 1.0
    if apart(one, other, rarity):
        return 0.0
    weights = {word: rarity(word) for word in one.words}
    return alike(one, other, weights, min(weigh(one.words, rarity), weigh(other.words, rarity)))


def _keys(telling: Telling) -> list[str]:
    return [word for word in telling.words if share(word) <= _COUNTED]
