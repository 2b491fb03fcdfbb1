"""``/v1/queue``: what to judge next."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from service import forms
from service.api.deps import EditorKey, StateDep
from service.api.schemas import Problem
from service.api.state import State
from service.model import ImportanceModel
from service.selecting import MOST, SIZES, Asked, Known, Pool, Why, candidates, chance_of, choose, places, repeats
from service.store.contract import Span
from service.store.editorial import LabelEvent
from service.taste import taste_rows
from service.types import Headline, Judgement, ScoredHeadline

router = APIRouter(tags=["labels"])

_DAY = timedelta(hours=24)
_REMEMBERED = 1000
"""Titles judged last, by anyone, from which the next ones shall differ and whose labels are counted on."""


class QueuedHeadline(BaseModel):
    """A headline to judge. What is not in the list of the last day any more has its title and nothing else."""

    id: str | None = Field(examples=["3f1c9a2b7d604e58"])
    title: str = Field(examples=["Volcano erupts near capital, 40,000 flee"])
    source: str | None = Field(examples=["Example News"])
    published_at: str | None = Field(description="RFC 3339, UTC.")


class QueueItem(BaseModel):
    """One judgement to make. It says nothing of scores: who has seen them judges otherwise."""

    headlines: list[QueuedHeadline] = Field(description="One, two or four, in an order of chance.")
    why: Why = Field(
        description="`uncertain`: a label would tell most of what the newsroom thinks of all others; `high`: near the "
        "top; `diverse`: unlike what was judged; `random`: an honest sample, the same for all editors; `repeat`: "
        "judged before."
    )
    repeat: bool = Field(description="To be sent back with the judgement, and best not shown to who judges.")
    model: str = Field(description="Whose reading of titles chose it.", examples=["headline-base-5"])


class QueueAnswer(BaseModel):
    """What to judge next, and for how many headlines that could go on."""

    items: list[QueueItem]
    left: int = Field(description="Headlines of the last 24 hours that you have not judged in this way, one a story.")


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks for what."""

    key_id: str
    kind: Asked
    count: int


@router.get(
    "/v1/queue",
    response_model=QueueAnswer,
    responses={code: {"model": Problem} for code in (401, 403, 422, 503)},
    operation_id="queue",
)
def queue(
    state: StateDep,
    key: EditorKey,
    response: Response,
    kind: Annotated[Asked, Query(description="One headline, two beside each other, or four.")] = "score",
    limit: Annotated[int, Query(ge=1, le=100, description="Judgements to ask for.")] = 20,
) -> dict[str, Any]:
    """What you should judge next."""
    response.headers["Cache-Control"] = "no-store"
    return next_items(state, Asking(key.id, kind, limit))


def next_items(state: State, asking: Asking) -> dict[str, Any]:
    """The body of the answer."""
    now, model = state.clock(), state.model
    listed = state.store.window(Span(model.version, now - _DAY, now))
    standing = state.store.labels.standing()
    own = [event for event in standing if event.by == asking.key_id]
    found = candidates(listed, _titles(own, asking.kind), MOST, f"{now:%Y-%m-%d}")
    seed = f"{asking.key_id} {now:%Y-%m-%d} {len(own)}"
    again = repeats(own, asking.kind, now, asking.count, seed)
    others = set(_titles((event for event in standing if event.by != asking.key_id), asking.kind))
    pool, known = _pool(state, model, found, _latest(standing), others)
    choices = choose(pool, known, asking.kind, asking.count - len(again), seed)
    items = [_item([_view(found[row].headline) for row in one.rows], one.why, model.version) for one in choices]
    by_title = {one.headline.title: one.headline for one in listed}
    dice = chance_of(seed)
    for event in again:
        titles = event.judgement.titles if event.judgement else ()
        shown = [_view(by_title[title]) if title in by_title else _title_only(title) for title in titles]
        items.insert(int(dice.integers(len(items) + 1)), _item(shown, "repeat", model.version))
    return {"items": items, "left": len(found)}


def one_item(state: State, key_id: str, headline_id: str) -> dict[str, Any] | None:
    """A headline that the editor wants to judge, with the judgement that a new one would correct; None when unknown."""
    found = state.store.get(headline_id)
    if found is None:
        return None
    headline, titles = found[0], (found[0].title,)
    own = state.store.labels.standing(key_id)
    before = (one for one in own if one.judgement and one.judgement.kind == "score" and one.judgement.titles == titles)
    former = next((one for one in before if not one.repeat), None)
    return {
        "headlines": [_view(headline)],
        "repeat": False,
        "model": state.model.version,
        "replaces": former and former.id,
    }


def _pool(
    state: State, model: ImportanceModel, found: Sequence[ScoredHeadline], judged: Sequence[str], others: set[str]
) -> tuple[Pool, Known]:
    """What can be asked for, and what was judged."""
    with state.admission.place():
        vectors = state.encoded.vectors(model, [*judged, *(one.headline.title for one in found)])
    spots, tastes, start = places(model.head, vectors), taste_rows(model.topic_head, vectors), len(judged)
    pool = Pool(
        raws=np.array([one.raw for one in found]),
        places=spots[start:],
        tastes=tastes[start:],
        fresh=np.array([one.headline.title not in others for one in found], bool),
    )
    return pool, Known(spots[:start], tastes[:start])


def _latest(standing: Iterable[LabelEvent]) -> list[str]:
    """Titles that were judged last, in whatever way."""
    titles = (title for event in standing if event.judgement for title in event.judgement.titles)
    return list(dict.fromkeys(titles))[-_REMEMBERED:]


def _titles(events: Iterable[LabelEvent], kind: Asked) -> list[str]:
    """Titles that are judged in this way, or of which it is said that they cannot be."""
    judgements = [event.judgement for event in events if event.judgement]
    over = [one for one in judgements if one.kind == kind or _never(one, kind)]
    return [title for one in over for title in one.titles]


def _never(judgement: Judgement, kind: Asked) -> bool:
    """A headline that cannot be judged cannot be compared either; one of a pair may well be judged alone."""
    return judgement.kind == "cannot_judge" and len(judgement.titles) in (1, SIZES[kind])


def _item(shown: list[dict[str, Any]], why: Why, model: str) -> dict[str, Any]:
    return {"headlines": shown, "why": why, "repeat": why == "repeat", "model": model}


def _view(headline: Headline) -> dict[str, Any]:
    said = forms.headline_fields(headline)
    return {name: said[name] for name in QueuedHeadline.model_fields}


def _title_only(title: str) -> dict[str, Any]:
    return {**dict.fromkeys(QueuedHeadline.model_fields), "title": title}
