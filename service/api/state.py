"""What a running service holds, and the one background loop that keeps it current."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING

from service.api.hot import HotLists, ReadyAnswer
from service.api.limits import Admission
from service.api.once import Once
from service.api.streams import Streams
from service.calibration import reference_of
from service.current import CurrentModel, Load
from service.grouping import Grouping
from service.lists import Lists
from service.model import ImportanceModel, load
from service.registry import Registry
from service.rescore import rescore
from service.sample import sample_headlines
from service.scoring import score
from service.settings import Settings
from service.store.connect import open_store
from service.store.sql import SqlStore
from service.types import Headline
from service.windows import LONGEST

if TYPE_CHECKING:
    from service.feeds.poll import Poller

log = logging.getLogger(__name__)

_BEFORE_SWITCH = timedelta(hours=24)  # what a new model scores before its first list is shown
_FIRST_PAGE = timedelta(hours=1)
_TICK_S = 1.0
_COMPARE_EVERY = timedelta(hours=1)
_COMPARED = 20_000
_ENOUGH = 1_000


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
        store.reign(self.model.version)
        self.lists = Lists(store, clock)
        self.grouping = Grouping(store)
        self.hot = HotLists(clock)
        self.making: Once[ReadyAnswer] = Once()
        self.streams = Streams(self.lists, self.hot, settings.max_streams)
        self.admission = Admission(settings.max_waiting)
        self.draining = False
        self.poller: Poller | None = None
        """Asks feeds for news, once it has begun."""
        self.reference: tuple[float, ...] = ()
        """Quantiles of the store's newest scores, among which percentiles are counted; empty while it holds too few."""
        self._compared_at: datetime | None = None
        self._compared_with = ""
        self._waiting: list[Headline] = []
        self._looking = Lock()
        self._ticking = Lock()
        self.look()

    @property
    def model(self) -> ImportanceModel:
        """The model that scores now."""
        return self.current.model

    def look(self) -> None:
        """Drop ready lists when the store or the model has changed, by this process or another."""
        with self._looking:  # or the older of two looks may have the last word
            self.hot.mark(self.store.revision(), self.model.version)
        self.streams.wake()

    def drain(self) -> None:
        """Be not ready any more, and let the readers of streams go: they would keep the process from ending."""
        self.draining = True
        self.streams.end()

    def tick(self) -> None:
        """Follow the current model, score what has no score yet, notice other processes' writes."""
        with self._ticking:  # a tick that overtook another would be undone by it: it read CURRENT earlier
            if self._waiting:
                self._keep(self._waiting)
                self._waiting = []
            self.current.follow()
            now = self.clock()
            self.grouping.catch_up(now)
            self._compare(now)
            rescore(self.model, self.store, now - LONGEST, now, 512, self.reference)
            self.look()

    def load_sample(self) -> None:
        """Keep the sample: the first page before anybody can ask for it, the older headlines with the first tick."""
        now = self.clock()
        headlines = sample_headlines(now, self.settings.base_url())
        first = [one for one in headlines if one.published_at > now - _FIRST_PAGE]
        self._keep(first)
        self._waiting = headlines[len(first) :]
        self.look()

    def _keep(self, headlines: Sequence[Headline]) -> None:
        self.store.put(score(self.model, self.grouping.tell(headlines, self.clock())))

    async def keep_current(self, stop: asyncio.Event) -> None:
        """Tick until told to stop. A tick under way ends first: it uses the store, which is closed next."""
        # Waits before the first tick too: the first readers need the processors.
        while not await told_to_stop(stop, _TICK_S):
            try:
                await asyncio.to_thread(self.tick)
            except Exception:  # a job loop outlives its failures; the next tick tries again
                log.exception("background work failed")

    def _compare(self, now: datetime) -> None:
        """Once an hour, and after a change of model, look at how the newest headlines score."""
        model = self.model.version
        if self._compared_at and now - self._compared_at < _COMPARE_EVERY and self._compared_with == model:
            return
        raws = self.store.raws(model, now - LONGEST, now, _COMPARED)
        self.reference = reference_of(raws) if len(raws) >= _ENOUGH else ()
        self._compared_at, self._compared_with = now, model

    def _score_recent(self, model: ImportanceModel) -> None:
        now = self.clock()
        rescore(model, self.store, now - _BEFORE_SWITCH, now)
        self.store.reign(model.version)


async def told_to_stop(stop: asyncio.Event, within_s: float) -> bool:
    """Whether the stop comes within so many seconds, which are waited for."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), within_s)
    return stop.is_set()


@contextmanager
def open_state(settings: Settings, clock: Callable[[], datetime] = utc_now, load: Load = load) -> Iterator[State]:
    """Open store and model, load the sample if it is wanted, and close the store at the end.

    IscoreError when the store or the model cannot be opened.
    """
    settings.state.mkdir(parents=True, exist_ok=True)
    with closing(open_store(settings.store_url(), clock)) as store:
        state = State(settings, store, clock, load)
        if settings.sample:
            state.load_sample()
        yield state
