"""The editors' list in a real browser, by keyboard and by plain forms: what they set, readers see."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.conftest import new_key, served

SIZES = {"phone": {"width": 320, "height": 800}, "desktop": {"width": 1280, "height": 900}}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Where a service with the sample listens, and an editor's key."""
    state = tmp_path_factory.mktemp("today")
    with served(state) as url:
        yield url, new_key(state, "editor")


@pytest.fixture
def open_today(browser: Browser, room: tuple[str, str]) -> Iterator[Open]:
    """Opens the page, signed in and without scripts; the test fails when the page logs an error."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []
    url, key = room

    def open_(**options: Any) -> Page:
        chosen = {"viewport": SIZES["desktop"], "java_script_enabled": False, **options}
        context = browser.new_context(**chosen)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto(f"{url}/editor")
        page.get_by_label("Editor key").fill(key)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Today", exact=True)).to_be_visible()
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


def set_(page: Page, row: int, kind: str, reason: str) -> str:
    """Open a row and pin, boost or mute it, without a mouse; its title."""
    title = page.locator(".iscore-link").nth(row).inner_text()
    page.locator(".today-toggle").nth(row).press("Enter")
    page.get_by_role("radio", name=kind).press("Space")
    page.get_by_label("Why", exact=True).fill(reason)
    page.get_by_label("Why", exact=True).press("Enter")
    expect(page.get_by_role("status")).to_be_visible()
    return title


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_wrong_and_nothing_sticks_out(open_today: Open, size: str, scheme: str) -> None:
    page = open_today(viewport=SIZES[size], color_scheme=scheme, java_script_enabled=True)
    set_(page, 5, "Boost", "an important place")
    set_(page, 9, "Mute", "old news")
    story = page.locator(".iscore-row", has_text="3 outlets").first
    story.locator(".today-toggle").click()
    expect(page.get_by_role("button", name="Split off")).to_be_visible()
    results = Axe().run(page, options=RULES)
    assert results.response["violations"] == [], results.generate_report()
    assert results.response["incomplete"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"]


def test_what_editors_pin_and_mute_is_what_readers_see_until_it_is_lifted(
    open_today: Open, room: tuple[str, str]
) -> None:
    page, readers = open_today(), f"{room[0]}/v1/top.txt?limit=100"
    before = page.request.get(readers).text()
    pinned = set_(page, 6, "Pin", "our own reporter is there")
    row = page.locator(".iscore-row").first
    expect(row).to_contain_text(re.compile(rf"{re.escape(pinned)}.*Pinned until .*: our own reporter is there", re.S))
    muted = set_(page, 3, "Mute", "a hoax")
    after = page.request.get(readers).text()
    assert re.search(rf"  1\. .*{re.escape(pinned)}.*\[pinned\]", after)
    assert (muted in before, muted in after) == (True, False)
    apart = page.get_by_role("region", name="Muted")
    expect(apart).to_contain_text(muted)
    apart.get_by_role("button", name=f"Lift the mute of {muted}").click()
    page.get_by_role("button", name=f"Lift the pin of {pinned}").press("Enter")
    lifted = page.request.get(readers).text()
    assert ("[pinned]" in lifted, muted in lifted) == (False, True)


def test_a_row_that_stands_open_says_so_and_closes_where_it_opened(open_today: Open) -> None:
    page = open_today()
    link = page.locator(".today-toggle").nth(2)
    expect(link).to_have_attribute("aria-expanded", "false")
    link.click()
    expect(link).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("heading", name=re.compile(r"Why \d+"))).to_be_visible()
    link.press("Enter")
    expect(page.get_by_role("heading", name=re.compile(r"Why \d+"))).to_have_count(0)
