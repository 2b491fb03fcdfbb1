"""``iscore top --json`` and ``--watch``: what moves, what is cut, what happens when the service goes away."""

import http.server
import io
import json
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from service.bands import BANDS, band_of
from service.cli.looks import View, moves, views
from service.cli.main import main
from service.cli.top import Service
from service.cli.watch import age, block, board, moved, on_screen, print_each
from service.errors import InputError
from service.model import ImportanceModel
from service.scoring import score
from service.settings import read_settings
from service.store.connect import open_store
from service.types import Headline

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NAMES = st.lists(st.sampled_from("abcdefghij"), unique=True)


def row(title: str, i_score: int, story: str = "", minutes_ago: int = 5) -> dict[str, Any]:
    """What a watcher reads of a row on the wire; tests/api/test_top.py holds the service to it."""
    return {
        "title": title,
        "source": "Harbour Post",
        "i_score": i_score,
        "band": band_of(i_score).name,
        "published_at": (NOON - timedelta(minutes=minutes_ago)).isoformat(),
        "story": {"id": story or title},
    }


DAM, FERRY, SOUP = row("Dam bursts above valley town", 95), row("Night ferry returns", 64), row("Ten soups", 12)


class Desk(http.server.ThreadingHTTPServer):
    """A service whose list the test edits. Without rows to answer with it hangs up."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.rows: Sequence[dict[str, Any]] | None = [DAM, FERRY, SOUP]
        self.status = 200
        self.edition = 1
        self.asked: list[tuple[str, str | None]] = []

    @property
    def service(self) -> Service:
        return Service(f"http://127.0.0.1:{self.server_port}", "1h", 10, trust_env=False)

    def print(self, *rows: dict[str, Any]) -> None:
        self.rows, self.edition = rows, self.edition + 1

    def close(self) -> None:
        self.rows = None

    def body(self) -> bytes:
        rows = [{"rank": rank, **one} for rank, one in enumerate(self.rows or [], 1)]
        return json.dumps({"title": "Top News", "as_of": "2026-03-01T12:00:00Z", "items": rows}).encode()


class _Answer(http.server.BaseHTTPRequestHandler):
    server: Desk

    def do_GET(self) -> None:
        desk, etag = self.server, f'W/"{self.server.edition}"'
        known = self.headers["If-None-Match"]
        desk.asked.append((self.path, known))
        if desk.rows is None:
            return
        status = 304 if known == etag else desk.status
        self.send_response(status)
        self.send_header("ETag", etag)
        self.end_headers()
        self.wfile.write({200: desk.body(), 304: b""}.get(status, b'{"detail": "not now"}'))

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def desk() -> Iterator[Desk]:
    with Desk() as desk:
        thread = threading.Thread(target=desk.serve_forever)
        thread.start()
        yield desk
        desk.shutdown()
        thread.join()


def looks(desk: Desk, *steps: Callable[[], object]) -> Iterator[View]:
    """Views of the desk, with a step instead of every wait; then the watcher is interrupted, which ends them."""
    left = iter(steps)

    def wait(seconds: float) -> None:
        assert seconds == 30
        next(left, interrupt)()

    try:
        yield from views(desk.service, 30, wait)
    except KeyboardInterrupt:
        return


def interrupt() -> None:
    raise KeyboardInterrupt


def nothing() -> None: ...


# --- what has moved ---


@given(before=NAMES, after=NAMES)
def test_moves_says_of_every_row_where_it_came_from(before: list[str], after: list[str]) -> None:
    found = moves(before, after)
    assert list(found) == after
    for place, name in enumerate(after):
        move = found[name]
        assert before[place + move] == name if move is not None else name not in before


@given(names=NAMES)
def test_a_list_that_stays_moves_nothing(names: list[str]) -> None:
    assert set(moves(names, names).values()) <= {0}


@given(names=NAMES, draw=st.randoms(use_true_random=False))
def test_what_some_rows_gain_others_lose(names: list[str], draw: Any) -> None:
    shuffled = draw.sample(names, len(names))
    there, back = moves(names, shuffled), moves(shuffled, names)
    assert sum(move or 0 for move in there.values()) == 0
    assert all((there[name] or 0) == -(back[name] or 0) for name in names)


def test_a_changed_list_is_compared_with_the_one_shown_before(desk: Desk) -> None:
    quake = row("Quake shakes island", 70)
    first, second = looks(desk, lambda: desk.print(FERRY, quake, DAM))
    assert (set(first.moves.values()), first.left, first.news) == ({0}, (), True)
    assert [second.moves[one.story] for one in second.listed.lines] == [1, None, -2]
    assert [one.title for one in second.left] == ["Ten soups"]


def test_a_story_that_another_headline_tells_is_not_new(desk: Desk) -> None:
    desk.print(row("Bank cuts rates", 70, "rates"), FERRY)
    _, second = looks(desk, lambda: desk.print(FERRY, row("Rates fall by half a point", 60, "rates")))
    assert (second.moves, second.left) == ({"Night ferry returns": 1, "rates": -1}, ())


def test_a_list_that_is_the_same_is_asked_for_by_its_etag_and_its_moves_stay(desk: Desk) -> None:
    def same_rows() -> None:
        desk.edition += 1

    _, moved_, same, again = looks(desk, lambda: desk.print(SOUP, DAM), nothing, same_rows)
    for view in (same, again):
        assert (view.moves, view.left, view.news) == (moved_.moves, moved_.left, False)
    assert [etag for _, etag in desk.asked] == [None, 'W/"1"', 'W/"2"', 'W/"2"']
    assert {path for path, _ in desk.asked} == {"/v1/top?window=1h&limit=10"}


# --- when something goes wrong ---


def test_a_service_that_goes_away_and_comes_back_costs_no_list(desk: Desk) -> None:
    def refuse() -> None:
        desk.print(DAM, SOUP)
        desk.status = 503

    def recover() -> None:
        desk.status = 200

    first, gone, still, refused, back = looks(desk, desk.close, nothing, refuse, recover)
    assert gone.trouble == still.trouble == f"no service answers at {desk.service.url}"
    assert refused.trouble == f"{desk.service.url} answers 503: not now"
    assert gone.listed == still.listed == refused.listed == first.listed
    assert [view.news for view in (gone, still, refused, back)] == [True, False, True, True]
    assert (back.trouble, [one.title for one in back.left]) == ("", ["Night ferry returns"])


def test_the_first_look_must_bring_a_list(desk: Desk) -> None:
    desk.status = 422
    with pytest.raises(InputError, match="answers 422: not now"):
        next(looks(desk))
    desk.close()
    with pytest.raises(InputError, match="no service answers"):
        next(looks(desk))


@pytest.mark.parametrize("odd", [{"title": None}, {"i_score": "high"}, {"story": None}, {"published_at": "soon"}])
def test_an_answer_that_is_no_list_is_told_from_one(desk: Desk, odd: dict[str, Any]) -> None:
    desk.print({**DAM, **odd})
    with pytest.raises(InputError, match="is it an iscore service"):
        next(looks(desk))


# --- what it looks like ---


def drawn(view: View, width: int = 80, height: int = 24) -> list[str]:
    """The lines of the screen."""
    console = Console(file=io.StringIO(), width=width, height=height, record=True)
    console.print(board(view, NOON, 30, height))
    return console.export_text().splitlines()


def test_a_row_shows_its_rank_move_band_score_title_source_and_age(desk: Desk) -> None:
    *_, view = looks(desk, lambda: desk.print(FERRY, DAM, row("Quake shakes island", 40)))
    lines = drawn(view)
    assert lines[0].rstrip() == "Top News"
    assert [line.split() for line in lines[2:5]] == [
        "1. ▲1 🔴 64 / 100 Night ferry returns Harbour Post 5 min".split(),
        "2. ▼1 🟢 95 / 100 Dam bursts above valley town Harbour Post 5 min".split(),
        "3. new 🔵 40 / 100 Quake shakes island Harbour Post 5 min".split(),
    ]
    assert lines[5].rstrip() == "left: Ten soups"
    assert lines[7].rstrip() == "list of 12:00:00 UTC · read every 30 s · Ctrl-C ends"
    assert block(view, NOON).splitlines() == [
        "Top News (12:00:00 UTC)",
        "  1. ▲1  🔴  64 / 100  Night ferry returns (Harbour Post, 5 min)",
        "  2. ▼1  🟢  95 / 100  Dam bursts above valley town (Harbour Post, 5 min)",
        "  3. new 🔵  40 / 100  Quake shakes island (Harbour Post, 5 min)",
        "left: Ten soups",
    ]


def test_a_pinned_row_says_so(desk: Desk) -> None:
    desk.print({**FERRY, "pinned": True}, {**DAM, "pinned": "yes"})
    (view,) = looks(desk)
    assert ["[pinned]" in line for line in drawn(view)[2:4]] == [True, False]
    assert "Night ferry returns (Harbour Post, 5 min) [pinned]" in block(view, NOON)


def test_the_score_has_the_colour_of_its_band(desk: Desk) -> None:
    view = next(looks(desk))
    console = Console(file=io.StringIO(), force_terminal=True, color_system="standard", width=80)
    with console.capture() as capture:
        console.print(board(view, NOON, 30, 24))
    for band, colour in zip(BANDS, ("\x1b[32m", "\x1b[31m", "\x1b[34m"), strict=True):
        (line,) = (line for line in capture.get().splitlines() if band.symbol in line)
        assert colour in line


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("title", ["Dam bursts " * 27, "地震が港町を襲う" * 37, "[bold]Soup[/bold] " * 16])
def test_a_title_is_cut_to_the_width(desk: Desk, title: str, width: int) -> None:
    desk.print(row(title.strip(), 95))
    view = next(looks(desk))
    lines = drawn(view, width)
    assert len(lines) == 5
    assert "…" in lines[2]
    assert lines[2].split()[5].startswith(title[0])
    console = Console(width=width)
    assert max(console.measure(line).maximum for line in lines) <= width


def test_a_low_screen_shows_the_first_rows_and_how_many_are_below(desk: Desk) -> None:
    desk.print(*(row(f"Headline {n}", 50) for n in range(30)))
    *_, view = looks(desk, lambda: desk.print(*(row(f"Headline {n}", 50) for n in range(1, 30))))
    lines = drawn(view, height=12)
    assert len(lines) == 12
    assert "Headline 7" in lines[8]
    assert lines[9].rstrip() == "left: Headline 0"
    assert lines[11].startswith("22 more below")


def test_a_strangers_title_moves_no_cursor(desk: Desk) -> None:
    desk.print({**row("\x1b[2JDam\x1b]0;bursts\x07 \u202eabove", 95, "s"), "source": "Post\x1b[31m", "band": "\x1b[5m"})
    view = next(looks(desk))
    for text in ("\n".join(drawn(view)), block(view, NOON)):
        assert "[2JDam]0;bursts above" in text
        assert text.replace("\n", "").isprintable()


def test_an_empty_list_says_so(desk: Desk) -> None:
    desk.print()
    view = next(looks(desk))
    assert "No headlines in this window." in block(view, NOON)
    assert "No headlines in this window." in "".join(drawn(view))


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (-3, "0 min"),
        (0, "0 min"),
        (59.9, "59 min"),
        (60, "1 h"),
        (47 * 60 + 59, "47 h"),
        (48 * 60, "2 d"),
        (43200, "30 d"),
    ],
)
def test_an_age_is_said_in_its_largest_fitting_unit(minutes: float, words: str) -> None:
    assert age(NOON - timedelta(minutes=minutes), NOON) == words


@pytest.mark.parametrize(("move", "sign"), [(None, "new"), (0, ""), (2, "▲2"), (-99, "▼99")])
def test_a_move_is_a_sign_of_three_characters_at_most(move: int | None, sign: str) -> None:
    assert moved(move) == sign


# --- the two ways of showing ---


def test_a_pipe_gets_every_changed_list_once(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    steps = (nothing, lambda: desk.print(SOUP), desk.close, nothing, lambda: desk.print(SOUP), lambda: desk.print(DAM))
    print_each(looks(desk, *steps), json=False, clock=lambda: NOON)
    out, err = capsys.readouterr()
    shown = [view for view in out.split("\n\n") if view]
    assert [view.splitlines()[1:] for view in shown[1:]] == [
        [
            "  1. ▲2  🔵  12 / 100  Ten soups (Harbour Post, 5 min)",
            "left: Dam bursts above valley town · Night ferry returns",
        ],
        ["  1. new 🟢  95 / 100  Dam bursts above valley town (Harbour Post, 5 min)", "left: Ten soups"],
    ]
    assert err == f"no service answers at {desk.service.url}; trying again\n"


def test_as_json_every_changed_list_is_one_line(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    print_each(looks(desk, nothing, lambda: desk.print(SOUP)), json=True)
    lists = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [[item["title"] for item in one["items"]] for one in lists] == [
        ["Dam bursts above valley town", "Night ferry returns", "Ten soups"],
        ["Ten soups"],
    ]


def test_a_terminal_shows_list_and_trouble_in_place_and_is_left_as_it_was(desk: Desk) -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=80, height=24, _environ={"TERM": "xterm"})
    on_screen(looks(desk, lambda: desk.print(SOUP), desk.close), 30, console, clock=lambda: NOON)
    text = screen.getvalue()
    assert "▲2" in text
    assert "trying again every 30 s" in text
    assert text.index("\x1b[?1049h") < text.index("Top News") < text.index("\x1b[?1049l")
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")


# --- the command ---


def iscore(*arguments: object) -> int:
    with pytest.raises(SystemExit) as exited:
        main([str(argument) for argument in arguments])
    return int(exited.value.code or 0)


def test_json_is_what_the_service_says(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert iscore("top", "--json", "--url", desk.service.url, "--window", "6h", "--limit", 3) == 0
    assert capsys.readouterr().out == desk.body().decode() + "\n"
    assert desk.asked == [("/v1/top?window=6h&limit=3", None)]


def test_json_comes_from_the_store_when_no_service_runs(
    tmp_path: Path, model: ImportanceModel, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ISCORE_STATE", str(tmp_path))
    monkeypatch.setenv("ISCORE_PORT", "9")  # discard: nothing answers there
    now = datetime.now(UTC)
    store = open_store(read_settings().store_url())
    store.put(score(model, [Headline("1" * 16, "Dam bursts above valley town", "https://x.example/", "X", now, now)]))
    store.close()
    assert iscore("top", "--json") == 0
    body = json.loads(capsys.readouterr().out)
    assert [item["title"] for item in body["items"]] == ["Dam bursts above valley town"]


def test_watching_needs_a_service(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISCORE_PORT", "9")
    assert iscore("top", "--watch") == 2
    assert capsys.readouterr() == ("", "error: no service answers at http://127.0.0.1:9\n")


def test_nobody_is_asked_more_often_than_every_five_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    assert iscore("top", "--watch", "--every", 4) == 2
    assert "--every" in capsys.readouterr().err


@pytest.mark.parametrize("terminal", [False, True])
def test_ctrl_c_ends_the_watch_with_code_0(desk: Desk, terminal: bool) -> None:
    ours, theirs = pty.openpty() if terminal else os.pipe()
    command = [sys.executable, "-m", "service", "top", "--watch", "--url", desk.service.url]
    environment = {**os.environ, "TERM": "xterm"}
    # Who runs the tests in the background ignores Ctrl-C, and all that they start would do so too.
    heed = partial(signal.signal, signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(command, stdout=theirs, stderr=subprocess.PIPE, env=environment, preexec_fn=heed) as process:
        os.close(theirs)
        shown = b""
        while (b"Ctrl-C ends" if terminal else b"\n\n") not in shown:
            shown += os.read(ours, 4096)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    os.close(ours)
    assert (process.returncode, err) == (0, b"")
    assert b"Night ferry returns" in shown
