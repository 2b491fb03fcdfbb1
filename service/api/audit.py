"""``/v1/audit``: who changed what."""

from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from service.api.deps import EditorKey, StateDep
from service.api.schemas import Problem
from service.editor import audit as log

router = APIRouter(tags=["operating"])

_PATH = "/v1/audit"
_NO_STORE = {"Cache-Control": "no-store"}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {}, "application/x-ndjson": {}}},
    **{code: {"model": Problem} for code in (401, 403, 422, 503)},
}

By = Annotated[str | None, Query(max_length=100, description="Only of this key's id, `schedule` or `command line`.")]
Action = Annotated[str | None, Query(max_length=100, description="Only this action.", examples=["model.promote"])]
Before = Annotated[int | None, Query(ge=1, le=1 << 53, description="Only entries with lower numbers.")]


class LoggedView(BaseModel):
    """An entry of the log."""

    number: int = Field(description="Counts up without gaps.")
    at: str = Field(description="RFC 3339, UTC.")
    by: str = Field(description="A key's id, `schedule` or `command line`.", examples=["4kQz81Tb"])
    name: str | None = Field(description="Who holds the key; null: it does not say.", examples=["Ada"])
    action: str = Field(examples=["model.promote"])
    subject: str = Field(description="Id of what was changed.", examples=["newsroom-1"])
    says: str = Field(examples=["put newsroom-1 live"])
    details: dict[str, Any]


class AuditLinks(BaseModel):
    """How the log goes on."""

    next: str | None = Field(description="The entries before these; null: there are none.")


class AuditAnswer(BaseModel):
    """Entries of the log, newest first."""

    items: list[LoggedView]
    links: AuditLinks


@router.get(_PATH, response_model=AuditAnswer, responses=_ANSWERS, operation_id="audit")
def audit(
    state: StateDep,
    key: EditorKey,
    response: Response,
    by: By = None,
    action: Action = None,
    before: Before = None,
    limit: Annotated[int, Query(ge=1, le=500, description="Entries on a page.")] = 100,
    format: Annotated[
        Literal["json", "csv", "jsonl"], Query(description="`csv`, `jsonl`: a file of everything, whatever the page.")
    ] = "json",
) -> Any:
    """Who changed what: changes by editors, on the command line and by the clock, newest first."""
    if format != "json":
        headers = {**_NO_STORE, "Content-Disposition": f'attachment; filename="iscore-audit.{format}"'}
        lines = log.written(log.rows(state.store, by, action), format)
        return StreamingResponse(lines, media_type=log.MEDIA_TYPES[format], headers=headers)
    response.headers.update(_NO_STORE)
    found = state.store.audit.entries(limit + 1, before, by, action)
    names = log.key_names(state.store)
    asked = {"by": by, "action": action, "limit": limit, "before": found[limit - 1].number if found[limit:] else None}
    more = urlencode({name: value for name, value in asked.items() if value is not None})
    items = [log.row(one, names) for one in found[:limit]]
    return {"items": items, "links": {"next": f"{_PATH}?{more}" if found[limit:] else None}}
