"""An editor's morning in a real browser: sign in, judge, retrain, look, put live, take back."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import new_key, served
from tests.e2e.paper import SIZES, inspect

JUDGED = 30


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A service of this test's own, whose model changes, and its state folder."""
    state = tmp_path_factory.mktemp("newsroom")
    with served(state) as url:
        yield url, state


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that logs no error."""
    complaints: list[str] = []
    context = browser.new_context(viewport=SIZES["desktop"])
    context.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    yield context.new_page()
    context.close()
    assert complaints == []


def test_an_editor_teaches_the_model_and_the_list_follows(page: Page, newsroom: tuple[str, Path]) -> None:
    url, state = newsroom
    champion = serving(url)
    sign_in(page, url, new_key(state, "editor", "admin"))

    page.get_by_role("link", name="Judge", exact=True).click()
    for _ in range(JUDGED):
        judge(page, "5")
    expect(page.locator("#saved")).to_contain_text("All saved")

    page.get_by_role("link", name="Retrain", exact=True).click()
    expect(page.locator("main")).to_contain_text(f"There are {JUDGED} judgements")
    page.get_by_role("button", name="Retrain in house style").click()
    verdict = page.get_by_role("heading", name=re.compile("refused by the gate|may go live"))
    expect(verdict).to_be_visible(timeout=60_000)
    candidate = verdict.locator("code").inner_text()
    expect(page.get_by_role("row", name=re.compile("judgements held out"))).to_contain_text("20 of one kind")
    assert_fits_everybody(page)
    assert serving(url) == champion

    page.get_by_role("link", name="What would change").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"What would change with {candidate}")
    expect(page.locator(".changes-beside li")).to_have_count(20)
    expect(page.locator(".changes-largest li")).to_have_count(20)
    assert_fits_everybody(page)

    page.get_by_role("link", name="Back to the training").click()
    page.get_by_label("Reason").fill("We want to see what it does")
    page.get_by_role("button", name="Put live").click()
    expect(page.locator("main")).to_contain_text(f"{candidate} serves now.")
    assert serving(url) == candidate

    page.get_by_role("button", name="Roll back").click()
    expect(page.locator("main")).to_contain_text(f"{champion} serves now.")
    assert serving(url) == champion

    page.get_by_role("link", name="Log", exact=True).click()
    for deed in (f"went back to {champion}", f"put {candidate} live", "started training"):
        expect(page.locator("main")).to_contain_text(deed)


def sign_in(page: Page, url: str, key: str) -> None:
    page.goto(f"{url}/editor/retrain")
    page.get_by_label("Editor key").fill(key)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Retrain")).to_be_visible()


def judge(page: Page, key: str) -> None:
    """The headline that is shown, by keyboard."""
    title = page.locator("#title")
    expect(title).not_to_be_empty()
    judged = title.inner_text()
    page.keyboard.press(key)
    page.keyboard.press("Enter")
    expect(title).not_to_have_text(judged)


def serving(url: str) -> str:
    """Whose scores readers see."""
    return str(httpx.get(f"{url}/v1/top").json()["model"])


def assert_fits_everybody(page: Page) -> None:
    """On a phone and a desktop, in light and dark: axe finds nothing, and nothing sticks out."""
    for size in SIZES.values():
        page.set_viewport_size(size)
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme)
            inspect(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
