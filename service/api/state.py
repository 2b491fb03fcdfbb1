"""What a running service holds, and the one background loop that keeps it current."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from service.api.drift_watch import DriftWatch
from service.api.encoded import Encoded
from service.api.hot import HotLists, ReadyAnswer
from service.api.limits import Admission
from service.api.once import Once
from service.api.streams import Streams
from service.calibration import reference_of
from service.changes import Changes
from service.current import CurrentModel, Load
from service.errors import ArtifactError, ConflictError, UnknownModelError
from service.grouping import Grouping
from service.lists import Lists
from service.model import ImportanceModel, load
from service.promotion import LIVE, USE, promotion, put_live, reigns, score_live, settle, way_back_entry, would_change
from service.registry import registry_of
from service.rescore import Rescoring
from service.runs.runner import Runner
from service.sample import sample_headlines
from service.scoring import score
from service.settings import Settings
from service.store.connect import open_store
from service.store.editorial import ACTIVE, Entry
from service.store.sql import SqlStore
from service.types import Headline
from service.windows import LONGEST

if TYPE_CHECKING:
    from service.feeds.poll import Poller

log = logging.getLogger(__name__)

_FIRST_PAGE = timedelta(hours=1)
_TICK_S = 1.0
_BUSY_TICK_S = 0.05  # while headlines wait for a score: a breath for the readers
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
        self.registry = registry_of(settings)
        self.current = CurrentModel(self.registry, settings.threads, partial(self._take_over, "command line"), load)
        self._changing_over, self._comparing = Lock(), Lock()
        self.comparing: Once[dict[str, object]] = Once()
        self._begin_to_reign()
        self.lists = Lists(store, clock)
        self.grouping = Grouping(store)
        self.hot = HotLists(clock)
        self.making: Once[ReadyAnswer] = Once()
        self.streams = Streams(self.lists, self.hot, settings.max_streams)
        self.admission = Admission(settings.max_waiting)
        self.encoded = Encoded()
        self.drift = DriftWatch(store, self.registry, clock)
        self.runner = Runner(settings, store, self.registry, lambda: self.model.version, clock)
        self.draining = False
        self.poller: Poller | None = None
        """Asks feeds for news, once it has begun."""
        self.reference: tuple[float, ...] = ()
        """Quantiles of the store's newest scores, among which percentiles are counted; empty while it holds too few."""
        self._compared_at: datetime | None = None
        self._compared_with = ""
        self._waiting: list[Headline] = []
        self._rescoring = Rescoring(self.model, store)
        self._preparing: Rescoring | None = None
        self._prepared: set[str] = set()
        self._there = frozenset(self.registry.versions())
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
            self.hot.mark(self.store.listed_revision(), self.model.version)
        self.streams.wake()

    def drain(self) -> None:
        """Be not ready any more, and let the readers of streams go: they would keep the process from ending."""
        self.draining = True
        self.streams.end()

    def promote(self, version: str, by: str, reason: str = "") -> Entry:
        """Have a version serve that the gate lets pass, or that ``by`` has a ``reason`` for; the entry in the log.

        GateRefused, UnknownModelError, ArtifactError; ConflictError while another version is being put live.
        """
        self.registry.path(version)
        with self._alone():
            return self._change_over(promotion(self.store, version, self.model.version, by, reason))

    def would_change(self, version: str, window: timedelta) -> tuple[Changes, ImportanceModel, ImportanceModel]:
        """What lists of the last day would be under another version, the serving model, and the other."""
        with self.admission.place(), self._comparing:
            serving, challenger = self.model, self.current.beside(version)
            return would_change(self.store, serving, challenger, window, self.clock()), serving, challenger

    def roll_back(self, by: str, reason: str = "") -> Entry:
        """Have the version serve that did before; the entry in the log. Raises what ``promote`` does."""
        with self._alone():
            return self._change_over(way_back_entry(self.store, self.model.version, by, reason))

    def tick(self) -> bool:
        """Follow the current model, score what has no score yet, notice other processes' writes.

        Whether it is worth while to come back soon.
        """
        with self._ticking:  # a tick that overtook another would be undone by it: it read CURRENT earlier
            if self._waiting:
                self._keep(self._waiting)
                self._waiting = []
            self.current.follow()
            now = self.clock()
            self.grouping.catch_up(now)
            self._compare(now)
            if self._rescoring.model is not self.model:
                self._rescoring = Rescoring(self.model, self.store)
            more = self._rescoring.step(now, self.reference)
            more = self._prepare_candidate(now) or more
            self.look()
        return more

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
        more = False  # waits before the first tick too: the first readers need the processors
        while not await told_to_stop(stop, min(_BUSY_TICK_S, _TICK_S) if more else _TICK_S):
            more = False
            try:
                more = await asyncio.to_thread(self.tick)
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

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._changing_over.acquire(blocking=False):
            raise ConflictError("another version is being put live: look at /v1/models and ask again")
        try:
            yield
        finally:
            self._changing_over.release()

    def _change_over(self, entry: Entry) -> Entry:
        """The old model serves until the new one is warm and has scored the last day; then all change in one step."""
        model = self.current.beside(entry.subject)
        known = self.store.revision()
        score_live(model, self.store, self.clock())
        with self._ticking:
            score_live(model, self.store, self.clock(), known)  # what came in meanwhile
            put_live(entry, self.registry, self.store, self.clock())
            self.current.take(model)
            score_live(model, self.store, self.clock(), known)  # what the old model scored until this instant
            self.look()
        return entry

    def _take_over(self, by: str, model: ImportanceModel) -> None:
        """Have a version reign that somebody has chosen by moving ``CURRENT``."""
        score_live(model, self.store, self.clock())
        before = self.store.ruler(self.store.revision())
        self.store.reign(model.version, Entry(by, USE, model.version, {"before": before}))

    def _prepare_candidate(self, now: datetime) -> bool:
        """A version that was made meanwhile scores the last day before anybody asks, so that it can serve at once."""
        candidate = self._candidate()
        if candidate is None:
            self._preparing = None
            return False
        try:
            if self._preparing is None or self._preparing.model.version != candidate:
                self._preparing = Rescoring(self.current.beside(candidate), self.store, LIVE)
            more = self._preparing.step(now, ())
        except (ArtifactError, UnknownModelError) as exc:  # whoever promotes it is told
            log.warning("%s cannot be prepared to serve: %s", candidate, exc)
            more = False
        if not more:
            self._prepared.add(candidate)
            self._preparing = None
        return more

    def _candidate(self) -> str | None:
        """A version to prepare: the one that awaits approval, or one that has come since the start."""
        run = next(iter(self.store.runs.newest(1)), None)
        made = {run.candidate} if run and run.candidate else set()
        new = set(self.registry.versions()) - self._there
        if run and run.state == "awaiting_approval":
            new |= made
        elif run and run.state in ACTIVE:
            new -= made  # the gate needs the processors
        return min(new - self._prepared, default=None)

    def _begin_to_reign(self) -> None:
        """A process that was killed may have moved ``CURRENT`` and no more, and a new release may bring another."""
        ruler = self.store.ruler(self.store.revision())
        if ruler is None:
            self.store.reign(self.model.version)
        elif ruler != self.model.version:
            self._take_over("start", self.model)
        elif changes := reigns(self.store):
            settle(changes[-1].entry, self.store, self.clock())


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
