"""What a running service holds, and the one background loop that keeps it current."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Lock

from service.api.hot import HotLists
from service.api.limits import Admission
from service.current import CurrentModel, Load
from service.lists import Lists
from service.model import ImportanceModel, load
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
    """The service's parts. ``clock`` is the only source of time, ``load`` of models."""

    def __init__(
        self, settings: Settings, store: SqlStore, clock: Callable[[], datetime] = utc_now, load: Load = load
    ) -> None:
        self.settings = settings
        self.store = store
        self.clock = clock
        self.current = CurrentModel(Registry(settings.models), settings.threads, self._score_recent, load)
        self.lists = Lists(store, clock)
        self.hot = HotLists(clock)
        self.admission = Admission(settings.max_waiting)
        self.draining = False
        self._looking = Lock()
        self.look()

    @property
    def model(self) -> ImportanceModel:
        """The model that scores now."""
        return self.current.model

    def look(self) -> None:
        """Drop ready lists when the store or the model has changed, by this process or another."""
        with self._looking:  # or the older of two looks may have the last word
            self.hot.mark(self.store.revision(), self.model.version)

    def tick(self) -> None:
        """Follow the current model, score what has no score yet, notice other processes' writes."""
        self.current.follow()
        now = self.clock()
        rescore(self.model, self.store, now - LONGEST_WINDOW, now, at_most=512)
        self.look()

    async def keep_current(self, stop: asyncio.Event) -> None:
        """Tick until told to stop. A tick under way ends first: it uses the store, which is closed next."""
        while not await _is_set_within(stop, _TICK_S):
            try:
                await asyncio.to_thread(self.tick)
            except Exception:  # a job loop outlives its failures; the next tick tries again
                log.exception("background work failed")

    def _score_recent(self, model: ImportanceModel) -> None:
        now = self.clock()
        rescore(model, self.store, now - _BEFORE_SWITCH, now)


async def _is_set_within(event: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()
