"""The nouns: frozen values that every room shares. Times are aware and in UTC; scores are 0-100."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

Topic = Literal["general", "world", "nation", "business", "technology", "entertainment", "sports", "science", "health"]
TOPICS: tuple[Topic, ...] = get_args(Topic)
DateSource = Literal["published", "fetched"]
JudgementKind = Literal["score", "pair", "best_worst", "cannot_judge"]
AdjustmentKind = Literal["pin", "boost", "mute"]


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
    publisher: str | None = None
    """Whose voice the source is, when several outlets are one; None: its own."""
    date_source: DateSource = "published"
    """``fetched``: nobody said when it was published, so ``published_at`` is when it was first seen."""
    story: str = ""
    """Which headlines tell the same; empty: a story of its own."""

    @property
    def story_id(self) -> str:
        """A story is named by the headline that began it."""
        return self.story or self.id

    @property
    def voice(self) -> str:
        """What two headlines have in common that do not confirm each other."""
        return self.publisher or self.source


@dataclass(frozen=True, slots=True)
class Feed:
    """An outlet's feed. Feeds of one ``publisher`` are one voice: what two of them say is not said twice."""

    url: str
    name: str
    home: str = ""
    publisher: str = ""
    topic: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """What a model makes of a title: ``raw`` (0-100, unrounded), and what earlier versions did not say, else None.

    90 % of ratings of such titles lie in ``interval``; ``percentile`` percent of real headlines score lower; ``doubt``
    says in words why the score means little.
    """

    raw: float
    topic: Topic | None = None
    interval: tuple[float, float] | None = None
    percentile: float | None = None
    doubt: str | None = None


@dataclass(frozen=True, slots=True)
class ScoredHeadline:
    """A headline with the score that ``model`` gave it."""

    headline: Headline
    score: Score
    model: str

    @property
    def raw(self) -> float:
        """The raw score."""
        return self.score.raw

    @property
    def topic(self) -> str | None:
        """What the publisher says it is about, else what the model says."""
        return self.headline.topic or self.score.topic


@dataclass(frozen=True, slots=True)
class Label:
    """An editor's judgement of a title: ``i_score`` 0-100; ``weight`` >= 0 scales its pull in training."""

    title: str
    i_score: float
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an editor says of a title, or of titles beside each other.

    ``score``: one title and its ``i_score``. ``pair``: two titles, ``best`` is the position of the more important,
    or None when neither is. ``best_worst``: four titles, two positions. ``cannot_judge``: one to four titles and why.
    """

    kind: JudgementKind
    titles: tuple[str, ...]
    i_score: float | None = None
    best: int | None = None
    worst: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """An editor's hand on the list, for a time. It moves the row of a story and changes no score.

    ``pin``: the row comes first. ``boost``: it is ranked as if it had so many ``points`` more (-100 to 100). ``mute``:
    it is not listed. It holds from ``since`` until ``expires_at``, or ``ended_at`` when an editor lifted it before.
    """

    id: str
    kind: AdjustmentKind
    headline_id: str
    story: str
    """What the headline told when it was adjusted: all headlines of the story move with it."""
    reason: str
    by: str
    since: datetime
    expires_at: datetime
    points: float = 0.0
    ended_at: datetime | None = None

    def holds(self, moment: datetime) -> bool:
        """Whether it counts at a moment."""
        return self.since <= moment < min(self.expires_at, self.ended_at or self.expires_at)
