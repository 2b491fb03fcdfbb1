"""Which headlines of the last two days tell one story.

A headline joins the story with the wording that is most like it, unless that one tells of something else. If it is as
much like another story, the two were one all along, and the smaller joins the larger: an event that two outlets begin
to tell in different words has two stories until a third tells it in the words of both. A word that many headlines share
today is worth less, so ``place`` is stricter than ``same_story``.
"""

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.alike import THRESHOLD, alike, apart, other_victims, weigh
from service.telling import Telling, rarity, rarity_of, read, share

BY_HAND = "split-"
"""How the id of a story begins that an editor split off another: it is united with none."""

_SPEAKERS = 16
"""Wordings of a story, the earliest, with which a headline is compared."""

_UNITED = 0.65
"""So much like two stories must a headline be for them to be one."""
_SMALL = 4
"""A story of more wordings has a life of its own, and stays."""
_KEYS = 12
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


@dataclass(frozen=True, slots=True)
class Placed:
    """The story of each headline, in input order, and which stories now are part of another: old id -> id."""

    stories: list[str]
    united: dict[str, str]


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

    def place(self, told: Sequence[Told]) -> Placed:
        """Tell the stories of headlines; a story is named by the id of the first headline placed in it.

        The earliest is placed first, whatever the order. Known ids keep their story. A headline from before the
        horizon, counted from the newest ever seen, is alone in its story and not remembered.
        """
        found: dict[str, str] = {}
        united: dict[str, str] = {}
        for one in sorted(told, key=lambda one: (one.published_at, one.id)):
            if (known := self._wordings.get(one.id)) is not None:
                found[one.id] = known.story
            elif self._within(one.published_at):
                telling = read(one.title)
                found[one.id] = self._find(telling, one.published_at, united) or one.id
                self._remember(one, found[one.id], telling)
            else:
                found.setdefault(one.id, one.id)
        united = {old: _last(united, old) for old in united}
        return Placed([united.get(found[one.id], found[one.id]) for one in told], united)

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

    def _find(self, telling: Telling, at: datetime, united: dict[str, str]) -> str | None:
        """The story that a headline joins; adds to ``united`` what it shows to be one."""
        copy = self._by_words.get(telling.words)
        if telling.words and copy and not (telling.series and abs(at - copy.newest) > _ISSUE):
            return copy.story
        weights = {word: self.rarity(word) for word in telling.words}
        liked = [self._closest(telling, weights, story) for story in self._near(weights)]
        liked = sorted((one for one in liked if one[0] >= THRESHOLD), key=lambda one: -one[0])
        best = liked[0][1].story if liked else None
        for likeness, wording in liked[1:]:
            if best and likeness >= _UNITED and not apart(liked[0][1].telling, wording.telling, self.rarity):
                best = self._unite(best, wording.story, united)
        return best

    def _may_unite(self, old: str, new: str) -> bool:
        """Whether a story may join another: no editor parted it, and none of its victims fell elsewhere."""
        if len(self._stories[old]) > _SMALL or old.startswith(BY_HAND) or new.startswith(BY_HAND):
            return False
        others = self._stories[new][:_SPEAKERS]
        return not any(
            other_victims(one.telling, other.telling, self.rarity) for one in self._stories[old] for other in others
        )

    def _unite(self, one: str, other: str, united: dict[str, str]) -> str:
        """The larger story, after the smaller has joined it; ``one`` when neither may join the other."""
        new, old = sorted((one, other), key=lambda story: -len(self._stories[story]))
        if not self._may_unite(old, new):
            return one
        for wording in self._stories.pop(old):
            wording.story = new
            self._stories[new].append(wording)
        self._let_speak(new)
        united[old] = new
        return new

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

    def _closest(self, telling: Telling, weights: Mapping[str, float], story: str) -> tuple[float, _Wording]:
        """The wording of a story that is most like a headline, and how much; 0 when it tells of something else."""
        weight = sum(weights.values())
        speakers = self._stories[story][:_SPEAKERS]
        each = [(alike(telling, one.telling, weights, min(weight, one.weight)), one) for one in speakers]
        likeness, closest = max(each, key=lambda one: one[0])
        if likeness >= THRESHOLD and (
            apart(telling, closest.telling, self.rarity)
            or any(other_victims(telling, one.telling, self.rarity) for one in speakers)
        ):
            likeness = 0.0
        return likeness, closest

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


def _last(united: Mapping[str, str], story: str) -> str:
    """What a story is part of in the end."""
    while story in united:
        story = united[story]
    return story


def _keys(telling: Telling) -> list[str]:
    return [word for word in telling.words if share(word) <= _COUNTED]
