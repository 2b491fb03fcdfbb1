"""The background loop: outlives its failures, and is done before the store is closed."""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from service.api import state as module
from service.api.state import State
from service.registry import Registry
from service.settings import read_settings
from service.store.connect import open_store
from tests.api.conftest import NOON
from tests.tiny_models import write_version

_MANY_S = 30


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Callable[[], datetime]], State]]:
    """Makes a state with a clock; its loop ticks without a pause."""
    monkeypatch.setattr(module, "_TICK_S", 0.001)
    write_version(tmp_path / "models" / "tiny-1")
    Registry(tmp_path / "models").use("tiny-1")
    store = open_store(f"sqlite:///{tmp_path / 'iscore.db'}")
    yield lambda clock: State(read_settings(state=tmp_path, models=tmp_path / "models", threads=1), store, clock)
    store.close()


def test_a_tick_that_fails_is_logged_and_the_next_one_follows(
    running: Callable[[Callable[[], datetime]], State], caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[int] = []
    fourth = threading.Event()

    def clock() -> datetime:
        calls.append(1)
        if len(calls) == 4:
            fourth.set()
        if len(calls) < 4:
            raise RuntimeError("no time")
        return NOON

    async def live(state: State) -> None:
        stop = asyncio.Event()
        loop = asyncio.create_task(state.keep_current(stop))
        assert await asyncio.to_thread(fourth.wait, _MANY_S)
        stop.set()
        await loop

    with caplog.at_level(logging.ERROR):
        asyncio.run(live(running(clock)))
    assert [record.message for record in caplog.records] == ["background work failed"] * 3


def test_who_stops_the_loop_waits_for_the_tick_under_way(running: Callable[[Callable[[], datetime]], State]) -> None:
    begun, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def clock() -> datetime:
        begun.set()
        assert may_end.wait(_MANY_S)
        ended.set()
        return NOON

    async def live(state: State) -> None:
        stop = asyncio.Event()
        loop = asyncio.create_task(state.keep_current(stop))
        assert await asyncio.to_thread(begun.wait, _MANY_S)
        stop.set()
        await asyncio.sleep(0)
        assert not loop.done()
        may_end.set()
        await loop
        assert ended.is_set()

    asyncio.run(live(running(clock)))
