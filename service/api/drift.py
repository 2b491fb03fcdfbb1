"""``/v1/drift``: whether news and editors are still what the model was made for."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from service.api.deps import EditorKey, StateDep
from service.api.schemas import Problem
from service.drift.parts import Gravity, PartName
from service.windows import rfc3339

router = APIRouter(tags=["operating"])

_REFUSED: dict[int | str, dict[str, Any]] = {code: {"model": Problem} for code in (401, 403, 503)}


class PartView(BaseModel):
    """One thing that was looked at."""

    name: PartName = Field(
        description="`scores`, `topics`: population stability index against the model's reference, and against the 30 "
        "days before. `unreadable`, `doubted`: by how many percentage points more headlines have words that the model "
        "cannot read, or a score that means little. `spearman`, `error`, `bias`: scores of titles that editors scored, "
        "beside theirs."
    )
    window: str = Field(examples=["24h"])
    state: Gravity = Field(description="`unknown`: there is too little to say.")
    says: str = Field(examples=["Scores are spread about as in the model's reference."])
    n: int = Field(description="Headlines, or judged titles.")
    value: float | None
    interval: tuple[float, float] | None = Field(description="95 % interval.")
    watch: float | None = Field(description="Where watching begins; null: never.")
    alarm: float | None = Field(description="Where the alarm begins; null: never.")


class BinView(BaseModel):
    """Scores between two ends, and how many of all headlines have one, as shares of 1."""

    low: float
    high: float
    reference: float = Field(description="In the model's reference.")
    shares: dict[str, float] = Field(description="In each window.", examples=[{"24h": 0.12, "7d": 0.1}])


class TopicShareView(BaseModel):
    """How many of all headlines are of a topic, as shares of 1."""

    topic: str
    before: float = Field(description="In the 30 days before the last seven.")
    shares: dict[str, float] = Field(description="In each window.", examples=[{"24h": 0.12, "7d": 0.1}])


class JudgedView(BaseModel):
    """Judged titles that the model scores from `low` to ten points above."""

    low: int
    n: int
    model: float = Field(description="The model's mean score.")
    editors: float = Field(description="The editors' mean score.")


class DayView(BaseModel):
    """The 24 hours until a moment."""

    until: str = Field(description="RFC 3339, UTC.")
    n: int = Field(description="Headlines that were looked at.")
    mean: float | None = Field(description="Mean score.")
    psi: float | None = Field(description="Population stability index against the model's reference.")


class DriftAnswer(BaseModel):
    """What was looked at, at most ten minutes ago, and what it comes to."""

    model: str
    at: str = Field(description="When it was looked at; RFC 3339, UTC.")
    state: Gravity = Field(
        description="That of the gravest part. An alarm asks for a retrain; nothing changes by itself."
    )
    says: str = Field(examples=["Nothing speaks against the model."])
    parts: list[PartView]
    deciles: list[BinView] = Field(description="Tenths of the model's reference.")
    topics: list[TopicShareView]
    judged: list[JudgedView]
    days: list[DayView] = Field(description="The last 14, oldest first.")


@router.get("/v1/drift", response_model=DriftAnswer, responses=_REFUSED, operation_id="drift")
def drift(state: StateDep, key: EditorKey, response: Response) -> dict[str, Any]:
    """Whether news and editors have moved away from what the model was made for."""
    response.headers["Cache-Control"] = "no-store"
    seen = asdict(state.drift.report(state.model))
    days = [{**day, "until": rfc3339(day["until"])} for day in seen["days"]]
    return {**seen, "at": rfc3339(seen["at"]), "days": days}
