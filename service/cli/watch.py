"""How ``iscore top --watch`` shows the list: in place on a terminal, one below the other in a pipe."""

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from service.bands import BANDS
from service.cli.looks import Line, View, views
from service.cli.output import note
from service.cli.top import Service

_SYMBOLS = {band.name: band.symbol for band in BANDS}
_COLOURS = {band.name: band.colour for band in BANDS}
_PINNED = " [pinned]"
_ROWS_AROUND = 5  # heading, two blank lines, what has left, footer


def _now() -> datetime:
    return datetime.now(UTC)


def watch(service: Service, every_s: int, json: bool) -> None:
    """Show the list until it is interrupted: on a terminal in place, else every changed list below the one before.

    InputError when the first look brings no list.
    """
    looks, console = views(service, every_s), Console()
    if json or not sys.stdout.isatty() or console.is_dumb_terminal:
        print_each(looks, json)
    else:
        on_screen(looks, every_s, console)


def print_each(looks: Iterator[View], json: bool, clock: Callable[[], datetime] = _now) -> None:
    """Every list that brings news, as text or as a line of JSON; trouble goes to standard error."""
    for view in looks:
        if view.news and view.trouble:
            note(f"{view.trouble}; trying again")
        elif view.news:
            sys.stdout.write(f"{view.listed.text.strip()}\n" if json else f"{block(view, clock())}\n")
            sys.stdout.flush()


def on_screen(looks: Iterator[View], every_s: int, console: Console, clock: Callable[[], datetime] = _now) -> None:
    """The newest view in place, drawn again every second: ages grow, and windows are resized."""
    view = next(looks)

    def draw() -> RenderableType:
        return board(view, clock(), every_s, console.height)

    with Live(get_renderable=draw, console=console, screen=True, refresh_per_second=1) as live:
        for view in looks:  # noqa: B007 - draw() reads it
            live.refresh()


def block(view: View, now: datetime) -> str:
    """A view as text."""
    listed = view.listed
    lines = [f"{listed.title} ({listed.as_of:%H:%M:%S} UTC)"]
    lines += [
        f"{one.rank:>3}. {moved(view.moves[one.story]):<3} {_symbol(one)} {one.i_score:>3} / 100  "
        f"{one.title} ({one.source}, {age(one.published_at, now)}){_PINNED if one.pinned else ''}"
        for one in listed.lines
    ]
    lines += [] if listed.lines else ["No headlines in this window."]
    lines += [_left(view)] if view.left else []
    return "\n".join(lines) + "\n"


def board(view: View, now: datetime, every_s: int, height: int) -> RenderableType:
    """A view as the screen shows it: as many rows as there is room for, titles cut to the width."""
    listed = view.listed
    shown = listed.lines[: max(1, height - _ROWS_AROUND)]
    table = Table.grid(padding=(0, 1), expand=True)
    for _ in ("rank", "move", "symbol", "score"):
        table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=3)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    table.add_column(no_wrap=True, justify="right")
    for one in shown:
        score = Text(f"{one.i_score:>3} / 100", _COLOURS.get(one.band, ""))
        facts = Text(one.source, "dim"), Text(age(one.published_at, now), "dim")
        title = Text(one.title + (_PINNED if one.pinned else ""))
        table.add_row(f"{one.rank:>3}.", moved(view.moves[one.story]), _symbol(one), score, title, *facts)
    parts = [_cut(listed.title, "bold"), Text(), table if shown else Text("No headlines in this window.")]
    if view.left:
        parts.append(_cut(_left(view), "dim"))
    parts += [Text(), _footer(view, len(shown), every_s)]
    return Group(*parts)


def moved(move: int | None) -> str:
    """``▲2``, ``▼1``, ``new``; nothing for a row that stays."""
    if move is None:
        return "new"
    return f"▲{move}" if move > 0 else f"▼{-move}" if move else ""


def age(published_at: datetime, now: datetime) -> str:
    """``5 min``, ``2 h``, ``3 d``."""
    minutes = max(0, int((now - published_at).total_seconds()) // 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} d"


def _symbol(line: Line) -> str:
    return _SYMBOLS.get(line.band, "·")


def _left(view: View) -> str:
    return "left: " + " · ".join(one.title for one in view.left)


def _footer(view: View, shown: int, every_s: int) -> Text:
    if view.trouble:
        return _cut(f"{view.trouble}; trying again every {every_s} s", "bold yellow")
    hidden = len(view.listed.lines) - shown
    more = f"{hidden} more below · " if hidden else ""
    return _cut(f"{more}list of {view.listed.as_of:%H:%M:%S} UTC · read every {every_s} s · Ctrl-C ends", "dim")


def _cut(text: str, style: str) -> Text:
    return Text(text, style, no_wrap=True, overflow="ellipsis")
