"""What the editors' pages have in common: who may see them, their frame and their policy."""

from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, HTTPException, Request
from fastapi.responses import Response

import service.editor
from service import forms
from service.api.deps import StateDep
from service.api.editor import session
from service.errors import AuthError
from service.keys import admit
from service.store.contract import ApiKey

STATIC = Path(service.editor.__file__).parent / "static"
SIGN_IN = "/editor/sign-in"
PAGES = (
    ("/editor", "Today"),
    ("/editor/judge", "Judge"),
    ("/editor/retrain", "Retrain"),
    ("/editor/drift", "Drift"),
    ("/editor/log", "Log"),
)
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def _signed_in(request: Request, state: StateDep) -> ApiKey:
    key = session.key_of(request, state)
    try:
        if key is not None:
            return admit(key, state.store, "editor", state.clock())
    except AuthError:  # revoked meanwhile, or an ingest key: another one may be signed in with
        pass
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    raise HTTPException(303, headers={"Location": f"{SIGN_IN}?to={quote(wanted)}"})


Reader = Annotated[ApiKey, Depends(_signed_in)]
"""Who looks at a page; whoever is not signed in is led to where they can be."""


def page(request: Request, template: str, key: ApiKey | None, status: int = 200, **context: object) -> Response:
    """One of the editors' pages, made from a template that extends ``editor.html``."""
    shown = {"pages": PAGES, "here": request.url.path, "key": key, **context}
    return Response(
        forms.render(template, shown), status, media_type="text/html; charset=utf-8", headers=dict(_HEADERS)
    )
