"""``/editor/sign-in``: a key in, a session out."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from service.api.deps import StateDep
from service.api.editor import session
from service.api.editor.frame import SIGN_IN, page
from service.errors import AuthError
from service.keys import verify

router = APIRouter(include_in_schema=False)

_HOME = "/editor"
_SIGN_OUT = "/editor/sign-out"


@router.get(SIGN_IN)
def sign_in_page(request: Request, to: str = _HOME) -> Response:
    """Where a key is asked for."""
    return page(request, "sign_in.html", None, to=_inside(to), fault=None)


@router.post(SIGN_IN)
def sign_in(
    request: Request,
    state: StateDep,
    key: Annotated[str, Form()] = "",
    to: Annotated[str, Form()] = _HOME,
) -> Response:
    """Check the key and lead to the page that was wanted.

    A refused key is a 403: a 401 would have to say how to send one in a header, and here nobody does.
    """
    session.check_origin(request)
    try:
        found = verify(key.strip(), state.store, "editor", state.clock())
    except AuthError as exc:
        return page(request, "sign_in.html", None, 403, to=_inside(to), fault=str(exc))
    answer = RedirectResponse(_inside(to), 303, {"Cache-Control": "no-store"})
    session.sign_in(answer, request, state, found)
    return answer


@router.post(_SIGN_OUT)
def sign_out(request: Request) -> Response:
    """End the session."""
    session.check_origin(request)
    answer = RedirectResponse(SIGN_IN, 303)
    session.sign_out(answer)
    return answer


def _inside(to: str) -> str:
    """A page of ours, whatever the address says: it must lead nobody to another site, nor back to signing in."""
    path = to.partition("?")[0]
    ours = path == _HOME or (path.startswith(_HOME + "/") and path not in (SIGN_IN, _SIGN_OUT))
    return to if ours and to.isascii() and to.isprintable() else _HOME
