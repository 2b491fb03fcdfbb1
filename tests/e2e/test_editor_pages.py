"""Signing in, drift and the log in a real browser, on a service whose store holds invented news and judgements."""

import math
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from service.store.connect import open_store
from service.store.editorial import Entry, LabelEvent
from service.text import headline_id
from service.types import TOPICS, Headline, Judgement, Score, ScoredHeadline
from tests.e2e.conftest import new_key, served

SIZES = {"phone": {"width": 320, "height": 800}, "desktop": {"width": 1280, "height": 900}}
PATHS = ["/editor/drift", "/editor/log"]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
Open = Callable[..., Page]


def fill(state: Path, model: str) -> None:
    """A fortnight of news, of which the last day has more sport; judgements that agree roughly; a log of two pages."""
    now = datetime.now(UTC)
    with closing(open_store(f"sqlite:///{state / 'iscore.db'}")) as store:
        store.put([_headline(k, now, model) for k in range(15 * 320)])
        events = [
            LabelEvent(f"e2e-{k:05}", "ada", now - timedelta(days=1), Judgement("score", (title,), score))
            for k in range(60)
            for title, score in [
                (f"{'Storm kills dozens in' if k % 2 else 'Ten tips for'} valley {k}", k % 2 * 60 + 15.0)
            ]
        ]
        store.labels.add(events)
        for k in range(60):
            store.audit.add(Entry("command line", "feed.add", f"https://news.example/{k}.rss", {"name": f"Valley {k}"}))


def _headline(k: int, now: datetime, model: str) -> ScoredHeadline:
    title = f"Harbour bulletin number {k}"
    url = f"https://news.example/bulletin/{k}"
    time = now - timedelta(minutes=4.5 * (k + 1))
    topic = "sports" if k < 200 else TOPICS[k % len(TOPICS)]
    raw = 45 + 20 * math.sin(k / 7) + k % 13
    return ScoredHeadline(
        Headline(headline_id(title, url), title, url, "Harbour", time, time, topic=topic), Score(raw), model
    )


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, models_dir: Path) -> Iterator[tuple[str, str]]:
    """Where the service listens, and an editor's key."""
    state = tmp_path_factory.mktemp("room")
    with served(state, "--no-sample") as url:
        fill(state, (models_dir / "CURRENT").read_text().strip())
        yield url, new_key(state, "editor")


@pytest.fixture
def open_page(browser: Browser, room: tuple[str, str]) -> Iterator[Open]:
    """Opens a page, signed in unless it is the one to sign in; the test fails when the page logs an error."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []
    url, key = room

    def open_(path: str, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": SIZES["desktop"], **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url + path)
        if path != "/editor/sign-in":
            page.get_by_label("Editor key").fill(key)
            page.get_by_role("button", name="Sign in").click()
        return page

    yield open_
    for context in contexts:
        context.close()
    assert [one for one in complaints if "403 (Forbidden)" not in one] == []  # what a wrong key is answered with


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("path", ["/editor/sign-in", *PATHS])
def test_axe_finds_nothing_wrong_and_nothing_sticks_out(open_page: Open, path: str, size: str, scheme: str) -> None:
    page = open_page(path, viewport=SIZES[size], color_scheme=scheme)
    for summary in page.locator("summary").all()[:5]:
        summary.click()
    results = Axe().run(page, options=RULES)
    assert results.response["violations"] == [], results.generate_report()
    unsure = [node["html"] for one in results.response["incomplete"] for node in one["nodes"]]
    # axe sees no background behind text in an image; it has the colours of .muted, which it has checked on the page
    assert [html for html in unsure if not html.startswith('<text class="plot-text"')] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"]


def test_signing_in_leads_to_the_page_that_was_wanted_and_out_again(open_page: Open) -> None:
    page = open_page("/editor/log?by=schedule", java_script_enabled=False)
    expect(page).to_have_url(re.compile(r"/editor/log\?by=schedule$"))
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Editor key")).to_be_visible()


def test_a_wrong_key_is_refused_beside_the_field(open_page: Open) -> None:
    page = open_page("/editor/sign-in", java_script_enabled=False)
    page.get_by_label("Editor key").fill("isk_mistyped")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("this is not a whole iscore key")
    expect(page.get_by_label("Editor key")).to_have_attribute("aria-describedby", "fault")
    expect(page.get_by_label("Editor key")).to_have_value("")


def test_drift_is_told_in_words_plots_and_tables(open_page: Open) -> None:
    page = open_page("/editor/drift", java_script_enabled=False)
    expect(page.get_by_role("heading", level=1)).to_have_text("Does the model still fit?")
    expect(page.get_by_text("Topics are mixed very differently than in the 30 days before.")).to_contain_text("alarm")
    for plot in page.get_by_role("img").all():
        assert plot.get_attribute("aria-label")
    expect(page.get_by_role("img")).to_have_count(5)
    page.get_by_text("Topics as a table").click()
    expect(page.get_by_role("row", name="sports").get_by_role("cell").first).to_contain_text("%")


def test_plots_keep_to_the_colours_of_the_theme(open_page: Open) -> None:
    fills = set()
    for scheme in ("light", "dark"):
        page = open_page("/editor/drift", color_scheme=scheme)
        fills.add(page.locator(".plot-now").first.evaluate("e => getComputedStyle(e).fill"))
    assert len(fills) == 2


def test_the_log_is_filtered_and_paged_without_scripts(open_page: Open) -> None:
    page = open_page("/editor/log", java_script_enabled=False)
    page.get_by_label("What").select_option("feed.add")
    page.get_by_role("button", name="Show").click()
    rows = page.locator(".log > li")
    expect(rows).to_have_count(50)
    page.get_by_role("link", name="Older entries").click()
    expect(rows).to_have_count(10)
    expect(rows.last).to_contain_text("added the feed https://news.example/0.rss")
    rows.last.locator("summary").click()
    expect(rows.last.locator("dl")).to_contain_text("Valley 0")
