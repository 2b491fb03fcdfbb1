"""``/v1/models/{version}/changes``: what would change in the lists under another model."""

import asyncio
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from service import forms
from service.api.deps import EditorKey, StateDep
from service.api.schemas import BandName, HeadlineView, Problem, Score, WhyView
from service.api.state import State
from service.changes import RANKED, Front, Placed, Shift
from service.explain import Why, explain
from service.types import ScoredHeadline
from service.windows import parse_window, window_name

router = APIRouter(tags=["models"])


class PlacedView(HeadlineView, Score):
    """A row of one of the two lists, with its story's rank in both."""

    before: int | None = Field(description=f"Rank now; null: not among the first {RANKED:,}.")
    after: int | None = Field(description="Rank under the other version.")


class FrontView(BaseModel):
    """The first rows now and under the other version, side by side."""

    limit: int = Field(examples=[10])
    before: list[PlacedView]
    after: list[PlacedView]
    enter: list[PlacedView] = Field(description="Rows that would be new.")
    leave: list[PlacedView] = Field(description="Rows that would be gone.")
    move: list[PlacedView] = Field(description="Rows that would stay, at another rank.")


class BandView(BaseModel):
    """How many headlines bear a band."""

    band: BandName
    before: int
    after: int


class ExplainedScore(Score):
    """A score with its points per word."""

    why: WhyView


class ShiftView(HeadlineView):
    """A headline whose score would change."""

    points: float = Field(description="How many more it would have.")
    before: ExplainedScore
    after: ExplainedScore


class ChangesAnswer(BaseModel):
    """What would change in the lists of a window if another version served. Editors' adjustments are left out."""

    version: str
    current: str = Field(description="The version that serves.")
    window: str = Field(examples=["24h"])
    headlines: int = Field(description="How many were compared.")
    mean_points: float = Field(description="How many more points a headline would have on average.")
    bands: list[BandView]
    fronts: list[FrontView] = Field(description="The first 10 rows, and the first 50.")
    largest: list[ShiftView] = Field(description="The largest changes of score, one headline per story.")


@router.get(
    "/v1/models/{version}/changes",
    response_model=ChangesAnswer,
    responses={code: {"model": Problem} for code in (401, 403, 404, 422, 500, 503)},
    operation_id="model_changes",
)
async def model_changes(
    state: StateDep,
    key: EditorKey,
    version: str,
    window: Annotated[str, Query(description="`<n>m` or `<n>h`, at most `24h`.", examples=["6h"])] = "24h",
) -> dict[str, Any]:
    """What would change in the lists under another version. The first answer takes seconds: it scores the last day."""
    return await changes_of(state, version, parse_window(window))


async def changes_of(state: State, version: str, window: timedelta) -> dict[str, Any]:
    """The answer as data and pages show it; who asks for the same meanwhile waits for the same."""

    async def make() -> dict[str, Any]:
        return await asyncio.to_thread(_changes, state, version, window)

    return await state.comparing.get((version, window), make)


def _changes(state: State, version: str, window: timedelta) -> dict[str, Any]:
    changes, serving, other = state.would_change(version, window)
    return {
        "version": other.version,
        "current": serving.version,
        "window": window_name(window),
        "headlines": changes.headlines,
        "mean_points": changes.mean_points,
        "bands": [asdict(one) for one in changes.bands],
        "fronts": [_front(one) for one in changes.fronts],
        "largest": [
            _shift(one, *(explain(model, one.before.headline.title) for model in (serving, other)))
            for one in changes.largest
        ],
    }


def _front(front: Front) -> dict[str, Any]:
    lists = {name: getattr(front, name) for name in ("before", "after", "enter", "leave", "move")}
    return {"limit": front.limit, **{name: [_placed(one) for one in rows] for name, rows in lists.items()}}


def _placed(one: Placed) -> dict[str, Any]:
    return {**_scored(one.row.scored), "before": one.before, "after": one.after}


def _scored(one: ScoredHeadline) -> dict[str, Any]:
    return {**forms.headline_fields(one.headline), **forms.score_view(one.score), "topic": one.topic}


def _shift(one: Shift, before: Why, after: Why) -> dict[str, Any]:
    return {
        **forms.headline_fields(one.before.headline),
        "topic": one.before.topic,
        "points": one.points,
        "before": {**forms.score_view(one.before.score), "why": asdict(before)},
        "after": {**forms.score_view(one.after.score), "why": asdict(after)},
    }
