"""``/v1/labels``: what editors judge."""

import json
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from service.api import label_progress
from service.api.deps import EditorKey, StateDep
from service.api.problems import problem
from service.api.schemas import Problem
from service.api.state import State
from service.errors import InputError, TooLargeError
from service.judgements import MAX_REASON_CHARS, judgement_from
from service.labels.files import EXTENSIONS, MEDIA_TYPES, LabelFormat, written
from service.labels.rows import EVENT_ID, MAX_NAME_CHARS, MAX_SECONDS, event_row, is_event_id, moment_of, name_of
from service.store.contract import ApiKey
from service.store.editorial import Entry, LabelEvent
from service.text import clean
from service.types import JudgementKind

router = APIRouter(tags=["labels"])
router.include_router(label_progress.router)

MAX_EVENTS = 100
_PRIVATE = {"Cache-Control": "no-store"}
_PAGE = 1000
_ID = f"^{EVENT_ID}$"


class LabelIn(BaseModel):
    """A judgement of titles, or of kept headlines, whose titles are looked up."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: str = Field(pattern=_ID, description="Yours to choose, and another each time: sending twice keeps once.")
    kind: JudgementKind
    titles: list[str] | None = Field(None, description="One of a score, two of a pair, four of best-worst.")
    headlines: list[str] | None = Field(None, description="Ids of headlines instead of titles.", max_length=4)
    i_score: float | None = Field(None, ge=0, le=100)
    best: int | None = Field(None, description="Position from 0; null of a pair: neither is more important.")
    worst: int | None = None
    reason: str | None = Field(None, description=f"At most {MAX_REASON_CHARS} characters; needed for `cannot_judge`.")
    seconds: float | None = Field(None, ge=0, le=MAX_SECONDS, description="How long it took.")
    at: str | None = Field(
        None, description="When it was judged (RFC 3339), if that was before now.", examples=["2026-01-31T09:30:00Z"]
    )
    model: str | None = Field(None, max_length=MAX_NAME_CHARS, description="Whose score there was.")
    shown: bool = Field(False, description="Whether that score was in sight.")
    replaces: str | None = Field(None, pattern=_ID, description="The judgement that this one corrects.")
    repeat: bool = Field(False, description="Asked for again, to see whether the editor agrees with themself.")


class LabelView(BaseModel):
    """A kept judgement."""

    id: str
    kind: JudgementKind
    titles: list[str]
    i_score: float | None = None
    best: int | None = None
    worst: int | None = None
    reason: str | None = None
    by: str = Field(description="The key's id.")
    at: str
    seconds: float | None = None
    model: str | None = None
    shown: bool = False
    replaces: str | None = None
    repeat: bool = False


class LabelItem(BaseModel):
    """What became of an event."""

    id: str
    result: Literal["created", "duplicate", "conflict"] = Field(
        description="`duplicate`: it was kept before; `conflict`: it is not kept, because of what stands."
    )
    current: LabelView | None = Field(default=None, description="The judgement that is in the way.")


class LabelsAnswer(BaseModel):
    """What became of each event, in input order."""

    items: list[LabelItem]


_EXAMPLE = {"id": "7f3c9a1e-0b52", "kind": "score", "titles": ["Dam bursts above valley town"], "i_score": 70}
_EVENT = LabelIn.model_json_schema()
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"anyOf": [_EVENT, {"type": "array", "items": _EVENT, "maxItems": MAX_EVENTS}]},
                "example": _EXAMPLE,
            }
        },
    }
}
_PROBLEMS: dict[int | str, dict[str, Any]] = {code: {"model": Problem} for code in (401, 403, 422, 503)}
_STANDS = "Another judgement of the same titles stands, or the id is taken; of many events each says so itself."


@router.post(
    "/v1/labels",
    response_model=LabelsAnswer,
    response_model_exclude_unset=True,
    responses={**_PROBLEMS, 409: {"model": Problem, "description": _STANDS}, 413: {"model": Problem}},
    openapi_extra=_BODY,
    operation_id="add_labels",
)
async def post_labels(request: Request, state: StateDep, key: EditorKey) -> Any:
    """Keep what an editor judged: one event, or a list of at most 100, of which none is kept when one is bad."""
    return await run_in_threadpool(_answer, state, key, await request.body())


@router.delete(
    "/v1/labels/{label_id}",
    status_code=204,
    response_class=Response,
    responses={**_PROBLEMS, 404: {"model": Problem}, 409: {"model": Problem, "description": "It does not stand."}},
    operation_id="undo_label",
)
def undo_label(state: StateDep, key: EditorKey, label_id: str) -> Response:
    """Undo a judgement of one's own. What it corrected stands again."""
    event = state.store.labels.event(label_id) if is_event_id(label_id) else None
    if event is None or event.judgement is None:
        return problem(404, "unknown-label", f"There is no judgement {label_id[:40]!r}.")
    if event.by != key.id:
        return problem(403, "forbidden", "Only who judged can undo it.")
    undo = LabelEvent(secrets.token_hex(16), key.id, state.clock(), undoes=event.id)
    if state.store.labels.add([undo], _entry(event, "label.undo")) != ["created"]:
        return problem(409, "label-undone", "This judgement does not stand: it was undone or corrected before.")
    return Response(status_code=204)


