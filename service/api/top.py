"""``/v1/top``: the ranked list as JSON, HTML and text."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from service import forms
from service.api.deps import QueryDep, StateDep
from service.api.hot import PREFIX, ReadyAnswer
from service.api.schemas import Problem, TopList
from service.api.state import State
from service.lists import Page
from service.ranking import ListQuery

router = APIRouter(tags=["list"])

_RESPONSES: dict[int | str, dict[str, Any]] = {
    304: {"description": "The list is the one that the client has."},
    400: {"model": Problem, "description": "The cursor is not ours."},
    422: {"model": Problem, "description": "A parameter is wrong."},
    503: {"model": Problem, "description": "The store does not answer."},
}


async def _answer(
    request: Request,
    state: State,
    query: ListQuery,
    cursor: str | None,
    media_type: str,
    encode: Callable[[Page], bytes],
) -> ReadyAnswer:
    """Build a page and keep it, encoded, for the next reader."""
    mark = state.hot.now
    page = await asyncio.to_thread(state.lists.page, state.model.version, query, cursor)
    link = forms.next_link(page, request.url.path)
    ready = ReadyAnswer(encode(page), media_type, page.version, page.as_of, link)
    return state.hot.keep(request.url.path, request.scope["query_string"], ready, mark, page.expires_at)


@router.get(PREFIX, response_model=TopList, responses=_RESPONSES, operation_id="top")
async def top(request: Request, state: StateDep, query: QueryDep, cursor: str | None = None) -> Response:
    """The most important headlines of a window, best first."""
    return await _answer(request, state, query, cursor, "application/json", partial(forms.as_json, path=PREFIX))


@router.get(PREFIX + ".html", responses=_RESPONSES, operation_id="top_html", response_class=HTMLResponse)
async def top_html(request: Request, state: StateDep, query: QueryDep, cursor: str | None = None) -> Response:
    """The same list as an HTML fragment that needs no script."""
    base = state.settings.public_url
    return await _answer(request, state, query, cursor, "text/html; charset=utf-8", partial(forms.as_html, base=base))


@router.get(PREFIX + ".txt", responses=_RESPONSES, operation_id="top_text", response_class=PlainTextResponse)
async def top_text(request: Request, state: StateDep, query: QueryDep, cursor: str | None = None) -> Response:
    """The same list as a table of text."""
    return await _answer(request, state, query, cursor, "text/plain; charset=utf-8", forms.as_text)
