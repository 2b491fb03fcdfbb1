"""Politeness towards hosts: one request at a time, and a pause after each."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Line:
    """Those who wait for a host, and from when on it may be asked again."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    length: int = 0
    free_at: datetime = _LONG_AGO


class Turns:
    """One request in flight per host, ``gap_s`` between two; hosts never wait for each other."""

    def __init__(self, gap_s: float, clock: Callable[[], datetime], sleep: Callable[[float], Awaitable[None]]) -> None:
        self._gap, self._clock, self._sleep = timedelta(seconds=gap_s), clock, sleep
        self._lines: dict[str, _Line] = {}

    @asynccontextmanager
    async def of(self, host: str) -> AsyncIterator[None]:
        """The turn of one request, first come, first served."""
        self._forget()
        line = self._lines.setdefault(host.rstrip(".").lower(), _Line())
        line.length += 1
        try:
            async with line.lock:
                await self._pause(line.free_at - self._clock())
                try:
                    yield
                finally:
                    line.free_at = self._clock() + self._gap
        finally:
            line.length -= 1

    async def _pause(self, wait: timedelta) -> None:
        if wait > timedelta():
            # Never above the gap: a clock that is set back must not silence a host for hours.
            await self._sleep(min(wait, self._gap).total_seconds())

    def _forget(self) -> None:
        """Keep no line that nobody stands in: redirects can name ever new hosts."""
        now = self._clock()
        self._lines = {host: line for host, line in self._lines.items() if line.length or line.free_at > now}
