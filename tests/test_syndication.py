"""The list as RSS, Atom and JSON Feed: what news readers make of it, whatever a title holds."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from xml.etree import ElementTree

import fastfeedparser
import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.lists import Page
from service.ranking import ListQuery, rank
from service.syndication import NAMESPACE, as_atom, as_json_feed, as_rss
from service.text import clean
from service.types import Headline, Score, ScoredHeadline

NOON = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
BASE = "https://lists.example"
ATOM = "{http://www.w3.org/2005/Atom}"
OURS = f"{{{NAMESPACE}}}"
XML = [as_rss, as_atom]


def scored(number: int, raw: float, topic: str | None = "world", doubt: str | None = None) -> ScoredHeadline:
    time = NOON - timedelta(minutes=10 + number)
    address = f"https://news.example/{number}?a=1&b=2"
    headline = Headline(f"{number:016x}", f"Bridge {number} closes", address, "Harbour & Sons", time, time, "en", topic)
    return ScoredHeadline(headline, Score(raw, doubt=doubt), "m-1")


FIVE = [
    scored(1, 84.6),
    scored(2, 72.0, "business"),
    scored(3, 61.0, None),
    scored(4, 40.0, doubt="not English (pt)"),
    scored(5, 12.0),
]


def listed(*headlines: ScoredHeadline, **asked: Any) -> Page:
    query = ListQuery(**asked)
    ranking = rank(headlines, query)
    following = "signed" if ranking.more else None
    return Page(query, "m-1", NOON, None, ranking, 0, following, "v-1", None)


@pytest.fixture(scope="module")
def page() -> Page:
    """All five on one page."""
    return listed(*FIVE)


def retold(page: Page, titles: Sequence[str], source: str = "Harbour & Sons") -> Page:
    """The same page, its first rows under other titles."""
    rows = tuple(
        replace(row, scored=replace(row.scored, headline=replace(row.scored.headline, title=title, source=source)))
        for row, title in zip(page.ranking.rows, titles, strict=False)
    )
    return replace(page, ranking=replace(page.ranking, rows=rows))


def entries(document: bytes) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(document)
    return list(root.iter("item")) or list(root.iter(f"{ATOM}entry"))


def titles(document: bytes) -> list[str | None]:
    return [entry.findtext("title") or entry.findtext(f"{ATOM}title") for entry in entries(document)]


def guids(page: Page) -> Iterator[list[str]]:
    yield [entry.findtext("guid") or "" for entry in entries(as_rss(page, BASE))]
    yield [entry.findtext(f"{ATOM}id") or "" for entry in entries(as_atom(page, BASE))]
    yield [item["id"] for item in json.loads(as_json_feed(page, BASE))["items"]]


# --- what readers read ---


@pytest.mark.parametrize("encode", XML)
def test_feedparser_reads_every_entry_in_list_order_without_a_complaint(page: Page, encode: Any) -> None:
    feed = feedparser.parse(encode(page, BASE))
    assert not feed.bozo
    assert feed.version in {"rss20", "atom10"}
    assert feed.feed.title == "Top News in the Last Hour By Importance Score"
    assert feed.feed.updated_parsed[:6] == (2026, 3, 1, 12, 0, 0)
    assert [entry.title for entry in feed.entries] == [f"Bridge {number} closes" for number in range(1, 6)]
    first = feed.entries[0]
    assert (first.id, first.guidislink) == ("urn:iscore:headline:0000000000000001", False)
    assert first.link == "https://news.example/1?a=1&b=2"
    assert first.published_parsed[:6] == (2026, 3, 1, 11, 49, 0)
    assert first.author == "Harbour & Sons"
    assert (first.iscore_i_score, first.iscore_band, first.iscore_rank, first.iscore_model) == ("85", "top", "1", "m-1")
    assert [[tag.term for tag in entry.get("tags", [])] for entry in feed.entries[:3]] == [["world"], ["business"], []]
    assert feed.entries[3].summary == "40 / 100, notable; uncertain: not English (pt)"


@pytest.mark.parametrize("encode", XML)
def test_fastfeedparser_reads_the_same(page: Page, encode: Any) -> None:
    document = encode(page, BASE)
    slow, fast = feedparser.parse(document), fastfeedparser.parse(document)
    for name in ("title", "id", "link", "author"):
        assert [entry[name] for entry in fast.entries] == [entry[name] for entry in slow.entries]
    times = [datetime.fromisoformat(entry.published).replace(microsecond=0) for entry in fast.entries]
    assert times == [one.headline.published_at.replace(microsecond=0) for one in FIVE]


def test_rss_says_what_it_is_and_how_often_to_ask(page: Page) -> None:
    channel = ElementTree.fromstring(as_rss(page, BASE)).find("channel")
    assert channel is not None
    assert channel.findtext("link") == "https://lists.example/top"
    assert channel.findtext("ttl") == "5"
    assert parsedate_to_datetime(channel.findtext("lastBuildDate") or "") == NOON.replace(microsecond=0)
    (link,) = channel.findall(f"{ATOM}link")
    assert link.attrib == {"rel": "self", "href": "https://lists.example/v1/top.rss", "type": "application/rss+xml"}
    guid = channel.find("item/guid")
    assert guid is not None
    assert guid.attrib == {"isPermaLink": "false"}


def test_an_atom_feed_and_its_entries_have_all_that_the_standard_asks_for(page: Page) -> None:
    feed = ElementTree.fromstring(as_atom(page, BASE))
    assert feed.findtext(f"{ATOM}id") == "https://lists.example/v1/top.atom"
    assert feed.findtext(f"{ATOM}updated") == "2026-03-01T12:00:00.250000Z"
    assert [link.attrib["rel"] for link in feed.findall(f"{ATOM}link")] == ["alternate", "self"]
    for entry in entries(as_atom(page, BASE)):
        for name in ("id", "title", "updated", "author/{a}name"):
            assert entry.findtext(ATOM + name.format(a=ATOM))


def test_json_feed_is_what_its_specification_shows(page: Page) -> None:
    feed = json.loads(as_json_feed(page, BASE))
    items = feed.pop("items")
    assert feed == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Top News in the Last Hour By Importance Score",
        "description": "Every headline has an i-Score of 0-100, its importance as a trained model reads it.",
        "home_page_url": "https://lists.example/top",
        "feed_url": "https://lists.example/v1/top.feed.json",
        "_iscore": {"about": "https://lists.example/docs", "as_of": "2026-03-01T12:00:00.250000Z"},
    }
    story = items[0]["_iscore"].pop("story")
    assert (story["outlets"], story["headlines"], bool(story["id"])) == (1, 1, True)
    assert items[0] == {
        "id": "urn:iscore:headline:0000000000000001",
        "url": "https://news.example/1?a=1&b=2",
        "title": "Bridge 1 closes",
        "content_text": "85 / 100, top",
        "date_published": "2026-03-01T11:49:00.250000Z",
        "authors": [{"name": "Harbour & Sons"}],
        "tags": ["world"],
        "language": "en",
        "_iscore": {"about": "https://lists.example/docs", "i_score": 85, "band": "top", "rank": 1, "model": "m-1"},
    }
    assert [item["_iscore"]["rank"] for item in items] == [1, 2, 3, 4, 5]
    assert "tags" not in items[2]


def test_the_three_say_the_same_of_a_score(page: Page) -> None:
    items = json.loads(as_json_feed(page, BASE))["items"]
    for encode in XML:
        for entry, item in zip(entries(encode(page, BASE)), items, strict=True):
            words = entry.findtext("description") or entry.findtext(f"{ATOM}summary")
            assert words == item["content_text"]
            for name in ("i_score", "band", "rank", "model"):
                assert entry.findtext(OURS + name) == str(item["_iscore"][name])
            story = entry.find(f"{OURS}story")
            assert story is not None
            assert story.attrib == {name: str(value) for name, value in item["_iscore"]["story"].items()}


def test_a_story_of_many_outlets_says_so(page: Page) -> None:
    row = page.ranking.rows[0]
    told = replace(row, story=replace(row.story, outlets=4))
    feed = json.loads(as_json_feed(replace(page, ranking=replace(page.ranking, rows=(told,))), BASE))
    assert feed["items"][0]["content_text"] == "85 / 100, top; 4 outlets"


def test_a_list_without_rows_is_a_feed_without_entries() -> None:
    for encode in XML:
        feed = feedparser.parse(encode(listed(), BASE))
        assert (feed.bozo, feed.entries) == (False, [])
    assert json.loads(as_json_feed(listed(), BASE))["items"] == []


# --- addresses and ids ---


def test_a_page_before_others_names_the_next_in_full() -> None:
    page = listed(*FIVE, limit=2, topics=("world",))
    for encode, form in ((as_rss, "rss"), (as_atom, "atom")):
        found = ElementTree.fromstring(encode(page, BASE)).iter(f"{ATOM}link")
        links = {link.attrib["rel"]: link.attrib["href"] for link in found if link.attrib["rel"] in {"self", "next"}}
        assert links["self"] == f"{BASE}/v1/top.{form}?limit=2&topic=world"
        assert links["next"] == f"{links['self']}&cursor=signed"
    feed = json.loads(as_json_feed(page, BASE))
    assert feed["home_page_url"] == f"{BASE}/top?limit=2&topic=world"
    assert feed["next_url"] == f"{feed['feed_url']}&cursor=signed"


def test_an_entry_keeps_its_id_when_it_is_scored_anew_and_moves(page: Page) -> None:
    turned = [replace(one, score=Score(100 - one.raw)) for one in FIVE]
    after = listed(*turned)
    assert [row.scored.headline.id for row in after.ranking.rows] == [one.headline.id for one in reversed(FIVE)]
    for before, now in zip(guids(page), guids(after), strict=True):
        assert now == before[::-1]
        assert len(set(now)) == 5


def test_the_forms_agree_on_ids(page: Page) -> None:
    rss, atom, feed = guids(page)
    assert rss == atom == feed == [f"urn:iscore:headline:{number:016x}" for number in range(1, 6)]


# --- titles of every kind ---

MARKUP = ["]]>", "&amp;", "&", "&lt;b&gt;", "<b>", "<script>", "</title>", "<!--", "<![CDATA[", "&#0;", "'", '"']
UNSEEN = ["\x00", "\x0b", "\x1b[31m", "\ufffe", "\uffff", "\ud800", "\u202e", "\r\n"]
PIECES = st.sampled_from([*MARKUP, *UNSEEN, "🌋", "👩\u200d🚒", "é", "e\u0301", "مرحبا"])
TITLES = st.lists(PIECES | st.text(), min_size=1, max_size=8).map("".join)


def legal(text: str) -> str:
    """What XML can hold of a text; ``clean`` leaves nothing else to drop but U+FFFE and U+FFFF."""
    return text.replace("\ufffe", "").replace("\uffff", "")


@given(texts=st.lists(TITLES.map(clean), min_size=1, max_size=5))
def test_any_title_comes_back_as_readers_see_it(page: Page, texts: list[str]) -> None:
    told = retold(page, texts)
    wanted = [legal(text) for text in texts]
    for encode in XML:
        assert [title or "" for title in titles(encode(told, BASE))] == wanted
    assert [item["title"] for item in json.loads(as_json_feed(told, BASE))["items"]] == wanted


@given(text=TITLES, source=TITLES)
def test_a_title_that_was_never_cleaned_breaks_no_feed(page: Page, text: str, source: str) -> None:
    told = retold(page, [text, "Bridge 2 closes"], source)
    for encode in XML:
        assert titles(encode(told, BASE))[1] == "Bridge 2 closes"
    assert json.loads(as_json_feed(told, BASE))["items"][1]["title"] == "Bridge 2 closes"


@given(text=TITLES.map(clean).map(legal).filter(str.strip))
def test_feedparser_and_fastfeedparser_read_any_title_alike(page: Page, text: str) -> None:
    told = retold(page, [text])
    for encode in XML:
        document = encode(told, BASE)
        slow = feedparser.parse(document, sanitize_html=False, resolve_relative_uris=False)
        assert not slow.bozo
        assert [slow.entries[0].title, fastfeedparser.parse(document).entries[0].title] == [text, text]


def test_what_is_said_of_a_score_is_text_also_where_readers_expect_html(page: Page) -> None:
    doubtful = [replace(one, score=replace(one.score, doubt="<img src=x>")) for one in FIVE]
    rows = tuple(replace(row, scored=one) for row, one in zip(page.ranking.rows, doubtful, strict=True))
    document = as_rss(replace(page, ranking=replace(page.ranking, rows=rows)), BASE)
    assert (entries(document)[0].findtext("description") or "").endswith("uncertain: &lt;img src=x&gt;")
