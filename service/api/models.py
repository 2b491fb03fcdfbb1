"""``/v1/models``: the model versions, their cards and figures."""

from typing import Any

from fastapi import APIRouter

from service import artifact
from service.api.deps import StateDep
from service.api.schemas import ModelAnswer, ModelList, Problem
from service.registry import Registry

router = APIRouter(tags=["models"])


@router.get("/v1/models", response_model=ModelList, operation_id="models")
def models(state: StateDep) -> dict[str, Any]:
    """The versions on disk and which one serves."""
    versions = Registry(state.settings.models).versions()
    items = [{"version": version, "current": version == state.model.version} for version in versions]
    return {"current": state.model.version, "refused": state.current.refused, "items": items}


@router.get(
    "/v1/models/{version}",
    response_model=ModelAnswer,
    responses={404: {"model": Problem}, 500: {"model": Problem}},
    operation_id="model",
)
def model(state: StateDep, version: str) -> dict[str, Any]:
    """One version's card and figures."""
    found = artifact.read(Registry(state.settings.models).path(version))
    return {
        "version": version,
        "current": version == state.model.version,
        "created_at": found.manifest.get("created_at"),
        "metrics": found.json("metrics.json"),
        "config": found.manifest.get("config", {}),
        "card": found.files["CARD.md"].decode("utf-8", "replace"),
    }
