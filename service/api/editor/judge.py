"""``/editor/judge``: headlines to judge; with scripts by keyboard and even without a network, else by a form."""

import json
import secrets
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, Field

from service.api.deps import EditorKey, StateDep
from service.api.editor.frame import Reader, page
from service.api.labels import LabelIn, keep
from service.api.queue import Asking, next_items, one_item
from service.api.state import State
from service.errors import InputError
from service.store.contract import ApiKey

router = APIRouter(include_in_schema=False)

_JUDGE = "/editor/judge"
_AHEAD = 20


@dataclass(frozen=True, slots=True)
class Anchor:
    """A point of the scale with a key and a word of its own; ``meaning`` is the rubric's, in short (data/RUBRIC.md)."""

    key: int
    i_score: int
    word: str
    meaning: str


ANCHORS = (
    Anchor(1, 10, "Trifle", "gossip, quizzes, recipes, shopping"),
    Anchor(2, 30, "Minor", "a local incident, sport, a company's results"),
    Anchor(3, 50, "Notable", "everyday politics, business and courts of a country; a regional disaster"),
    Anchor(4, 70, "Major", "a big government, market or court moves; a deadly attack; a wide warning"),
    Anchor(5, 90, "Historic", "leads every front page in the world"),
)
_REASONS = ("It is no headline", "I do not understand it", "It needs the article", "I know too little about it")


class Answer(BaseModel):
    """What the form without scripts sends."""

    id: str = Field(pattern="^[A-Za-z0-9_-]{8,64}$")
    title: str = Field(max_length=1000)
    model: str = Field(max_length=100)
    replaces: str = Field("", pattern="^([A-Za-z0-9_-]{8,64})?$")
    repeat: bool = False
    i_score: int | None = Field(None, ge=0, le=100)


@router.get(_JUDGE)
def judge_page(
    request: Request, state: StateDep, key: Reader, headline: Annotated[str, Query(max_length=64)] = ""
) -> Response:
    """The headline that is asked for, else the next one of the queue."""
    return _page(request, state, key, headline)


@router.get(_JUDGE + "/key")
def judge_key(key: EditorKey) -> dict[str, str]:
    """Who is signed in now: a page that was opened by another editor must not send answers in this one's name."""
    return {"key": key.id}


@router.post(_JUDGE)
def judge(request: Request, state: StateDep, key: EditorKey, answer: Annotated[Answer, Form()]) -> Response:
    """Keep a score that was given without scripts, and lead to the next headline."""
    try:
        _keep(state, key, answer)
    except InputError as exc:
        return _page(request, state, key, fault=str(exc))
    return RedirectResponse(_JUDGE, 303)


def _keep(state: State, key: ApiKey, answer: Answer) -> None:
    if answer.i_score is None:
        raise InputError("Nothing was chosen: choose one of the five, then send it.")
    said = {"kind": "score", "titles": [answer.title], "replaces": answer.replaces or None}
    label = LabelIn.model_validate({**answer.model_dump(exclude={"title"}), **said})
    if keep(state, key, label).result == "conflict":
        raise InputError("You had judged this headline before; here is the next one.")


def _page(request: Request, state: State, key: ApiKey, headline: str = "", fault: str = "") -> Response:
    queued = next_items(state, Asking(key.id, "score", _AHEAD))
    wanted = one_item(state, key.id, headline) if headline else None
    items: list[dict[str, Any]] = [wanted, *queued["items"]] if wanted else queued["items"]
    said = {"anchors": ANCHORS, "reasons": _REASONS, "fault": fault, "left": queued["left"], "wanted": bool(wanted)}
    first = {"item": items[0] if items else None, "items": json.dumps(items), "event_id": secrets.token_urlsafe(16)}
    return page(request, "judge.html", key, 422 if fault else 200, **said, **first)
