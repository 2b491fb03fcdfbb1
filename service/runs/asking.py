"""What a training run begins with: enough judgements, written down as a snapshot that nothing changes any more."""

import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

from service.errors import ConflictError, InputError
from service.judgements import HELD_OUT_ONE_IN, LEAST_HELD_OUT, held_out, write_snapshot
from service.settings import HERE, Settings
from service.store.contract import Store
from service.store.editorial import ACTIVE, Entry, LabelEvent, Run, RunKind

LEAST = 10
"""Judgements below which a training is not worth its while."""
SNAPSHOT = "snapshot.jsonl"
CANCEL = "cancel"
"""A file that asks for the end; in it, who does."""
SCHEDULE = "schedule"
_JOINED = HERE / "var" / "data" / "rated_train.jsonl.gz"


def runs_folder(settings: Settings) -> Path:
    """Where runs keep what they need; absolute, for processes that work elsewhere."""
    return settings.state.absolute() / "runs"


def usable(store: Store) -> list[LabelEvent]:
    """What a run would learn from and be judged by: standing judgements of all editors, repeats left out."""
    return [one for one in store.labels.standing() if _teaches(one)]


@dataclass(frozen=True, slots=True)
class Supply:
    """How far the newsroom's judgements reach."""

    usable: int
    held_out: int
    new: int
    """Since the last run; below 0 when more were undone."""

    @property
    def missing(self) -> int:
        """So many more are needed for a run."""
        return max(0, LEAST - self.usable)

    @property
    def missing_for_gate(self) -> int:
        """About so many more are needed until the gate can say yes."""
        return max(0, (LEAST_HELD_OUT - self.held_out) * HELD_OUT_ONE_IN)


def supply(store: Store) -> Supply:
    """Count now."""
    events, last = usable(store), store.runs.newest(1)
    held = sum(one.judgement is not None and held_out(one.judgement) for one in events)
    return Supply(len(events), held, len(events) - (last[0].labels if last else 0))


def ask(store: Store, folder: Path, kind: RunKind, by: str, champion: str, now: datetime) -> Run:
    """Begin a run, which waits to be carried out.

    InputError when there are too few judgements or something is not installed, ConflictError while another run is on.
    """
    if kind == "full" and (reason := lacking()):
        raise InputError(reason)
    events = usable(store)
    if len(events) < LEAST:
        raise InputError(
            f"a training needs {LEAST} judgements and there are {len(events)}: judge {LEAST - len(events)} more"
        )
    if (active := store.runs.active()) is not None:
        raise ConflictError(_is_on(active))
    run_id = secrets.token_hex(8)
    (folder / run_id).mkdir(parents=True)
    digest = write_snapshot(folder / run_id / SNAPSHOT, events)
    run = Run(run_id, kind, "queued", by, now, now, len(events), digest, champion, message="Waits to begin")
    if not store.runs.start(run, Entry(by, "run.start", run_id, {"kind": kind, "labels": len(events)})):
        shutil.rmtree(folder / run_id)
        raise ConflictError(_is_on(store.runs.active()))
    return run


def ask_to_cancel(run: Run, folder: Path, by: str) -> None:
    """Have a run end as soon as who carries it out sees it. ConflictError when it has ended already."""
    if run.state not in ACTIVE:
        raise ConflictError(f"run {run.id} has ended already: {run.state.replace('_', ' ')}")
    (folder / run.id).mkdir(parents=True, exist_ok=True)
    (folder / run.id / CANCEL).write_text(by, "utf-8")


def is_due(settings: Settings, supply: Supply, last: Run | None, champion: str, now: datetime) -> bool:
    """Whether the schedule wants a run: there are enough new judgements, or time has passed and something is new."""
    if supply.missing:
        return False
    after, hours = settings.retrain_after_labels, settings.retrain_every_hours
    if after and supply.new >= after:
        return True
    if not hours or (last and now - last.created_at < timedelta(hours=hours)):
        return False
    return last is None or supply.new != 0 or last.champion != champion


def lacking(joined: Path = _JOINED, modules: Sequence[str] = ("torch", "sentence_transformers")) -> str:
    """Why the whole model cannot be trained here, and what would help; empty when it can."""
    if any(find_spec(one) is None for one in modules):
        return 'a full training needs the "train" extra: pip install "iscore[train]"'
    if not joined.is_file():
        return f"a full training needs {joined.name}: data/README.md says how to join the rated headlines"
    return ""


def _teaches(event: LabelEvent) -> bool:
    return event.judgement is not None and event.judgement.kind != "cannot_judge" and not event.repeat


def _is_on(run: Run | None) -> str:
    return f"run {run.id if run else ''} is on: wait for its end, or cancel it"
