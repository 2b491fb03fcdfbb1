"""``/v1/labels/progress``: how the editors' work goes, and how far they agree."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from service import agreement
from service.api.deps import EditorKey, StateDep
from service.api.schemas import Problem
from service.api.state import State
from service.store.editorial import LabelEvent
from service.types import JudgementKind

router = APIRouter()

_DAYS = 30


class WorkView(BaseModel):
    """What is judged and stands. Repeats count too: to leave them out would tell the editor which they were."""

    total: int
    today: int = Field(description="Since midnight, UTC.")
    kinds: dict[JudgementKind, int]
    median_seconds: float | None = Field(description="That a judgement took; null: none says so.")
    per_hour: float | None = Field(description="Over the last hour of work; pauses of more than five minutes are none.")


class ConsistencyView(BaseModel):
    """How far scores are from what the same editor said of the same title before, without being told."""

    repeats: int
    mean_difference: float | None = Field(description="In points; null: no repeats yet.")
    within_10: float | None = Field(description="Share of repeats at most ten points apart.")


class EditorWork(WorkView):
    """One editor's work."""

    by: str = Field(description="The key's id, or a rater's name from an import.")
    name: str = Field(description="Who holds the key; empty: not known.")
    consistency: ConsistencyView


class DayView(BaseModel):
    """Judgements of a day (UTC)."""

    day: str = Field(examples=["2026-01-31"])
    count: int


class AgreementView(BaseModel):
    """How far editors agree on scores of the same titles."""

    alpha: float | None = Field(
        description="Krippendorff's, interval metric: 1 all agree, 0 as by chance; null: too little is judged twice."
    )
    interval: list[float] | None = Field(description="Holds it with 95 %; null for fewer than ten titles.")
    titles: int = Field(description="Titles that two editors or more scored.")
    words: str = Field(examples=["good: rely on these labels"])


class ProgressAnswer(BaseModel):
    """How the newsroom's judging goes."""

    all: WorkView
    you: EditorWork
    editors: list[EditorWork] = Field(description="Who has done most comes first.")
    days: list[DayView] = Field(description="The newest 30 with work, oldest first.")
    agreement: AgreementView
    consistency: ConsistencyView


@router.get(
    "/v1/labels/progress",
    response_model=ProgressAnswer,
    responses={code: {"model": Problem} for code in (401, 403, 503)},
    operation_id="label_progress",
)
def label_progress(state: StateDep, key: EditorKey, response: Response) -> dict[str, Any]:
    """What was judged, how fast, and how far editors agree with each other and with themselves."""
    response.headers["Cache-Control"] = "no-store"
    return progress(state, key.id)


def progress(state: State, by: str) -> dict[str, Any]:
    """The same for pages; ``by`` is who asks."""
    standing, today = state.store.labels.standing(), state.clock().date()
    names = {key.id: key.name for key in state.store.keys()}
    views = {one: _editor(one, events, today, names) for one, events in agreement.by_editor(standing).items()}
    everything = agreement.work(standing)
    return {
        "all": _work(everything, today),
        "you": views.get(by) or _editor(by, [], today, names),
        "editors": list(views.values()),
        "days": [{"day": str(day), "count": count} for day, count in list(everything.days.items())[-_DAYS:]],
        "agreement": _agreement(agreement.agreement(standing)),
        "consistency": _consistency(standing),
    }


def _editor(by: str, events: Sequence[LabelEvent], today: date, names: Mapping[str, str]) -> dict[str, Any]:
    done = _work(agreement.work(events), today)
    return {"by": by, "name": names.get(by, ""), **done, "consistency": _consistency(events)}


def _work(work: agreement.Work, today: date) -> dict[str, Any]:
    return {
        "total": work.total,
        "today": work.days.get(today, 0),
        "kinds": work.kinds,
        "median_seconds": work.median_seconds,
        "per_hour": work.per_hour and round(work.per_hour, 1),
    }


def _consistency(events: Sequence[LabelEvent]) -> dict[str, Any]:
    found = agreement.consistency(events)
    return {"repeats": found.repeats, "mean_difference": found.mean_difference, "within_10": found.close_share}


def _agreement(found: agreement.Agreement) -> dict[str, Any]:
    return {"alpha": found.alpha, "interval": found.interval, "titles": found.titles, "words": agreement.words(found)}
