"""Kept headlines -> scored by another model version -> kept. Resumable: what has a score is not computed again."""

from collections.abc import Sequence
from datetime import datetime

from service.model import ImportanceModel
from service.scoring import score
from service.store.contract import Store

CHUNK = 256


def rescore(
    model: ImportanceModel,
    store: Store,
    start: datetime,
    end: datetime,
    at_most: int | None = None,
    reference: Sequence[float] = (),
) -> int:
    """Score headlines published in start..end that lack a score of ``model``, newest first; how many were scored."""
    done = 0
    while at_most is None or done < at_most:
        headlines = store.unscored(model.version, start, end, CHUNK)
        if not headlines:
            break
        store.put_scores(score(model, headlines, reference))
        done += len(headlines)
    return done
