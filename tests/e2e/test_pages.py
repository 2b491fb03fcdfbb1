"""The pages in a real browser: what a reader sees, with and without scripts, colours or a mouse."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

SIZES = {"phone": {"width": 320, "height": 800}, "desktop": {"width": 1280, "height": 900}}
WHY = "the page that explains the first headline"
LISTS = ["/top", "/top?window=24h&limit=50", "/top?window=1m&band=top&min_score=100", "/v1/top.html"]
PATHS = ["/", WHY, "/sources", *LISTS]
PLAIN = {"row": "ol.iscore-list > li", "link": ".iscore-link", "number": ".iscore-number", "dot": ".iscore-dot"}
LIVE = {"row": "[part=row]", "link": "[part=link]", "number": "[part=number]", "dot": "[part$=importance]"}
Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, service_url: str) -> Iterator[Open]:
    """Opens a path of the service; the test fails when the page logs an error or asks another host."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_(path: str, **options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: _same_host(request.url, service_url, complaints))
        page.goto(service_url + ("/top" if path == WHY else path))
        if path == WHY:
            page.locator(".iscore-why").first.click()
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


def _same_host(url: str, service_url: str, complaints: list[str]) -> None:
    if not url.startswith((service_url, "data:")):
        complaints.append(f"asked {url}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("path", PATHS)
def test_axe_finds_nothing_wrong(open_page: Open, path: str, size: str, scheme: str) -> None:
    page = open_page(path, viewport=SIZES[size], color_scheme=scheme)
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    if path == "/v1/top.html":  # a fragment has no page around it: no title, language or landmarks of its own
        rules["rules"] = {  # type: ignore[assignment]
            rule: {"enabled": False}
            for rule in ("document-title", "html-has-lang", "landmark-one-main", "page-has-heading-one", "region")
        }
    results = Axe().run(page, options=rules)
    assert results.response["violations"] == [], results.generate_report()
    assert results.response["incomplete"] == []


@pytest.mark.parametrize(("scripts", "parts"), [(False, PLAIN), (True, LIVE)])
def test_the_first_page_shows_ten_ranked_headlines_with_score_dot_and_link(
    open_page: Open, scripts: bool, parts: dict[str, str]
) -> None:
    page = open_page("/", viewport=SIZES["desktop"], java_script_enabled=scripts)
    rows = page.locator(parts["row"])
    expect(rows).to_have_count(10)
    expect(page.get_by_role("heading", name="Top News in the Last Hour By Importance Score")).to_be_visible()
    scores = [int(text.split(" /")[0]) for text in page.locator(parts["number"]).all_inner_texts()]
    assert scores == sorted(scores, reverse=True)
    for row in rows.all():
        assert re.fullmatch(r"\d{1,3} / 100", row.locator(parts["number"]).inner_text())
        assert (row.locator(parts["link"]).get_attribute("href") or "").startswith("http")
        box = row.locator(parts["dot"]).bounding_box()
        assert box
        assert box["width"] >= 12


def test_each_band_has_its_own_colour_and_shape_and_says_its_name(open_page: Open) -> None:
    page = open_page("/top?window=1h&limit=100", viewport=SIZES["desktop"])
    looks = {}
    for band in ("top", "major", "notable"):
        score = page.locator(f".iscore-{band}").first
        dot = score.locator(".iscore-dot")
        style = "e => { const s = getComputedStyle(e); return [s.backgroundColor, s.borderRadius + s.clipPath] }"
        looks[band] = (*dot.evaluate(style), score.locator(".iscore-hidden").inner_text())
    for position in range(3):
        assert len({look[position] for look in looks.values()}) == 3


def test_view_more_pages_through_the_whole_list_without_scripts(open_page: Open) -> None:
    page = open_page("/", viewport=SIZES["desktop"], java_script_enabled=False)
    seen = page.locator(".iscore-link").all_inner_texts()
    while page.get_by_role("link", name="View more top news").count():
        page.get_by_role("link", name="View more top news").click()
        assert page.locator("ol.iscore-list").get_attribute("start") == str(len(seen) + 1)
        seen += page.locator(".iscore-link").all_inner_texts()
    assert len(seen) == len(set(seen)) >= 40
    page.get_by_role("link", name="Back to the start of the list").click()
    assert page.locator(".iscore-link").all_inner_texts() == seen[:10]


@pytest.mark.parametrize("path", PATHS)
def test_nothing_sticks_out_of_a_phone(open_page: Open, path: str) -> None:
    page = open_page(path, viewport=SIZES["phone"])
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES["phone"]["width"]


def test_a_keyboard_reaches_every_headline_with_a_visible_focus(open_page: Open) -> None:
    page = open_page("/top", viewport=SIZES["desktop"])
    for link in page.locator(".iscore-link").all():
        while not link.evaluate("e => e === document.activeElement"):
            page.keyboard.press("Tab")
        assert link.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"


def test_the_shapes_survive_forced_colours(open_page: Open) -> None:
    page = open_page("/top", viewport=SIZES["desktop"], forced_colors="active")
    background = page.locator(".iscore-dot").first.evaluate("e => getComputedStyle(e).backgroundColor")
    assert background != "rgba(0, 0, 0, 0)"


def test_a_sample_headline_leads_to_a_page_of_its_own(open_page: Open) -> None:
    page = open_page("/", viewport=SIZES["desktop"])
    title = page.locator(LIVE["link"]).first.inner_text()
    page.locator(LIVE["link"]).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def test_a_score_is_explained_word_by_word_and_the_points_add_up(open_page: Open) -> None:
    page = open_page("/", viewport=SIZES["desktop"], java_script_enabled=False)
    title = page.locator(".iscore-link").first.inner_text()
    page.locator(".iscore-why").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    *parts, total = map(float, page.locator(".why td").all_inner_texts())
    assert len(parts) == 1 + len(title.split())
    assert sum(parts) == pytest.approx(total, abs=0.05 * len(parts))  # printed to one decimal
    page.get_by_role("link", name="To the list").click()
    assert page.locator(".iscore-link").first.inner_text() == title


def test_a_headline_that_is_not_kept_cannot_be_explained(open_page: Open, service_url: str) -> None:
    assert open_page("/top").request.get(f"{service_url}/why/0000000000000000").status == 404


def test_the_interface_page_works_without_a_network(open_page: Open) -> None:
    page = open_page("/docs", viewport=SIZES["desktop"])
    expect(page.get_by_text("/v1/top", exact=True).first).to_be_visible()
