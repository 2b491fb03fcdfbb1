"""Errors -> problem details (RFC 9457), in one place."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from service.errors import (
    ArtifactError,
    BusyError,
    ConflictError,
    CursorError,
    Forbidden,
    GateRefused,
    InputError,
    IscoreError,
    StoreError,
    TooLargeError,
    Unauthenticated,
    UnknownModelError,
)

MEDIA_TYPE = "application/problem+json"
_PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_STATUS: dict[type[Exception], tuple[int, str]] = {
    CursorError: (400, "bad-cursor"),
    Unauthenticated: (401, "unauthenticated"),
    Forbidden: (403, "forbidden"),
    UnknownModelError: (404, "unknown-model"),
    GateRefused: (409, "gate-refused"),
    ConflictError: (409, "conflict"),
    TooLargeError: (413, "too-large"),
    InputError: (422, "bad-input"),
    ArtifactError: (500, "damaged-model"),
    BusyError: (503, "busy"),
    StoreError: (503, "store-unavailable"),
}
"""Class -> status and the last part of the problem type; a subclass stands before its base."""
_HEADERS = {
    401: {"WWW-Authenticate": 'Bearer realm="iscore"'},
    403: {"WWW-Authenticate": 'Bearer realm="iscore", error="insufficient_scope"'},
    503: {"Retry-After": "1"},
}


# Or a page of another site could not read that it should come back later, or never.
_READABLE = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}

_MAX_FAULTS, _MAX_FIELD_CHARS = 20, 100  # a request can hold a million faults in fields of any length


def problem(
    status: int,
    slug: str,
    detail: str,
    errors: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
    more: dict[str, Any] | None = None,
) -> JSONResponse:
    """A problem answer. ``slug`` completes the stable type ``urn:iscore:problem:<slug>`` (docs/api.md)."""
    body: dict[str, Any] = {
        "type": f"urn:iscore:problem:{slug}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **(more or {}),
    }
    if errors:
        body["errors"] = errors
    all_headers = {"Cache-Control": "no-store", **_READABLE, **_HEADERS.get(status, {}), **(headers or {})}
    return JSONResponse(body, status, all_headers, MEDIA_TYPE)


def from_error(exc: IscoreError) -> JSONResponse:
    """The problem for one of our own errors."""
    status, slug = next((entry for kind, entry in _STATUS.items() if isinstance(exc, kind)), (500, "internal"))
    return problem(status, slug, str(exc))


def install(app: FastAPI) -> None:
    """Answer every error of ``app`` as a problem."""

    @app.exception_handler(IscoreError)
    def _ours(request: Request, exc: IscoreError) -> JSONResponse:
        return from_error(exc)

    @app.exception_handler(RequestValidationError)
    def _invalid(request: Request, exc: RequestValidationError) -> JSONResponse:
        errors = [{"field": _field(one["loc"]), "reason": str(one["msg"])} for one in exc.errors()[:_MAX_FAULTS]]
        detail = "; ".join(f"{error['field']}: {error['reason']}" for error in errors[:3])
        return problem(422, "bad-input", detail, errors)

    @app.exception_handler(HTTPException)
    def _http(request: Request, exc: HTTPException) -> JSONResponse:
        slug = HTTPStatus(exc.status_code).phrase.lower().replace(" ", "-")
        known = _DETAILS.get(exc.status_code)
        detail = known.format(path=request.url.path[:200], method=request.method) if known else str(exc.detail)
        return problem(exc.status_code, slug, detail, headers=dict(exc.headers or {}))

    @app.exception_handler(Exception)
    def _bug(request: Request, exc: Exception) -> JSONResponse:
        return problem(500, "internal", "Something broke inside the service; its log says what.")

    _document(app)


def _document(app: FastAPI) -> None:
    """Have the OpenAPI document say that errors are problem details; FastAPI takes them for plain JSON."""
    build = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = build()
            for operation in (one for path in document["paths"].values() for one in path.values()):
                answers = operation["responses"]
                if answers.get("422", {}).get("description") == "Validation Error":
                    del answers["422"]  # FastAPI's own, for every path with a parameter
                for status in answers.keys() - {"200", "304"}:
                    answers[status]["content"] = _PROBLEM
            for name in ("HTTPValidationError", "ValidationError"):
                document["components"]["schemas"].pop(name, None)
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]  # how FastAPI says to do it


_DETAILS = {404: "There is nothing at {path}; /docs lists what there is.", 405: "{method} is not possible at {path}."}


def _field(location: tuple[int | str, ...]) -> str:
    """``headlines[3].title`` from pydantic's location; the first part says body or query and is left out.

    A body that is not JSON has the place of the fault as its second part, which is no field.
    """
    if len(location) == 2 and isinstance(location[1], int):
        return str(location[0])
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in location[1:]]
    return "".join(parts).lstrip(".")[:_MAX_FIELD_CHARS] or str(location[0])
