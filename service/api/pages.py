"""The pages for people: an article with the list beside it, and the list on its own."""

from pathlib import Path

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse, Response

from service import forms
from service.api.deps import QueryDep, StateDep
from service.api.state import State
from service.explain import explain
from service.ranking import ListQuery
from service.sample import read_sample

router = APIRouter(include_in_schema=False)

_WHY = "/why"
STATIC = Path(forms.__file__).parent / "widget" / "static"
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cache-Control": "public, max-age=30",
}


@router.get("/favicon.ico")
def icon() -> Response:
    """Browsers ask for it, also when they open a fragment on its own."""
    return FileResponse(STATIC / "icon.svg", media_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"})


@router.get("/")
def front(state: StateDep) -> Response:
    """An article as a news site would show it, with the list in its sidebar."""
    return _page(state, "article.html", ListQuery())


@router.get(forms.MORE_PATH)
def top_page(state: StateDep, query: QueryDep, cursor: str | None = None) -> Response:
    """The list on a page of its own, where "View more top news" leads."""
    return _page(state, "top.html", query, cursor)


@router.get(_WHY + "/{headline_id}")
def why_page(state: StateDep, headline_id: str) -> Response:
    """Which words of a kept headline make its score."""
    found = state.store.get(headline_id)
    model = state.model
    if found is None or (score := found[1].get(model.version)) is None:
        raise HTTPException(404)
    with state.admission.place():
        points = explain(model, found[0].title)
    return _answer(forms.render("why.html", forms.why_context(found[0], score, model.version, points)))


@router.get("/sample/{slug}")
def sample(state: StateDep, slug: str) -> Response:
    """Where the headlines of the sample lead."""
    story = next((row for row in read_sample() if row["slug"] == slug), None)
    if story is None:
        raise HTTPException(404)
    return _page(state, "sample.html", ListQuery(), story=story)


def _page(state: State, template: str, query: ListQuery, cursor: str | None = None, **context: object) -> Response:
    page = state.lists.page(state.model.version, query, cursor)
    listed = forms.list_context(page, state.settings.public_url, _WHY)
    return _answer(forms.render(template, {**listed, **context, "paged": cursor is not None}))


def _answer(html: bytes) -> Response:
    return Response(html, media_type="text/html; charset=utf-8", headers=_HEADERS)
