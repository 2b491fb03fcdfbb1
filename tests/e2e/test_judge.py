"""The page on which editors judge, in a real browser: by keyboard, by mouse, without a network, without scripts."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.e2e.conftest import new_key
from tests.e2e.paper import SIZES, inspect

Open = Callable[..., Page]
Labels = Callable[[], list[dict[str, Any]]]
SAVED = "All saved"


@pytest.fixture
def judging(browser: Browser, service_url: str, editor_key: str) -> Iterator[Open]:
    """Opens the page signed in; the test fails when a page logs an error, except failed requests."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def heard(kind: str, text: str) -> None:
        if kind == "error" and "Failed to load resource" not in text:
            complaints.append(text)

    def open_(path: str = "/editor/judge", **options: Any) -> Page:
        context = browser.new_context(**{"viewport": SIZES["desktop"], **options})
        contexts.append(context)
        context.on("console", lambda message: heard(message.type, message.text))
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        page = context.new_page()
        sign_in(page, service_url, editor_key)
        page.goto(service_url + path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def labels(service_url: str, editor_key: str) -> Labels:
    """The editor's judgements that stand, in order of arrival."""

    def ask() -> list[dict[str, Any]]:
        headers = {"Authorization": f"Bearer {editor_key}"}
        mine = {"by": editor_key.split("_")[1]}
        answer = httpx.get(f"{service_url}/v1/labels", params=mine, headers=headers, timeout=60)
        return [json.loads(line) for line in answer.raise_for_status().text.splitlines()]

    return ask


def sign_in(page: Page, service_url: str, key: str) -> None:
    page.goto(f"{service_url}/editor/sign-in")
    page.get_by_label("Editor key").fill(key)
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.get_by_role("button", name="Sign in").click()


def title(page: Page) -> str:
    shown = page.locator("#title")
    expect(shown).not_to_be_empty()
    return shown.inner_text()


def score(page: Page, *keys: str) -> str:
    """Judge the headline that is shown with these keys; answers which it was."""
    judged = title(page)
    for key in (*keys, "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#title")).not_to_have_text(judged)
    return judged


def saved(page: Page, text: str = SAVED) -> None:
    expect(page.locator("#saved")).to_contain_text(text, timeout=15_000)


def refuse(route: Route) -> None:
    route.abort()


def test_headlines_are_judged_by_keyboard_alone(judging: Open, labels: Labels) -> None:
    page = judging()
    judged = [score(page, "4", "ArrowUp"), score(page, "2"), score(page, "5", "ArrowLeft", "ArrowLeft")]
    saved(page)
    kept = labels()
    assert [(one["titles"][0], one["i_score"]) for one in kept] == list(zip(judged, [75, 30, 80], strict=True))
    assert all(one["kind"] == "score" and one["model"] and not one.get("shown") for one in kept)
    assert all(0 <= one["seconds"] < 60 for one in kept)
    expect(page.locator("#today")).to_have_text("3")


def test_mouse_and_touch_do_the_same(judging: Open, labels: Labels) -> None:
    page = judging(has_touch=True)
    first = title(page)
    page.get_by_role("button", name="Minor").tap()
    page.get_by_role("button", name="5 points more").tap()
    page.get_by_role("button", name="Send").tap()
    expect(page.locator("#title")).not_to_have_text(first)
    page.get_by_role("button", name="Skip").click()
    second = title(page)
    page.get_by_role("slider").fill("65")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#title")).not_to_have_text(second)
    saved(page)
    assert [one["i_score"] for one in labels()] == [35, 65]


