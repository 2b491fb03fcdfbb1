"""Who is signed in to the editors' pages: a signed cookie that names a key, and never holds it."""

from datetime import timedelta

from fastapi import Request, Response
from itsdangerous import BadSignature, URLSafeSerializer

from service.api.state import State
from service.errors import Forbidden
from service.store.contract import ApiKey

COOKIE = "iscore_session"
LIFE = timedelta(hours=12)
_SAFE = frozenset(("GET", "HEAD", "OPTIONS"))


def sign_in(response: Response, request: Request, state: State, key: ApiKey) -> None:
    """Set the cookie: out of reach of scripts, and sent with no request that another site begins."""
    ends = state.clock() + LIFE
    secure = request.url.scheme == "https" or state.settings.base_url().startswith("https:")
    text = str(_signer(state).dumps([key.id, int(ends.timestamp())]))
    age = int(LIFE.total_seconds())
    response.set_cookie(COOKIE, text, max_age=age, path="/", secure=secure, httponly=True, samesite="strict")


def sign_out(response: Response) -> None:
    """Take the cookie back."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")


def key_of(request: Request, state: State) -> ApiKey | None:
    """The key whose holder is signed in, revoked or not; None without a valid cookie.

    Forbidden when the request would change something and does not come from a page of ours.
    """
    try:
        key_id, ends = _signer(state).loads(request.cookies.get(COOKIE, ""))
    except (BadSignature, ValueError):
        return None
    if ends <= state.clock().timestamp() or (key := state.store.key(key_id)) is None:
        return None
    if request.method not in _SAFE:
        check_origin(request)
    return key


def check_origin(request: Request) -> None:
    """Forbidden unless a page of this very site sent the request (Fetch Metadata, else the Origin header)."""
    site, host = request.headers.get("sec-fetch-site"), request.headers.get("host")
    here = request.headers.get("origin") in (f"http://{host}", f"https://{host}")
    if not (here if site is None else site == "same-origin"):
        raise Forbidden("this request does not come from the editors' pages: sign in there, or send a key")


def _signer(state: State) -> URLSafeSerializer:
    return URLSafeSerializer(state.store.secret(), salt="iscore.session")
