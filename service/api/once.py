"""One computation for all who ask for the same at the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Once(Generic[Answer]):
    """Belongs to one event loop. Without it a change would be followed by as many rankings as there are readers."""

    def __init__(self) -> None:
        self._running: dict[Hashable, asyncio.Future[Answer]] = {}

    async def get(self, key: Hashable, make: Callable[[], Awaitable[Answer]]) -> Answer:
        """What ``make`` answers, or what it is just about to answer to somebody else, errors included."""
        running = self._running.get(key)
        if running is None:
            running = self._running[key] = asyncio.ensure_future(make())
            running.add_done_callback(lambda _: self._running.pop(key))
        return await asyncio.shield(running)  # who goes away does not take the answer from the others