def test_what_the_model_thinks_is_asked_for_and_told_only_after_the_answer(judging: Open) -> None:
    page = judging("/editor")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page.url + "/judge")
    title(page)
    expect(page.locator("#today")).to_have_text("0")
    assert not [url for url in asked if "/v1/score" in url or "/v1/headlines" in url]
    assert '"i_score' not in (page.locator("#judge").get_attribute("data-items") or "")
    judged = score(page, "4")
    last = page.locator("#last li")
    expect(last).to_contain_text(re.compile(r"you 70, model \d+"))
    expect(page.locator("#told")).to_have_text(re.compile(rf"you 70, model \d+\. Next: {re.escape(title(page))}"))
    page.get_by_role("link", name="Why").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(judged)


def test_enter_without_a_score_sends_nothing_and_says_so(judging: Open, labels: Labels) -> None:
    page = judging()
    title(page)
    page.keyboard.press("Enter")
    expect(page.locator("#told")).to_have_text("Choose a score first: keys 1 to 5.")
    assert labels() == []


def test_everything_can_be_undone_several_levels_deep_and_is_judged_again(judging: Open, labels: Labels) -> None:
    page = judging()
    first, second, third = score(page, "1"), score(page, "3"), score(page, "5")
    expect(page.locator("#last li")).to_contain_text("model")
    page.keyboard.press("s")
    page.keyboard.press("u")
    page.keyboard.press("u")
    expect(page.locator("#title")).to_have_text(third)
    expect(page.locator("#number")).to_have_text("90")
    page.keyboard.press("Control+z")
    expect(page.locator("#title")).to_have_text(second)
    saved(page)
    assert [one["titles"] for one in labels()] == [[first]]
    assert score(page, "2") == second
    assert score(page, "4") == third
    saved(page)
    assert [(one["i_score"], one.get("shown", False)) for one in labels()] == [(10, False), (30, True), (70, True)]


def test_after_a_reload_it_can_still_be_undone(judging: Open, labels: Labels) -> None:
    page = judging()
    judged = score(page, "3")
    saved(page)
    page.reload()
    assert title(page) != judged
    page.keyboard.press("u")
    expect(page.locator("#title")).to_have_text(judged)
    saved(page)
    assert labels() == []


def test_without_a_network_nothing_is_lost_or_doubled(judging: Open, labels: Labels) -> None:
    page = judging()
    score(page, "3")
    saved(page)
    page.context.set_offline(True)
    judged = [score(page, key) for key in "12345"]
    page.keyboard.press("u")
    saved(page, "6 waiting, will be sent")
    expect(page.locator("#last")).to_be_hidden()
    assert len(labels()) == 1
    page.context.set_offline(False)
    saved(page)
    assert [one["titles"][0] for one in labels()][1:] == judged[:4]


def test_an_answer_whose_receipt_is_lost_is_sent_again_and_kept_once(judging: Open, labels: Labels) -> None:
    page = judging()
    lost: list[int] = []

    def lose(route: Route) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch().status)
            route.abort()

    page.route("**/v1/labels", lose)
    judged = score(page, "4")
    expect(page.locator("#saved")).to_contain_text(SAVED, timeout=15_000)
    assert lost == [200]
    assert [one["titles"] for one in labels()] == [[judged]]


def test_answers_that_wait_are_sent_after_a_reload_and_not_asked_again(judging: Open, labels: Labels) -> None:
    page = judging()
    page.route("**/v1/labels", refuse)
    judged = [score(page, "2"), score(page, "4")]
    saved(page, "2 waiting")
    page.reload()
    assert title(page) not in judged
    saved(page, "2 waiting")
    page.unroute("**/v1/labels")
    page.evaluate("dispatchEvent(new Event('online'))")
    saved(page)
    assert [one["titles"][0] for one in labels()] == judged


def test_two_tabs_send_each_answer_once_and_do_not_ask_the_same(judging: Open, labels: Labels) -> None:
    page = judging()
    other = page.context.new_page()
    other.goto(page.url)
    both = title(page)
    assert title(other) == both
    page.context.set_offline(True)
    score(page, "3")
    expect(other.locator("#title")).not_to_have_text(both)
    score(other, "4")
    score(page, "5")
    saved(other, "3 waiting")
    page.context.set_offline(False)
    saved(page)
    saved(other)
    kept = labels()
    assert sorted(one["i_score"] for one in kept) == [50, 70, 90]
    assert len({one["titles"][0] for one in kept}) == 3


