"""How alike two titles are told, and what keeps them apart however alike they are.

The weights are those of a logistic regression on 801 pairs of headlines of one day: 410 judged pairs of two days, and,
with a weight of 0.3, 391 of ten other days that lay near the border. The threshold is where F1 on the 410 is best. In
five-fold cross-validation that is 0.824 (0.81-0.83 with whole topics left out), in the fit 0.836. The benchmark
"stories" has peers. Vectors of the importance model added nothing to it, and no other feature of words 0.01.
"""

import math
from collections.abc import Callable, Iterable, Mapping

from service.telling import Telling, is_listed, rarity

THRESHOLD = 0.5
"""From here up two titles tell one story."""

Rarity = Callable[[str], float]
"""What a shared word is worth."""

_LEAST = 9.0
"""Less shared than this, about two words that say something, is no story: "12 killed" may be anywhere."""
_TELLING = 2.0
_NAMED = 3.0
"""A name worth less than this is one that everybody speaks of."""
_CASUALTIES = frozenset("die injur bury drown casualty fatality victim massacr miss".split())
_WHERE = frozenset("in at near off on outside across from to over above of".split())


def alike(a: Telling, b: Telling, weights: Mapping[str, float], lesser: float) -> float:
    """0-1. ``weights`` are the rarities of the words of ``a``, ``lesser`` the sum of those of the shorter title."""
    shared = evidence = 0.0
    for word in b.words:
        if weight := weights.get(word):
            shared += weight
            evidence += weight / 2 if word in b.tails and word in a.tails else weight
    if evidence < _LEAST:
        return 0.0
    logit = -8.9 + 3.9 * shared / lesser + 2.95 * math.log1p(evidence) - 1.7 * (a.quoted != b.quoted)
    return 1 / (1 + math.exp(-logit))


def apart(a: Telling, b: Telling, rarity: Rarity) -> bool:
    """Whether two titles cannot tell one story, however many words they share."""
    return (
        _another_issue(a, b, rarity)
        or _another_number(a, b)
        or _elsewhere(a, b)
        or _others(a, b, rarity)
        or _nobody(a, b, rarity)
    )


def other_victims(a: Telling, b: Telling, rarity: Rarity) -> bool:
    """Whether two titles count victims of different events: that no third title can reconcile."""
    return _count_victims(a, b) and apart(a, b, rarity)


def weigh(words: Iterable[str], rarity: Rarity) -> float:
    """Added rarity."""
    return math.fsum(map(rarity, words))  # the same in whatever order a set comes


def _count_victims(a: Telling, b: Telling) -> bool:
    return not (_CASUALTIES.isdisjoint(a.words) or _CASUALTIES.isdisjoint(b.words))


def _elsewhere(a: Telling, b: Telling) -> bool:
    """Whether they count victims in different places."""
    if not _count_victims(a, b):
        return False
    return _somewhere(a, a.names.difference(b.words)) and _somewhere(b, b.names.difference(a.words))


def _another_issue(a: Telling, b: Telling, rarity: Rarity) -> bool:
    if not (a.series and b.series):
        return False
    different = set(a.words) ^ set(b.words)
    return any(word[0].isdigit() for word in different) or weigh(different, rarity) > 0.15 * weigh(a.words, rarity)


def _another_number(a: Telling, b: Telling) -> bool:
    mine, other = dict(a.numbered), dict(b.numbered)
    return any(mine[label] != other[label] for label in mine.keys() & other.keys())


def _others(a: Telling, b: Telling, rarity: Rarity) -> bool:
    """Whether each names others where the other title has its own: another rival, another town."""
    mine, theirs = a.names.difference(b.words), b.names.difference(a.words)
    if not (mine and theirs):
        return False
    ours, others = _places(a, mine), _places(b, theirs)
    if any(_tells(before) or _tells(after) for before, after in ours & others):
        return True
    both = weigh((a.names | b.names).intersection(a.words).intersection(b.words), rarity)
    own = min(weigh(mine, rarity), weigh(theirs, rarity))
    beside = {word for place in ours for word in place} & {word for place in others for word in place}
    return own > 2 * both or (own > both and any(map(_tells, beside)))


def _nobody(a: Telling, b: Telling, rarity: Rarity) -> bool:
    """Whether they share no name that says something, and less than half of the other words."""
    shared = set(a.words).intersection(b.words)
    named = weigh((a.names | b.names) & shared, rarity)
    return named < _NAMED and 2 * weigh(shared, rarity) < min(weigh(a.words, rarity), weigh(b.words, rarity))


def _somewhere(telling: Telling, own: set[str]) -> bool:
    """Whether it says "in" or "near" before a name of its own."""
    return any(run[0] in _WHERE and not own.isdisjoint(run[1:-1]) for run in telling.runs)


def _places(telling: Telling, own: set[str]) -> set[tuple[str, str]]:
    """What stands before and after names that are all its own."""
    return {(run[0], run[-1]) for run in telling.runs if own.issuperset(run[1:-1])}


def _tells(word: str) -> bool:
    """Whether an ordinary word says what the matter is: "say" and "new" do not."""
    return is_listed(word) and rarity(word) > _TELLING
