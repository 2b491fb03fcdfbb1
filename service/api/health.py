"""``/livez`` and ``/readyz`` for whoever runs the service."""

from typing import Any

from fastapi import APIRouter

from service.api.deps import StateDep
from service.api.problems import problem
from service.api.schemas import Health, Problem

router = APIRouter(tags=["operating"])


@router.get("/livez", response_model=Health, operation_id="livez")
def livez(state: StateDep) -> dict[str, str]:
    """The process answers."""
    return {"status": "draining" if state.draining else "ok", "model": state.model.version}


@router.get("/readyz", response_model=Health, responses={503: {"model": Problem}}, operation_id="readyz")
def readyz(state: StateDep) -> Any:
    """The model has reproduced its golden scores, the store answers, and the service is not stopping."""
    if state.draining:
        return problem(503, "draining", "The service is stopping.")
    state.store.revision()
    return {"status": "ok", "model": state.model.version}