def test_a_refused_answer_is_shown_until_somebody_decides(
    judging: Open, labels: Labels, service_url: str, editor_key: str
) -> None:
    page = judging()
    judged = title(page)
    before = {"id": "before-this", "kind": "score", "titles": [judged], "i_score": 20}
    headers = {"Authorization": f"Bearer {editor_key}"}
    httpx.post(f"{service_url}/v1/labels", json=before, headers=headers, timeout=60).raise_for_status()
    score(page, "4")
    saved(page, "1 not saved")
    refused = page.locator("#refused")
    expect(refused).to_contain_text(judged)
    expect(refused).to_contain_text("you 70")
    expect(refused).to_contain_text("What stands: you 20")
    page.reload()
    title(page)
    inspect(page)
    refused.get_by_role("button", name="Take the new one").click()
    saved(page)
    expect(refused).to_be_hidden()
    assert [one["i_score"] for one in labels()] == [70]


def test_who_is_signed_out_loses_nothing_and_nobody_else_sends_it(
    judging: Open, labels: Labels, service_url: str, editor_key: str, state_folder: Path
) -> None:
    page = judging()
    title(page)
    page.context.clear_cookies()
    judged = score(page, "3")
    saved(page, "1 waiting until you sign in again")
    page.locator("#saved a").click()
    sign_in(page, service_url, new_key(state_folder, "editor"))
    page.goto(f"{service_url}/editor/judge")
    score(page, "1")
    saved(page)
    assert labels() == []
    sign_in(page, service_url, editor_key)
    page.goto(f"{service_url}/editor/judge")
    saved(page)
    assert [one["titles"] for one in labels()] == [[judged]]


def test_single_keys_can_be_switched_off_and_stay_off(judging: Open, labels: Labels) -> None:
    page = judging()
    shown = title(page)
    page.get_by_label("Shortcuts with single keys").uncheck()
    for key in ("4", "Enter", "s", "p", "?", "x"):
        page.keyboard.press(key)
    page.reload()
    assert title(page) == shown
    page.keyboard.press("4")
    expect(page.locator("#number")).to_have_text("–")
    expect(page.locator("kbd:visible")).to_have_count(0)
    page.get_by_role("button", name="Major").click()
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#title")).not_to_have_text(shown)
    page.keyboard.press("Control+z")
    expect(page.locator("#title")).to_have_text(shown)
    saved(page)
    assert labels() == []


def test_no_key_does_anything_with_a_modifier_or_while_somebody_writes(judging: Open, labels: Labels) -> None:
    page = judging()
    shown = title(page)
    for key in ("Alt+4", "Control+s", "Alt+p", "Shift+S"):
        page.keyboard.press(key)
    expect(page.locator("#number")).to_have_text("–")
    page.keyboard.press("x")
    page.get_by_label("In other words").press_sequentially("34 supss?")
    page.get_by_label("In other words").press("Enter")
    expect(page.locator("#title")).not_to_have_text(shown)
    expect(page.locator("#help")).to_be_hidden()
    saved(page)
    (kept,) = labels()
    assert (kept["kind"], kept["titles"], kept["reason"]) == ("cannot_judge", [shown], "34 supss?")


def test_a_dialog_that_is_left_changes_nothing(judging: Open, labels: Labels) -> None:
    page = judging()
    shown = title(page)
    page.keyboard.press("x")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("leads every front page in the world")
    page.keyboard.press("Escape")
    assert title(page) == shown
    assert labels() == []


