"""What a store promises of editors' work: judgements, adjustments, training runs, and who changed what.

Transactions and times as in :class:`service.store.contract.Store`. A method that takes an :class:`Entry` writes it to
the audit log in the same transaction, and only when something has changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from service.types import Adjustment, Judgement

LabelOutcome = Literal["created", "duplicate", "conflict"]
RunKind = Literal["house", "full"]
RunState = Literal[
    "queued",
    "running",
    "evaluating",
    "awaiting_approval",
    "refused",
    "promoted",
    "rolled_back",
    "failed",
    "cancelled",
]
ACTIVE: tuple[RunState, ...] = ("queued", "running", "evaluating")


@dataclass(frozen=True, slots=True)
class Entry:
    """Who did what to what. ``by`` is a key's id, or a word for who needs none: ``schedule``, ``command line``."""

    by: str
    action: str
    """Noun and verb, such as ``label.add``, ``pin.end``, ``model.promote``."""
    subject: str
    """Id of what was changed."""
    details: Mapping[str, object] = field(default_factory=dict)
    """What JSON can hold."""


@dataclass(frozen=True, slots=True)
class Logged:
    """An entry as it stands in the log. ``number`` counts up without gaps."""

    number: int
    at: datetime
    entry: Entry


class AuditStore(Protocol):
    """Who changed what: only ever added to."""

    def add(self, entry: Entry) -> None:
        """Log a change that was made elsewhere than in the store."""

    def entries(
        self, limit: int, before: int | None = None, by: str | None = None, action: str | None = None
    ) -> list[Logged]:
        """At most ``limit``, newest first: of one caller, of one action, with numbers below ``before``."""


@dataclass(frozen=True, slots=True)
class LabelEvent:
    """A judgement, or that an earlier one is undone. ``id`` is the caller's choice, so that sending twice keeps once.

    ``by`` is a key's id, or a rater's name from an import. ``replaces`` is the judgement of the same titles by the same
    editor that this one corrects. A ``repeat`` was asked for to see whether the editor agrees with themself: it
    corrects nothing. ``seconds`` is how long it took, and ``shown`` whether the score of ``model`` was in sight.
    """

    id: str
    by: str
    at: datetime
    judgement: Judgement | None = None
    undoes: str | None = None
    replaces: str | None = None
    repeat: bool = False
    seconds: float | None = None
    model: str | None = None
    shown: bool = False


class LabelStore(Protocol):
    """What editors judged: only ever added to."""

    def add(self, events: Sequence[LabelEvent], entry: Entry | None = None) -> list[LabelOutcome]:
        """Keep events, each seeing what the ones before it did; says of each, in input order, what became of it.

        ``duplicate``: the id is known; nothing is changed. ``conflict``, and not kept: an undo of what is no standing
        judgement of the same ``by``; or a judgement of titles (in any order) of which the same ``by`` has a standing
        one of the same kind that is neither a repeat nor named by ``replaces``, unless it is itself a repeat; or one
        whose ``replaces`` is no standing judgement of those titles by the same ``by`` with the same ``repeat``.
        """

    def event(self, event_id: str) -> LabelEvent | None:
        """The event with this id."""

    def standing(self, by: str | None = None) -> list[LabelEvent]:
        """Judgements, repeats too, that are neither undone nor replaced by one that is not undone; in order of arrival.

        So when a correction is undone, what it corrected stands again.
        """

    def events(self, after: int = 0, limit: int = 1000) -> list[tuple[int, LabelEvent]]:
        """All events with their numbers above ``after``, which count up in order of arrival; at most ``limit``."""


class AdjustmentStore(Protocol):
    """Editors' pins, boosts and mutes. Each change is one of the store's revisions, so that lists are made anew."""

    def add(self, adjustment: Adjustment, entry: Entry) -> None:
        """Keep a new one."""

    def end(self, adjustment_id: str, entry: Entry) -> bool:
        """Lift it now, by the store's clock; False when it is unknown, ended or expired already."""

    def active(self, moment: datetime, start: datetime | None = None) -> list[Adjustment]:
        """Those that held at a moment, or at any from ``start`` to it; oldest first, then by id."""

    def get(self, adjustment_id: str) -> Adjustment | None:
        """The one with this id, whether it holds or not."""

    def newest(self, limit: int, holding: bool | None = None) -> list[Adjustment]:
        """The newest first: all, or only those that hold by the store's clock, or only those that do not."""


@dataclass(frozen=True, slots=True)
class Run:
    """A training from editors' labels, and what the gate said of what came out. ``by`` as in :class:`Entry`."""

    id: str
    kind: RunKind
    state: RunState
    by: str
    created_at: datetime
    updated_at: datetime
    labels: int
    """How many judgements it learns from."""
    labels_sha256: str
    champion: str
    """The version that it starts from and is judged against."""
    candidate: str | None = None
    """The version it made."""
    progress: float = 0.0
    """0 to 1."""
    message: str = ""
    """What it does now, or why it ended as it did, in words."""
    verdict: bytes | None = None
    """The gate's answer as JSON, byte for byte as it was given."""


class RunStore(Protocol):
    """Training runs: the ledger of all that was tried, refusals too."""

    def start(self, run: Run, entry: Entry) -> bool:
        """Keep a new run; False, and nothing is kept, while another is in a state of ACTIVE."""

    def save(self, run: Run, entry: Entry | None = None) -> None:
        """Replace what is known of a run; no effect for an unknown one."""

    def get(self, run_id: str) -> Run | None:
        """The run with this id."""

    def newest(self, limit: int) -> list[Run]:
        """Newest first."""

    def active(self) -> Run | None:
        """The run in a state of ACTIVE."""
