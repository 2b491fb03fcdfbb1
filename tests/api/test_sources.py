"""Where headlines come from: feeds that a running service polls, and what it says of them."""

import asyncio
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from service.api import polling
from service.store.contract import FeedState
from service.types import TOPICS, Feed
from tests.api.conftest import NOON, Service, Start

RSS = """<rss version="2.0"><channel><title>Harbour Bulletin</title>
<item><title>Ferry runs aground off the old pier, 40 rescued</title><link>https://h.example/ferry</link>
<pubDate>Sun, 01 Mar 2026 11:50:00 GMT</pubDate></item></channel></rss>"""
SILENT = Feed("http://127.0.0.2:1/rss", "Harbour Watch")
"""Nobody answers there."""
_MANY_S = 30


class Site(ThreadingHTTPServer):
    """Feeds on this machine: /rss and /hang. It knows that it was asked and hung up on."""

    daemon_threads = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked, self.left = threading.Event(), threading.Event()

    def feed(self, path: str, **said: Any) -> Feed:
        return Feed(f"http://127.0.0.1:{self.server_port}/{path}", f"Harbour {path}", **said)


class Answer(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        self.server.asked.set()
        if self.path == "/hang":
            self.rfile.read(1)  # until the other side hangs up
            self.server.left.set()
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(RSS.encode())

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        thread = threading.Thread(target=site.serve_forever, args=[0.01])
        thread.start()
        yield site
        site.shutdown()
        thread.join()


@pytest.fixture
def polled(start: Start, tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> Service:
    """A service whose shipped feeds are one that works, one that fails and one that is not asked yet; asked once."""
    service = start(tmp_path / "state", feeds_allow_loopback=True)
    shipped = [site.feed("rss", publisher="Harbour Group", topic="nation"), SILENT]
    monkeypatch.setattr(polling, "read_catalogue", lambda: shipped)

    async def poll() -> None:
        async with polling.polling(service.state) as service.state.poller:
            await service.state.poller.poll_due(NOON)

    asyncio.run(poll())
    service.state.store.feeds.add([Feed("https://w.example/rss", "Harbour Weekly")], NOON)
    return service


def test_headlines_of_feeds_are_listed(polled: Service) -> None:
    (row,) = polled.top()["items"]
    assert (row["title"], row["source"]) == ("Ferry runs aground off the old pier, 40 rescued", "Harbour rss")
    assert (row["topic"], row["published_at"]) == ("nation", "2026-03-01T11:50:00Z")


def test_sources_say_how_each_feed_goes(polled: Service, site: Site) -> None:
    answer = polled.get("/v1/sources").json()
    assert answer["counts"] == {"ok": 1, "waiting": 1, "failing": 1, "gone": 0}
    failing, waiting, good = answer["items"]
    assert good == {
        "name": "Harbour rss",
        "url": site.feed("rss").url,
        "home": "",
        "publisher": "Harbour Group",
        "topic": "nation",
        "status": "ok",
        "checked_at": "2026-03-01T12:00:00Z",
        "succeeded_at": "2026-03-01T12:00:00Z",
        "next_at": good["next_at"],
        "failures": 0,
        "error": None,
        "entries": 1,
        "interval_s": 900,
    }
    assert re.fullmatch(r"2026-03-01T12:1[3-6]:\d\dZ", good["next_at"])
    assert (failing["name"], failing["status"], failing["failures"]) == ("Harbour Watch", "failing", 1)
    assert failing["error"].startswith("127.0.0.2 gives no proper answer")
    assert (failing["succeeded_at"], waiting["status"], waiting["checked_at"]) == (None, "waiting", None)


def test_a_feed_that_is_gone_has_no_next_time(service: Service) -> None:
    feed = Feed("https://g.example/rss", "Gone")
    service.state.store.feeds.add([feed], NOON)
    service.state.store.feeds.save(FeedState(feed, NOON, "gone", checked_at=NOON, failures=1), feed.url)
    (item,) = service.get("/v1/sources").json()["items"]
    assert (item["status"], item["next_at"]) == ("gone", None)
    assert "gone since" in service.get("/sources").text


def test_the_page_of_sources_says_the_same_in_words(polled: Service) -> None:
    answer = polled.get("/sources")
    text = " ".join(re.sub(r"<[^>]+>", "", answer.text).split())
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "3 feeds: 1 work, 1 fail, 1 are not asked yet, 0 are gone." in text
    assert "Harbour rss nation works: 1 entries, asked 2026-03-01 12:00 UTC" in text
    assert "Harbour Watch has never worked: 127.0.0.2 gives no proper answer" in text
    assert "Harbour Weekly not asked yet" in text
    assert "This service polls no feeds" in text
    assert 'href="/sources"' in polled.get("/").text


def test_what_feeds_are_called_is_no_markup(service: Service) -> None:
    service.state.store.feeds.add([Feed("https://x.example/rss", "<script>alert(1)</script>")], NOON)
    assert "<script" not in service.get("/sources").text


def test_without_feeds_the_page_says_how_to_add_one(idle: Service) -> None:
    assert "iscore feeds add" in idle.get("/sources").text
    assert idle.get("/v1/sources").json() == {"items": [], "counts": {"ok": 0, "waiting": 0, "failing": 0, "gone": 0}}


def test_every_topic_is_named_with_its_list(idle: Service) -> None:
    items = idle.get("/v1/topics").json()["items"]
    assert [item["name"] for item in items] == list(TOPICS)
    assert all(idle.get(item["top"]).status_code == 200 for item in items)


# --- metrics ---------------------------------------------------------------------------------------

SAMPLE = re.compile(r'[a-z_]+(\{([a-z]+="[^"\\\n]*"(,[a-z]+="[^"\\\n]*")*)\})? [0-9.e+-]+')


def samples(service: Service) -> dict[str, float]:
    lines = [line for line in service.get("/metrics").text.splitlines() if not line.startswith("#")]
    assert all(SAMPLE.fullmatch(line) for line in lines)
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def test_metrics_count_feeds_polls_and_entries(polled: Service) -> None:
    found = samples(polled)
    assert found['iscore_feeds{status="ok"}'] == found['iscore_feeds{status="failing"}'] == 1
    assert found['iscore_feed_polls_total{result="read"}'] == found['iscore_feed_polls_total{result="failed"}'] == 1
    assert found['iscore_feed_entries_total{result="created"}'] == 1


def test_metrics_say_what_serves_and_what_it_takes(service: Service) -> None:
    before = samples(service)
    service.put(service.scored("Bridge closes", 40), service.scored("Dam opens", 50, model="another-1"))
    after = samples(service)
    assert any(name.startswith(f'iscore_info{{model="{service.state.model.version}",version="') for name in after)
    assert after["iscore_list_revisions_total"] > before["iscore_list_revisions_total"]
    assert (before["iscore_unscored"], after["iscore_unscored"]) == (0, 1)
    assert after["process_cpu_seconds_total"] > 0
    assert after["process_resident_memory_bytes"] > 1 << 20


def test_each_metric_is_described_once_in_prometheus_text_format(idle: Service) -> None:
    answer = idle.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    described = re.findall(r"^# TYPE (\w+) (?:gauge|counter)$", answer.text, re.MULTILINE)
    assert len(described) == len(set(described)) == answer.text.count("# HELP ")
    assert answer.text.endswith("\n")


# --- as long as the service runs -------------------------------------------------------------------


def test_a_service_polls_its_feeds_and_stops_while_one_hangs(
    start: Start, tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "read_catalogue", lambda: [site.feed("hang")])
    monkeypatch.setattr(polling, "_FIRST_S", 0.0)
    service = start(tmp_path / "state", feeds=True, feeds_allow_loopback=True)
    assert site.asked.wait(_MANY_S)
    assert service.get("/v1/sources").json()["counts"]["waiting"] == 1
    start.running.close()
    assert site.left.wait(_MANY_S)


def test_shipped_feeds_that_cannot_be_read_are_told_and_the_others_are_polled(
    start: Start, tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(polling.read_catalogue, "__defaults__", (tmp_path / "missing.toml",))
    service = start(tmp_path / "state", feeds_allow_loopback=True)
    service.state.store.feeds.add([site.feed("rss")], NOON)

    async def poll() -> int:
        async with polling.polling(service.state) as poller:
            return await poller.poll_due(NOON)

    assert asyncio.run(poll()) == 1
    (record,) = caplog.records
    assert "the shipped feeds are not added: cannot read the feeds in" in record.message


def test_polling_that_breaks_begins_again_and_is_told(
    start: Start, tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    breaks = iter([True])

    def shipped() -> list[Feed]:
        if next(breaks, False):
            raise RuntimeError("a bug")
        return [site.feed("hang")]

    monkeypatch.setattr(polling, "read_catalogue", shipped)
    monkeypatch.setattr(polling, "_FIRST_S", 0.0)
    start(tmp_path / "state", feeds=True, feeds_allow_loopback=True)
    assert site.asked.wait(_MANY_S)
    start.running.close()
    assert [record.message for record in caplog.records] == ["polling broke"]


def test_a_service_that_shall_not_poll_asks_nobody(start: Start, tmp_path: Path, site: Site) -> None:
    service = start(tmp_path / "state", feeds_allow_loopback=True)
    asyncio.run(polling.poll_feeds(service.state, asyncio.Event()))  # ends at once
    assert service.state.poller is None
