"""``/editor``: today's list, with what makes its scores and what an editor may do about it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from service import forms
from service.api.adjustments import HOURS, MAX_HOURS, MAX_POINTS, REASON, AdjustmentToMake, adjust, lift
from service.api.deps import EditorKey, StateDep
from service.api.editor.frame import Reader, page
from service.api.state import State
from service.api.stories import join, part
from service.editor.audit import key_names
from service.errors import ConflictError, InputError
from service.explain import explain, level
from service.lists import Page
from service.ranking import ListQuery, Row
from service.store.contract import ApiKey
from service.types import Adjustment
from service.windows import parse_window, rfc3339

router = APIRouter(include_in_schema=False)

_HOME = "/editor"
_ROWS = 100
_TYPED = {"kind": "", "points": "10", "reason": "", "hours": str(HOURS)}
Window = Literal["1h", "6h", "24h"]
WINDOWS: Mapping[Window, str] = {"1h": "Last hour", "6h": "Last 6 hours", "24h": "Last 24 hours"}
DONE = {
    "pin": "Pinned.",
    "boost": "Boosted.",
    "mute": "Muted. It is listed at the end of this page.",
    "lift": "Lifted.",
    "merge": "They are one story now.",
    "split": "They are a story of their own now.",
}
"""What an editor has just done, in words."""
_Id = Annotated[str, Form(max_length=100)]
_Text = Annotated[str, Form(max_length=1000)]
_Shown = Annotated[Window, Form()]


@dataclass(frozen=True, slots=True)
class _View:
    """Which list is shown, which of its rows stands open, and what was typed there and refused."""

    window: Window
    row: str = ""
    cursor: str | None = None
    done: str = ""
    fault: str = ""
    typed: dict[str, str] = field(default_factory=dict)


@router.get(_HOME)
def today(
    request: Request,
    state: StateDep,
    key: Reader,
    window: Window = "1h",
    row: Annotated[str, Query(max_length=100)] = "",
    cursor: str | None = None,
    done: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """The list; a row that stands open says why it has its score, and has the forms to change what is done with it."""
    return _page(request, state, key, _View(window, row, cursor, done))


@router.post(_HOME + "/pins")
def set_(
    request: Request,
    state: StateDep,
    key: EditorKey,
    headline: _Id,
    kind: _Text = "",
    points: _Text = "",
    reason: _Text = "",
    hours: _Text = "",
    window: _Shown = "1h",
) -> Response:
    """Pin, boost or mute."""
    typed = {"kind": kind, "points": points, "reason": reason, "hours": hours}

    def act() -> None:
        told = {"points": points or "0"} if kind == "boost" else {}
        asked = _asked({"headline": headline, "kind": kind, "reason": reason, "hours": hours or None, **told})
        if adjust(state, key, asked) is None:
            raise InputError("there is no such headline")

    return _after(request, state, key, _View(window, headline, done=kind, typed=typed), act)


@router.post(_HOME + "/pins/{pin_id}/lift")
def lift_(
    request: Request, state: StateDep, key: EditorKey, pin_id: str, headline: _Id, window: _Shown = "1h"
) -> Response:
    """Lift a pin, a boost or a mute."""

    def act() -> None:
        if lift(state, key, pin_id) is None:
            raise InputError("there is no such pin, boost or mute")

    return _after(request, state, key, _View(window, headline, done="lift"), act)


@router.post(_HOME + "/stories/{story_id}/merge")
def merge(
    request: Request,
    state: StateDep,
    key: EditorKey,
    story_id: str,
    headline: _Id,
    into: _Id = "",
    window: _Shown = "1h",
) -> Response:
    """Say that a row tells the story of another one."""

    def act() -> None:
        if not state.store.story(into):
            raise InputError("choose the row that tells the same story")
        join(state, key, into, [story_id])

    return _after(request, state, key, _View(window, headline, done="merge"), act)


@router.post(_HOME + "/stories/{story_id}/split")
def split(
    request: Request,
    state: StateDep,
    key: EditorKey,
    story_id: str,
    headline: _Id,
    leaving: Annotated[list[str] | None, Form(max_length=1000)] = None,
    window: _Shown = "1h",
) -> Response:
    """Say that headlines of a row tell another story."""

    def act() -> None:
        if not leaving:
            raise InputError("choose the headlines that tell another story")
        part(state, key, story_id, leaving)

    return _after(request, state, key, _View(window, headline, done="split"), act)


def _asked(fields: Mapping[str, object]) -> AdjustmentToMake:
    try:
        return AdjustmentToMake.model_validate(fields)
    except ValidationError as exc:
        first = exc.errors()[0]
        raise InputError(f"{first['loc'][0]}: {first['msg']}") from exc


def _after(request: Request, state: State, key: ApiKey, view: _View, act: Callable[[], None]) -> Response:
    """Do something, and lead back to its row; what cannot be done is told on the page."""
    try:
        act()
    except (InputError, ConflictError) as exc:
        refused = _View(view.window, view.row, fault=str(exc), typed=view.typed)
        return _page(request, state, key, refused, 409 if isinstance(exc, ConflictError) else 422)
    return RedirectResponse(f"{_address(view.window, done=view.done)}#row-{view.row}", 303)


def _page(request: Request, state: State, key: ApiKey, view: _View, status: int = 200) -> Response:
    query = ListQuery(parse_window(view.window), _ROWS)
    listed = state.lists.page(state.model.version, query, view.cursor)
    held = state.store.adjustments.active(listed.as_of)
    names = key_names(state.store)
    rows = [_row(state, row, view, held, names) for row in listed.ranking.rows]
    shown = {row.story.id for row in listed.ranking.rows}
    apart = [_told(state, one, names) for one in reversed(held) if one.kind == "mute" or one.story not in shown]
    context = {
        "rows": rows,
        "bands": forms.list_context(listed, "")["bands"],
        "heading": forms.list_title(query.window),
        "total": listed.ranking.total,
        "model": listed.model,
        "windows": [(_address(name), name, words) for name, words in WINDOWS.items()],
        "window": view.window,
        "muted": [one for one in apart if one["kind"] == "mute"],
        "waiting": [one for one in apart if one["kind"] != "mute"],
        "more": _more(listed, view.window),
        "said": DONE.get(view.done, ""),
        "fault": view.fault,
        "typed": _TYPED | view.typed,
        "limits": {"hours": MAX_HOURS, "points": MAX_POINTS, "reason": REASON},
    }
    return page(request, "today.html", key, status, **context)


def _row(state: State, row: Row, view: _View, held: Sequence[Adjustment], names: Mapping[str, str]) -> dict[str, Any]:
    """A row as the page shows it; only one that stands open is explained: it takes some 10 ms."""
    item = forms.item_view(row)
    item["held"] = [_held(one, names) for one in reversed(held) if one.story == row.story.id]
    item["is_open"] = row.scored.headline.id == view.row
    item["toggle"] = _address(view.window, row="" if item["is_open"] else item["id"], cursor=view.cursor)
    if item["is_open"]:
        with state.admission.place():
            why = explain(state.model, row.scored.headline.title)
        item["base"] = why.base
        item["words"] = [(word.word, word.points, level(word.points)) for word in why.words]
        item["members"] = [forms.headline_fields(one) for one in state.store.story(row.story.id)]
    return item


def _held(one: Adjustment, names: Mapping[str, str]) -> dict[str, Any]:
    times = {"until": rfc3339(one.expires_at), "by": names.get(one.by, one.by)}
    return {"id": one.id, "kind": one.kind, "points": one.points, "reason": one.reason, **times}


def _told(state: State, one: Adjustment, names: Mapping[str, str]) -> dict[str, Any]:
    """What holds for no row that is listed, with the headline that it was set on."""
    found = state.store.get(one.headline_id)
    title = found[0].title if found else one.headline_id
    return {**_held(one, names), "headline": one.headline_id, "title": title}


def _more(listed: Page, window: Window) -> str | None:
    return listed.next_cursor and _address(window, cursor=listed.next_cursor)


def _address(window: Window, **asked: str | None) -> str:
    params = {"window": window, **asked}
    return f"{_HOME}?{urlencode({name: value for name, value in params.items() if value})}"
