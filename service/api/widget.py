"""The list in other people's pages: the element's script, a frame, oEmbed, and the page that shows how to use them."""

import gzip
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import JSONResponse, Response

from service import forms
from service.api.deps import AskedPage, PageDep, StateDep
from service.api.hot import accepts_gzip
from service.api.pages import html_answer
from service.api.problems import problem
from service.api.state import State
from service.ranking import ListQuery
from service.widget import embed
from service.widget.script import script

router = APIRouter(include_in_schema=False)

_SHOWN = ListQuery(limit=5)
_EVERYWHERE = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Timing-Allow-Origin": "*",
    "X-Content-Type-Options": "nosniff",
}
_AN_HOUR = "public, max-age=3600, stale-while-revalidate=86400"
_FOR_EVER = "public, max-age=31536000, immutable"


@router.get("/widget/iscore.js")
def script_of_today(request: Request) -> Response:
    """The script under an address that stays when the script changes."""
    return _script(request, _AN_HOUR)


@router.get("/widget/{version}/iscore.js")
def script_of_version(request: Request, version: str) -> Response:
    """The script under an address that means these bytes for ever."""
    if version != script().version:
        raise HTTPException(404)
    return _script(request, _FOR_EVER)


@router.get(embed.FRAME_PATH)
def frame(state: StateDep, asked: PageDep) -> Response:
    """The list alone, to be framed by anybody."""
    return html_answer(forms.render("embed.html", _listed(state, asked)), live=True, framed_by="*")


@router.get("/widget/demo")
def demo(state: StateDep) -> Response:
    """The element in its themes, and the HTML to copy."""
    listed = _listed(state, AskedPage(_SHOWN))
    base, heading = state.settings.base_url(), listed["heading"]
    snippets = {
        "snippet": embed.snippet(base, _SHOWN, heading),
        "filled": embed.snippet(base, _SHOWN, heading, listed["rows"]),
        "framed": embed.frame(base, forms.query_params(_SHOWN), embed.frame_size(_SHOWN.limit)),
    }
    return html_answer(forms.render("widget.html", {**listed, **snippets}), live=True)


@router.get(embed.OEMBED_PATH)
def oembed(
    state: StateDep,
    url: str,
    format: str = "json",
    maxwidth: Annotated[int | None, Query(ge=1)] = None,
    maxheight: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """How to show one of our own pages with the list inside another page (oembed.com)."""
    if format != "json":
        return problem(501, "not-implemented", "Only format=json is served.", headers=_EVERYWHERE)
    found = embed.oembed(state.settings.base_url(), url, maxwidth, maxheight)
    if found is None:
        own = f"{state.settings.base_url()}/ and {state.settings.base_url()}{forms.MORE_PATH}"
        return problem(404, "not-found", f"Only this service's own list can be embedded: {own}", headers=_EVERYWHERE)
    return JSONResponse(found, headers={**_EVERYWHERE, "Cache-Control": _AN_HOUR})


def _listed(state: State, asked: AskedPage) -> dict[str, Any]:
    page = state.lists.page(state.model.version, asked.query, asked.cursor, asked.as_of)
    base = state.settings.base_url()
    return {**forms.list_context(page, base), **embed.context(base, asked.query)}


def _script(request: Request, caching: str) -> Response:
    etag = f'"{script().version}"'
    headers = {**_EVERYWHERE, "Cache-Control": caching, "ETag": etag, "Vary": "Accept-Encoding"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    body = script().body
    if accepts_gzip(request.headers.get("accept-encoding", "").encode()):
        body, headers["Content-Encoding"] = gzip.compress(body, 9, mtime=0), "gzip"
    return Response(body, media_type="text/javascript; charset=utf-8", headers=headers)
