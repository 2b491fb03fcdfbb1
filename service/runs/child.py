"""A process group that works for a run at low priority, and does not outlive who waits for it unnoticed."""

import asyncio
import fcntl
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from service.settings import HERE

_NICE = 10
_HELD = "child"


@asynccontextmanager
async def child(command: Sequence[str], folder: Path, log: Path) -> "AsyncIterator[asyncio.Task[int]]":
    """Begin a command, whose end and exit code the task is. Its group is killed when nobody waits for that any more.

    The child inherits a lock: when this process is killed, the next one sees by it that the child still works.
    """
    with (folder / _HELD).open("a+") as held, log.open("ab") as told:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=told,
            stderr=told,
            cwd=HERE,
            start_new_session=True,
            pass_fds=(held.fileno(),),
        )
        held.truncate(0)
        held.write(str(process.pid))
        held.flush()
        with suppress(OSError):  # it may have ended already
            os.setpriority(os.PRIO_PGRP, process.pid, _NICE)
        ended = asyncio.create_task(process.wait())
        try:
            yield ended
        finally:
            if not ended.done():
                _kill(process.pid)
            await ended


def end_orphan(folder: Path) -> None:
    """Kill the child of a process that was killed, and wait until it is gone. May take a moment."""
    with suppress(FileNotFoundError), (folder / _HELD).open("r+") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if (number := held.read()).isdigit():
                _kill(int(number))  # who holds the lock is alive, so that the number is still its own
            fcntl.flock(held, fcntl.LOCK_EX)


def _kill(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
