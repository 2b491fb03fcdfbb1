"""What a store promises, whatever the database behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from service.store.editorial import AdjustmentStore, AuditStore, Entry, LabelStore, RunStore
from service.types import Feed, Headline, Score, ScoredHeadline

Change = Literal["created", "updated", "duplicate"]


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key at rest: the secret itself is only ever in its owner's hands.

    ``id`` is the public part of the key, ``digest`` the SHA-256 of the whole key in hex, ``name`` says who holds it.
    """

    id: str
    digest: str
    scopes: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """A stored answer to a write, given again when the same Idempotency-Key comes back.

    ``request`` is the SHA-256 of the request's body in hex.
    """

    request: str
    body: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class FeedState:
    """A feed and how its polling goes. ``gone``: it answered that it will never come back, and is asked no more."""

    feed: Feed
    next_at: datetime
    status: Literal["active", "gone"] = "active"
    etag: str | None = None
    last_modified: str | None = None
    interval_s: int = 900
    checked_at: datetime | None = None
    succeeded_at: datetime | None = None
    failures: int = 0
    """In a row."""
    error: str | None = None
    """Of the last try, in words."""
    moved: int = 0
    """Times in a row that it answered from another address for good."""
    entries: int = 0
    """Of the last good answer."""


class FeedStore(Protocol):
    """Feeds and how their polling goes; transactions and times as in ``Store``."""

    def add(self, feeds: Sequence[Feed], now: datetime, again: bool = False) -> int:
        """Keep feeds whose address is unknown, due ``now``; how many were. Removed ones come back only ``again``."""

    def all(self) -> list[FeedState]:
        """In order of name, then address."""

    def due(self, now: datetime, limit: int) -> list[FeedState]:
        """Active feeds with ``next_at`` <= now, the longest overdue first."""

    def save(self, state: FeedState, url: str) -> None:
        """Replace what is known of the feed at ``url``; ``state.feed.url`` may be a new address. Unknown: no effect."""

    def remove(self, url: str) -> bool:
        """Poll it no more; False when it is unknown or removed already."""


@dataclass(frozen=True, slots=True)
class Span:
    """The headlines that a list is about: start < published_at <= end, with a score of ``model``.

    ``at`` is the revision whose state is meant; None is the newest.
    """

    model: str
    start: datetime
    end: datetime
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Census:
    """How much a span holds: headlines with a score, the stories that they tell, headlines that still wait for one."""

    headlines: int
    stories: int
    unscored: int
    oldest: datetime | None
    """When the oldest of the scored was published."""


@dataclass(frozen=True, slots=True)
class Past:
    """What a headline was, with its scores by model, until another process or editor changed it at ``until``."""

    headline: Headline
    scores: dict[str, Score]
    until: datetime


class StoryStore(Protocol):
    """Which headlines tell one story; transactions and times as in ``Store``."""

    def heard(self, revision: int, start: datetime) -> list[Headline]:
        """Headlines published after ``start`` that are new or changed since ``revision``, oldest first."""

    def story(self, story_id: str) -> list[Headline]:
        """Headlines that tell a story, oldest first."""

    def retell(self, stories: Mapping[str, str], entry: Entry | None = None) -> int:
        """Say of headlines by id which story they tell; how many told another one before. Unknown ids are skipped.

        Adjustments that hold go with their headline.
        """


class KeyStore(Protocol):
    """Who may write, and what was answered; transactions and times as in ``Store``."""

    def secret(self) -> str:
        """The installation's signing secret (64 hex digits), made at the first call and the same ever after."""

    def add_key(self, key: ApiKey, entry: Entry | None = None) -> None:
        """Keep a new key."""

    def key(self, key_id: str) -> ApiKey | None:
        """The key with this id, revoked or not."""

    def keys(self) -> list[ApiKey]:
        """All keys, oldest first."""

    def use_key(self, key_id: str, now: datetime) -> None:
        """Remember when a key was last used."""

    def revoke_key(self, key_id: str, now: datetime, entry: Entry | None = None) -> bool:
        """Revoke a key for ever; False when it is unknown or revoked already."""

    def reply(self, key_id: str, idempotency_key: str) -> Reply | None:
        """The answer stored under a caller's Idempotency-Key."""

    def put_reply(self, key_id: str, idempotency_key: str, reply: Reply, now: datetime) -> None:
        """Store an answer and drop those older than 24 hours. The first answer under a key stands."""


