"""``/v1/training-runs``: models from editors' labels."""

import asyncio
import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from service.api.deps import EditorKey, StateDep
from service.api.problems import problem
from service.api.schemas import Problem
from service.api.state import State
from service.runs.asking import LEAST, ask, ask_to_cancel, runs_folder
from service.store.editorial import ACTIVE, Run, RunKind, RunState
from service.windows import rfc3339

router = APIRouter(tags=["training"])

_PATH = "/v1/training-runs"
_PRIVATE = {"Cache-Control": "no-store"}
_SEEN_WITHIN_S, _LOOKS = 3.0, 30
_RESPONSES: dict[int | str, dict[str, Any]] = {code: {"model": Problem} for code in (401, 403, 422, 503)}
_ONE: dict[int | str, dict[str, Any]] = {**_RESPONSES, 404: {"model": Problem, "description": "No such run."}}
_ACTIVE: dict[int | str, dict[str, Any]] = {409: {"model": Problem, "description": "Another run is on."}}
_ENDED: dict[int | str, dict[str, Any]] = {409: {"model": Problem, "description": "It has ended already."}}


class RunAsked(BaseModel):
    """Which training."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"kind": "house"}]})

    kind: RunKind = Field(
        description="`house`: the last layer learns the newsroom's style, in seconds. `full`: everything, in hours."
    )


class RunView(BaseModel):
    """A training, and what the gate says of what it made."""

    id: str
    kind: RunKind
    state: RunState
    by: str = Field(description="Id of the key that asked for it, or `schedule`.")
    created_at: str = Field(description="RFC 3339, UTC.")
    updated_at: str
    labels: int = Field(description="How many judgements it learns from or is judged by.")
    labels_sha256: str = Field(description="Of the snapshot of these judgements.")
    champion: str = Field(description="The version that it starts from and is judged against.")
    candidate: str | None = Field(description="The version that it made.")
    progress: float = Field(description="From 0 to 1.")
    message: str = Field(description="What it does now, or why it ended as it did.")
    verdict: dict[str, Any] | None = Field(
        description="The gate's answer: `promote`, `summary`, and `reasons` with numbers and what was needed."
    )


class RunList(BaseModel):
    """Trainings, newest first."""

    items: list[RunView]


@router.post(
    _PATH,
    status_code=202,
    response_model=RunView,
    responses={
        **_RESPONSES,
        **_ACTIVE,
        **{code: {"model": Problem} for code in (400, 413)},
        422: {"model": Problem, "description": f"There are fewer than {LEAST} judgements, or something is missing."},
    },
    operation_id="train",
)
def train(state: StateDep, key: EditorKey, asked: RunAsked, response: Response) -> dict[str, Any]:
    """Train from all standing judgements, and have the gate judge the version that comes out. It is not put live."""
    run = begin(state, asked.kind, key.id)
    response.headers.update(_PRIVATE | {"Location": f"{_PATH}/{run.id}"})
    return run_view(run)


@router.get(_PATH, response_model=RunList, responses=_RESPONSES, operation_id="training_runs")
def training_runs(
    state: StateDep,
    key: EditorKey,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=100, description="How many at the most.")] = 20,
) -> dict[str, Any]:
    """The newest trainings, refused ones too."""
    response.headers.update(_PRIVATE)
    return {"items": [run_view(run) for run in state.store.runs.newest(limit)]}


@router.get(_PATH + "/{run_id}", response_model=RunView, responses=_ONE, operation_id="training_run")
def training_run(state: StateDep, key: EditorKey, run_id: str, response: Response) -> Any:
    """How a training goes, or how it ended."""
    response.headers.update(_PRIVATE)
    run = state.store.runs.get(run_id)
    return _unknown(run_id) if run is None else run_view(run)


@router.post(
    _PATH + "/{run_id}/cancel", response_model=RunView, responses={**_ONE, **_ENDED}, operation_id="cancel_run"
)
async def cancel_run(state: StateDep, key: EditorKey, run_id: str, response: Response) -> Any:
    """End a training; what it made so far is kept nowhere."""
    response.headers.update(_PRIVATE)
    run = await run_in_threadpool(state.store.runs.get, run_id)
    return _unknown(run_id) if run is None else run_view(await cancel(state, run, key.id))


def begin(state: State, kind: RunKind, by: str) -> Run:
    """Ask for a run and have it carried out at once."""
    run = ask(state.store, runs_folder(state.settings), kind, by, state.model.version, state.clock())
    state.runner.wake()
    return run


async def cancel(state: State, run: Run, by: str) -> Run:
    """Ask for the end of a run, and give it a moment to come. The run as it is then."""
    await run_in_threadpool(ask_to_cancel, run, runs_folder(state.settings), by)
    state.runner.wake()
    for _ in range(_LOOKS):
        if run.state not in ACTIVE:
            break
        await asyncio.sleep(_SEEN_WITHIN_S / _LOOKS)
        seen = await run_in_threadpool(state.store.runs.get, run.id)
        run = seen or run
    return run


def run_view(run: Run) -> dict[str, Any]:
    """A run as data and pages show it."""
    return {
        "id": run.id,
        "kind": run.kind,
        "state": run.state,
        "by": run.by,
        "created_at": rfc3339(run.created_at),
        "updated_at": rfc3339(run.updated_at),
        "labels": run.labels,
        "labels_sha256": run.labels_sha256,
        "champion": run.champion,
        "candidate": run.candidate,
        "progress": run.progress,
        "message": run.message,
        "verdict": None if run.verdict is None else json.loads(run.verdict),
    }


def _unknown(run_id: str) -> Any:
    return problem(404, "unknown-run", f"There is no training run {run_id[:40]!r}.")
