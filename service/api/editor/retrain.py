"""``/editor/retrain``: train, look at what would change, put live, go back."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from service.api.changes import changes_of
from service.api.deps import AdminKey, EditorKey, StateDep
from service.api.editor.frame import Reader, page
from service.api.problems import from_error
from service.api.state import State
from service.api.training_runs import begin, cancel, run_view
from service.bands import BANDS
from service.editor.audit import key_names
from service.errors import IscoreError
from service.explain import level
from service.promotion import ENOUGH_CHARS, LIVE, objections, reigns, way_back
from service.runs.asking import lacking, supply
from service.store.contract import ApiKey
from service.store.editorial import ACTIVE, Run, RunKind
from service.text import clean

router = APIRouter(include_in_schema=False)

_RETRAIN = "/editor/retrain"
_LEDGER = 20
STATES = {
    "queued": "waits",
    "running": "learns",
    "evaluating": "is judged",
    "awaiting_approval": "may go live",
    "refused": "refused by the gate",
    "promoted": "live",
    "rolled_back": "taken back",
    "failed": "failed",
    "cancelled": "cancelled",
}
"""States of a run in words."""

Reason = Annotated[str, Form(max_length=500)]


@router.get(_RETRAIN)
def retrain_page(
    request: Request, state: StateDep, key: Reader, run: Annotated[str, Query(max_length=64)] = ""
) -> Response:
    """What a training would learn from, how the one under way goes, and what the gate says."""
    return _page(request, state, key, run)


@router.post(_RETRAIN)
def retrain(request: Request, state: StateDep, key: EditorKey, kind: Annotated[RunKind, Form()] = "house") -> Response:
    """Begin a training."""
    try:
        begin(state, kind, key.id)
    except IscoreError as exc:
        return _page(request, state, key, fault=exc)
    return RedirectResponse(_RETRAIN, 303)


@router.post(_RETRAIN + "/runs/{run_id}/cancel")
async def end(request: Request, state: StateDep, key: EditorKey, run_id: str) -> Response:
    """End a training."""
    run = await run_in_threadpool(state.store.runs.get, run_id)
    try:
        if run is not None:
            await cancel(state, run, key.id)
    except IscoreError as exc:
        return await run_in_threadpool(_page, request, state, key, fault=exc)
    return RedirectResponse(_RETRAIN, 303)


@router.post(_RETRAIN + "/promote")
def put_live(
    request: Request,
    state: StateDep,
    key: AdminKey,
    version: Annotated[str, Form(max_length=100)],
    reason: Reason = "",
    run: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Have a version serve."""
    try:
        state.promote(version, key.id, clean(reason))
    except IscoreError as exc:
        return _page(request, state, key, run, exc)
    return RedirectResponse(_RETRAIN, 303)


@router.post(_RETRAIN + "/rollback")
def roll_back(request: Request, state: StateDep, key: AdminKey, reason: Reason = "") -> Response:
    """Have the version serve that did before."""
    try:
        state.roll_back(key.id, clean(reason))
    except IscoreError as exc:
        return _page(request, state, key, fault=exc)
    return RedirectResponse(_RETRAIN, 303)


@router.get(_RETRAIN + "/{version}/changes")
async def changes_page(request: Request, state: StateDep, key: Reader, version: str) -> Response:
    """What would change in the lists of the last day if this version served."""
    try:
        changes = await changes_of(state, version, LIVE)
    except IscoreError as exc:
        return await run_in_threadpool(_page, request, state, key, fault=exc)
    front = changes["fronts"][0]
    for row in changes["largest"]:
        for side in ("before", "after"):
            row[side]["words"] = [{**word, "level": level(word["points"])} for word in row[side]["why"]["words"]]
    return page(
        request, "retrain_changes.html", key, changes=changes, front=front, bands={one.name: one for one in BANDS}
    )


def _page(request: Request, state: State, key: ApiKey, run_id: str = "", fault: IscoreError | None = None) -> Response:
    store, serving = state.store, state.model.version
    runs, changes = store.runs.newest(_LEDGER), reigns(store)
    shown = store.runs.get(run_id) if run_id else next(iter(runs), None)
    return page(
        request,
        "retrain.html",
        key,
        200 if fault is None else from_error(fault).status_code,
        fault=fault and str(fault),
        supply=supply(store),
        lacking=lacking(),
        active=next((run_view(one) for one in runs if one.state in ACTIVE), None),
        shown=shown and _shown(state, shown),
        against=objections(shown.candidate, serving, shown, changes) if shown and shown.candidate else [],
        ledger=[run_view(one) for one in runs],
        serving=serving,
        previous=way_back(changes),
        admin="admin" in key.scopes,
        states=STATES,
        names=key_names(store),
        enough=ENOUGH_CHARS,
    )


def _shown(state: State, run: Run) -> dict[str, Any]:
    """A run with whether its version is there to be put live, and the gate's reasons by group."""
    reasons = (run_view(run)["verdict"] or {}).get("reasons", [])
    groups = {name: [one for one in reasons if one["group"] == name] for name in ("better", "floor")}
    there = run.candidate in state.registry.versions() and run.state not in ACTIVE
    return {**run_view(run), "there": there, "groups": groups}
