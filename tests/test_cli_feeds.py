"""``iscore feeds``: the real commands on a real store, with a feed server on this machine."""

import io
import re
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from service.cli import feeds as command
from service.cli.kept import kept
from service.cli.main import main
from service.feeds.catalogue import MAX_NAME_CHARS
from service.feeds.opml import from_opml, to_opml
from service.store.contract import FeedState
from service.types import Feed

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Result(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture
def feeds(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs ``iscore feeds …`` in this process, with its state in a folder of its own."""
    monkeypatch.setenv("ISCORE_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("ISCORE_FEEDS_ALLOW_LOOPBACK", "true")

    def run(*arguments: object, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(stdin))))
        with pytest.raises(SystemExit) as exited:
            main(["feeds", *map(str, arguments)])
        out, err = capsys.readouterr()
        return Result(int(exited.value.code or 0), out, err)

    return run


def known() -> list[FeedState]:
    with kept() as store:
        return store.feeds.all()


def keep(*states: FeedState) -> None:
    with kept() as store:
        store.feeds.add([state.feed for state in states], NOW)
        for state in states:
            store.feeds.save(state, state.feed.url)


def rss(title: str, *ages: timedelta) -> bytes:
    items = "".join(
        f"<item><title>Story {i}</title><link>https://v.example/{i}</link>"
        f"<pubDate>{format_datetime(datetime.now(UTC) - age)}</pubDate></item>"
        for i, age in enumerate(ages)
    )
    return f"<rss version='2.0'><channel><title>{title}</title>{items}</channel></rss>".encode()


class Answer(BaseHTTPRequestHandler):
    pages: dict[str, bytes]

    def do_GET(self) -> None:
        body = self.pages.get(self.path.removeprefix("/"))
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: object) -> None: ...


Serve = Callable[[bytes], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Puts a page on a server and tells its address, each under another name of this machine."""
    pages: dict[str, bytes] = {}
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Pages", (Answer,), {"pages": pages})) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()

        def add(body: bytes) -> str:
            pages[str(len(pages))] = body
            host = ["127.0.0.1", "127.1", "127.0.1"][len(pages) - 1]
            return f"http://{host}:{server.server_port}/{len(pages) - 1}"

        yield add
        server.shutdown()
        thread.join()


# --- help -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["list", "add", "remove", "check", "import", "export"])
def test_help_has_a_summary_and_an_example(feeds: Run, name: str) -> None:
    answer = feeds(name, "--help")
    assert answer.code == 0
    assert f"Usage: iscore feeds {name}" in answer.out
    assert re.search(rf"Examples?:\n    iscore feeds {name}", answer.out)


# --- list -------------------------------------------------------------------------------------------


def test_list_tells_how_each_feed_does(feeds: Run) -> None:
    good = FeedState(Feed("https://b.example/", "B", publisher="House"), NOW, succeeded_at=NOW)
    bad = FeedState(Feed("https://a.example/", "A"), NOW, failures=3, error="it answers\n500")
    gone = FeedState(Feed("https://c.example/", "C"), NOW, status="gone")
    keep(good, bad, gone)
    assert feeds("list").out.splitlines() == [
        "A\thttps://a.example/\t\tnever\t3\tit answers 500",
        "B\thttps://b.example/\tHouse\t2026-03-01T12:00:00Z\t0\t",
        "C\thttps://c.example/\t\tnever\t0\tgone for good",
    ]


def test_list_is_a_table_on_a_terminal(feeds: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(FeedState(Feed("https://a.example/", "[red]A[/red]"), NOW))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "dumb")
    head, row = feeds("list").out.splitlines()
    assert re.split(" {2,}", head.strip()) == ["name", "address", "publisher", "last success", "failures", "error"]
    assert row.split() == ["[red]A[/red]", "https://a.example/", "never", "0"]


def test_list_says_what_to_do_when_there_are_none(feeds: Run) -> None:
    code, out, err = feeds("list")
    assert (code, out) == (0, "")
    assert err.startswith("no feeds yet: ")


# --- add and remove ---------------------------------------------------------------------------------


def test_add_asks_the_feed_for_its_name(feeds: Run, serve: Serve) -> None:
    url = serve(rss("Village &amp; Valley Post"))
    code, out, err = feeds("add", url, "--publisher", "Valley", "--topic", "nation")
    assert (code, out) == (0, "")
    assert err.startswith("Village & Valley Post is polled from now on")
    assert [state.feed for state in known()] == [Feed(url, "Village & Valley Post", "", "Valley", "nation")]


@pytest.mark.parametrize("title", ["", "t" * 500])
def test_add_makes_do_with_the_title_there_is(feeds: Run, serve: Serve, title: str) -> None:
    feeds("add", serve(rss(title)))
    assert [state.feed.name for state in known()] == [title[:MAX_NAME_CHARS] or "127.0.0.1"]


def test_add_keeps_no_feed_that_does_not_work(feeds: Run, serve: Serve) -> None:
    url = serve(b"<!doctype html><title>News</title>")
    code, _, err = feeds("add", url)
    assert code == 2
    assert err.startswith(f"error: {url}: ")
    assert "--no-check" in err
    assert known() == []


@pytest.mark.parametrize("options", [["--no-check"], ["--name", "a.example"]])
def test_add_without_a_look_asks_nobody(feeds: Run, options: list[str]) -> None:
    assert feeds("add", "https://A.example/rss#top", *options).code == 0
    assert [state.feed for state in known()] == [Feed("https://a.example/rss", "a.example")]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["ftp://a.example/"], "url: must start with http:// or https://"),
        (["https://a.example/", "--name", "n" * 101], "name is too long: 101 characters, at most 100"),
        (["https://a.example/", "--topic", "gossip"], "'gossip' is not one of"),
        ([], "Missing argument 'URL'"),
    ],
)
def test_add_with_a_wrong_call_exits_2(feeds: Run, arguments: list[str], reason: str) -> None:
    answer = feeds("add", *arguments)
    assert answer.code == 2
    assert reason in answer.err


