"""Carries out the run that was asked for: one at a time, by one process, and from where a killed one left it."""

import asyncio
import fcntl
import json
import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from service.errors import IscoreError
from service.registry import Registry
from service.runs.asking import CANCEL, SCHEDULE, ask, is_due, runs_folder, supply
from service.runs.child import child, end_orphan
from service.runs.steps import (
    LOG,
    TRAINED,
    TRAINER,
    VERDICT,
    RunFailed,
    Step,
    gate_step,
    last_words,
    progress,
    take_made,
    train_steps,
)
from service.settings import Settings
from service.store.contract import Store
from service.store.editorial import Entry, Run, RunState

log = logging.getLogger(__name__)

_LOOK_S = 2.0
_PROGRESS_S = 0.2
_SCHEDULE_EVERY = timedelta(minutes=1)


class _Cancelled(Exception):
    """An editor wants no more of it."""


class _Stopped(Exception):
    """The service ends; the run goes on with the next one."""


class Runner:
    """Only who holds the lock in the folder of runs carries out runs, and writes what becomes of them."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        registry: Registry,
        champion: Callable[[], str],
        clock: Callable[[], datetime],
        trainer: Sequence[str] = TRAINER,
    ) -> None:
        self._settings = settings
        self._store = store
        self._registry = registry
        self._champion = champion
        self._clock = clock
        self.trainer = trainer
        self._folder = runs_folder(settings)
        self._wanted = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._scheduled_at: datetime | None = None

    def wake(self) -> None:
        """There is something to do; from any thread."""
        if self._loop:
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._wanted.set)

    async def run(self, stop: asyncio.Event) -> None:
        """Carry out runs until told to stop."""
        self._loop = asyncio.get_running_loop()
        stopping = asyncio.create_task(stop.wait())
        with ExitStack() as held:
            leads = False
            while not stop.is_set():
                try:
                    leads = leads or await asyncio.to_thread(self._lead, held)
                    if leads:
                        await self._look(stopping)
                except Exception:  # a job loop outlives its failures; the next look tries again
                    log.exception("training runs: background work failed")
                await self._wait(stopping, _LOOK_S)

    def _lead(self, held: ExitStack) -> bool:
        """Whether this process carries out runs from now on."""
        self._folder.mkdir(parents=True, exist_ok=True)
        file: IO[str] = (self._folder / "LOCK").open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        held.enter_context(file)
        return True

    async def _look(self, stopping: "asyncio.Task[bool]") -> None:
        run = await asyncio.to_thread(self._store.runs.active) or await asyncio.to_thread(self._scheduled)
        # Without its folder it is a run of another machine, or one that can be cancelled only, which makes the folder.
        if run is not None and (self._folder / run.id).is_dir():
            with suppress(_Stopped):
                await self._carry_out(run, stopping)

    def _scheduled(self) -> Run | None:
        """A run that the schedule asks for now."""
        now, settings = self._clock(), self._settings
        if not (settings.retrain_after_labels or settings.retrain_every_hours):
            return None
        if self._scheduled_at and now - self._scheduled_at < _SCHEDULE_EVERY:
            return None
        self._scheduled_at = now
        last = next(iter(self._store.runs.newest(1)), None)
        if not is_due(settings, supply(self._store), last, self._champion(), now):
            return None
        return ask(self._store, self._folder, "house", SCHEDULE, self._champion(), now)

    async def _carry_out(self, run: Run, stopping: "asyncio.Task[bool]") -> None:
        folder = self._folder / run.id
        try:
            await asyncio.to_thread(end_orphan, folder)
            _check(folder, stopping)
            champion = self._registry.path(run.champion).absolute()
            if run.candidate is None:
                for step in await asyncio.to_thread(train_steps, run, folder, champion, self.trainer):
                    run = await self._work(run, step, stopping)
                made = await asyncio.to_thread(take_made, folder, self._settings.state / "models")
                run = replace(run, candidate=made.name, progress=TRAINED)
            candidate = self._registry.path(run.candidate or "").absolute()
            run = await self._work(run, gate_step(folder, champion, candidate, self.trainer), stopping)
            await self._judged(run, (folder / VERDICT).read_bytes())
        except _Cancelled as exc:
            await self._end(run, "cancelled", "Cancelled", Entry(str(exc), "run.cancel", run.id))
        except IscoreError as exc:
            await self._end(run, "failed", str(exc))
        except _Stopped:
            raise
        except Exception:  # or it would be tried again for ever
            log.exception("training run %s broke", run.id)
            await self._end(run, "failed", "Something broke inside the service; its log says what.")

    async def _judged(self, run: Run, verdict: bytes) -> None:
        found = json.loads(verdict)
        run = replace(run, verdict=verdict, progress=1.0)
        await self._end(run, "awaiting_approval" if found["promote"] else "refused", found["summary"])

    async def _end(self, run: Run, state: RunState, message: str, entry: Entry | None = None) -> None:
        ended = Entry(run.by, "run.end", run.id, {"state": state, "candidate": run.candidate})
        await self._save(run, entry or ended, state=state, message=message)

    async def _work(self, run: Run, step: Step, stopping: "asyncio.Task[bool]") -> Run:
        """See a step through. _Cancelled, _Stopped, or RunFailed with what the process said last."""
        folder = self._folder / run.id
        run = await self._save(run, state=step.state, message=step.message)
        async with child(step.command, folder, folder / LOG) as ended:
            while not ended.done():
                _check(folder, stopping)
                await self._wait(stopping, _PROGRESS_S, ended)
                share, message = progress(run, folder)
                if step.state == "running" and (share, message) != (run.progress, run.message):
                    run = await self._save(run, progress=share, message=message)
        if ended.result():
            raise RunFailed(last_words(folder))
        return run

    async def _save(self, run: Run, entry: Entry | None = None, **changes: object) -> Run:
        run = replace(run, updated_at=self._clock(), **changes)  # type: ignore[arg-type]
        await asyncio.to_thread(self._store.runs.save, run, entry)
        return run

    async def _wait(self, stopping: "asyncio.Task[bool]", within_s: float, *others: "asyncio.Task[int]") -> None:
        """Until woken, told to stop, or another task is done."""
        wanted = asyncio.create_task(self._wanted.wait())
        await asyncio.wait([wanted, stopping, *others], timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        wanted.cancel()
        self._wanted.clear()


def _check(folder: Path, stopping: "asyncio.Task[bool]") -> None:
    """_Cancelled or _Stopped when the run in ``folder`` is not to go on now."""
    if (cancel := folder / CANCEL).is_file():
        raise _Cancelled(cancel.read_text("utf-8"))
    if stopping.done():
        raise _Stopped
