"""Headlines -> scored headlines: the one path that API, ingest, files, CLI and evaluation share."""

from collections.abc import Sequence

from service.bands import band_of, rounded
from service.language import low_confidence
from service.model import ImportanceModel
from service.types import Headline, Score, ScoredHeadline


def score(
    model: ImportanceModel, headlines: Sequence[Headline], reference: Sequence[float] = ()
) -> list[ScoredHeadline]:
    """Score headlines, in input order. Percentiles are those among ``reference``, if any, else the model's own."""
    titles, languages = [one.title for one in headlines], [one.language for one in headlines]
    scores = full_scores(model, titles, languages, reference)
    return [ScoredHeadline(headline, one, model.version) for headline, one in zip(headlines, scores, strict=True)]


def full_scores(
    model: ImportanceModel, titles: Sequence[str], languages: Sequence[str | None], reference: Sequence[float] = ()
) -> list[Score]:
    """Scores of cleaned titles with all that the model can say of them; ``languages`` are BCP 47 tags."""
    vectors, words = model.encoder.read(titles)
    raws, topics = model.scores(vectors).tolist(), model.topics(vectors)
    doubts = [
        low_confidence(title, language) or model.unfamiliar(*counted)
        for title, language, counted in zip(titles, languages, words.tolist(), strict=True)
    ]
    calibration = model.calibration
    percentiles = calibration.percentiles(raws, reference)
    return [
        Score(
            raw,
            topic,
            calibration.widest(raw) if doubt else calibration.interval(raw),
            percentile,
            doubt,
        )
        for raw, topic, percentile, doubt in zip(raws, topics, percentiles, doubts, strict=True)
    ]


def score_titles(model: ImportanceModel, titles: Sequence[str]) -> list[float]:
    """Raw scores (0-100) of titles, in input order; equal titles are computed once."""
    distinct = list(dict.fromkeys(titles))
    raws = dict(zip(distinct, model.predict(distinct).tolist(), strict=True))
    return [raws[title] for title in titles]


def score_fields(raw: float, model: str) -> dict[str, object]:
    """What every output says of a score: printed number, raw number, band and model version."""
    return {"i_score": rounded(raw), "i_score_raw": raw, "band": band_of(raw).name, "model": model}
