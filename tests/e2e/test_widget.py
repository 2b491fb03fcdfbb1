"""``<iscore-top>``, how it looks: themes, bands, languages, directions, and that nothing around it moves."""

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.paper import COUNT, SIZES, Embed, Wire, headline, headlines, inspect, listed, pass_time, titles

LOOK = "e => { const s = getComputedStyle(e); return [s.backgroundColor, s.borderRadius + s.clipPath] }"
COLOURS = {
    "light": {"top": "rgb(33, 123, 79)", "major": "rgb(134, 19, 13)", "notable": "rgb(3, 46, 187)"},
    "dark": {"top": "rgb(124, 233, 99)", "major": "rgb(220, 116, 128)", "notable": "rgb(80, 148, 229)"},
}
MANY = [
    headline("Dam bursts above valley", 85, story={"outlets": 3}, previous_rank=3),
    headline("Rates cut by half a point", 72, previous_rank=1),
    headline("Ten soups for autumn", 55, previous_rank=None, low_confidence="not English (de)"),
    headline("Mayor stays", 40, previous_rank=4),
]


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", COLOURS)
def test_axe_finds_nothing_wrong_and_nothing_sticks_out(
    embed: Embed, wire: Wire, scheme: str, size: str, direction: str
) -> None:
    wire.say(listed(*MANY))
    page = embed(around=f"<div dir='{direction}'>{{}}</div>", viewport=SIZES[size], color_scheme=scheme)
    expect(page.locator("[part=row]")).to_have_count(4)
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"]
    page.clock.resume()  # axe waits for timers
    inspect(page)
    page.get_by_role("button", name="Pause").click()
    page.locator("[part=link]").first.focus()
    wire.say(headlines("Volcano erupts near capital"))
    page.evaluate("document.querySelector('iscore-top').reload()")
    expect(page.get_by_role("button", name="Show update")).to_be_visible()
    inspect(page)


@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
@pytest.mark.parametrize("scheme", COLOURS)
def test_the_theme_is_the_readers_unless_the_page_says_which(embed: Embed, wire: Wire, scheme: str, theme: str) -> None:
    wire.say(listed(*MANY))
    page = embed(f'theme="{theme}"', color_scheme=scheme)
    for band, colour in COLOURS[scheme if theme == "auto" else theme].items():
        assert page.locator(f"[part='{band} importance']").first.evaluate(LOOK)[0] == colour


def test_each_band_has_a_shape_of_its_own_and_an_unknown_one_none(embed: Embed, wire: Wire) -> None:
    wire.say(listed(*MANY, headline("Of tomorrow", 90, band="ultra"), headline("Of us", 90, band="__proto__")))
    page = embed()
    expect(page.locator("[part=row]")).to_have_count(6)
    dots = [page.locator(f"[part='{band} importance']").first for band in COLOURS["light"]]
    assert len({dot.evaluate(LOOK)[1] for dot in dots}) == 3
    assert all((dot.bounding_box() or {})["width"] >= 12 for dot in dots)
    expect(page.get_by_role("img", name="importance")).to_have_count(4)
    assert page.locator("[part=number]").all_inner_texts()[-2:] == ["90 / 100"] * 2


def test_the_shapes_survive_forced_colours(embed: Embed) -> None:
    page = embed(forced_colors="active", color_scheme="dark")
    expect(page.locator("[part=row]")).to_have_count(3)
    for dot in page.locator("[part$=importance]").all():
        assert dot.evaluate(LOOK)[0] in COLOURS["dark"].values()


def test_a_row_says_who_tells_it_and_how_it_moved(embed: Embed, wire: Wire) -> None:
    wire.say(listed(*MANY))
    page = embed()
    facts = page.locator("[part=facts]")
    expect(facts.nth(0)).to_have_text("85 / 100Example News3 sources▲25 min. ago")
    expect(facts.nth(1)).to_have_text("72 / 100Example News▼15 min. ago")
    expect(facts.nth(2)).to_have_text("55 / 100uncertainExample Newsnew5 min. ago")
    expect(facts.nth(3)).to_have_text("40 / 100Example News5 min. ago")
    expect(facts.nth(0).get_by_role("img", name="up 2")).to_be_visible()
    expect(facts.nth(1).get_by_role("img", name="down 1")).to_be_visible()


