"""``<iscore-top>`` through a reader's day, on a clock that the test moves: polling, failing, waiting, leaving."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.paper import Embed, Wire, headline, headlines, listed, pass_time, titles

FIRST = ["Dam bursts above valley", "Rates cut by half a point", "Ten soups for autumn"]
NEWS = "Volcano erupts near capital"
FALLBACK = '<h2>News</h2><ol><li><a href="https://news.example/a">Inside</a></li></ol>'


def opened(embed: Embed, attributes: str = "", **options: Any) -> Page:
    """A page whose element shows the first list."""
    page = embed(attributes, **options)
    expect(page.locator("[part=row]")).to_have_count(3)
    return page


# --- asking ---


def test_it_asks_once_a_minute_give_or_take_and_shows_what_is_new(embed: Embed, wire: Wire) -> None:
    page = opened(embed, 'window="6h" limit="7"')
    assert [re.sub(r".*/v1", "/v1", url) for url in wire.asked] == ["/v1/top?window=6h&limit=7"]
    wire.say(headlines(NEWS, *FIRST))
    pass_time(page, 40)
    assert len(wire.asked) == 1
    pass_time(page, 45)
    assert len(wire.asked) == 2
    expect(page.locator("[part=link]").first).to_have_text(NEWS)
    pass_time(page, 3600)
    assert 40 <= len(wire.asked) <= 75


@pytest.mark.parametrize(("refresh", "least", "most"), [("0", 0, 0), ("1", 20, 60), ("300", 1, 3), ("soon", 0, 0)])
def test_refresh_says_how_often_and_0_never(embed: Embed, wire: Wire, refresh: str, least: int, most: int) -> None:
    page = opened(embed, f'refresh="{refresh}"')
    expect(page.locator("[part=pause]")).to_be_visible(visible=most > 0)
    pass_time(page, 600)
    assert least <= len(wire.asked) - 1 <= most


def test_it_asks_for_the_address_that_its_attributes_say_now(embed: Embed, wire: Wire) -> None:
    page = opened(embed)
    with page.expect_request("**/v1/top?topic=world&window=24h&limit=50"):
        page.evaluate(
            """() => { const list = document.querySelector('iscore-top');
            list.setAttribute('src', list.getAttribute('src') + '?topic=world');
            list.setAttribute('window', '24h'); list.setAttribute('limit', '1000'); }"""
        )


def test_it_asks_nothing_while_the_reader_cannot_see_it(embed: Embed, wire: Wire) -> None:
    page = opened(embed, around="{}<p style='height: 5000px'>")
    page.evaluate("Object.defineProperty(document, 'hidden', { configurable: true, get: () => true })")
    pass_time(page, 600)
    assert len(wire.asked) == 1
    page.evaluate("delete document.hidden")
    pass_time(page, 10)
    assert len(wire.asked) == 2
    page.evaluate("scrollTo(0, 4000)")
    page.wait_for_function("scrollY === 4000")
    page.evaluate("new Promise((done) => new IntersectionObserver(done).observe(document.body))")
    pass_time(page, 600)
    assert len(wire.asked) == 2
    with page.expect_request("**/v1/top?*"):
        page.evaluate("scrollTo(0, 0)")


def test_a_list_below_the_screen_is_asked_for_when_it_comes_into_view(embed: Embed, wire: Wire) -> None:
    page = embed(around="<p style='height: 5000px'></p>{}")
    pass_time(page, 60)
    assert wire.asked == []
    page.evaluate("scrollTo(0, 5000)")
    expect(page.locator("[part=row]")).to_have_count(3)


def test_a_pause_is_a_pause_and_ends_at_once_when_it_ends(embed: Embed, wire: Wire) -> None:
    page = opened(embed)
    pause = page.get_by_role("button", name="Pause")
    expect(pause).to_have_attribute("aria-pressed", "false")
    pause.click()
    expect(pause).to_have_attribute("aria-pressed", "true")
    pass_time(page, 600)
    assert len(wire.asked) == 1
    wire.say(headlines(NEWS, *FIRST))
    pause.click()
    expect(page.locator("[part=link]").first).to_have_text(NEWS)
    expect(pause).to_have_attribute("aria-pressed", "false")


def test_an_element_that_left_the_page_asks_no_more_and_goes_on_when_it_is_put_back(embed: Embed, wire: Wire) -> None:
    page = opened(embed)
    page.evaluate("window.list = document.querySelector('iscore-top'); list.remove()")
    pass_time(page, 600)
    assert len(wire.asked) == 1
    page.evaluate("document.body.append(list)")
    expect(page.locator("[part=row]")).to_have_count(3)
    pass_time(page, 100)
    assert len(wire.asked) in {3, 4}


def test_leaving_the_page_ends_a_request_that_is_under_way(embed: Embed, wire: Wire) -> None:
    wire.silent = True
    page = embed()
    page.wait_for_function("started === 1")
    with page.expect_event("requestfailed"):
        page.evaluate("document.querySelector('iscore-top').remove()")
    assert page.evaluate("told") == []


# --- bad answers ---


def test_an_answer_that_nothing_changed_changes_nothing(embed: Embed, wire: Wire) -> None:
    page = opened(embed)
    page.evaluate("window.row = document.querySelector('iscore-top').shadowRoot.querySelector('li')")
    pass_time(page, 85)
    wire.say(status=304)
    pass_time(page, 75)
    assert len(wire.asked) in {3, 4}
    assert page.evaluate("row.isConnected")
    expect(page.locator("[part=age]")).to_have_text(re.compile("Updated (this minute|1 min. ago)"))
    assert "error" not in [name for name, _ in page.evaluate("told")]


@pytest.mark.parametrize("wait", ["600", "Sun, 01 Mar 2026 12:11:00 GMT"])
def test_it_comes_back_no_sooner_than_it_is_told_to(embed: Embed, wire: Wire, wait: str) -> None:
    page = opened(embed)
    wire.say(status=429, retry_after=wait)
    pass_time(page, 85)
    assert len(wire.asked) == 2
    wire.say(headlines(NEWS))
    pass_time(page, 550)
    assert len(wire.asked) == 2
    assert titles(page) == FIRST
    pass_time(page, 100)
    expect(page.locator("[part=link]")).to_have_text([NEWS])


BAD = {
    "broken": {"answer": "oh no", "status": 500},
    "no JSON": {"answer": "<!doctype html>"},
    "null": {"answer": "null"},
    "no list": {"answer": {"title": "Top", "items": "many"}},
    "too long": {"answer": listed(headline(), {"x": "y" * 70_000})},
}


@pytest.mark.parametrize("bad", BAD)
def test_after_bad_answers_it_asks_less_and_less_often_and_shows_what_it_has(
    embed: Embed, wire: Wire, bad: str
) -> None:
    page = opened(embed)
    wire.say(**BAD[bad])
    pass_time(page, 85)
    assert len(wire.asked) == 2
    pass_time(page, 50)  # two minutes less a fifth after the failure, at the earliest
    assert len(wire.asked) == 2
    pass_time(page, 100)
    assert len(wire.asked) == 3
    pass_time(page, 3600)
    assert 6 <= len(wire.asked) <= 10  # a quarter of an hour at the most
    assert titles(page) == FIRST
    expect(page.locator("[part=age]")).to_have_text("Updated 1 hr. ago")
    assert page.evaluate("told.at(-1)[0]") == "error"
    wire.say(headlines(NEWS))
    pass_time(page, 1100)
    expect(page.locator("[part=link]")).to_have_text([NEWS])
    expect(page.locator("[part=age]")).to_contain_text("min")


@pytest.mark.parametrize("status", [404, 410])
def test_it_stops_where_there_is_nothing(embed: Embed, wire: Wire, status: int) -> None:
    page = opened(embed)
    wire.say(status=status)
    pass_time(page, 7200)
    assert len(wire.asked) == 2
    assert titles(page) == FIRST


def test_it_waits_eight_seconds_for_an_answer(embed: Embed, wire: Wire) -> None:
    wire.silent = True
    page = embed(inside=FALLBACK)  # at noon, and five seconds have passed
    page.wait_for_function("started === 1")
    page.clock.run_for(2000)
    assert page.evaluate("ended") == 0
    page.clock.run_for(6000)  # it may have begun to ask at any moment of the five seconds
    page.wait_for_function("ended === 1")
    page.wait_for_function("told.length === 1")
    expect(page.get_by_role("link", name="Inside")).to_be_visible()
    wire.silent = False
    pass_time(page, 160)
    expect(page.locator("[part=row]")).to_have_count(3)


def test_offline_it_keeps_its_list_and_says_how_old_it_is_and_online_it_goes_on(embed: Embed, wire: Wire) -> None:
    page = opened(embed)
    page.context.set_offline(True)
    wire.say(headlines(NEWS))
    pass_time(page, 370)
    assert len(wire.asked) == 1
    assert titles(page) == FIRST
    expect(page.locator("[part=age]")).to_have_text("Updated 6 min. ago")
    page.context.set_offline(False)
    pass_time(page, 10)
    expect(page.locator("[part=link]")).to_have_text([NEWS])
    expect(page.locator("[part=age]")).to_have_text("Updated this minute")


# --- readers who are about to click ---


def test_no_row_moves_under_the_pointer(embed: Embed, wire: Wire) -> None:
    page = opened(embed)
    page.locator("[part=link]").last.hover()
    wire.say(headlines(NEWS, *FIRST))
    pass_time(page, 85)
    assert titles(page) == FIRST
    expect(page.get_by_role("button", name="Show update")).to_be_visible()
    page.mouse.move(1, 1)
    pass_time(page, 5)
    expect(page.locator("[part=link]").first).to_have_text(NEWS)
    expect(page.get_by_role("button", name="Show update")).to_be_hidden()


def test_no_row_moves_under_the_focus_and_the_keyboard_can_ask_for_the_update(embed: Embed, wire: Wire) -> None:
    page = opened(embed)
    page.locator("[part=link]").first.focus()
    wire.say(headlines(NEWS, *FIRST))
    pass_time(page, 85)
    assert titles(page) == FIRST
    update = page.get_by_role("button", name="Show update")
    while not update.evaluate("e => e === e.getRootNode().activeElement"):
        page.keyboard.press("Tab")
        pass_time(page, 5)
    assert titles(page) == FIRST
    page.keyboard.press("Enter")
    expect(page.locator("[part=link]").first).to_be_focused()
    expect(page.locator("[part=link]").first).to_have_text(NEWS)
    expect(update).to_be_hidden()


def test_the_update_comes_when_the_focus_leaves(embed: Embed, wire: Wire) -> None:
    page = opened(embed, around="{}<button>Elsewhere</button>")
    page.locator("[part=link]").first.focus()
    wire.say(headlines(NEWS, *FIRST))
    pass_time(page, 85)
    assert titles(page) == FIRST
    page.get_by_role("button", name="Elsewhere").focus()
    pass_time(page, 5)
    expect(page.locator("[part=link]").first).to_have_text(NEWS)


def test_the_list_inside_is_not_taken_from_under_the_focus(embed: Embed, wire: Wire) -> None:
    wire.silent = True
    page = embed(inside=FALLBACK)
    page.get_by_role("link", name="Inside").focus()
    wire.silent = False
    page.evaluate("document.querySelector('iscore-top').reload()")
    page.wait_for_function("told.length === 1")
    expect(page.get_by_role("link", name="Inside")).to_be_focused()
    page.get_by_role("link", name="Inside").blur()
    pass_time(page, 5)
    expect(page.locator("[part=row]")).to_have_count(3)


def test_a_click_on_pause_does_not_hold_the_list_for_ever(embed: Embed, wire: Wire) -> None:
    page = opened(embed)
    page.locator("[part=pause]").click(click_count=2)
    wire.say(headlines(NEWS))
    pass_time(page, 85)
    expect(page.locator("[part=link]")).to_have_text([NEWS])
