"""``/v1/models/{version}/promote`` and ``/v1/models/rollback``: which model serves."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from service.api.deps import AdminKey, StateDep
from service.api.schemas import Problem
from service.promotion import ENOUGH_CHARS
from service.store.editorial import Entry
from service.text import clean

router = APIRouter(tags=["models"])

_REFUSED = "Another version is being put live, or the gate has refused and no reason was given."
_RESPONSES: dict[int | str, dict[str, Any]] = {
    **{code: {"model": Problem} for code in (400, 401, 403, 413, 422, 500, 503)},
    404: {"model": Problem, "description": "There is no such version."},
    409: {"model": Problem, "description": _REFUSED},
}


class Asked(BaseModel):
    """Why a version is put live or taken back."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(
        "",
        max_length=500,
        description=f"For the audit log. With {ENOUGH_CHARS} characters or more it overrules the gate.",
        examples=["It knows the names in the local elections"],
    )


class ReignAnswer(BaseModel):
    """Which version serves now, and which one did before."""

    current: str
    previous: str
    run: str | None = Field(description="The training run that this decides on.")
    overruled: list[str] = Field(description="What the gate had against it, in words.")


@router.post("/v1/models/{version}/promote", response_model=ReignAnswer, responses=_RESPONSES, operation_id="promote")
def promote(state: StateDep, key: AdminKey, version: str, asked: Asked | None = None) -> dict[str, Any]:
    """Put a version live: it is checked, scores the last day, and then all lists show its scores at once."""
    return _answer(state.promote(version, key.id, _reason(asked)))


@router.post("/v1/models/rollback", response_model=ReignAnswer, responses=_RESPONSES, operation_id="rollback")
def roll_back(state: StateDep, key: AdminKey, asked: Asked | None = None) -> dict[str, Any]:
    """Put the version live again that served before, with the scores that it gave."""
    return _answer(state.roll_back(key.id, _reason(asked)))


def _reason(asked: Asked | None) -> str:
    return clean(asked.reason) if asked else ""


def _answer(entry: Entry) -> dict[str, Any]:
    said = entry.details
    return {
        "current": entry.subject,
        "previous": said["before"],
        "run": said.get("run"),
        "overruled": said.get("against", []),
    }
