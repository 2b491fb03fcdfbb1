"""Which version reigns: what must speak for one before it is put live, which one is the way back, and the change.

A change moves ``CURRENT``, has lists show the new scores, and is logged; each change of reign has exactly one entry.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from service.changes import Changes, compare
from service.errors import ConflictError, GateRefused, InputError, IscoreError
from service.model import ImportanceModel
from service.ranking import ListQuery
from service.registry import Registry
from service.rescore import rescore
from service.store.contract import Span, Store
from service.store.editorial import ACTIVE, Entry, Logged, Run

LIVE = timedelta(hours=24)
"""What a version scores before its first list is shown; older headlines follow in the background."""
ENOUGH_CHARS = 10
"""A reason of fewer characters is none."""
PROMOTE, ROLL_BACK, USE = ACTIONS = "model.promote", "model.rollback", "model.use"
"""Promoted behind the gate, rolled back, or chosen past both by who has the disk at hand."""
_REMEMBERED = 200  # changes of reign
_LOOKED_THROUGH = 1000  # runs, for the newest that made a version


def reigns(store: Store) -> list[Logged]:
    """The changes of reign that the audit log holds, oldest first."""
    found = (one for action in ACTIONS for one in store.audit.entries(_REMEMBERED, action=action))
    return sorted(found, key=lambda one: one.number)[-_REMEMBERED:]


def way_back(changes: Sequence[Logged]) -> str | None:
    """The version that reigned before the one that does. What was rolled back from is no way back."""
    before: list[str] = []
    for entry in (one.entry for one in changes):
        if entry.action != PROMOTE and before and before[-1] == entry.subject:
            before.pop()
        elif isinstance(old := entry.details.get("before"), str):
            before.append(old)
    return before[-1] if before else None


def objections(version: str, serving: str, run: Run | None, changes: Sequence[Logged]) -> list[str]:
    """What speaks against putting ``version`` live, in words; ``run`` is the newest that made it."""
    if any(version in (one.entry.subject, one.entry.details.get("before")) for one in changes):
        return [f"{version} has served before: roll back, or say why it shall serve again"]
    if run is None:
        return [f"no training run has made {version}, so that no gate has judged it"]
    verdict = _verdict(run)
    promote = verdict.get("promote") is True
    found = [] if promote else [str(verdict.get("summary") or "the gate has not said that it may serve")]
    if (champion := verdict.get("champion", run.champion)) != serving:
        found.append(f"the gate has judged it against {champion}, and {serving} serves now: train again")
    return found


def promotion(store: Store, version: str, serving: str, by: str, reason: str) -> Entry:
    """The entry with which ``version`` is put live. GateRefused unless the gate or a reason speaks for it."""
    if version == serving:
        raise ConflictError(f"{version} serves already")
    run = run_of(store, version)
    if run and run.state in ACTIVE:
        raise ConflictError(f"the training run that makes {version} has not ended: wait for what the gate says")
    against = objections(version, serving, run, reigns(store))
    if against and len(reason) < ENOUGH_CHARS:
        hint = f"give a reason of {ENOUGH_CHARS} characters or more to put it live all the same"
        raise GateRefused(f"{'; '.join(one.rstrip('.') for one in against)}; {hint}")
    details = {"before": serving, "reason": reason, "run": run and run.id, "against": against}
    return Entry(by, PROMOTE, version, details)


def way_back_entry(store: Store, serving: str, by: str, reason: str) -> Entry:
    """The entry with which the version before is put live again. ConflictError when there was none."""
    version = way_back(reigns(store))
    if version is None or version == serving:
        raise ConflictError(f"there is nothing to roll back to: no version is known to have served before {serving}")
    run = run_of(store, serving)
    return Entry(by, ROLL_BACK, version, {"before": serving, "reason": reason, "run": run and run.id})


def run_of(store: Store, version: str) -> Run | None:
    """The newest training run that made a version."""
    return next((run for run in store.runs.newest(_LOOKED_THROUGH) if run.candidate == version), None)


def score_live(model: ImportanceModel, store: Store, now: datetime, since: int = 0) -> int:
    """Score the last day's headlines that lack a score of ``model``, or those that are new since a revision."""
    return rescore(model, store, now - LIVE, now, since=since)


def would_change(
    store: Store, serving: ImportanceModel, challenger: ImportanceModel, window: timedelta, now: datetime
) -> Changes:
    """The lists of a window of the last day under both. What the challenger scores is kept: promoting it costs less."""
    if window > LIVE:
        raise InputError("changes can be seen within the last 24 hours: give a window of 24h or less")
    score_live(challenger, store, now)
    before, after = (store.window(Span(model.version, now - window, now)) for model in (serving, challenger))
    return compare(before, after, ListQuery(window))


def put_live(entry: Entry, registry: Registry, store: Store, now: datetime) -> None:
    """Have the subject of ``entry`` reign: it is sound and has scored the last day.

    A process that is killed in between has moved ``CURRENT`` alone: the next one to start takes the version over.
    """
    before = registry.use(entry.subject)
    try:
        store.reign(entry.subject, entry)
    except IscoreError:
        if before:
            registry.use(before)
        raise
    settle(entry, store, now)


def settle(entry: Entry, store: Store, now: datetime) -> None:
    """Have the training run say what became of its version. May be done again."""
    run_id = entry.details.get("run")
    run = store.runs.get(run_id) if isinstance(run_id, str) else None
    if run and run.state != "promoted" and entry.action == PROMOTE:
        store.runs.save(replace(run, state="promoted", updated_at=now, message="serves"))
    elif run and run.state == "promoted" and entry.action == ROLL_BACK:
        store.runs.save(replace(run, state="rolled_back", updated_at=now, message=f"{entry.subject} serves again"))


def _verdict(run: Run) -> dict[str, Any]:
    try:
        found = json.loads(run.verdict or b"null")
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}
