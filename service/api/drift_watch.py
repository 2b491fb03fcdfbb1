"""Looks at drift now and then: gathers what a report is made of, and keeps the last one."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from service import artifact
from service.drift.report import BEFORE, LOOKS_BACK, Evidence, Report, report
from service.errors import IscoreError
from service.model import ImportanceModel
from service.registry import Registry
from service.scoring import score_titles
from service.store.contract import Span, Store
from service.text import normalise
from service.types import ScoredHeadline

EVERY = timedelta(minutes=10)
_PIECE = timedelta(hours=6)
ROWS = 20_000
"""At most so many headlines are looked at."""
_PER_PIECE = ROWS // (LOOKS_BACK // _PIECE)  # alike many of each quarter of a day: no morning outweighs a month
_TITLES = 2_000


class DriftWatch:
    """Makes a report at most once every ten minutes, for each model that serves. May be asked from any thread."""

    def __init__(self, store: Store, registry: Registry, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._registry = registry
        self._clock = clock
        self._looking = Lock()
        self._kept: Report | None = None

    def report(self, model: ImportanceModel) -> Report:
        """The last one, or a new one when that is old or of another model."""
        with self._looking:  # who asks meanwhile waits for the same
            now, kept = self._clock(), self._kept
            if kept is None or kept.model != model.version or not timedelta(0) <= now - kept.at < EVERY:
                kept = self._kept = report(model.version, now, self._evidence(model, now))
            return kept

    def _evidence(self, model: ImportanceModel, now: datetime) -> Evidence:
        judged = self._judged(now)
        scores = score_titles(model, list(judged))
        reference, error = model.calibration.reference, _promised_error(self._registry, model.version)
        return Evidence(self._rows(model.version, now), reference, list(judged.values()), scores, error)

    def _rows(self, model: str, now: datetime) -> list[ScoredHeadline]:
        ends = [now - turn * _PIECE for turn in range(LOOKS_BACK // _PIECE)]
        return [row for end in ends for row in self._store.newest(Span(model, end - _PIECE, end), _PER_PIECE)]

    def _judged(self, now: datetime) -> dict[str, float]:
        """What editors say of the titles that they scored of late: their mean, where there are several."""
        said: dict[str, tuple[str, list[float]]] = {}
        for event in reversed(self._store.labels.standing()):
            judgement = event.judgement
            if judgement is None or judgement.i_score is None or event.repeat or not now - BEFORE < event.at <= now:
                continue
            title = judgement.titles[0]
            said.setdefault(normalise(title), (title, []))[1].append(judgement.i_score)
        return {title: sum(scores) / len(scores) for title, scores in list(said.values())[:_TITLES]}


def _promised_error(registry: Registry, version: str) -> float | None:
    """The mean absolute error among a version's own figures; None when there is none."""
    try:
        figures = artifact.read(registry.path(version)).json("metrics.json")
    except IscoreError:  # taken away while it serves
        return None
    dev = figures.get("dev") if isinstance(figures, dict) else None
    error = dev.get("mae") if isinstance(dev, dict) else None
    return float(error) if isinstance(error, int | float) else None
