"""Looking at feeds, with a real server that two host names lead to."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from service.feeds.check import GAP_S, Check, check_all
from service.feeds.fetch import Fetcher
from service.types import Feed

DATED = "<item><title>{0}</title><link>https://v.example/{0}</link><pubDate>1 Mar 2026 {1}:00 GMT</pubDate></item>"
UNDATED = "<item><title>Fair</title><link>https://v.example/fair</link></item>"
ITEMS = DATED.format("Bridge", "10:00") + DATED.format("Bakery", "11:30") + UNDATED
RSS = f"<rss version='2.0'><channel><title>Village Post</title>{ITEMS}</channel></rss>"
EMPTY = "<rss version='2.0'><channel><title>Quiet</title></channel></rss>"


class Server(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.released = threading.Event()

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.server_port}/{path}"


class Answer(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        path = self.path.removeprefix("/")
        if path == "slow":
            self.server.released.wait()
        status = int(path) if path.isdigit() else 301 if path == "moved" else 200
        body = {"page": "<!doctype html><title>News</title>", "empty": EMPTY}.get(path, RSS).encode()
        self.send_response(status)
        if path == "moved":
            self.send_header("Location", "/rss")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.released.set()
        server.shutdown()
        thread.join()


def checked(*urls: str, report: Callable[[Check], None] | None = None) -> tuple[list[Check], list[float]]:
    """What is said of feeds, in the order of saying it, and the waits in between."""
    done: list[Check] = []
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    def told(one: Check) -> None:
        done.append(one)
        if report:
            report(one)

    async def run() -> None:
        async with Fetcher(user_agent="test", allow_loopback=True, gap_s=0) as fetcher:
            await check_all(fetcher, [Feed(url, url) for url in urls], told, sleep)

    asyncio.run(run())
    return done, waits


def test_a_feed_that_works_is_told_with_what_it_holds(server: Server) -> None:
    ((one,), waits) = checked(server.url("rss"))
    assert one.parsed is not None
    assert (one.problem, one.moved_to, one.parsed.title, len(one.parsed.entries)) == (None, None, "Village Post", 3)
    assert one.newest == datetime(2026, 3, 1, 11, 30, tzinfo=UTC)
    assert one.seconds > 0
    assert waits == []


def test_a_feed_without_entries_works_and_has_no_newest(server: Server) -> None:
    ((one,), _) = checked(server.url("empty"))
    assert (one.problem, one.newest) == (None, None)


def test_a_feed_that_has_moved_for_good_says_where_to(server: Server) -> None:
    ((one,), _) = checked(server.url("moved"))
    assert (one.problem, one.moved_to) == (None, server.url("rss"))


@pytest.mark.parametrize(
    ("path", "problem"), [("404", "it answers 404"), ("503", "it answers 503"), ("page", "web page")]
)
def test_a_feed_that_does_not_work_has_the_reason(server: Server, path: str, problem: str) -> None:
    ((one,), _) = checked(server.url(path))
    assert one.parsed is None
    assert problem in (one.problem or "")


def test_an_address_that_must_not_be_asked_is_a_reason_too() -> None:
    ((one,), _) = checked("http://10.0.0.1/rss")
    assert one.problem


def test_the_feeds_of_a_host_are_asked_in_turn_with_a_gap(server: Server) -> None:
    urls = [server.url(path) for path in ("rss", "404", "empty")]
    done, waits = checked(*urls)
    assert [one.feed.url for one in done] == urls
    assert waits == [GAP_S] * 2


def test_a_slow_host_delays_no_other(server: Server) -> None:
    slow, quick = server.url("slow"), server.url("rss", "127.1")
    done, waits = checked(slow, quick, report=lambda one: server.released.set())
    assert [one.feed.url for one in done] == [quick, slow]
    assert waits == []
