"""Who asks for what is being made waits for it; nobody makes it twice."""

import asyncio

import pytest

from service.api.once import Once


def test_many_who_ask_at_once_get_one_answer_and_later_ones_a_new_one() -> None:
    async def ask() -> tuple[list[int], int, int]:
        once: Once[int] = Once()
        made = 0
        may_end = asyncio.Event()

        async def make() -> int:
            nonlocal made
            made += 1
            await may_end.wait()
            return made

        asking = [asyncio.ensure_future(once.get("a", make)) for _ in range(5)]
        other = asyncio.ensure_future(once.get("b", make))
        await asyncio.sleep(0)
        asking[0].cancel()  # who goes away takes nothing from the others
        may_end.set()
        return await asyncio.gather(*asking[1:]), await other, await once.get("a", make)

    same, other, later = asyncio.run(ask())
    assert len(set(same)) == 1
    assert later == 3
    assert other in (1, 2)


def test_all_who_wait_get_the_error_and_the_next_one_tries_again() -> None:
    async def ask() -> list[object]:
        once: Once[int] = Once()

        async def fail() -> int:
            raise ValueError("no")

        async def work() -> int:
            return 7

        failed = await asyncio.gather(once.get("a", fail), once.get("a", fail), return_exceptions=True)
        return [*map(type, failed), await once.get("a", work)]

    assert asyncio.run(ask()) == [ValueError, ValueError, 7]


@pytest.mark.parametrize("key", ["a", ("a", b"", (1, "m"))])
def test_nothing_is_remembered_when_nobody_waits(key: object) -> None:
    async def ask() -> int:
        once: Once[int] = Once()

        async def work() -> int:
            return 7

        assert await once.get(key, work) == 7
        return len(once._running)

    assert asyncio.run(ask()) == 0