def test_a_feed_is_added_once_until_it_is_removed(feeds: Run) -> None:
    url = "https://a.example/rss"
    assert feeds("add", url, "--no-check").code == 0
    again = feeds("add", url + "#top", "--no-check")
    assert again == (2, "", f"error: {url} is polled already: see `iscore feeds list`\n")
    assert feeds("remove", url + "#top") == (0, "", f"{url}#top is polled no more\n")
    assert known() == []
    assert feeds("remove", url).err == f"error: no feed is polled at {url}: see `iscore feeds list`\n"
    assert feeds("add", url, "--name", "Back").code == 0
    assert [state.feed.name for state in known()] == ["Back"]


# --- check ------------------------------------------------------------------------------------------


def columns(answer: Result) -> list[list[str]]:
    """The lines without the milliseconds, by name."""
    rows = [line.split("\t") for line in answer.out.splitlines()]
    assert all(row[3].isdigit() for row in rows)
    return sorted((row[:3] + row[4:] for row in rows), key=lambda row: row[3])


def test_check_tells_which_feeds_work(feeds: Run, serve: Serve) -> None:
    good, bad, quiet = serve(rss("G", timedelta(hours=3), timedelta(minutes=5))), serve(b"no feed"), serve(rss("Q"))
    keep(*(FeedState(Feed(url, name), NOW) for name, url in [("Good", good), ("Bad", bad), ("Quiet", quiet)]))
    before = known()
    answer = feeds("check")
    assert answer.code == 3
    rows = columns(answer)
    assert rows[0][:5] == ["failed", "", "", "Bad", bad]
    assert rows[0][5]
    assert rows[1:] == [["ok", "2", "5m", "Good", good, ""], ["ok", "0", "", "Quiet", quiet, ""]]
    assert answer.err == "2 of 3 feeds work\n"
    assert known() == before


def test_check_asks_only_the_feeds_that_are_named_also_unknown_ones(feeds: Run, serve: Serve) -> None:
    known, unknown = serve(rss("K", timedelta(hours=30))), serve(rss("U", timedelta(days=9)))
    keep(FeedState(Feed(known, "Known"), NOW), FeedState(Feed("http://127.0.0.1:9/", "Not named"), NOW))
    answer = feeds("check", known, unknown + "#top")
    assert (answer.code, answer.err) == (0, "2 of 2 feeds work\n")
    assert columns(answer) == [["ok", "1", "9d", "127.1", unknown, ""], ["ok", "1", "30h", "Known", known, ""]]


def test_check_refuses_this_machine_unless_the_settings_allow_it(
    feeds: Run, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ISCORE_FEEDS_ALLOW_LOOPBACK")
    assert feeds("check", serve(rss("A"))).code == 3


def test_check_before_the_first_start_is_about_the_shipped_feeds(feeds: Run) -> None:
    assert len(command._chosen([])) >= 100


# --- import and export ------------------------------------------------------------------------------

LIST = to_opml([Feed("https://a.example/", "A", topic="health"), Feed("https://b.example/", "B")], "Mine")


def test_import_adds_what_is_new_and_changes_nothing_that_is_known(feeds: Run, tmp_path: Path) -> None:
    keep(FeedState(Feed("https://a.example/", "My own name for A"), NOW))
    (tmp_path / "feeds.opml").write_bytes(LIST)
    code, out, err = feeds("import", tmp_path / "feeds.opml")
    assert (code, out) == (0, "")
    assert err == f"{tmp_path}/feeds.opml: 2 read, 1 new, 0 without a usable address\n"
    assert [state.feed.name for state in known()] == ["B", "My own name for A"]


def test_import_goes_on_behind_an_address_that_cannot_be_used(feeds: Run) -> None:
    file = LIST.replace(b"https://a.example/", b"javascript:alert(1)")
    code, _, err = feeds("import", "-", stdin=file)
    assert code == 3
    assert err.splitlines() == [
        "'A': url: must start with http:// or https://",
        "-: 1 read, 1 new, 1 without a usable address",
    ]
    assert [state.feed.name for state in known()] == ["B"]


@pytest.mark.parametrize("content", [None, b"<html/>", b"<!DOCTYPE opml><opml/>"])
def test_import_of_an_unusable_file_names_it(feeds: Run, tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "feeds.opml"
    if content is not None:
        file.write_bytes(content)
    code, out, err = feeds("import", file)
    assert (code, out) == (2, "")
    assert str(file) in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("by", ["file", "pipe"])
def test_export_writes_what_import_reads(feeds: Run, tmp_path: Path, by: str) -> None:
    feed = Feed("https://a.example/", "A & B", "https://a.example/home", "House", "health", "en")
    keep(FeedState(feed, NOW), FeedState(Feed("https://removed.example/", "R"), NOW))
    feeds("remove", "https://removed.example/")
    answer = feeds("export", *([tmp_path / "out.opml"] if by == "file" else []))
    assert (answer.code, answer.err) == (0, "feeds written: 1\n")
    written = (tmp_path / "out.opml").read_bytes() if by == "file" else answer.out.encode()
    assert from_opml(written) == [replace(feed, publisher="")]
