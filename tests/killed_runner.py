"""Carries out the run that waits in a state folder, and says when it is at work. Run as ``killed_runner.py FOLDER``."""

import asyncio
import sys
from pathlib import Path

from tests.test_runs import Newsroom


async def main(folder: Path) -> None:
    """Until killed."""
    newsroom = Newsroom(folder)
    newsroom.begin("wait")
    await newsroom.until(lambda run: run.progress > 0)
    print("at work", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
