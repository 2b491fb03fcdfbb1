"""What a running service holds, and the one background loop that keeps it current."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from service.api.hot import HotLists
from service.api.limits import Admission
from service.current import CurrentModel
from service.lists import Lists
from service.model import ImportanceModel
from service.registry import Registry
from service.rescore import rescore
from service.settings import Settings
from service.store.sql import SqlStore

log = logging.getLogger(__name__)

LONGEST_WINDOW = timedelta(days=30)
_BEFORE_SWITCH = timedelta(hours=24)  # what a new model scores before its first list is shown
_TICK_S = 1.0


def utc_now() -> datetime:
    """The service's clock."""
    return datetime.now(UTC)


class State:
    """The service's parts. ``clock`` is the only source of time."""

    def __init__(self, settings: Settings, store: SqlStore, clock: Callable[[], datetime] = utc_now) -> None:
        self.settings = settings
        self.store = store
        self.clock = clock
        self.current = CurrentModel(Registry(settings.models), settings.threads, self._score_recent)
        self.lists = Lists(store, clock)
        self.hot = HotLists(clock)
        self.admission = Admission(settings.max_waiting)
        self.draining = False
        self.look()

    @property
    def model(self) -> ImportanceModel:
        """The model that scores now."""
        return self.current.model

    def look(self) -> None:
        """Drop ready lists when the store or the model has changed, by this process or another."""
        self.hot.mark(self.store.revision(), self.model.version)

    def tick(self) -> None:
        """Follow the current model, score what has no score yet, notice other processes' writes."""
        self.current.follow()
        now = self.clock()
        rescore(self.model, self.store, now - LONGEST_WINDOW, now, at_most=512)
        self.look()

    async def keep_current(self) -> None:
        """Tick for ever."""
        while True:
            await asyncio.sleep(_TICK_S)
            try:
                await asyncio.to_thread(self.tick)
            except Exception:  # a job loop outlives its failures; the next tick tries again
                log.exception("background work failed")

    def _score_recent(self, model: ImportanceModel) -> None:
        now = self.clock()
        rescore(model, self.store, now - _BEFORE_SWITCH, now)
