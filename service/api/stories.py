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
from service.store.contract import ApiKey, Span
from service.store.editorial import Entry
from service.stories import BY_HAND

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
    join(state, key, story_id, asked.stories)
    return _answer(state, story_id)


@router.post("/v1/stories/{story_id}/split", response_model=StoryAnswer, responses=_WRITES, operation_id="split")
def split(state: StateDep, key: EditorKey, story_id: str, asked: HeadlinesToSplit) -> Any:
    """Headlines leave a story and tell one of their own, which is answered."""
    if not state.store.story(story_id):
        return _unknown(story_id)
    return _answer(state, part(state, key, story_id, asked.headlines))


def join(state: State, key: ApiKey, story_id: str, stories: Sequence[str]) -> None:
    """Have other stories tell this one; InputError when one of them does not exist."""
    others = {one: state.store.story(one) for one in stories}
    if missing := [one for one, members in others.items() if not members]:
        raise InputError(f"there is no story {missing[0][:40]!r}")
    told = [one.id for members in others.values() for one in members]
    _retell(state, told, story_id, Entry(key.id, "story.merge", story_id, {"stories": list(others), "headlines": told}))


def part(state: State, key: ApiKey, story_id: str, headlines: Sequence[str]) -> str:
    """Have headlines leave a story; the id of the one that they tell now. InputError when they cannot."""
    members = state.store.story(story_id)
    leaving = [one.id for one in members if one.id in headlines]
    if len(leaving) < len(set(headlines)):
        raise InputError("not all of these headlines tell this story: see GET /v1/stories/{id}")
    if len(leaving) == len(members):
        raise InputError("a story cannot lose all its headlines: leave at least one")
    new = BY_HAND + secrets.token_hex(8)
    _retell(state, leaving, new, Entry(key.id, "story.split", story_id, {"story": new, "headlines": leaving}))
    return new


def _retell(state: State, headlines: Sequence[str], story_id: str, entry: Entry) -> None:
    state.store.retell(dict.fromkeys(headlines, story_id), entry)
    state.look()


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
