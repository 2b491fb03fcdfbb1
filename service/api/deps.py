"""What handlers depend on, each named once."""

from typing import Annotated, cast

from fastapi import Depends, Query, Request, Security
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from service.api.schemas import BandName
from service.api.state import State
from service.errors import InputError, Unauthenticated
from service.keys import verify
from service.ranking import Collapse, ListQuery, parse_weights
from service.store.contract import ApiKey
from service.types import Topic
from service.windows import parse_window

_bearer = HTTPBearer(auto_error=False, description="A key from `iscore keys create`.")


def _state(request: Request) -> State:
    return cast(State, request.app.state.service)


StateDep = Annotated[State, Depends(_state)]


def ingest_key(
    state: StateDep, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> ApiKey:
    """The caller's key, checked for the ``ingest`` scope."""
    if credentials is None:
        raise Unauthenticated("This needs a key: Authorization: Bearer <key from `iscore keys create --scope ingest`>")
    return verify(credentials.credentials, state.store, "ingest", state.clock())


IngestKey = Annotated[ApiKey, Depends(ingest_key)]


def list_query(
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
) -> ListQuery:
    """A checked query; the problem names the parameter that is wrong or that there is not."""
    if unknown := sorted(request.query_params.keys() - set(_PARAMETERS)):
        raise _bad(unknown[0][:40], f"unknown parameter; known are {', '.join(_PARAMETERS)}")
    try:
        duration = parse_window(window)
    except InputError as exc:
        raise _bad("window", str(exc)) from exc
    try:
        factors = parse_weights(weights or "")
    except InputError as exc:
        raise _bad("weights", str(exc)) from exc
    return ListQuery(
        window=duration,
        limit=limit,
        sources=tuple(sorted(set(source or []))),
        topics=tuple(sorted(set(topic or []))),
        bands=tuple(sorted(set(band or []))),
        min_score=min_score,
        weights=factors,
        collapse=collapse,
    )


_PARAMETERS = ("window", "limit", "cursor", "source", "topic", "band", "min_score", "weights", "collapse")
QueryDep = Annotated[ListQuery, Depends(list_query)]


def _bad(parameter: str, reason: str) -> RequestValidationError:
    return RequestValidationError([{"loc": ("query", parameter), "msg": reason}])
