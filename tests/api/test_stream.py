"""``/v1/top/stream``: the whole list, then every change; who comes back gets what was missed, and nothing twice."""

import json
import queue
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal

from service.api import streams
from service.errors import BusyError
from service.ranking import ListQuery
from tests.api.conftest import Service, Start

_MANY_S = 30


@dataclass
class Reader:
    """Reads one stream on the service's own event loop."""

    service: Service
    since: datetime | None = None
    query: ListQuery = field(default_factory=ListQuery)
    came: "queue.Queue[bytes | BaseException | None]" = field(default_factory=queue.Queue)

    def __post_init__(self) -> None:
        self.task = portal(self.service).start_task_soon(self._read)

    async def _read(self) -> None:
        state = self.service.state
        try:
            async for message in state.streams.events(state.model.version, self.query, self.since):
                self.came.put(message)
            self.came.put(None)
        except BusyError as exc:
            self.came.put(exc)

    def message(self) -> bytes | BaseException | None:
        return self.came.get(timeout=_MANY_S)

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """Kind and data of the next message's events; the last one alone has an id."""
        message = self.message()
        assert isinstance(message, bytes)
        found = []
        for block in message.decode().split("\n\n")[:-1]:
            fields = dict(line.split(": ", 1) for line in block.split("\n"))
            self.last_id = fields.get("id")
            found.append((fields["event"], json.loads(fields["data"])))
        assert found == [] or self.last_id
        return found

    def stop(self) -> None:
        self.task.cancel()


def portal(service: Service) -> BlockingPortal:
    found = service.client.portal
    assert found
    return found


@pytest.fixture
def reader(service: Service) -> Iterator[Reader]:
    service.put(service.scored("First", 80), service.scored("Second", 70))
    one = Reader(service)
    yield one
    one.stop()


def test_the_list_comes_whole_and_then_what_changes(service: Service, reader: Reader) -> None:
    ((kind, whole),) = reader.events()
    assert (kind, [item["title"] for item in whole["items"]]) == ("snapshot", ["First", "Second"])
    assert whole == service.top()
    service.put(service.scored("Between", 75))
    entered, moved = reader.events()
    assert (entered[0], entered[1]["title"], entered[1]["rank"]) == ("enter", "Between", 2)
    assert (moved[0], moved[1]) == ("move", {"id": whole["items"][1]["id"], "rank": 3, "from": 2})
    service.put(service.scored("First", 60, topic="world"))
    kinds = sorted((kind, data["rank"], data.get("from")) for kind, data in reader.events())
    assert kinds == [("move", 1, 2), ("move", 2, 3), ("rescore", 3, 1)]


def test_a_row_that_grows_too_old_leaves_with_the_next_tick(service: Service, reader: Reader) -> None:
    reader.events()
    service.clock.move(minutes=55)
    service.state.tick()
    assert [(kind, data["rank"]) for kind, data in reader.events()] == [("leave", 1), ("leave", 2)]


def test_what_the_reader_does_not_see_is_not_told(service: Service, reader: Reader) -> None:
    reader.events()
    service.put(service.scored("Yesterday's news", 99, minutes_ago=1500))
    service.put(service.scored("Between", 75))
    assert [kind for kind, _ in reader.events()] == ["enter", "move"]


def test_who_comes_back_gets_what_was_missed(service: Service, reader: Reader) -> None:
    reader.events()
    reader.stop()
    left = service.clock()
    service.clock.move(seconds=1)
    service.put(service.scored("Meanwhile", 90))
    service.clock.move(seconds=1)
    back = Reader(service, since=left)
    assert sorted(kind for kind, _ in back.events()) == ["enter", "move", "move"]
    service.put(service.scored("Then", 10))
    assert [kind for kind, _ in back.events()] == ["enter"]
    back.stop()


def test_many_readers_of_one_list_get_the_same_and_another_list_its_own(service: Service, reader: Reader) -> None:
    best = Reader(service, query=ListQuery(limit=1))
    readers = [reader, *(Reader(service) for _ in range(20))]
    for one in [*readers, best]:
        one.events()
    service.put(service.scored("Last", 1))
    service.put(service.scored("Top", 99))
    for one in readers:
        told = [kind for kind, _ in one.events()] + [kind for kind, _ in one.events()]
        assert sorted(told) == ["enter", "enter", "move", "move", "move"]
    assert [kind for kind, _ in best.events()] == ["leave", "enter"]
    for one in [*readers[1:], best]:
        one.stop()


def test_a_reader_who_does_not_read_is_let_go(
    service: Service, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "_BEHIND", 2)

    async def never_reading() -> list[bytes]:
        state = service.state
        events = state.streams.events(state.model.version, ListQuery(), None)
        first = await anext(events)
        for number in range(5):
            await run_in_thread(service, number)
        return [first, *[message async for message in events]]

    reader.events()
    got = portal(service).call(never_reading)
    assert len(got) < 5  # the end came, and with it the reader's turn to ask again


async def run_in_thread(service: Service, number: int) -> None:
    import asyncio

    await asyncio.to_thread(service.put, service.scored(f"Headline {number}", number))
    for channel in list(service.state.streams._channels.values()):
        await service.state.streams._follow(channel)


def test_a_quiet_stream_shows_that_it_lives(service: Service, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "QUIET_S", 0.001)
    quiet = Reader(service)
    quiet.events()
    assert quiet.message() == b": still here\n\n"
    quiet.stop()


def test_a_service_that_stops_lets_its_readers_go_and_takes_no_more(service: Service, reader: Reader) -> None:
    reader.events()
    service.state.drain()
    assert reader.message() is None
    assert isinstance(Reader(service).message(), BusyError)
    assert service.get("/v1/top/stream").status_code == 503


def test_more_streams_than_there_is_room_for_are_told_to_poll(start: Start, tmp_path: Any) -> None:
    full = start(tmp_path / "full", max_streams=0)
    answer = full.get("/v1/top/stream")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert "/v1/top" in answer.json()["detail"]


def test_head_says_what_the_stream_is_without_beginning_it(service: Service) -> None:
    answer = service.client.head("/v1/top/stream")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")


@pytest.mark.parametrize("query", ["cursor=x", "as_of=2026-03-01T11:00:00Z", "limit=0", "nonsense=1"])
def test_a_stream_is_of_now_and_its_parameters_are_checked(service: Service, query: str) -> None:
    assert service.get(f"/v1/top/stream?{query}").status_code == 422
