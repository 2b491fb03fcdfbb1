"""Headlines -> scored headlines: the one path that API, ingest, files, CLI and evaluation share."""

from collections.abc import Sequence

from service.bands import band_of, rounded
from service.model import ImportanceModel
from service.types import Headline, ScoredHeadline


def score(model: ImportanceModel, headlines: Sequence[Headline]) -> list[ScoredHeadline]:
    """Score headlines, in input order."""
    raws = score_titles(model, [headline.title for headline in headlines])
    return [ScoredHeadline(headline, raw, model.version) for headline, raw in zip(headlines, raws, strict=True)]


def score_titles(model: ImportanceModel, titles: Sequence[str]) -> list[float]:
    """Raw scores (0-100) of titles, in input order; equal titles are computed once."""
    distinct = list(dict.fromkeys(titles))
    raws = dict(zip(distinct, model.predict(distinct).tolist(), strict=True))
    return [raws[title] for title in titles]


def score_fields(raw: float, model: str) -> dict[str, object]:
    """What every output says of a score: printed number, raw number, band and model version."""
    return {"i_score": rounded(raw), "i_score_raw": raw, "band": band_of(raw).name, "model": model}
