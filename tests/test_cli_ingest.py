"""``iscore ingest``: the real command on a real store, with feeds on this machine."""

import gzip
import io
import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from service.api import polling
from service.cli.main import main
from service.settings import read_settings
from service.store.connect import open_store
from service.types import Feed, Headline

LONG_AGO = datetime(1995, 1, 1, tzinfo=UTC)
RSS = b"""<rss version="2.0"><channel><title>Harbour Bulletin</title>
<item><title>Ferry runs aground off the old pier, 40 rescued</title><link>https://h.example/ferry</link>
<pubDate>Sun, 01 Mar 2026 11:50:00 GMT</pubDate></item></channel></rss>"""
GOOD = {"title": "Dam opens early", "url": "https://h.example/dam", "published_at": "2025-03-01T09:00:00Z"}


class Result(NamedTuple):
    code: int
    out: dict[str, int]
    err: list[str]


Run = Callable[..., Result]


@pytest.fixture
def ingest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, models_dir: Path
) -> Run:
    """Runs the command in this process, with its state in a folder of its own and no feeds but those of the test."""
    monkeypatch.setenv("ISCORE_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("ISCORE_MODELS", str(models_dir))
    monkeypatch.setenv("ISCORE_FEEDS_ALLOW_LOOPBACK", "true")
    monkeypatch.setattr(polling, "read_catalogue", tuple)

    def run(*arguments: object, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(stdin))))
        with pytest.raises(SystemExit) as exited:
            main(["ingest", *map(str, arguments)])
        out, err = capsys.readouterr()
        said = (line.split("\t") for line in out.splitlines())
        return Result(int(exited.value.code or 0), {name: int(count) for name, count in said}, err.splitlines())

    return run


def kept() -> list[Headline]:
    with closing(open_store(read_settings().store_url())) as store:
        return store.heard(0, LONG_AGO)


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(RSS)

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def feed(ingest: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[Feed]:
    """The one feed that the program ships."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        feed = Feed(f"http://127.0.0.1:{server.server_port}/rss", "Harbour Bulletin", publisher="Harbour Group")
        monkeypatch.setattr(polling, "read_catalogue", lambda: [feed])
        yield feed
        server.shutdown()
        thread.join()


def test_the_feeds_that_are_due_are_polled_once(ingest: Run, feed: Feed) -> None:
    first = ingest()
    assert (first.code, first.err) == (0, [])
    assert first.out == {"feeds": 1, "read": 1, "created": 1, "updated": 0, "duplicate": 0, "rejected": 0}
    (headline,) = kept()
    assert (headline.source, headline.publisher, headline.url) == (feed.name, feed.publisher, "https://h.example/ferry")
    assert ingest().out == {"feeds": 0}
    again = ingest("--all")
    assert (again.out["feeds"], again.out["duplicate"]) == (1, 1)


def test_a_feed_that_fails_is_named_with_its_reason(ingest: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "read_catalogue", lambda: [Feed("http://127.0.0.1:1/rss", "Harbour Watch")])
    answer = ingest()
    assert (answer.code, answer.out) == (3, {"feeds": 1, "failed": 1})
    assert answer.err[0].startswith("Harbour Watch: 127.0.0.1 gives no proper answer")


def test_the_headlines_of_a_file_are_kept_and_bad_lines_stop_nothing(ingest: Run, tmp_path: Path) -> None:
    bad = {"title": "No address"}
    inside = {**GOOD, "date_source": "fetched"}  # only the poller may say that
    lines = [json.dumps(GOOD), "not JSON", "", json.dumps(bad), json.dumps(inside), json.dumps(GOOD)]
    (tmp_path / "in.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    answer = ingest("--file", tmp_path / "in.jsonl.gz")
    assert (answer.code, answer.out) == (3, {"created": 1, "updated": 0, "duplicate": 1, "rejected": 3})
    assert answer.err[0].startswith("line is not JSON")
    assert answer.err[1] == "'No address': url is missing"
    assert answer.err[2].startswith("'Dam opens early': unknown field 'date_source'")
    (headline,) = kept()
    assert headline.published_at == datetime(2025, 3, 1, 9, tzinfo=UTC)


def test_many_headlines_come_through_a_pipe(ingest: Run) -> None:
    rows = [{**GOOD, "title": f"Dam {n} opens", "url": f"https://h.example/{n}"} for n in range(450)]
    answer = ingest("--file", "-", stdin="\n".join(map(json.dumps, rows)).encode())
    assert (answer.code, answer.out["created"], len(kept())) == (0, 450, 450)


def test_a_file_that_is_not_there_is_one_line(ingest: Run, tmp_path: Path) -> None:
    answer = ingest("--file", tmp_path / "missing.jsonl")
    assert (answer.code, answer.out) == (2, {})
    assert len(answer.err) == 1


def test_the_sample_is_not_among_what_is_kept(ingest: Run) -> None:
    assert ingest("--file", "-").code == 0
    assert kept() == []