@router.get(
    "/v1/labels",
    response_class=StreamingResponse,
    responses={
        **_PROBLEMS,
        200: {"description": "The file.", "content": {kind.partition(";")[0]: {} for kind in MEDIA_TYPES.values()}},
    },
    operation_id="labels",
)
def export_labels(
    state: StateDep,
    key: EditorKey,
    format: Annotated[LabelFormat, Query(description="`labelstudio`: its JSON, which it imports.")] = "jsonl",
    by: Annotated[str | None, Query(description="Only of this key, or of this rater of an import.")] = None,
    which: Annotated[
        Literal["standing", "all"],
        Query(alias="state", description="`all`: also what was undone or corrected, and the undos."),
    ] = "standing",
) -> Response:
    """What was judged, as a file."""
    if which == "all" and format == "labelstudio":
        raise InputError("Label Studio's JSON has no place for what was undone: ask for state=standing")
    by = by if by is None else clean(by)  # as names are kept
    events: Iterable[LabelEvent] = state.store.labels.standing(by) if which == "standing" else _all(state, by)
    headers = {**_PRIVATE, "Content-Disposition": f'attachment; filename="labels.{EXTENSIONS[format]}"'}
    return StreamingResponse(written(events, format), headers=headers, media_type=MEDIA_TYPES[format])


def keep(state: State, key: ApiKey, sent: LabelIn) -> LabelItem:
    """Keep an editor's judgement; InputError when it is none."""
    return _kept(state, _event(state, key, sent), sent)


def _answer(state: State, key: ApiKey, body: bytes) -> Any:
    try:
        rows = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise InputError(f"the body is not JSON: {exc}") from exc
    alone = not isinstance(rows, list)
    if not alone and len(rows) > MAX_EVENTS:
        raise TooLargeError(f"{len(rows)} events in one request; send at most {MAX_EVENTS}")
    places: list[tuple[int, ...]] = [()] if alone else [(number,) for number in range(len(rows))]
    sent = [_read(row, place) for row, place in zip([rows] if alone else rows, places, strict=True)]
    events = [_checked(state, key, *one) for one in zip(sent, places, strict=True)]
    items = [_kept(state, *one) for one in zip(events, sent, strict=True)]
    if alone and items[0].result == "conflict":
        return _conflict(items[0])
    return {"items": [item.model_dump(exclude_unset=True) for item in items]}


def _read(row: object, place: tuple[int, ...]) -> LabelIn:
    try:
        return LabelIn.model_validate(row)
    except ValidationError as exc:
        raise RequestValidationError(
            [{"loc": ("body", *place, *one["loc"]), "msg": one["msg"]} for one in exc.errors()]
        ) from exc


