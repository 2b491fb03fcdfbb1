import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import InputError
from service.feeds.catalogue import MAX_NAME_CHARS, feed_from, read_catalogue
from service.feeds.opml import from_opml, to_opml
from service.types import TOPICS, Feed

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff"), max_size=MAX_NAME_CHARS)
FEEDS = st.builds(
    lambda path, name, topic, language, home: feed_from(
        {"url": f"https://a.example/{path}", "name": name, "topic": topic, "language": language, "home": home}
    ),
    st.text("abc?&=<>'\"%éß日", max_size=20),
    NAMES,
    st.sampled_from([None, *TOPICS]),
    st.sampled_from([None, "en", "pt-BR", "zh-Hant-TW"]),
    st.sampled_from([None, "https://a.example/?a=1&b=2"]),
)


def file_of(*outlines: str) -> bytes:
    return f'<opml version="2.0"><head/><body>{"".join(outlines)}</body></opml>'.encode()


@given(st.lists(FEEDS, unique_by=lambda feed: feed.url), st.text())
def test_what_is_written_is_read_again(feeds: list[Feed], title: str) -> None:
    assert from_opml(to_opml(feeds, title)) == feeds


@given(st.text(), st.text())
def test_whatever_a_name_holds_the_file_is_xml(name: str, title: str) -> None:
    file = to_opml([Feed("https://a.example/", name)], title)
    outline = ElementTree.fromstring(file).find("body/outline")
    assert outline is not None
    assert outline.get("xmlUrl") == "https://a.example/"


def test_the_shipped_feeds_survive_but_for_their_publishers() -> None:
    feeds = read_catalogue()
    assert from_opml(to_opml(feeds, "iscore")) == [replace(feed, publisher="") for feed in feeds]


def test_the_file_has_what_feed_readers_look_for() -> None:
    feed = Feed("https://a.example/rss", "A & B", "https://a.example/", "P", "health", "en")
    root = ElementTree.fromstring(to_opml([feed], "My feeds"))
    assert (root.tag, root.get("version"), root.findtext("head/title")) == ("opml", "2.0", "My feeds")
    outline = root.find("body/outline")
    assert outline is not None
    assert outline.attrib == {
        "type": "rss",
        "text": "A & B",
        "title": "A & B",
        "xmlUrl": "https://a.example/rss",
        "htmlUrl": "https://a.example/",
        "category": "health",
        "language": "en",
    }


def test_folders_are_opened_and_their_names_ignored() -> None:
    deep = "<outline text='Folder'>" * 500 + "<outline text='Deep' xmlUrl='https://a.example/2'/>" + "</outline>" * 500
    file = file_of("<outline text='First' xmlUrl='https://a.example/1'/>", deep, "<outline text='Only a note'/>")
    assert [feed.name for feed in from_opml(file)] == ["First", "Deep"]


def test_an_outline_is_read_as_readers_differ_in_writing_it() -> None:
    (feed,) = from_opml(file_of("<OUTLINE TITLE='A' XMLURL='https://a.example/' HtmlUrl='https://a.example'/>"))
    assert feed == Feed("https://a.example/", "A", "https://a.example/")


def test_text_goes_before_title_and_the_host_is_better_than_no_name() -> None:
    url = "xmlUrl='https://a.example/{}'"
    file = file_of(
        f"<outline {url.format(1)} text='Mine' title='Theirs'/>",
        f"<outline {url.format(2)} text=' ' title='Theirs'/>",
        f"<outline {url.format(3)}/>",
    )
    assert [feed.name for feed in from_opml(file)] == ["Mine", "Theirs", "a.example"]


@pytest.mark.parametrize(
    ("category", "topic"),
    [
        ("Science", "science"),
        ("/News/World,/Tech", "world"),
        ("Gossip, sports", "sports"),
        ("worldly", None),
        ("", None),
    ],
)
def test_a_category_is_a_topic_where_we_have_it(category: str, topic: str | None) -> None:
    (feed,) = from_opml(file_of(f"<outline xmlUrl='https://a.example/' category='{category}'/>"))
    assert feed.topic == topic


def test_only_the_address_must_be_right() -> None:
    long = "n" * 500
    file = file_of(f"<outline xmlUrl='https://a.example/' text='{long}' htmlUrl='javascript:x' language='unknown'/>")
    assert from_opml(file) == [Feed("https://a.example/", long[:MAX_NAME_CHARS])]


def test_of_one_address_the_first_outline_stands() -> None:
    urls = ["https://a.example/", "https://A.example:443/#top", "https://a.example/?utm_source=x"]
    file = file_of(*(f"<outline text='{i}' xmlUrl='{url}'/>" for i, url in enumerate(urls)))
    assert from_opml(file) == [Feed("https://a.example/", "0")]


def test_unusable_addresses_are_reported_by_name_and_stop_no_other() -> None:
    file = file_of(
        "<outline text='Bad' xmlUrl='javascript:alert(1)'/>",
        "<outline text='Good' xmlUrl='https://a.example/'/>",
        "<outline xmlUrl='feed me'/>",
        "<outline text='Empty' xmlUrl=''/>",
    )
    refused: list[str] = []
    assert [feed.name for feed in from_opml(file, refused)] == ["Good"]
    assert [reason.partition(": ")[0] for reason in refused] == ["'Bad'", "'feed me'", "'Empty'"]
    assert refused[0] == "'Bad': url: must start with http:// or https://"
    with pytest.raises(InputError, match=re.escape("; ".join(refused))):
        from_opml(file)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
def test_the_encoding_is_the_files_own(encoding: str) -> None:
    declared = encoding.removesuffix("-sig")
    text = f"<?xml version='1.0' encoding='{declared}'?><opml><outline text='é' xmlUrl='https://a.example/'/></opml>"
    assert from_opml(text.encode(encoding))[0].name == "é"


ENTITIES = "".join(f"<!ENTITY e{i} '{f'&e{i - 1};' * 10 if i else 'x' * 10}'>" for i in range(12))


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (b"", "this is not OPML: no element found"),
        (b"\x00\x01\x02", "this is not OPML: not well-formed"),
        (b"<opml><outline xmlUrl='https://a.example/'></opml>", "this is not OPML: mismatched tag: line 1"),
        (b"<html><body><outline/></body></html>", "this is not OPML: it begins with <html>"),
        (b"<?xml version='1.0' encoding='klingon'?><opml/>", "this is not OPML: unknown encoding"),
        (b"<?xml version='1.0' encoding='shift_jis'?><opml/>", "this is not OPML: multi-byte encodings"),
        (f"<!DOCTYPE opml [{ENTITIES}]><opml><outline text='&e11;'/></opml>".encode(), "DOCTYPE"),
        (b"<!DOCTYPE opml [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><opml><outline text='&x;'/></opml>", "DOCTYPE"),
        (b"<!DOCTYPE opml SYSTEM 'http://127.0.0.1/x.dtd'><opml/>", "DOCTYPE"),
        (b"<opml><outline text='&x;' xmlUrl='https://a.example/'/></opml>", "this is not OPML: undefined entity"),
    ],
    ids=range(10),
)
def test_a_file_that_cannot_be_read_is_refused_with_the_reason(file: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=re.escape(reason)):
        from_opml(file, [])
