"""The nouns: frozen values that every room shares. Times are aware and in UTC; scores are 0-100."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Headline:
    """A headline as it was ingested. ``id`` comes from :func:`service.text.headline_id`."""

    id: str
    title: str
    url: str
    source: str
    published_at: datetime
    first_seen_at: datetime
    language: str | None = None
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class ScoredHeadline:
    """A headline with the raw score (0-100, unrounded) that ``model`` gave it."""

    headline: Headline
    raw: float
    model: str


@dataclass(frozen=True, slots=True)
class Label:
    """An editor's judgement of a title: ``i_score`` 0-100; ``weight`` >= 0 scales its pull in training."""

    title: str
    i_score: float
    weight: float = 1.0
