"""What a store promises, whatever the database behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from service.types import Headline, Score, ScoredHeadline

Change = Literal["created", "updated", "duplicate"]


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key at rest: the secret itself is only ever in its owner's hands.

    ``id`` is the public part of the key, ``digest`` the SHA-256 of the whole key in hex.
    """

    id: str
    digest: str
    scopes: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A stored answer to a write, given again when the same Idempotency-Key comes back.

    ``request`` is the SHA-256 of the request's body in hex.
    """

    request: str
    body: bytes
    media_type: str


class Store(Protocol):
    """Headlines, their scores per model version, and API keys.

    Each call is one transaction: when it returns, its effect survives the death of the process; when
    it raises StoreError, nothing has changed. Times go in and come out aware and in UTC, to the
    microsecond. All methods may be called from any thread.
    """

    def put(self, scored: Sequence[ScoredHeadline]) -> list[Change]:
        """Keep headlines with their scores; says per headline, in input order, what it changed.

        ``updated`` when an id was known with another title, source, time, language or topic: all but
        ``first_seen_at`` are replaced, and scores of an edited title under other models are dropped.
        ``duplicate`` when nothing but ``first_seen_at`` differs; a missing score is still added.
        """

    def put_scores(self, scored: Sequence[ScoredHeadline]) -> None:
        """Add or replace scores of known headlines whose title is still the one that was scored; skip the others."""

    def get(self, headline_id: str) -> tuple[Headline, dict[str, Score]] | None:
        """A headline and its score per model version; None when unknown."""

    def window(self, model: str, start: datetime, end: datetime) -> list[ScoredHeadline]:
        """Headlines with a score of ``model``, start < published_at <= end and first_seen_at <= end, in no order."""

    def raws(self, model: str, start: datetime, end: datetime, limit: int) -> list[float]:
        """Raw scores of ``model`` of the newest ``limit`` of those headlines, newest first."""

    def unscored(self, model: str, start: datetime, end: datetime, limit: int) -> list[Headline]:
        """At most ``limit`` headlines of the same times without a score of ``model``, newest first."""

    def count_unscored(self, model: str, start: datetime, end: datetime) -> int:
        """How many ``unscored`` there are."""

    def revision(self) -> int:
        """A number that grows with every change to headlines or scores, by this process or another."""

    def secret(self) -> str:
        """The installation's signing secret (64 hex digits), made at the first call and the same ever after."""

    def add_key(self, key: ApiKey) -> None:
        """Keep a new key."""

    def key(self, key_id: str) -> ApiKey | None:
        """The key with this id, revoked or not."""

    def keys(self) -> list[ApiKey]:
        """All keys, oldest first."""

    def use_key(self, key_id: str, now: datetime) -> None:
        """Remember when a key was last used."""

    def revoke_key(self, key_id: str, now: datetime) -> bool:
        """Revoke a key for ever; False when it is unknown or revoked already."""

    def reply(self, key_id: str, idempotency_key: str) -> Reply | None:
        """The answer stored under a caller's Idempotency-Key."""

    def put_reply(self, key_id: str, idempotency_key: str, reply: Reply, now: datetime) -> None:
        """Store an answer and drop those older than 24 hours. The first answer under a key stands."""

    def close(self) -> None:
        """Give back all connections."""
