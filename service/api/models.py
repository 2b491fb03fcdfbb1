"""``/v1/models``: the model versions, their cards and figures."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from service import artifact
from service.api.deps import StateDep
from service.api.schemas import Problem
from service.api.state import State
from service.promotion import reigns, way_back
from service.registry import Origin

router = APIRouter(tags=["models"])


class ModelView(BaseModel):
    """A model version."""

    version: str
    current: bool = Field(description="Whether it serves now.")
    origin: Origin = Field(description="`own`: made here, from editors' labels.")


class ModelList(BaseModel):
    """The model versions on disk."""

    current: str
    previous: str | None = Field(description="What a rollback leads to; null: there is no way back.")
    refused: str | None = Field(description="Why the version that was chosen does not serve, if so.")
    items: list[ModelView]


class ModelAnswer(ModelView):
    """A model version with its card and figures."""

    created_at: str | None = Field(examples=["2026-01-31"])
    metrics: dict[str, Any]
    config: dict[str, Any]
    card: str = Field(description="Markdown.")


@router.get("/v1/models", response_model=ModelList, responses={503: {"model": Problem}}, operation_id="models")
def models(state: StateDep) -> dict[str, Any]:
    """The versions on disk, which one serves and which one did before."""
    return model_list(state)


@router.get(
    "/v1/models/{version}",
    response_model=ModelAnswer,
    responses={404: {"model": Problem}, 500: {"model": Problem}},
    operation_id="model",
)
def model(state: StateDep, version: str) -> dict[str, Any]:
    """One version's card and figures."""
    found = artifact.read(state.registry.path(version))
    return {
        **_view(state, version),
        "created_at": found.manifest.get("created_at"),
        "metrics": found.json("metrics.json"),
        "config": found.manifest.get("config", {}),
        "card": found.files["CARD.md"].decode("utf-8", "replace"),
    }


def model_list(state: State) -> dict[str, Any]:
    """The versions as data and pages show them."""
    versions, previous = state.registry.versions(), way_back(reigns(state.store))
    return {
        "current": state.model.version,
        "previous": previous if previous in versions else None,
        "refused": state.current.refused,
        "items": [_view(state, version) for version in versions],
    }


def _view(state: State, version: str) -> dict[str, Any]:
    return {
        "version": version,
        "current": version == state.model.version,
        "origin": state.registry.origin(version),
    }
