"""What handlers depend on, each named once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypeVar, cast

from fastapi import Depends, Query, Request, Security
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from service.api.editor import session
from service.api.schemas import BandName
from service.api.state import State
from service.errors import InputError, Unauthenticated
from service.keys import admit, verify
from service.ranking import Collapse, ListQuery, parse_weights
from service.store.contract import ApiKey
from service.types import Topic
from service.windows import parse_moment, parse_window

Parsed = TypeVar("Parsed")

_bearer = HTTPBearer(auto_error=False, description="A key from `iscore keys create`.")


def _state(request: Request) -> State:
    return cast(State, request.app.state.service)


StateDep = Annotated[State, Depends(_state)]


def _key_for(scope: str) -> Callable[..., ApiKey]:
    """A dependency: the caller's key, checked for ``scope``."""

    def key(
        request: Request,
        state: StateDep,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    ) -> ApiKey:
        if credentials is not None:
            return verify(credentials.credentials, state.store, scope, state.clock())
        if (signed_in := session.key_of(request, state)) is not None:
            return admit(signed_in, state.store, scope, state.clock())
        hint = f"Authorization: Bearer <key from `iscore keys create --scope {scope}`>"
        raise Unauthenticated(f"This needs a key: {hint}")

    return key


IngestKey = Annotated[ApiKey, Depends(_key_for("ingest"))]
EditorKey = Annotated[ApiKey, Depends(_key_for("editor"))]
AdminKey = Annotated[ApiKey, Depends(_key_for("admin"))]


@dataclass(frozen=True, slots=True)
class AskedPage:
    """A page of a list: the first one now, or as of a past moment, or the one behind a cursor."""

    query: ListQuery
    cursor: str | None = None
    as_of: datetime | None = None


def asked_page(
    request: Request,
    window: Annotated[str, Query(description="`<n>m`, `<n>h` or `<n>d`, at most 30 days.", examples=["6h"])] = "1h",
    limit: Annotated[int, Query(ge=1, le=100, description="Rows on a page.")] = 10,
    source: Annotated[list[str] | None, Query(description="Only these sources.", max_length=50)] = None,
    topic: Annotated[list[Topic] | None, Query(description="Only these topics.", max_length=50)] = None,
    band: Annotated[list[BandName] | None, Query(description="Only these bands.", max_length=50)] = None,
    min_score: Annotated[int, Query(ge=0, le=100, description="Only i-Scores from here up.")] = 0,
    weights: Annotated[
        str | None,
        Query(
            description="Factors for topics or sources; they change the order only.", examples=["world:1.3,sports:0.5"]
        ),
    ] = None,
    collapse: Annotated[Collapse, Query(description="`story`: one row per story; `none`: every headline.")] = "story",
    cursor: Annotated[str | None, Query(description="From `links.next`: the page behind another.")] = None,
    as_of: Annotated[
        str | None,
        Query(description="A past time (RFC 3339): the list as it was then.", examples=["2026-01-31T09:30:00Z"]),
    ] = None,
) -> AskedPage:
    """A checked query; the problem names the parameter that is wrong or that there is not."""
    if unknown := sorted(request.query_params.keys() - set(_PARAMETERS)):
        raise _bad(unknown[0][:40], f"unknown parameter; known are {', '.join(_PARAMETERS)}")
    query = ListQuery(
        window=_parsed("window", parse_window, window),
        limit=limit,
        sources=tuple(sorted(set(source or []))),
        topics=tuple(sorted(set(topic or []))),
        bands=tuple(sorted(set(band or []))),
        min_score=min_score,
        weights=_parsed("weights", parse_weights, weights or ""),
        collapse=collapse,
    )
    return AskedPage(query, cursor, None if as_of is None else _parsed("as_of", parse_moment, as_of))


_PARAMETERS = ("window", "limit", "cursor", "source", "topic", "band", "min_score", "weights", "collapse", "as_of")
PageDep = Annotated[AskedPage, Depends(asked_page)]


def _parsed(parameter: str, parse: Callable[[str], Parsed], text: str) -> Parsed:
    try:
        return parse(text)
    except InputError as exc:
        raise _bad(parameter, str(exc)) from exc


def _bad(parameter: str, reason: str) -> RequestValidationError:
    return RequestValidationError([{"loc": ("query", parameter), "msg": reason}])
