"""``/v1/headlines``: headlines in, and one headline out."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from service import forms
from service.api.deps import IngestKey, StateDep
from service.api.problems import problem
from service.api.schemas import HeadlineAnswer, IngestAnswer, IngestItem, Problem
from service.api.state import State
from service.errors import InputError, TooLargeError
from service.explain import explain as points
from service.ingest import Outcome, counts, ingest
from service.store.contract import ApiKey, Past, Reply
from service.types import Score
from service.windows import rfc3339

router = APIRouter(tags=["headlines"])

MAX_ITEMS = 1000
NDJSON = "application/x-ndjson"
_IDEMPOTENCY = "The same key with the same body within 24 hours gets the first answer again."
_PRIVATE = {"Cache-Control": "no-store"}
_ITEM = IngestItem.model_json_schema()
_EXAMPLE = {
    "title": "Volcano erupts near capital, 40,000 flee",
    "url": "https://news.example/volcano",
    "source": "Example News",
    "published_at": "2026-01-31T09:30:00Z",
}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"type": "array", "items": _ITEM, "maxItems": MAX_ITEMS},
                "example": [_EXAMPLE],
            },
            NDJSON: {
                "schema": {"type": "string", "description": "One headline object a line."},
                "example": json.dumps(_EXAMPLE) + "\n",
            },
        },
    }
}


@router.post(
    "/v1/headlines",
    response_model=IngestAnswer,
    responses={code: {"model": Problem} for code in (401, 403, 413, 422, 503)},
    openapi_extra=_BODY,
    operation_id="ingest",
)
async def post_headlines(
    request: Request,
    state: StateDep,
    key: IngestKey,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=255, description=_IDEMPOTENCY)] = None,
) -> Response:
    """Keep headlines and score them. One bad headline never rejects the others."""
    content_type = request.headers.get("content-type", "").lower()
    lines = "ndjson" in content_type or "jsonl" in content_type
    body = await request.body()
    return await run_in_threadpool(_answer, state, key, body, lines, idempotency_key)


@router.get(
    "/v1/headlines/{headline_id}",
    response_model=HeadlineAnswer,
    response_model_exclude_unset=True,
    responses={404: {"model": Problem}, 503: {"model": Problem}},
    operation_id="headline",
)
def get_headline(
    state: StateDep, headline_id: str, explain: Annotated[bool, Query(description="Add points per word.")] = False
) -> Any:
    """One headline with its scores."""
    found = state.store.get(headline_id)
    if found is None:
        return problem(404, "unknown-headline", f"There is no headline {headline_id[:40]!r}.")
    headline, scores = found
    model = state.model
    score = scores.get(model.version)
    answer = {
        **forms.headline_fields(headline),
        "first_seen_at": rfc3339(headline.first_seen_at),
        "story": headline.story_id,
        "topic": headline.topic or (score and score.topic),
        "score": score and forms.score_view(score),
        "model": model.version,
        "scores": _raws(scores),
        "history": [_former(one) for one in state.store.past(headline_id)],
        "ranks": [{"at": rfc3339(at), "rank": rank} for at, rank in state.lists.journey(model.version, headline)],
    }
    if explain:
        with state.admission.place():
            answer["why"] = asdict(points(model, headline.title))
    return answer


def _former(past: Past) -> dict[str, object]:
    headline = past.headline
    kept = {key: getattr(headline, key) for key in ("title", "source", "topic")}
    times = {"until": rfc3339(past.until), "published_at": rfc3339(headline.published_at)}
    return {**times, **kept, "story": headline.story_id, "scores": _raws(past.scores)}


def _raws(scores: Mapping[str, Score]) -> dict[str, float]:
    return {version: one.raw for version, one in scores.items()}


def _answer(state: State, key: ApiKey, body: bytes, lines: bool, idempotency_key: str | None) -> Response:
    digest = hashlib.sha256(body).hexdigest()
    if idempotency_key and (before := state.store.reply(key.id, idempotency_key)):
        if before.request != digest:
            return problem(422, "idempotency-key-reused", "This Idempotency-Key came with another body before.")
        return Response(before.body, media_type=before.media_type, headers={**_PRIVATE, "Idempotency-Replayed": "true"})
    items = _lines(body) if lines else _array(body)
    if len(items) > MAX_ITEMS:
        raise TooLargeError(f"{len(items)} headlines in one request; send at most {MAX_ITEMS}")
    with state.admission.place():
        outcomes = ingest(items, state.model, state.store, state.clock(), state.reference, state.grouping)
    state.look()
    media_type = NDJSON if lines else "application/json"
    reply = Reply(digest, _encode(outcomes, lines), media_type)
    if idempotency_key:
        state.store.put_reply(key.id, idempotency_key, reply, state.clock())
    return Response(reply.body, media_type=media_type, headers=_PRIVATE)


def _encode(outcomes: Sequence[Outcome], lines: bool) -> bytes:
    views = [asdict(outcome) for outcome in outcomes]
    if lines:
        return "".join(json.dumps(view) + "\n" for view in views).encode()
    return json.dumps({"items": views, "counts": counts(outcomes)}).encode()


def _array(body: bytes) -> list[object]:
    try:
        items = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise InputError(f"the body is not JSON: {exc}; for one object a line send Content-Type: {NDJSON}") from exc
    if not isinstance(items, list):
        raise InputError("the body must be a JSON array of headlines")
    return items


def _lines(body: bytes) -> list[object]:
    return [_line(line) for line in body.splitlines() if line.strip()]


def _line(line: bytes) -> object:
    """The object of a line; what is not JSON stays text, which ingest rejects with its reason."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return line.decode("utf-8", "replace")
