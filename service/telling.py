"""A title as story grouping reads it: its words, which of them are names, and how much each is worth.

``words.txt`` holds the commonest words of 420,000 headlines (2014-2026), commonest first: each line a word, written as
in the middle of a sentence, and forms of it that ``_stem`` does not find.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from service.text import normalise

_UNLISTED = 0.00034
"""Share of a word that is not in the list: a little less than that of the last in it."""

_WORD = re.compile(r"\w+(?:[.,]\d+|'\w+)*")
_POSSESSIVE = re.compile(r"'s\b|'(?=\s|$)")
_ONE_NAME = re.compile(
    r"United (?:States|Nations)|World Health Organization|Federal Reserve|Immigration and Customs Enforcement"
)
_OPENING_QUOTES = tuple("‘“'\"")
# These say what kind of text it is, which is worth nothing.
_FORM = frozenset("live update watch video photo picture exclusive breaking report".split())
_CALENDAR = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august "
    "september october november december".split()
)
_SERIES = re.compile(
    r"\b(?:horoscopes?|crosswords?|wordle|sudoku|(?:connections|strands|hints) (?:and |& )?(?:hints?|answers?)|"
    r"winning numbers|lottery|lotto|powerball|mega millions|odds|best bets?|(?:promo|bonus) code|coupons?|"
    r"(?:black friday|cyber monday|prime day|best|early|top|shop\S*|amazon|walmart) (?:\w+ ){0,3}deals|"
    r"deals (?:under|you)|briefing|newsletter|podcast|quiz|cartoons?|(?:photos|pictures) of the (?:day|week)|"
    r"week in (?:pictures|review)|letters to the editor|price predictions?|how to watch|what to watch|things to do|"
    r"on this day|today in)\b",
    re.IGNORECASE,
)
_START = re.compile(r"^\W*$|[:.?!|–—-]\W*$|[\"'(]$")
_NUMBERED = re.compile(r"\b([^\W\d]\w*) (?:no\.? |#)?(\d+)\b(?![-–:/.,%]\d|-\w)")
_LABELS = frozenset(
    "day week season episod part chapter volum game match round test rac stag phas leg issu number no".split()
)
_PASSED = frozenset("the northern southern eastern western central north south east west".split())


@dataclass(frozen=True, slots=True)
class Telling:
    """A title's ``words`` are stems in their order, each once."""

    words: tuple[str, ...]
    runs: tuple[tuple[str, ...], ...]
    """Names that follow each other, with the words before and after: ("in", "hong", "kong", "after")."""
    tails: frozenset[str]
    """Names behind another name: "Kong" adds little to "Hong"."""
    numbered: tuple[tuple[str, str], ...]
    """"Day 3", "Season 2", "iPhone 17": a label and its number."""
    quoted: bool
    """It opens with somebody's words: more often a reaction than the event."""
    series: bool
    """One of a kind that comes again each day: horoscopes, hints, odds, deals."""

    @property
    def names(self) -> set[str]:
        """The words that name someone or something."""
        return {name for run in self.runs for name in run[1:-1]}


def read(title: str) -> Telling:
    """The telling of a title as it was published."""
    text = _ONE_NAME.sub(lambda name: name[0].replace(" ", "_"), _POSSESSIVE.sub("", normalise(title)))
    found = list(_WORD.finditer(text))
    stems = [_known(match[0]) for match in found]
    runs = list(_runs(stems, _named(text, found, stems)))
    names = {name for run in runs for name in run[1:-1]}
    numbered = ((_known(match[1]), match[2]) for match in _NUMBERED.finditer(text))
    return Telling(
        tuple(dict.fromkeys(stems)),
        tuple(runs),
        frozenset(name for run in runs for name in run[2:-1]),
        tuple(pair for pair in numbered if pair[0] in _LABELS or pair[0] in names),
        title.lstrip().startswith(_OPENING_QUOTES),
        bool(_SERIES.search(text)),
    )


def share(word: str) -> float:
    """Which part of all headlines holds the word: 0.09 to 0.0003."""
    return _list().shares.get(word, _UNLISTED)


def is_listed(word: str) -> bool:
    """Whether it is one of the commonest words."""
    return word in _list().shares


def rarity_of(part: float) -> float:
    """What a word is worth that this part of the headlines holds: 6.5 to 0.1."""
    return max(0.1, -math.log(part) - 1.5)


def rarity(word: str) -> float:
    """What a word is worth on a usual day."""
    return rarity_of(share(word))


def _named(text: str, found: Sequence[re.Match[str]], stems: Sequence[str]) -> Iterator[bool]:
    """Which words are names: those that are names in the list, capitals that it lacks, and capitals in a sentence."""
    letters = [match[0] for match in found if match[0][0].isalpha()]
    sentence = 2 * sum(word[0].islower() for word in letters) > len(letters)
    for stem, match in zip(stems, found, strict=True):
        capital = match[0][0].isupper() and (not is_listed(stem) or (sentence and not _begins(text, match.start())))
        yield _can_name(stem) and (capital or stem in _list().names)


def _can_name(stem: str) -> bool:
    return len(stem) > 1 and not stem[0].isdigit() and stem not in _CALENDAR


def _begins(text: str, start: int) -> bool:
    """Whether a sentence, or what somebody says, begins here."""
    return bool(_START.search(text, max(0, start - 3), start))


def _runs(stems: Sequence[str], named: Iterable[bool]) -> Iterator[tuple[str, ...]]:
    before, run = "", list[str]()
    for stem, name in zip((*stems, ""), (*named, False), strict=True):
        if name:
            run.append(stem)
            continue
        if run:
            yield (before, *run, stem)
            run = []
        if stem not in _PASSED:
            before = stem


@lru_cache(maxsize=1 << 15)
def _known(word: str) -> str:
    """The stem under which the list knows a word."""
    stem = _stem(word.lower())
    return _list().forms.get(stem, stem)


def _stem(word: str) -> str:
    """Crude on purpose: "crashes", "crashed" and "crashing" are "crash", and it is nothing to read."""
    if len(word) > 4 and word.endswith("ies"):
        word = word[:-3] + "y"
    elif len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending, least in (("ing", 6), ("ed", 5), ("ment", 8)):
        if len(word) >= least and word.endswith(ending):
            word = word[: -len(ending)]
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "sl":
        word = word[:-1]
    return word[:-1] if len(word) > 4 and word.endswith("e") else word


@dataclass(frozen=True, slots=True)
class _List:
    shares: dict[str, float]
    names: frozenset[str]
    forms: dict[str, str]


@cache
def _list() -> _List:
    shares: dict[str, float] = {}
    names: set[str] = set()
    forms: dict[str, str] = {}
    for rank, line in enumerate(files("service").joinpath("words.txt").read_text("utf-8").splitlines()):
        word, *others = line.split()
        stem = _stem(word.lower())
        shares.setdefault(stem, 1.0 if stem in _FORM else 1.82 / (rank + 20))  # Zipf's law: a tenth off on average
        forms.update((_stem(other), stem) for other in others)
        if word[0].isupper():
            names.add(stem)
    return _List(shares, frozenset(names), forms)
