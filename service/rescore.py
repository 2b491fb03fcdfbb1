"""Kept headlines -> scored by another model version -> kept. Resumable: what has a score is not computed again."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from service.model import ImportanceModel
from service.scoring import score
from service.store.contract import Store
from service.windows import LONGEST

CHUNK = 2048


def rescore(
    model: ImportanceModel,
    store: Store,
    start: datetime,
    end: datetime,
    reference: Sequence[float] = (),
    since: int = 0,
) -> int:
    """Score headlines published in start..end that lack a score of ``model``, newest first; how many were scored.

    ``since``: only those that are new or changed since that revision.
    """
    done = 0
    while headlines := store.unscored(model.version, start, end, CHUNK, since):
        store.put_scores(score(model, headlines, reference))
        done += len(headlines)
        end = headlines[-1].published_at  # all that are newer have theirs, and are not looked through again
    return done


class Rescoring:
    """Has one model score all headlines of a window, a piece at a time, and then what comes in without."""

    def __init__(self, model: ImportanceModel, store: Store, window: timedelta = LONGEST) -> None:
        self.model = model
        self._store = store
        self._window = window
        self._known = store.listed_revision()  # headlines that come in change lists
        self._end: datetime | None = None
        self._done = False

    def step(self, now: datetime, reference: Sequence[float]) -> bool:
        """Score what has come in, and a piece of what was there; whether there may be another piece."""
        start, revision, listed = now - self._window, self._store.revision(), self._store.listed_revision()
        if listed != self._known:
            rescore(self.model, self._store, start, now, reference, self._known)
            self._known = listed
        if self._done:
            return False
        headlines = self._store.unscored(self.model.version, start, self._end or now, CHUNK)
        if headlines:
            self._store.put_scores(score(self.model, headlines, reference))
            self._end = headlines[-1].published_at
            if self._store.revision() == revision + 1:  # nobody has written but we: nothing new to look for
                self._known = self._store.listed_revision()
        self._done = len(headlines) < CHUNK
        return not self._done
