"""The script and the snippets for other people's pages: small, harmless, and with the colours of the service."""

import hashlib
import re
from base64 import b64encode
from html.parser import HTMLParser
from importlib.resources import files
from itertools import product

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.bands import BANDS
from service.ranking import ListQuery
from service.widget import embed
from service.widget.script import script, served

STATIC = files("service").joinpath("widget/static")
SOURCE = STATIC.joinpath("iscore.js").read_text("utf-8")
LIST_CSS = STATIC.joinpath("list.css").read_text("utf-8")
BASE = "https://iscore.example"
ROW = {"url": "https://news.example/a?b=1&c=2", "title": 'Mayor says "no" & <i>leaves'}


def colours() -> dict[str, tuple[str, str]]:
    """Name -> its light and its dark colour in the script."""
    return {
        name: (light, dark) for name, light, dark in re.findall(r"--iscore-(\w+): light-dark\((.+), (.+)\);", SOURCE)
    }


def contrast(one: str, other: str) -> float:
    """Of two hex colours (WCAG 2.2, relative luminance)."""

    def luminance(colour: str) -> float:
        digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
        parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    darker, brighter = sorted((luminance(one), luminance(other)))
    return (brighter + 0.05) / (darker + 0.05)


# --- the script ---


def test_the_script_with_its_styles_is_no_more_than_three_kilobytes_on_the_wire() -> None:
    assert len(brotli.compress(script().body, quality=11)) <= 3000


def test_what_is_served_is_the_source_less_comment_lines_and_indentation() -> None:
    source = "// why\n\n  const a = 1; // stays\n    // goes\n\tconst b = `//`;\n"
    assert served(source) == b"const a = 1; // stays\nconst b = `//`;\n"


@given(st.text("/ \n\tab'`"))
def test_what_is_served_is_a_part_of_the_source_and_would_be_served_the_same(source: str) -> None:
    once = served(source).decode()
    assert served(once) == once.encode()
    assert set(once.splitlines()) <= {line.lstrip() for line in source.splitlines()}


def test_version_and_integrity_are_those_of_the_bytes() -> None:
    assert script().version == hashlib.sha256(script().body).hexdigest()[:12]
    assert script().integrity == "sha384-" + b64encode(hashlib.sha384(script().body).digest()).decode()


@pytest.mark.parametrize(
    "word",
    [
        *("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval", "Function(", "setAttribute('style"),
        *("cookie", "Storage", "indexedDB", "postMessage", "http://", "https://", "navigator.user"),
    ],
)
def test_the_script_has_no_need_of(word: str) -> None:
    assert word not in script().body.decode()


# --- what it shares with the service ---


def test_the_script_knows_the_bands_that_there_are() -> None:
    names = "|".join(band.name for band in BANDS)
    assert f"/^({names})$/" in SOURCE
    for band in BANDS:
        assert f"[part~={band.name}] {{ color: var(--iscore-{band.colour});" in SOURCE


def test_the_script_has_the_colours_of_the_list() -> None:
    light, dark = LIST_CSS.split("@media (prefers-color-scheme: dark)")
    for name, (day, night) in colours().items():
        assert f"--iscore-{name}: {day};" in light
        assert f"--iscore-{name}: {night};" in dark


@pytest.mark.parametrize(("name", "theme"), list(product(("fg", "muted", "green", "red", "blue"), (0, 1))))
def test_every_text_can_be_read_on_its_ground(name: str, theme: int) -> None:
    assert contrast(colours()[name][theme], colours()["bg"][theme]) >= 4.5


def test_height_is_reserved_as_the_script_reserves_it() -> None:
    assert "calc(var(--rows, 12) * var(--iscore-row, 7em))" in SOURCE
    assert "setProperty('--rows', this.#limit + 2)" in SOURCE
    assert embed.height_em(10) == 12 * 7 + 2  # and the padding
    assert f"iscore-top {{ display: flow-root; min-block-size: {embed.height_em(10)}em;" in LIST_CSS
    assert f'iscore-top[limit="5"] {{ min-block-size: {embed.height_em(5)}em; }}' in LIST_CSS


