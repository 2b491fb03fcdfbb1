"""A newspaper on another origin that embeds the list, and the wire over which its pages ask for it."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route

Embed = Callable[..., Page]

SIZES = {"phone": {"width": 320, "height": 800}, "desktop": {"width": 1280, "height": 900}}
NOON = "2026-03-01T12:00:00Z"
A_MOMENT_LATER = "2026-03-01T12:00:05Z"
COUNT = """
  window.started = window.ended = window.shifted = 0;
  const ask = window.fetch;
  window.fetch = async (...all) => { started += 1; try { return await ask(...all); } finally { ended += 1; } };
  window.told = [];
  for (const name of ['load', 'error', 'select'])
    document.addEventListener(`iscore-${name}`, ({ detail }) => told.push([name, detail]));
  new PerformanceObserver((list) => { for (const { value } of list.getEntries()) shifted += value; })
    .observe({ type: 'layout-shift', buffered: true });
"""
"""Counts in the page: requests, what the element tells, and how far things moved (cumulative layout shift)."""


class Paper:
    """Serves one page at a time, ``html``, with the Content-Security-Policy ``policy``."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.html = ""
        self.policy = ""


@contextmanager
def printed() -> Iterator[Paper]:
    """A paper on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = paper.html.encode() if self.path == "/" else b""
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            if paper.policy:
                self.send_header("Content-Security-Policy", paper.policy)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        paper = Paper(f"http://127.0.0.1:{server.server_port}")
        Thread(target=server.serve_forever).start()
        yield paper
        server.shutdown()


class Wire:
    """Answers in the service's place: what the test says, until it says something else."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.silent = False
        self.say(headlines("Dam bursts above valley", "Rates cut by half a point", "Ten soups for autumn"))

    def say(self, answer: Any = "", status: int = 200, **headers: str) -> None:
        """From now on; ``answer`` is sent as JSON unless it is text."""
        self._body = answer if isinstance(answer, str) else json.dumps(answer)
        self._status = status
        self._headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def __call__(self, route: Route) -> None:
        self.asked.append(route.request.url)
        if not self.silent:
            public = {"access-control-allow-origin": "*", "access-control-expose-headers": "Retry-After"}
            route.fulfill(status=self._status, headers={**public, **self._headers}, body=self._body)


def headline(title: str = "Dam bursts above valley", score: int = 85, minute: int = 55, **more: Any) -> dict[str, Any]:
    """An item of a list, as the service sends it."""
    band = "top" if score >= 80 else "major" if score >= 60 else "notable"
    named = {"id": title.casefold(), "title": title, "url": f"https://news.example/{title.replace(' ', '-')}"}
    told = {"source": "Example News", "published_at": f"2026-03-01T11:{minute}:00Z", "i_score": score, "band": band}
    return {**named, **told, "low_confidence": None, **more}


def headlines(*titles: str, **more: Any) -> dict[str, Any]:
    """A list of these, best first."""
    return listed(*(headline(title, max(0, 85 - 13 * n), **more) for n, title in enumerate(titles)))


def listed(*items: Any) -> dict[str, Any]:
    return {"title": "Top News in the Last Hour", "items": list(items)}


def pass_time(page: Page, seconds: int) -> None:
    """Let the page's clock run, and what it asks for meanwhile be answered."""
    for _ in range(0, seconds, 5):
        page.clock.run_for(5000)
        page.wait_for_function("started === ended")


def titles(page: Page) -> list[str]:
    """What is shown, from the first row on."""
    return page.locator("[part=link]").all_inner_texts()


def inspect(page: Page) -> None:
    """Assert that axe finds nothing wrong and nothing that it cannot tell."""
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    results = Axe().run(page, options=rules)
    assert results.response["violations"] == [], results.generate_report()
    assert results.response["incomplete"] == []