def test_a_pinned_row_says_so_in_words(embed: Embed, wire: Wire) -> None:
    wire.say(listed(headline("Ten soups for autumn", 12, pinned=True), headline("Dam bursts above valley", 85)))
    facts = embed().locator("[part=facts]")
    expect(facts.nth(0)).to_have_text("12 / 100pinnedExample News5 min. ago")
    expect(facts.nth(1)).to_have_text("85 / 100Example News5 min. ago")


@pytest.mark.parametrize("known", [{}, {"previous_rank": None}])
def test_where_nothing_is_known_of_before_nothing_is_said_of_it(
    embed: Embed, wire: Wire, known: dict[str, Any]
) -> None:
    wire.say(headlines("Dam bursts above valley", "Rates cut by half a point", **known))
    page = embed()
    expect(page.locator("[part=facts]").first).to_have_text("85 / 100Example News5 min. ago")


def test_numbers_and_times_are_of_the_pages_language_and_words_of_the_attributes(embed: Embed, wire: Wire) -> None:
    words = 'heading="أهم الأخبار" pause-text="إيقاف" more-text="المزيد" updated-text="آخر تحديث:"'
    page = embed(words, around="<div lang='ar-EG' dir='rtl'>{}</div>")
    expect(page.get_by_role("heading", name="أهم الأخبار")).to_be_visible()
    expect(page.locator("[part=rank]")).to_have_text(["١", "٢", "٣"])
    assert page.locator("[part=number]").first.inner_text() == "٨٥ / ١٠٠"
    expect(page.locator("[part=time]").first).to_have_text("قبل ٥ دقائق")
    expect(page.locator("[part=age]")).to_have_text("آخر تحديث: هذه الدقيقة")
    expect(page.get_by_role("button", name="إيقاف")).to_be_visible()
    rank, link = (page.locator(f"[part={part}]").first.bounding_box() for part in ("rank", "link"))
    assert rank
    assert link
    assert rank["x"] > link["x"]


@pytest.mark.parametrize("lang", ["en_US", "", "not a language at all", "x" * 50])
def test_a_language_that_is_none_is_no_obstacle(embed: Embed, lang: str) -> None:
    page = embed(f'lang="{lang}"')
    expect(page.locator("[part=row]")).to_have_count(3)


@pytest.mark.parametrize(("minutes", "words"), [(0, "this minute"), (59, "59 min. ago"), (119, "1 hr. ago")])
def test_times_are_as_old_as_they_are(embed: Embed, wire: Wire, minutes: int, words: str) -> None:
    page = embed("refresh=0")
    expect(page.locator("[part=row]")).to_have_count(3)
    page.clock.fast_forward(minutes * 60 * 1000)
    pass_time(page, 10)
    expect(page.locator("[part=age]")).to_have_text(f"Updated {words}")


@pytest.mark.parametrize("size", SIZES)
def test_nothing_moves_when_the_list_comes_and_when_it_changes(embed: Embed, wire: Wire, size: str) -> None:
    reserved = "style='display: flow-root; min-block-size: 86em'"
    page = embed(reserved, around="<p>Above</p>{}<p>Below</p>", viewport={**SIZES[size], "height": 2000})
    expect(page.locator("[part=row]")).to_have_count(3)
    for texts in (["A headline of quite ordinary length, with few surprises"] * 10, ["Short"] * 4, []):
        wire.say(headlines(*texts))
        pass_time(page, 600)
        expect(page.locator("[part=row]")).to_have_count(len(texts))
    assert page.evaluate("shifted") == 0


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", COLOURS)
@pytest.mark.parametrize("path", ["/widget/demo", "/widget/embed.html"])
def test_axe_finds_nothing_wrong_with_our_own_pages(
    browser: Browser, service_url: str, path: str, scheme: str, size: str
) -> None:
    page = browser.new_page(viewport={**SIZES[size], "height": 4000}, color_scheme=scheme)
    page.goto(service_url + path)
    for element in page.locator("iscore-top").all():
        expect(element.locator("[part=row]").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"]
    inspect(page)
    page.close()


def test_the_list_beside_the_article_becomes_live_where_it_stands(browser: Browser, service_url: str) -> None:
    page = browser.new_page(viewport=SIZES["desktop"])
    page.add_init_script(COUNT)
    page.goto(service_url)
    expect(page.locator("[part=row]")).to_have_count(10)
    assert titles(page) == page.locator("iscore-top .iscore-link").all_text_contents()
    assert page.evaluate("shifted") == 0
    page.close()
