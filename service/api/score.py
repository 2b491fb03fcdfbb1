"""``/v1/score``: scores of titles, nothing kept."""

from dataclasses import asdict
from time import perf_counter

from fastapi import APIRouter, Response

from service import forms
from service.api.deps import StateDep
from service.api.schemas import Problem, ScoreAnswer, ScoreRequest
from service.explain import explain
from service.language import language_of
from service.scoring import full_scores
from service.text import headline_id

router = APIRouter(tags=["scoring"])


@router.post(
    "/v1/score",
    response_model=ScoreAnswer,
    response_model_exclude_unset=True,
    responses={400: {"model": Problem}, 413: {"model": Problem}, 422: {"model": Problem}, 503: {"model": Problem}},
    operation_id="score",
)
def score(state: StateDep, asked: ScoreRequest, response: Response) -> dict[str, object]:
    """Score up to 256 headlines, or up to 16 with points per word."""
    model, titles, started = state.model, [one.title for one in asked.headlines], perf_counter()
    with state.admission.place():
        languages = [language_of(title) for title in titles]
        scores = full_scores(model, titles, languages, state.reference)
        whys = [{"why": asdict(explain(model, title))} if asked.explain else {} for title in titles]
    response.headers["Server-Timing"] = f"score;dur={(perf_counter() - started) * 1000:.1f}"
    response.headers["Cache-Control"] = "no-store"
    items = [
        {
            "id": headline_id(title),
            "title": title,
            "topic": one.topic,
            "language": language,
            **forms.score_view(one),
            **why,
        }
        for title, language, one, why in zip(titles, languages, scores, whys, strict=True)
    ]
    return {"model": model.version, "items": items}
