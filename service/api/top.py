"""``/v1/top``: the ranked list as JSON, HTML, text and feeds."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse

from service import forms, syndication
from service.api.deps import AskedPage, PageDep, StateDep
from service.api.head import HEAD
from service.api.hot import PREFIX, ReadyAnswer
from service.api.schemas import Problem, TopList
from service.api.state import State
from service.errors import InputError
from service.lists import Page
from service.windows import parse_moment

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
    asked: AskedPage,
    media_type: str,
    encode: Callable[[Page], bytes],
) -> ReadyAnswer:
    """Build a page and keep it, encoded, for the next reader; who asks meanwhile waits for the same."""
    path, question, mark = request.url.path, request.scope["query_string"], state.hot.now

    async def make() -> ReadyAnswer:
        page = await asyncio.to_thread(state.lists.page, state.model.version, asked.query, asked.cursor, asked.as_of)
        body = await asyncio.to_thread(encode, page)
        ready = ReadyAnswer(body, media_type, page.version, page.as_of, forms.next_link(page, path))
        return state.hot.keep(path, question, ready, mark, page.expires_at)

    return await state.making.get((path, question, mark), make)


@router.get(PREFIX, response_model=TopList, responses=_RESPONSES, operation_id="top")
async def top(request: Request, state: StateDep, asked: PageDep) -> Response:
    """The most important headlines of a window, best first."""
    return await _answer(request, state, asked, "application/json", partial(forms.as_json, path=PREFIX))


@router.get(PREFIX + ".html", responses=_RESPONSES, operation_id="top_html", response_class=HTMLResponse)
async def top_html(request: Request, state: StateDep, asked: PageDep) -> Response:
    """The same list as an HTML fragment that needs no script."""
    base = state.settings.public_url
    return await _answer(request, state, asked, "text/html; charset=utf-8", partial(forms.as_html, base=base))


@router.get(PREFIX + ".txt", responses=_RESPONSES, operation_id="top_text", response_class=PlainTextResponse)
async def top_text(request: Request, state: StateDep, asked: PageDep) -> Response:
    """The same list as a table of text."""
    return await _answer(request, state, asked, "text/plain; charset=utf-8", forms.as_text)


def _feed_of(media_type: str) -> dict[int | str, dict[str, Any]]:
    return {**_RESPONSES, 200: {"description": "The feed.", "content": {media_type: {}}}}


@router.get(
    syndication.RSS_PATH, responses=_feed_of(syndication.RSS_TYPE), operation_id="top_rss", response_class=Response
)
async def top_rss(request: Request, state: StateDep, asked: PageDep) -> Response:
    """The same list as RSS 2.0."""
    encode = partial(syndication.as_rss, base=state.settings.base_url())
    return await _answer(request, state, asked, f"{syndication.RSS_TYPE}; charset=utf-8", encode)


@router.get(
    syndication.ATOM_PATH, responses=_feed_of(syndication.ATOM_TYPE), operation_id="top_atom", response_class=Response
)
async def top_atom(request: Request, state: StateDep, asked: PageDep) -> Response:
    """The same list as Atom (RFC 4287)."""
    encode = partial(syndication.as_atom, base=state.settings.base_url())
    return await _answer(request, state, asked, f"{syndication.ATOM_TYPE}; charset=utf-8", encode)


@router.get(
    syndication.JSON_FEED_PATH,
    responses=_feed_of(syndication.JSON_FEED_TYPE),
    operation_id="top_json_feed",
    response_class=Response,
)
async def top_json_feed(request: Request, state: StateDep, asked: PageDep) -> Response:
    """The same list as JSON Feed 1.1."""
    encode = partial(syndication.as_json_feed, base=state.settings.base_url())
    return await _answer(request, state, asked, syndication.JSON_FEED_TYPE, encode)


@router.get(
    PREFIX + "/stream",
    responses={**_RESPONSES, 200: {"description": "Server-sent events.", "content": {"text/event-stream": {}}}},
    operation_id="top_stream",
    response_class=StreamingResponse,
)
async def top_stream(
    request: Request,
    state: StateDep,
    asked: PageDep,
    last_event_id: Annotated[
        str | None, Header(description="The id of the last event: what came since is sent.")
    ] = None,
) -> Response:
    """The list as it changes: `snapshot`, then `enter`, `leave`, `move` and `rescore`."""
    if asked.cursor or asked.as_of:
        raise InputError("a stream is of the list as it is now: leave out cursor and as_of")
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "Access-Control-Allow-Origin": "*"}
    if HEAD in request.scope:
        return Response(headers=headers, media_type="text/event-stream")
    events = state.streams.events(state.model.version, asked.query, _since(last_event_id, state.clock()))
    first = await anext(events)  # when there is no place for the stream, the answer says so
    return StreamingResponse(_begun(first, events), headers=headers, media_type="text/event-stream")


async def _begun(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for event in rest:
        yield event


def _since(event_id: str | None, now: datetime) -> datetime | None:
    """The moment that an event's id names; one that is none of ours, or still to come, is as good as none."""
    try:
        moment = parse_moment(event_id or "")
    except InputError:
        return None
    return moment if moment <= now else None
