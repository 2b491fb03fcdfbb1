"""The pages for people: an article with the list beside it, and the list on its own."""

from pathlib import Path

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse, Response

from service import forms
from service.api.deps import AskedPage, PageDep, StateDep
from service.api.sources import source_list
from service.api.state import State
from service.explain import explain
from service.ranking import ListQuery
from service.sample import read_sample
from service.widget import embed

router = APIRouter(include_in_schema=False)

_WHY = "/why"
STATIC = Path(forms.__file__).parent / "widget" / "static"
_POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
_LIVE = "script-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'; "
_HEADERS = {
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
    return _page(state, "article.html", AskedPage(ListQuery()), live=True)


@router.get(forms.MORE_PATH)
def top_page(state: StateDep, asked: PageDep) -> Response:
    """The list on a page of its own, where "View more top news" leads."""
    return _page(state, "top.html", asked)


@router.get(_WHY + "/{headline_id}")
def why_page(state: StateDep, headline_id: str) -> Response:
    """Which words of a kept headline make its score."""
    found = state.store.get(headline_id)
    model = state.model
    if found is None or (score := found[1].get(model.version)) is None:
        raise HTTPException(404)
    with state.admission.place():
        points = explain(model, found[0].title)
    return html_answer(forms.render("why.html", forms.why_context(found[0], score, model.version, points)))


@router.get("/sources")
def sources_page(state: StateDep) -> Response:
    """Which feeds are polled and how that goes, in words."""
    return html_answer(forms.render("sources.html", {**source_list(state), "polled": state.settings.feeds}))


@router.get("/sample/{slug}")
def sample(state: StateDep, slug: str) -> Response:
    """Where the headlines of the sample lead."""
    story = next((row for row in read_sample() if row["slug"] == slug), None)
    if story is None:
        raise HTTPException(404)
    return _page(state, "sample.html", AskedPage(ListQuery()), live=True, story=story)


def _page(state: State, template: str, asked: AskedPage, live: bool = False, **context: object) -> Response:
    page = state.lists.page(state.model.version, asked.query, asked.cursor, asked.as_of)
    listed = forms.list_context(page, state.settings.public_url, _WHY)
    shown = embed.context(state.settings.base_url(), asked.query)
    return html_answer(forms.render(template, {**listed, **shown, **context, "paged": asked.cursor is not None}), live)


def html_answer(html: bytes, live: bool = False, framed_by: str = "'none'") -> Response:
    """A page under a strict policy; ``live``: with our own script, which parses no HTML and asks nobody but us."""
    policy = f"{_POLICY}{_LIVE if live else ''}frame-ancestors {framed_by}"
    headers = {**_HEADERS, "Content-Security-Policy": policy}
    return Response(html, media_type="text/html; charset=utf-8", headers=headers)