def _checked(state: State, key: ApiKey, sent: LabelIn, place: tuple[int, ...]) -> LabelEvent:
    try:
        return _event(state, key, sent)
    except InputError as exc:
        field, _, reason = str(exc).partition(": ")
        raise RequestValidationError([{"loc": ("body", *place, field), "msg": reason}]) from exc


def _event(state: State, key: ApiKey, sent: LabelIn) -> LabelEvent:
    row = sent.model_dump(exclude_unset=True)
    if (sent.titles is None) == (sent.headlines is None):
        raise InputError("titles: send either titles or headlines")
    if sent.headlines is not None:
        row["titles"] = [_title(state, one, number) for number, one in enumerate(sent.headlines)]
    now = state.clock()
    return LabelEvent(
        sent.id,
        key.id,
        min(moment_of(sent.at, "at") or now, now),
        judgement_from(row),
        replaces=sent.replaces,
        repeat=sent.repeat,
        seconds=sent.seconds,
        model=name_of(sent.model, "model") or None,
        shown=sent.shown,
    )


def _title(state: State, headline_id: str, number: int) -> str:
    found = state.store.get(headline_id)
    if found is None:
        raise InputError(f"headlines[{number}]: there is no headline {headline_id[:40]!r}")
    return found[0].title


def _kept(state: State, event: LabelEvent, sent: LabelIn) -> LabelItem:
    labels = state.store.labels
    (outcome,) = labels.add([event], _entry(event, "label.add"))
    if outcome == "created":
        return LabelItem(id=event.id, result="created")
    known = labels.event(event.id) if outcome == "duplicate" else _in_the_way(labels.standing(event.by), event)
    if outcome == "duplicate" and known and _same(known, event, looked_up=sent.headlines is not None):
        return LabelItem(id=event.id, result="duplicate")
    current = _view(known) if known and known.judgement else None
    return LabelItem(id=event.id, result="conflict", current=current)


def _same(known: LabelEvent, event: LabelEvent, looked_up: bool) -> bool:
    """Whether an event comes again. A title that was looked up may be another one today."""
    if looked_up and known.judgement and event.judgement:
        event = replace(event, judgement=replace(event.judgement, titles=known.judgement.titles))
    sides = [(one.by, one.judgement, one.undoes, one.replaces, one.repeat) for one in (known, event)]
    return sides[0] == sides[1]


def _in_the_way(standing: Sequence[LabelEvent], event: LabelEvent) -> LabelEvent | None:
    """The editor's judgement of the same kind and titles."""

    def subject(one: LabelEvent) -> object:
        return one.judgement and (one.judgement.kind, sorted(one.judgement.titles))

    return next((one for one in standing if not one.repeat and subject(one) == subject(event)), None)


def _conflict(item: LabelItem) -> Response:
    current = item.current
    if current is None:
        detail = "It corrects a judgement that does not stand, or its id is that of an undo."
    elif current.id == item.id:
        detail = f"The id {item.id} is that of another judgement: choose a new one."
    else:
        detail = f"You judged this before, as {current.id}: send that id as replaces to correct it."
    more = {"current": current.model_dump(exclude_unset=True)} if current else {}
    return problem(409, "label-conflict", detail, more=more)


def _view(event: LabelEvent) -> LabelView:
    return LabelView(**event_row(event))


def _entry(event: LabelEvent, action: str) -> Entry:
    judgement = event.judgement
    details = {"kind": judgement.kind, "titles": len(judgement.titles)} if judgement else {}
    return Entry(event.by, action, event.id, details)


def _all(state: State, by: str | None) -> Iterator[LabelEvent]:
    after = 0
    while page := state.store.labels.events(after, _PAGE):
        yield from (event for _, event in page if by is None or event.by == by)
        after = page[-1][0]
