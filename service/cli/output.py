"""What commands say on standard error: one line for an error, a note or how a run goes."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from service.batch import Progress


def fail(message: str, code: int) -> NoReturn:
    """Print ``error: …`` on one line, red on a terminal, and exit."""
    line = "error: " + " ".join(message.split())
    note(f"\033[31m{line}\033[0m" if sys.stderr.isatty() else line)
    sys.exit(code)


def note(line: str) -> None:
    """A line for the person at the keyboard: results alone go to standard output."""
    print(line, file=sys.stderr)  # noqa: T201


def summary(done: "Progress") -> str:
    """What a run did, on one line."""
    rate = done.rows / done.seconds if done.seconds else 0
    return f"{done.rows:,} rows, {done.bad_rows:,} without a score, {done.seconds:.1f} s, {rate:,.0f} rows/s"


@contextmanager
def progress_bar() -> Iterator[Callable[["Progress"], None]]:
    """A bar with rows, rate and time left for ``rescore`` to report to; nothing unless on a terminal."""
    if not sys.stderr.isatty():
        yield lambda progress: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    text = TextColumn("{task.fields[rows]:,} rows  {task.fields[rate]:,.0f} rows/s")
    columns = (BarColumn(), TaskProgressColumn(), text, TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, rows=0, rate=0)

        def watch(progress: "Progress") -> None:
            rate = progress.rows / progress.seconds
            total = None if progress.share is None else 1.0
            bar.update(task, total=total, completed=progress.share or 0, rows=progress.rows, rate=rate)

        yield watch