def test_pairs_and_sets_of_four_are_judged_with_a_key_each(judging: Open, labels: Labels) -> None:
    page = judging()
    title(page)
    words = page.locator(".judge-words:visible")
    page.keyboard.press("p")
    expect(words).to_have_count(2)
    pairs = [words.all_inner_texts()]
    page.keyboard.press("2")
    expect(words.first).not_to_have_text(pairs[0][0])
    pairs.append(words.all_inner_texts())
    page.keyboard.press("3")
    expect(words.first).not_to_have_text(pairs[1][0])
    page.keyboard.press("b")
    expect(words).to_have_count(4)
    four = words.all_inner_texts()
    page.keyboard.press("3")
    expect(page.get_by_role("heading", level=1)).to_have_text("And which is the least?")
    page.keyboard.press("1")
    expect(page.get_by_role("heading", level=1)).to_have_text("Which is the most important?")
    page.keyboard.press("b")
    title(page)
    saved(page)
    found = [(one["kind"], one["titles"], one["best"], one.get("worst")) for one in labels()]
    assert found == [("pair", pairs[0], 1, None), ("pair", pairs[1], None, None), ("best_worst", four, 2, 0)]


def test_time_in_which_the_page_is_hidden_does_not_count(judging: Open, labels: Labels) -> None:
    page = judging("/editor/sign-in")
    page.clock.install()
    page.goto(page.url.replace("sign-in", "judge"))
    title(page)
    hide = "(hidden) => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });"
    hide += " document.dispatchEvent(new Event('visibilitychange')); }"
    page.clock.run_for(4000)
    page.evaluate(hide, True)
    page.clock.run_for(600_000)
    page.evaluate(hide, False)
    page.clock.run_for(3000)
    score(page, "3")
    saved(page)
    assert 7 <= labels()[0]["seconds"] < 60


def test_a_headline_that_is_asked_for_comes_first_and_a_new_answer_replaces_the_old(
    judging: Open, labels: Labels, service_url: str
) -> None:
    row = httpx.get(f"{service_url}/v1/top?limit=30", timeout=60).json()["items"][-1]
    page = judging(f"/editor/judge?headline={row['id']}")
    assert score(page, "2") == row["title"]
    saved(page)
    page.goto(f"{service_url}/editor/judge?headline={row['id']}")
    expect(page.locator("#former")).to_be_visible()
    assert score(page, "4") == row["title"]
    saved(page)
    assert [(one["titles"], one["i_score"]) for one in labels()] == [([row["title"]], 70)]


def test_without_scripts_a_form_shows_one_headline_after_the_other(judging: Open, labels: Labels) -> None:
    page = judging(java_script_enabled=False)
    judged = []
    for word in ("Major", "Trifle"):
        judged.append(page.locator(".judge-title").first.inner_text())
        page.get_by_label(word).check()
        page.get_by_role("button", name="Send and go on").click()
        expect(page.locator(".judge-title").first).not_to_have_text(judged[-1])
    assert [(one["titles"][0], one["i_score"]) for one in labels()] == list(zip(judged, [70, 10], strict=True))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_wrong_and_nothing_sticks_out(judging: Open, size: str, scheme: str) -> None:
    page = judging(viewport=SIZES[size], color_scheme=scheme)
    score(page, "3")
    expect(page.locator("#last li")).to_contain_text("model")
    for kind in ("score", "pair", "best_worst"):
        page.locator(f"[data-kind={kind}]").click()
        expect(page.locator("#title:not(:empty), .judge-words:visible").first).not_to_be_empty()
        inspect(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"]
    for key in ("x", "?"):
        page.keyboard.press(key)
        assert Axe().run(page).response["violations"] == []  # what lies behind a dialog leaves it in doubt of colours
        page.keyboard.press("Escape")


def test_without_scripts_axe_finds_nothing_wrong_either(judging: Open) -> None:
    page = judging(viewport=SIZES["phone"], java_script_enabled=False)
    expect(page.get_by_role("radio")).to_have_count(5)
    assert page.locator(".judge-plain").bounding_box()["width"] <= SIZES["phone"]["width"]  # type: ignore[index]