# --- snippets ---


class Tags(HTMLParser):
    """Start tags with their attributes, and the text between."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())

    def __getitem__(self, tag: str) -> dict[str, str | None]:
        return next(attributes for name, attributes in self.found if name == tag)


def test_a_snippet_names_the_script_by_version_and_vouches_for_it() -> None:
    tags = Tags(embed.snippet(BASE, ListQuery(limit=5), "Top news"))
    assert tags["script"] == {
        "type": "module",
        "async": None,
        "src": f"{BASE}/widget/{script().version}/iscore.js",
        "integrity": script().integrity,
        "crossorigin": None,
    }
    assert tags["iscore-top"] == {"src": f"{BASE}/v1/top", "window": "1h", "limit": "5"}
    assert tags["a"]["href"] == f"{BASE}/top"
    assert "ol" not in dict(tags.found)


def test_a_filled_snippet_has_the_list_inside_as_text() -> None:
    tags = Tags(embed.snippet(BASE, ListQuery(), "Top <b>news</b>", [ROW]))
    assert tags["a"]["href"] == ROW["url"]
    assert {ROW["title"], "Top <b>news</b>"} <= set(tags.texts)
    assert not {"b", "i"} & dict(tags.found).keys()


def test_filters_go_along() -> None:
    query = ListQuery(limit=100, topics=("world",), sources=("A & B",), min_score=60)
    shown = embed.context(BASE, query)
    assert (shown["source"], shown["limit"]) == ("/v1/top?source=A+%26+B&topic=world&min_score=60", 50)


# --- oEmbed ---


@pytest.mark.parametrize("url", [BASE, f"{BASE}/", f"{BASE}/top", f"{BASE}/#list"])
def test_our_own_list_can_be_embedded_by_its_address(url: str) -> None:
    found = embed.oembed(BASE, url)
    assert found
    assert (found["version"], found["type"], found["width"], found["height"]) == ("1.0", "rich", 400, 86 * 16)
    frame = Tags(found["html"])["iframe"]
    assert frame["src"] == f"{BASE}/widget/embed.html"
    assert (frame["width"], frame["height"]) == ("400", str(86 * 16))
    assert frame["sandbox"] == "allow-scripts allow-popups allow-popups-to-escape-sandbox"


def test_what_the_address_asks_for_is_what_the_frame_shows() -> None:
    found = embed.oembed(BASE, f"{BASE}/top?window=6h&limit=5&topic=world&cursor=abc#x", 300, 200)
    assert found
    assert (found["width"], found["height"]) == (300, 200)
    assert Tags(found["html"])["iframe"]["src"] == f"{BASE}/widget/embed.html?window=6h&limit=5&topic=world"


@pytest.mark.parametrize(
    "url",
    [
        *("", "top", "https://other.example/top", f"{BASE}.other.example/top", f"{BASE}/why/1", f"{BASE}/topp"),
        *(f"{BASE}@other.example/top", f"javascript:{BASE}/top", f" {BASE}/top", f"{BASE}/top/", "http://["),
    ],
)
def test_other_addresses_cannot(url: str) -> None:
    assert embed.oembed(BASE, url) is None


@given(st.text(), st.none() | st.integers(1), st.none() | st.integers(1))
def test_whatever_is_asked_for_the_frame_is_of_this_service_and_fits(
    query: str, width: int | None, height: int | None
) -> None:
    found = embed.oembed(BASE, f"{BASE}/top?{query}", width, height)
    assert found
    tags = Tags(found["html"])
    assert [tag for tag, _ in tags.found] == ["iframe"]
    assert (tags["iframe"]["src"] or "").startswith(f"{BASE}/widget/embed.html")
    assert found["width"] <= (width or 400)
    assert found["height"] <= (height or 52 * 16 * 7 + 32)
