"""Hosts are asked one request at a time, with a pause between."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from service.feeds.turns import Turns


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.slept: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


async def ask(turns: Turns, *hosts: str) -> None:
    for host in hosts:
        async with turns.of(host):
            pass


def test_the_second_request_to_a_host_waits_for_the_gap_and_that_to_another_host_does_not() -> None:
    clock = Clock()
    turns = Turns(1.5, clock, clock.sleep)
    asyncio.run(ask(turns, "a.example", "b.example"))
    assert clock.slept == []
    asyncio.run(ask(turns, "a.example"))
    assert clock.slept == [1.5]


def test_only_what_is_left_of_the_gap_is_waited_for() -> None:
    clock = Clock()
    turns = Turns(1.0, clock, clock.sleep)
    for passed_s in (0.25, 1.0, 3.0):
        asyncio.run(ask(turns, "a.example"))
        clock.now += timedelta(seconds=passed_s)
    asyncio.run(ask(turns, "a.example"))
    assert clock.slept == [0.75]


def test_a_trailing_dot_and_capitals_make_no_other_host() -> None:
    clock = Clock()
    asyncio.run(ask(Turns(1.0, clock, clock.sleep), "a.example", "A.example."))
    assert clock.slept == [1.0]


def test_requests_to_a_host_never_overlap_and_keep_their_order() -> None:
    clock, running, order = Clock(), set[int](), list[int]()
    turns = Turns(0.0, clock, clock.sleep)

    async def one(number: int) -> None:
        async with turns.of("a.example"):
            assert not running
            running.add(number)
            for _ in range(20):
                await asyncio.sleep(0)
            running.remove(number)
            order.append(number)

    async def story() -> None:
        await asyncio.gather(*map(one, range(5)))

    asyncio.run(story())
    assert order == [0, 1, 2, 3, 4]


def test_a_host_that_is_being_asked_holds_up_no_other() -> None:
    clock = Clock()
    turns = Turns(1.0, clock, clock.sleep)

    async def story() -> None:
        async with turns.of("slow.example"):
            await asyncio.wait_for(ask(turns, "b.example", "c.example"), timeout=30)

    asyncio.run(story())


def test_a_request_that_failed_or_was_given_up_still_counts_and_blocks_nobody() -> None:
    clock = Clock()
    turns = Turns(1.0, clock, clock.sleep)

    async def failing() -> None:
        async with turns.of("a.example"):
            raise ConnectionResetError

    async def story() -> None:
        with pytest.raises(ConnectionResetError):
            await failing()
        async with turns.of("b.example"):
            waiting = asyncio.create_task(ask(turns, "b.example"))
            await asyncio.sleep(0)
            waiting.cancel()
        await ask(turns, "a.example", "b.example")

    asyncio.run(story())
    assert clock.slept == [1.0]  # for a; b's gap passed in the same second


def test_a_clock_that_is_set_back_silences_no_host() -> None:
    clock = Clock()
    turns = Turns(1.0, clock, clock.sleep)
    asyncio.run(ask(turns, "a.example"))
    clock.now -= timedelta(hours=3)
    asyncio.run(ask(turns, "a.example"))
    assert clock.slept == [1.0]


def test_hosts_that_are_asked_no_more_are_forgotten() -> None:
    clock = Clock()
    turns = Turns(1.0, clock, clock.sleep)
    asyncio.run(ask(turns, *(f"{number}.example" for number in range(100))))
    clock.now += timedelta(seconds=2)
    asyncio.run(ask(turns, "a.example"))
    assert list(turns._lines) == ["a.example"]
