"""``/v1/pins``: editors' pins, boosts and mutes."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from service.api.deps import EditorKey, StateDep
from service.api.problems import problem
from service.api.schemas import Problem
from service.api.state import State
from service.errors import ConflictError, InputError
from service.store.contract import ApiKey
from service.store.editorial import Entry
from service.text import clean
from service.types import Adjustment, AdjustmentKind, Headline
from service.windows import rfc3339

router = APIRouter(tags=["list"])

HOURS = 6
MAX_HOURS = 168
MAX_POINTS = 100
REASON = (3, 200)
"""How many characters a reason may have."""
_PATH = "/v1/pins"


class AdjustmentToMake(BaseModel):
    """What to do to the row of a headline's story, why and for how long."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"headline": "3f9c1e0a7b5d2468", "kind": "pin", "reason": "our own story"}]},
    )
    headline: str = Field(max_length=100, description="Its id.", examples=["3f9c1e0a7b5d2468"])
    kind: AdjustmentKind
    points: float = Field(
        0.0, ge=-MAX_POINTS, le=MAX_POINTS, allow_inf_nan=False, description="What a boost adds; below 0: takes away."
    )
    reason: str = Field(
        min_length=REASON[0], max_length=REASON[1], description="For the newsroom; readers never see it."
    )
    hours: float | None = Field(
        None, gt=0, le=MAX_HOURS, allow_inf_nan=False, description=f"How long it holds; default {HOURS}."
    )
    expires_at: AwareDatetime | None = Field(None, description=f"Instead of hours: at most {MAX_HOURS} from now.")

    @field_validator("reason")
    @classmethod
    def _said(cls, reason: str) -> str:
        reason = clean(reason)
        if len(reason) < REASON[0]:
            raise ValueError(f"say why in {REASON[0]} to {REASON[1]} characters")
        return reason


class AdjustmentView(BaseModel):
    """An editor's hand on the list."""

    id: str = Field(examples=["9b1deb4d3b7d4bad"])
    kind: AdjustmentKind
    headline: str = Field(description="Id of the headline that was adjusted.")
    story: str = Field(description="Id of the story that it tells: it holds for all of it.")
    points: float = Field(description="What a boost adds to what the row is ranked by.")
    reason: str
    by: str = Field(description="Id of the key.")
    since: str = Field(description="RFC 3339, UTC.")
    expires_at: str = Field(description="When it ends by itself.")
    ended_at: str | None = Field(description="When an editor lifted it.")
    holds: bool = Field(description="Whether it counts now.")


class AdjustmentList(BaseModel):
    """Adjustments, newest first."""

    items: list[AdjustmentView]


def _problems(*codes: int) -> dict[int | str, dict[str, Any]]:
    return {code: {"model": Problem} for code in codes}


@router.get(_PATH, response_model=AdjustmentList, responses=_problems(401, 403, 422, 503), operation_id="pins")
def pins(
    state: StateDep,
    key: EditorKey,
    holding: Annotated[bool | None, Query(description="Only those that hold now, or only those that are over.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many.")] = 100,
) -> Any:
    """Pins, boosts and mutes, newest first."""
    now = state.clock()
    return {"items": [_view(one, now) for one in state.store.adjustments.newest(limit, holding)]}


@router.post(
    _PATH,
    status_code=201,
    response_model=AdjustmentView,
    responses=_problems(400, 401, 403, 404, 413, 422, 503),
    operation_id="pin",
)
def pin(state: StateDep, key: EditorKey, asked: AdjustmentToMake) -> Any:
    """Pin, boost or mute the story of a headline, for a time. Scores stay as they are."""
    made = adjust(state, key, asked)
    if made is None:
        return problem(404, "unknown-headline", f"There is no headline {asked.headline[:40]!r}.")
    return _view(made, made.since)


@router.delete(
    _PATH + "/{pin_id}",
    status_code=204,
    responses=_problems(401, 403, 404, 409, 503),
    operation_id="unpin",
    response_class=Response,
)
def unpin(state: StateDep, key: EditorKey, pin_id: str) -> Response:
    """Lift a pin, boost or mute."""
    if lift(state, key, pin_id) is None:
        return problem(404, "unknown-pin", f"There is no pin, boost or mute {pin_id[:40]!r}.")
    return Response(status_code=204)


def adjust(state: State, key: ApiKey, asked: AdjustmentToMake) -> Adjustment | None:
    """Do what an editor asks for, in place of what holds of the same kind for the same story.

    None for an unknown headline; InputError for points or a time that make no sense.
    """
    if (asked.kind == "boost") != bool(asked.points):
        raise InputError("points: a boost needs some, other than 0; a pin and a mute have none")
    if (found := state.store.get(asked.headline)) is None:
        return None
    headline, store = found[0], state.store.adjustments
    id_, told, now = secrets.token_hex(8), (headline.id, headline.story_id), state.clock()
    made = Adjustment(id_, asked.kind, *told, asked.reason, key.id, now, _end(asked, now), asked.points)
    before = [one for one in store.active(now) if (one.kind, one.story) == (made.kind, made.story)]
    store.add(made, Entry(key.id, "pin.add", id_, _details(made, headline)))
    for one in before:
        store.end(one.id, Entry(key.id, "pin.end", one.id, {"kind": one.kind, "replaced_by": id_}))
    state.look()
    return made


def lift(state: State, key: ApiKey, pin_id: str) -> Adjustment | None:
    """End an adjustment now; None for an unknown one, ConflictError when it is over already."""
    found = state.store.adjustments.get(pin_id)
    if found is None:
        return None
    entry = Entry(key.id, "pin.end", found.id, {"kind": found.kind, "headline": found.headline_id})
    if not state.store.adjustments.end(found.id, entry):
        raise ConflictError(f"this {found.kind} is over already")
    state.look()
    return found


def _end(asked: AdjustmentToMake, now: datetime) -> datetime:
    if asked.expires_at is None:
        return now + timedelta(hours=asked.hours or HOURS)
    if asked.hours is not None:
        raise InputError("give hours or expires_at, not both")
    if not now < asked.expires_at <= now + timedelta(hours=MAX_HOURS):
        raise InputError(f"expires_at must lie within the next {MAX_HOURS} hours")
    return asked.expires_at.astimezone(UTC)


def _details(one: Adjustment, headline: Headline | None = None) -> dict[str, object]:
    said: dict[str, object] = {"kind": one.kind, "headline": one.headline_id, "story": one.story}
    said |= {"title": headline.title} if headline else {}
    said |= {"points": one.points} if one.points else {}
    return {**said, "reason": one.reason, "expires_at": rfc3339(one.expires_at)}


def _view(one: Adjustment, now: datetime) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind,
        "headline": one.headline_id,
        "story": one.story,
        "points": one.points,
        "reason": one.reason,
        "by": one.by,
        "since": rfc3339(one.since),
        "expires_at": rfc3339(one.expires_at),
        "ended_at": one.ended_at and rfc3339(one.ended_at),
        "holds": one.holds(now),
    }
