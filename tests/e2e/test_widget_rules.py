"""``<iscore-top>`` among strangers: what it lets in, and under whose rules it runs."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.paper import SIZES, Embed, Wire, headline, inspect, listed, titles

STRICT = (
    "default-src 'none'; script-src {0}; connect-src {0}; base-uri 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)


@pytest.fixture
def snippets(browser: Browser, service_url: str) -> dict[str, str]:
    """What the page for publishers gives them to copy."""
    page = browser.new_page()
    page.goto(f"{service_url}/widget/demo")
    texts = page.locator("pre.snippet").all_inner_texts()
    page.close()
    return dict(zip(("plain", "filled", "framed"), texts, strict=True))


# --- what it lets in ---

HOSTILE: list[Any] = [
    *(None, 7, "text", [], {}, True, ["title"], {"title": "No address", "i_score": 50}),
    *(headline(title) for title in ("", "   ")),
    *(
        {**headline(), field: value}
        for field in ("title", "url", "source", "published_at")
        for value in (None, 5, {}, [])
    ),
    *(headline(i_score=score) for score in (None, "high", -1, 101, 1e9, 50.5, [], {}, True)),
    *(headline(published_at=time) for time in ("", "yesterday", "2026-13-45T99:99:99Z")),
    *(
        headline(url=url)
        for url in (
            *(
                "javascript:alert(1)",
                " java\tscript:alert(1)",
                "JAVASCRIPT:alert(1)",
                "data:text/html,hi",
                "//x.example",
            ),
            *("/relative", "blob:https://news.example/1", "file:///etc/passwd", "https://me:secret@news.example/", ""),
        )
    ),
]


def test_what_is_no_headline_is_left_out(embed: Embed, wire: Wire) -> None:
    wire.say(listed(*HOSTILE, headline("Ten soups for autumn")))
    page = embed()
    expect(page.locator("[part=link]")).to_have_text(["Ten soups for autumn"])


def test_html_is_text_and_long_texts_are_cut(embed: Embed, wire: Wire) -> None:
    script = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    wire.say({**listed(headline(script, source=script), headline("long " * 2000)), "title": script})
    page = embed()
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    expect(page.locator("[part=row]")).to_have_count(2)
    assert titles(page) == [script, ("long " * 60).strip()]
    expect(page.locator("[part=source]").first).to_have_text(script)
    expect(page.get_by_role("heading", level=2)).to_have_text(script)
    assert page.locator("iscore-top img, iscore-top script").count() == 0


def test_values_of_the_wrong_type_do_no_harm(embed: Embed, wire: Wire) -> None:
    odd = [None, True, -1, 1e99, "x", [], {}, [[]], {"outlets": {}}, {"outlets": "<b>"}]
    wire.say(listed(*(headline(story=one, previous_rank=one, band=one, low_confidence=one, id=one) for one in odd)))
    page = embed()
    expect(page.locator("[part=row]")).to_have_count(len(odd))


@pytest.mark.parametrize(("limit", "rows"), [("3", 3), ("50", 50), ("1000", 50), ("none", 10), ("0", 10)])
def test_however_many_come_it_shows_no_more_than_it_asked_for(embed: Embed, wire: Wire, limit: str, rows: int) -> None:
    few = {"title": "t", "url": "https://a.example", "source": "", "published_at": "2026-03-01", "i_score": 1}
    wire.say(listed(*[few] * 600))
    page = embed(f'limit="{limit}"')
    expect(page.locator("[part=row]")).to_have_count(rows)


def test_no_rows_are_no_error(embed: Embed, wire: Wire) -> None:
    wire.say(listed())
    page = embed()
    expect(page.get_by_text("No headlines in this window.")).to_be_visible()
    page.clock.resume()  # axe waits for timers
    inspect(page)


@pytest.mark.parametrize("more", ["javascript:alert(1)", "data:text/html,x"])
def test_the_link_to_more_is_a_link_or_there_is_no_list(embed: Embed, more: str) -> None:
    page = embed(f'more-href="{more}"', inside="<ol><li>Inside</li></ol>")
    page.wait_for_function("told.length === 1")
    expect(page.get_by_text("Inside")).to_be_visible()
    assert page.evaluate("told[0][0]") == "error"


def test_the_page_is_told_what_comes_and_what_is_chosen(embed: Embed) -> None:
    page = embed('more-href="/news"')
    expect(page.locator("[part=row]")).to_have_count(3)
    page.evaluate("document.addEventListener('click', (click) => click.preventDefault())")
    page.locator("[part=link]").nth(1).click()
    (load, rows), (select, item) = page.evaluate("told")
    assert (load, rows, select, item["title"]) == ("load", 3, "select", "Rates cut by half a point")


# --- under whose rules it runs ---


def test_the_snippet_runs_on_another_origin_under_the_strictest_policy(
    print_page: Embed, service_url: str, snippets: dict[str, str]
) -> None:
    html = re.sub("<style>.*</style>", "", snippets["plain"])  # the one line that such a page has in its style sheet
    page = print_page(html + html, STRICT.format(service_url), expected="requires 'TrustedHTML'")
    expect(page.locator("[part=row]")).to_have_count(10)
    asked = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    assert {url.removeprefix(service_url).split("/")[1] for url in asked} == {"widget", "v1"}
    assert page.evaluate("[document.cookie, localStorage.length, sessionStorage.length]") == ["", 0, 0]
    assert page.context.cookies() == []
    html_sink = "() => { try { document.body.innerHTML = '<b>' } catch (refused) { return refused.name } }"
    assert page.evaluate(html_sink) == "TypeError"


def test_a_script_that_was_tampered_with_does_not_run(
    print_page: Embed, service_url: str, snippets: dict[str, str]
) -> None:
    digest = re.findall(r"sha384-[^\"]+", snippets["filled"])[0]
    page = print_page(snippets["filled"].replace(digest, "sha384-" + "A" * 64), expected="valid digest")
    assert page.evaluate("customElements.get('iscore-top') === undefined")
    expect(page.locator("iscore-top li")).to_have_count(5)


def test_without_scripts_the_list_inside_is_there(print_page: Embed, snippets: dict[str, str]) -> None:
    page = print_page(snippets["filled"], java_script_enabled=False)
    expect(page.locator("iscore-top li a")).to_have_count(5)
    expect(page.get_by_role("link", name="View more top news")).to_be_visible()


def test_included_twice_under_two_addresses_it_is_defined_once(embed: Embed, service_url: str, snippets: Any) -> None:
    page = embed(
        around=snippets["plain"] + "{}" + f'<script type="module" src="{service_url}/widget/iscore.js?2"></script>'
    )
    expect(page.locator("[part=list]")).to_have_count(2)


def test_the_frame_shows_the_list_to_a_page_that_allows_nothing_else(
    print_page: Embed, service_url: str, snippets: dict[str, str]
) -> None:
    page = print_page(snippets["framed"], f"default-src 'none'; frame-src {service_url}", viewport=SIZES["desktop"])
    frame = page.frame_locator("iframe")
    expect(frame.locator("[part=row]")).to_have_count(5)
    with page.expect_popup() as popup:
        frame.locator("[part=link]").first.click()
    assert "/sample/" in popup.value.url


def test_what_oembed_gives_shows_the_list(print_page: Embed, browser: Browser, service_url: str) -> None:
    asking = browser.new_page()
    asking.goto(f"{service_url}/top?window=24h&limit=3")
    address = asking.locator("link[type='application/json+oembed']").get_attribute("href")
    embedding = asking.request.get(address or "").json()
    asking.close()
    page = print_page(embedding["html"])
    expect(page.frame_locator("iframe").locator("[part=row]")).to_have_count(3)
    box = page.locator("iframe").bounding_box()
    assert box
    assert (box["width"], box["height"]) == (embedding["width"], embedding["height"])
