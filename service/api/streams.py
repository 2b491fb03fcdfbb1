"""``/v1/top/stream``: the list as server-sent events, first whole, then change by change.

An event's id is the moment of the list that it leads to. Any list of the past can be made again, so that a reader who
comes back with ``Last-Event-ID`` gets exactly what it has missed, from this process or another.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime

from service import forms
from service.api.hot import PREFIX, HotLists
from service.api.once import Once
from service.errors import BusyError
from service.lists import Lists, Page
from service.movement import Change, changes
from service.ranking import ListQuery
from service.windows import rfc3339

QUIET_S = 15.0
"""After this long without a change a comment is sent, so that proxies keep the connection."""
_BEHIND = 32
"""Messages that wait for a slow reader, before it is let go: it will come back and ask for what it missed."""

Mark = tuple[int, str]


@dataclass(eq=False, slots=True)
class _Channel:
    """Everybody who reads one list."""

    query: ListQuery
    page: Page
    mark: Mark
    readers: set["asyncio.Queue[bytes | None]"] = field(default_factory=set)


class Streams:
    """Sends what changes to who listens. Belongs to one event loop; ``wake`` may be called from any thread."""

    def __init__(self, lists: Lists, hot: HotLists, most: int) -> None:
        self._lists = lists
        self._hot = hot
        self._most = most
        self._channels: dict[ListQuery, _Channel] = {}
        self._changed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._begun: Once[_Channel] = Once()
        self._ended = False
        self.open = 0

    def wake(self) -> None:
        """Look at the lists again: something may have changed, or grown old."""
        if self._loop:
            with suppress(RuntimeError):  # the loop has just been closed
                self._loop.call_soon_threadsafe(self._changed.set)

    async def run(self, stop: asyncio.Event) -> None:
        """Tell readers what changes until told to stop; then let them go."""
        self._loop = asyncio.get_running_loop()
        stopping = asyncio.create_task(stop.wait())
        while not stop.is_set():
            changed = asyncio.create_task(self._changed.wait())
            await asyncio.wait([changed, stopping], return_when=asyncio.FIRST_COMPLETED)
            changed.cancel()
            self._changed.clear()
            for channel in list(self._channels.values()):
                await self._follow(channel)
        self._let_go()

    def end(self) -> None:
        """End all streams and open no more; from any thread."""
        self._ended = True
        if self._loop:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._let_go)

    def _let_go(self) -> None:
        for channel in self._channels.values():
            for reader in list(channel.readers):
                _end(reader)

    async def events(self, model: str, query: ListQuery, since: datetime | None) -> AsyncIterator[bytes]:
        """One reader's stream: the whole list or what has changed ``since``, then every change. BusyError when full."""
        with self._place():
            channel = await self._channel(model, query)
            before = None
            if since is not None:
                before = await asyncio.to_thread(self._lists.page, model, query, None, since)
            reader: asyncio.Queue[bytes | None] = asyncio.Queue(_BEHIND)
            channel.readers.add(reader)
            try:
                yield _snapshot(channel.page) if before is None else _told(before, channel.page)
                while (message := await _next(reader)) is not None:
                    yield message
            finally:
                channel.readers.discard(reader)
                if not channel.readers:
                    self._channels.pop(query, None)

    async def _channel(self, model: str, query: ListQuery) -> _Channel:
        async def begin() -> _Channel:
            mark = self._hot.now
            page = await asyncio.to_thread(self._lists.page, model, query)
            return self._channels.setdefault(query, _Channel(query, page, mark))

        return self._channels.get(query) or await self._begun.get(query, begin)

    async def _follow(self, channel: _Channel) -> None:
        mark = self._hot.now
        if mark == channel.mark and not self._hot.is_over(channel.page.expires_at):
            return
        page = await asyncio.to_thread(self._lists.page, channel.page.model, channel.query)
        message = _told(channel.page, page)
        channel.page, channel.mark = page, mark
        for reader in list(channel.readers) if message else ():
            try:
                reader.put_nowait(message)
            except asyncio.QueueFull:
                channel.readers.discard(reader)
                _end(reader)

    @contextmanager
    def _place(self) -> Iterator[None]:
        if self._ended or self.open >= self._most:
            raise BusyError("The service cannot take another open stream; read /v1/top every minute instead.")
        self.open += 1
        try:
            yield
        finally:
            self.open -= 1


async def _next(reader: "asyncio.Queue[bytes | None]") -> bytes | None:
    try:
        return await asyncio.wait_for(reader.get(), QUIET_S)
    except TimeoutError:
        return b": still here\n\n"


def _end(reader: "asyncio.Queue[bytes | None]") -> None:
    while reader.full():
        reader.get_nowait()
    reader.put_nowait(None)


def _snapshot(page: Page) -> bytes:
    return _event("snapshot", forms.as_json(page, PREFIX), page.as_of)


def _told(before: Page, after: Page) -> bytes:
    """What makes one page of the other; only the last event bears an id, so that nobody resumes in between."""
    found: Sequence[Change] = changes(before.ranking.rows, after.ranking.rows)
    last = len(found) - 1
    return b"".join(
        _event(one.kind, _data(one), after.as_of if number == last else None) for number, one in enumerate(found)
    )


def _data(change: Change) -> bytes:
    view: dict[str, object] = {}
    if change.kind in ("enter", "rescore") and change.after:
        view = forms.item_view(change.after)
    row = change.after or change.before
    if row:
        view |= {"id": row.scored.headline.id, "rank": row.rank}
    if change.before and change.after:
        view["from"] = change.before.rank
    return json.dumps(view, ensure_ascii=False, separators=(",", ":")).encode()


def _event(kind: str, data: bytes, moment: datetime | None) -> bytes:
    """One event; JSON has no line ends, so that its data is one line (WHATWG HTML, 9.2)."""
    id_ = f"id: {rfc3339(moment)}\n".encode() if moment else b""
    return b"event: " + kind.encode() + b"\n" + id_ + b"data: " + data + b"\n\n"
