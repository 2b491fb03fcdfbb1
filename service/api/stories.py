"""``/v1/stories``: who else tells a story, and what editors say about who does."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from fastapi import APIRouter

from service import forms
from service.api.deps import EditorKey, StateDep
from service.api.problems import problem
from service.api.schemas import HeadlinesToSplit, Problem, StoriesToMerge, StoryAnswer
from service.api.state import State
from service.errors import InputError
from service.ranking import story_of
from service.store.contract import Span
from service.types import Headline

router = APIRouter(tags=["stories"])

_MOMENT = timedelta(microseconds=1)
_UNKNOWN: dict[int | str, dict[str, Any]] = {404: {"model": Problem}, 503: {"model": Problem}}
_WRITES: dict[int | str, dict[str, Any]] = {
    **_UNKNOWN,
    **{code: {"model": Problem} for code in (400, 401, 403, 413, 422)},
}


@router.get("/v1/stories/{story_id}", response_model=StoryAnswer, responses=_UNKNOWN, operation_id="story")
def get_story(state: StateDep, story_id: str) -> Any:
    """All headlines that tell a story, best first."""
    return _answer(state, story_id)


@router.post("/v1/stories/{story_id}/merge", response_model=StoryAnswer, responses=_WRITES, operation_id="merge")
def merge(state: StateDep, key: EditorKey, story_id: str, asked: StoriesToMerge) -> Any:
    """Other stories tell this one, now and whenever they are told again."""
    if not state.store.story(story_id):
        return _unknown(story_id)
    others = {one: state.store.story(one) for one in asked.stories}
    if missing := [one for one, members in others.items() if not members]:
        raise InputError(f"there is no story {missing[0][:40]!r}")
    return _retell(state, [one for members in others.values() for one in members], story_id)


@router.post("/v1/stories/{story_id}/split", response_model=StoryAnswer, responses=_WRITES, operation_id="split")
def split(state: StateDep, key: EditorKey, story_id: str, asked: HeadlinesToSplit) -> Any:
    """Headlines leave a story and tell one of their own, which is answered."""
    members = state.store.story(story_id)
    if not members:
        return _unknown(story_id)
    leaving = [one for one in members if one.id in asked.headlines]
    if len(leaving) < len(set(asked.headlines)):
        raise InputError("not all of these headlines tell this story: see GET /v1/stories/{id}")
    if len(leaving) == len(members):
        raise InputError("a story cannot lose all its headlines: leave at least one")
    return _retell(state, leaving, secrets.token_hex(8))


def _retell(state: State, headlines: Sequence[Headline], story_id: str) -> Any:
    state.store.retell({one.id: story_id for one in headlines})
    state.look()
    return _answer(state, story_id)


def _answer(state: State, story_id: str) -> Any:
    members = state.store.story(story_id)
    if not members:
        return _unknown(story_id)
    model = state.store.ruler(state.store.revision()) or state.model.version
    told = state.store.told(Span(model, members[0].published_at - _MOMENT, members[-1].published_at), [story_id])
    scores = {one.headline.id: one for one in told}
    items = [
        {**forms.headline_fields(one), "score": (found := scores.get(one.id)) and forms.score_view(found.score)}
        for one in members
    ]
    items.sort(key=lambda item: -item["score"]["i_score_raw"] if item["score"] else 1)
    return {"id": story_id, "model": model, "outlets": story_of(members).outlets, "items": items}


def _unknown(story_id: str) -> Any:
    return problem(404, "unknown-story", f"There is no story {story_id[:40]!r}.")
