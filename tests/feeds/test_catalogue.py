"""What ``data/feeds.toml`` promises, and how untrusted feeds are checked."""

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from service.errors import InputError
from service.feeds.catalogue import CONTINENTS, MAX_NAME_CHARS, PATH, feed_from, read_catalogue
from service.ingest import MAX_SOURCE_CHARS
from service.types import Feed

FEEDS = read_catalogue()
ENTRIES: list[dict[str, Any]] = tomllib.loads(PATH.read_text("utf-8"))["feed"]
ENTRY = '[[feed]]\ncontinent = "World"\nname = "A"\nurl = "https://a.example/rss"\n'


def test_the_shipped_feeds_cover_all_continents_in_their_order() -> None:
    continents = [entry["continent"] for entry in ENTRIES]
    assert continents == sorted(continents, key=CONTINENTS.index)
    counts = Counter(continents)
    assert min(counts[continent] for continent in CONTINENTS) >= 10
    assert len(FEEDS) >= 100


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["url"].removeprefix("https://"))
def test_every_shipped_feed_is_written_as_it_is_read(entry: dict[str, Any]) -> None:
    assert entry["url"].startswith("https://")
    assert entry["home"].startswith("https://")
    assert list(entry) == sorted(entry, key="continent name url home publisher topic language".split().index)
    feed = feed_from({key: value for key, value in entry.items() if key != "continent"})
    assert [value for key, value in entry.items() if key != "continent" and getattr(feed, key) != value] == []
    assert "name" in entry
    assert feed.language == "en"


def test_no_shipped_address_comes_twice_under_any_spelling() -> None:
    bare = [feed.url.removeprefix("https://").removeprefix("www.").rstrip("/").casefold() for feed in FEEDS]
    assert len(set(bare)) == len(bare)


def test_an_outlet_of_the_shipped_feeds_has_one_home_and_one_publisher() -> None:
    outlets = {feed.name: (feed.home, feed.publisher) for feed in FEEDS}
    assert [feed.name for feed in FEEDS if outlets[feed.name] != (feed.home, feed.publisher)] == []


def test_a_shipped_publisher_is_named_where_several_outlets_are_one_voice_only() -> None:
    voices = {(feed.publisher or feed.name, feed.name) for feed in FEEDS}
    outlets = Counter(voice for voice, _ in voices)
    assert [feed.name for feed in FEEDS if feed.publisher and outlets[feed.publisher] < 2] == []


def test_names_fit_where_headlines_carry_them() -> None:
    assert MAX_NAME_CHARS <= MAX_SOURCE_CHARS


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "cannot read the feeds"),
        ("[[feed", "cannot read the feeds"),
        ("", "[[feed]] tables and nothing else"),
        (ENTRY + "[other]\n", "[[feed]] tables and nothing else"),
        ("feed = 1", "[[feed]] tables and nothing else"),
        ("feed = [1]", "feed 1 (?): it must be a [[feed]] table"),
        (ENTRY + ENTRY.replace('"A"', '"B"'), "feed 2 (B): A has the same url"),
        (ENTRY.replace("World", "Atlantis"), "feed 1 (A): continent 'Atlantis' is unknown; known are World"),
        (ENTRY + "nmae = 'x'", "feed 1 (A): unknown field 'nmae'"),
        (ENTRY.replace('name = "A"\n', "").replace("https", "ftp"), "feed 1 (ftp://a.example/rss): url: must start"),
    ],
)
def test_a_bad_catalogue_says_where_and_what(tmp_path: Path, text: str | None, reason: str) -> None:
    path = tmp_path / "feeds.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_catalogue(path)
    assert str(path) in str(caught.value)
    assert reason in str(caught.value)


def test_a_feed_from_outside_is_tidied() -> None:
    given = {
        "url": " HTTPS://News.Example:443/rss?utm_source=x#top ",
        "name": "  Tom &amp;\n Jerry\u202e ",
        "home": "https://news.example",
        "publisher": None,
        "topic": "",
        "language": "pt-BR",
    }
    assert feed_from(given) == Feed(
        "https://news.example/rss", "Tom & Jerry", "https://news.example/", "", None, "pt-BR"
    )


def test_a_feed_without_a_name_is_called_by_its_host() -> None:
    assert feed_from({"url": "https://news.example/rss", "name": "\u200b"}).name == "news.example"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"url": None}, "url is missing"),
        ({"url": 5}, "url must be text"),
        ({"url": "javascript:alert(1)"}, "url: must start with http"),
        ({"url": "https://me:secret@a.example/"}, "url: needs a plain host name, without user name"),
        ({"home": "javascript:alert(1)"}, "home: must start with http"),
        ({"name": "n" * (MAX_NAME_CHARS + 1)}, "name is too long: 101 characters, at most 100"),
        ({"publisher": ["p"]}, "publisher must be text"),
        ({"topic": "gossip"}, "topic 'gossip' is unknown; known are general,"),
        ({"language": "English!"}, "language must be a BCP 47 tag"),
        ({"interval": "1h"}, "unknown field 'interval'; known are url, name, home, publisher, topic, language"),
    ],
)
def test_a_wrong_field_is_named_with_its_reason(wrong: dict[str, object], reason: str) -> None:
    with pytest.raises(InputError) as caught:
        feed_from({"url": "https://a.example/", **wrong})
    assert reason in str(caught.value)