class Store(KeyStore, StoryStore, Protocol):
    """Headlines, their scores per model version, and API keys.

    Each call is one transaction: when it returns, its effect survives the death of the process; when
    it raises StoreError, nothing has changed. Times go in and come out aware and in UTC, to the
    microsecond. All methods may be called from any thread. Nothing is forgotten: every change has a
    revision, and spans can be read as they stood at any.
    """

    feeds: FeedStore
    """The feeds that are polled."""
    labels: LabelStore
    """What editors judged."""
    adjustments: AdjustmentStore
    """What editors pinned, boosted and muted."""
    runs: RunStore
    """Trainings from editors' labels."""
    audit: AuditStore
    """Who changed what."""

    def put(self, scored: Sequence[ScoredHeadline], renew: bool = True) -> list[Change]:
        """Keep headlines with their scores; says per headline, in input order, what it changed.

        ``updated`` when an id was known with another title, source, time, language or topic: all but
        ``first_seen_at`` and ``story`` are replaced, and scores of an edited title under other models are dropped.
        A time that nobody published never replaces the one that is known. ``duplicate`` when nothing else
        differs; a missing score is still added. Without ``renew`` the same title is a duplicate whatever else
        differs: two sections of an outlet may carry an article under two topics, and a new date is no news.
        """

    def put_scores(self, scored: Sequence[ScoredHeadline]) -> None:
        """Add or replace scores of known headlines whose title is still the one that was scored; skip the others."""

    def get(self, headline_id: str) -> tuple[Headline, dict[str, Score]] | None:
        """A headline and its score per model version; None when unknown."""

    def past(self, headline_id: str) -> list[Past]:
        """What it was before its changes, oldest first."""

    def window(self, span: Span) -> list[ScoredHeadline]:
        """All headlines of the span, in no order."""

    def best(self, span: Span, limit: int) -> list[ScoredHeadline]:
        """At most ``limit`` of them: highest raw score first, then newest, then by id."""

    def newest(self, span: Span, limit: int) -> list[ScoredHeadline]:
        """At most ``limit`` of them, the newest first, then by id."""

    def told(self, span: Span, stories: Sequence[str]) -> list[ScoredHeadline]:
        """Those that tell one of the ``stories``, in no order."""

    def census(self, span: Span) -> Census:
        """How many there are."""

    def raws(self, model: str, start: datetime, end: datetime, limit: int) -> list[float]:
        """Raw scores of ``model`` of the newest ``limit`` headlines published after ``start``, until ``end``."""

    def unscored(self, model: str, start: datetime, end: datetime, limit: int, since: int = 0) -> list[Headline]:
        """At most ``limit`` headlines of the same times without a score of ``model``, newest first.

        Only those that are new or changed since revision ``since``.
        """

    def reign(self, model: str, entry: Entry | None = None) -> None:
        """From now on lists show the scores of ``model``; no effect when they do already."""

    def ruler(self, at: int) -> str | None:
        """Whose scores lists showed at a revision; None when none was said to."""

    def revision(self) -> int:
        """A number that grows with every change to headlines, scores or reigns, by this process or another."""

    def listed_revision(self) -> int:
        """The newest revision that changed what lists show: not one that brought scores of another model only."""

    def revision_at(self, time: datetime) -> int:
        """What ``revision`` was at a time; 0 before the first change."""

    def close(self) -> None:
        """Give back all connections."""
