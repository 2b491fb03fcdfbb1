"""Feeds that lie, attack or are merely sloppy: each is read as its author meant it, or refused with a reason."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import FeedError
from service.feeds.damage import MAX_MARKS
from service.feeds.markup import MAX_TAGS
from service.feeds.parse import Entry, parse, plain
from service.text import canonical_url, clean, title_problem

URL = "https://news.example/feeds/world.xml"
LINK = "https://news.example/bridge"


def rss(title: str = "Bridge closed", link: str = LINK, date: str = "", more: str = "") -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel><title>Example News</title>'
        f"<item><title>{title}</title><link>{link}</link><pubDate>{date}</pubDate>{more}</item></channel></rss>"
    )


def only(feed: str | bytes, content_type: str | None = None) -> Entry:
    (entry,) = parse(feed.encode() if isinstance(feed, str) else feed, URL, content_type).entries
    return entry


# --- titles ---


@pytest.mark.parametrize(
    ("title", "read"),
    [
        ("&lt;script&gt;alert(1)&lt;/script&gt;Bridge closed", "Bridge closed"),
        ("&amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt;Bridge closed", "Bridge closed"),
        ("Bridge closed&lt;script src=//evil.example&gt;", "Bridge closed"),
        ("&lt;style&gt;p { color: red }&lt;/style&gt;Bridge closed", "Bridge closed"),
        ("Bridge <script>alert(1)</script>closed", "Bridge closed"),
        ("Bridge&lt;br/&gt;closed&lt;img src=x onerror=alert(1)&gt;", "Bridge closed"),
        ("<![CDATA[<b>Bridge</b> closed]]>", "Bridge closed"),
        ("&lt;![CDATA[Bridge closed]]&gt;", "Bridge closed"),
        ("<b>Bridge</b> <i>closed</i>", "Bridge closed"),
        ("Bridge <!-- until Monday -->closed", "Bridge closed"),
        ("Bridge &lt;!-- until Monday --&gt;closed", "Bridge closed"),
        ("Bridge\n\t  closed", "Bridge closed"),
        ("&#x202e;Bridge&#x200b; clos&#xad;ed", "Bridge closed"),
        ("Cafe&#x301; closed", "Caf\u00e9 closed"),
        ("Fares rise by 3 &lt; 5 percent", "Fares rise by 3 < 5 percent"),
        ("Smith &amp;amp; Sons closed", "Smith & Sons closed"),
    ],
)
def test_a_title_is_one_line_of_text_without_html(title: str, read: str) -> None:
    assert only(rss(title)).title == read


@given(
    st.lists(st.sampled_from(["<", ">", "&lt;", "&amp;", "lt;", "script", "/", "<b>", "</b>", "x", " ", "!--", "]]>"]))
)
def test_however_a_title_is_nested_no_tag_is_left_and_cleaning_again_changes_nothing(pieces: list[str]) -> None:
    title = plain("".join(pieces))
    assert plain(title) == title
    assert clean(title) == title
    assert "<script>" not in title


# --- links ---


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "java\tscript:alert(1)",
        "java&#x0A;script:alert(1)",
        " JaVaScRiPt:alert(1)",
        "data:text/html,hello",
        "file:///etc/passwd",
        "ftp://news.example/bridge",
        "https://user:secret@news.example/bridge",
        "http://[bad/bridge",
        "https://",
        "",
    ],
)
def test_an_entry_whose_link_must_not_be_followed_is_left_out_and_counted(link: str) -> None:
    feed = parse(rss(link=link).encode(), URL)
    assert (feed.entries, feed.refused) == ((), 1)


def test_a_base_that_is_no_address_makes_no_link() -> None:
    feed = rss(link="alert(1)").replace("<rss ", '<rss xml:base="javascript:" ')
    assert parse(feed.encode(), URL).entries == ()


@pytest.mark.parametrize(
    ("link", "read"),
    [
        ("\n  https://news.example/bridge\n", LINK),
        ("https://news.example/bri\ndge", LINK),
        ("HTTPS://News.Example/bridge?utm_source=rss#top", LINK),
        ("/bridge", LINK),
        ("//news.example/bridge", LINK),
        ("../bridge", LINK),
        ("<![CDATA[https://news.example/bridge?a=1&b=2]]>", f"{LINK}?a=1&b=2"),
        ("<![CDATA[https://news.example/bridge?a=1&amp;b=2]]>", f"{LINK}?a=1&b=2"),
    ],
)
def test_a_link_leads_where_a_browser_would_go(link: str, read: str) -> None:
    assert only(rss(link=link)).url == read


# --- XML that is not quite XML ---


@pytest.mark.parametrize(
    ("title", "read"),
    [
        ("R&D at AT&T", "R&D at AT&T"),
        ("Caf&eacute; closed", "Caf\u00e9 closed"),
        ("Bridge&nbsp;closed &ndash; again", "Bridge closed \u2013 again"),
        ("Bridge &unheard; closed", "Bridge &unheard; closed"),
        ("Fares < 5 euros", "Fares < 5 euros"),
        ("Bridge\x0b closed\x00", "Bridge closed"),
        ("Bridge&#11; closed&#x1f;", "Bridge closed"),
        ("Bridge<br> closed", "Bridge closed"),
        ("<b>Bridge closed", "Bridge closed"),
        ("<media:x>Bridge</media:x> closed", "Bridge closed"),
    ],
)
def test_a_slip_in_the_xml_costs_nothing_of_the_title_and_nothing_of_the_rest(title: str, read: str) -> None:
    entry = only(rss(title, "https://news.example/bridge?a=1&b=2", "Sat, 22 Aug 2026 10:15:00 GMT"))
    assert entry == Entry(read, f"{LINK}?a=1&b=2", datetime(2026, 8, 22, 10, 15, tzinfo=UTC), None)


def test_a_slip_elsewhere_leaves_a_cdata_section_as_it_is() -> None:
    more = "<title>Ignored</title><description>a & b</description>"
    entry = only(rss("<![CDATA[Smith & Sons &#8211; closed]]>", "<![CDATA[https://news.example/?a=1&b=2]]>", more=more))
    assert (entry.title, entry.url) == ("Smith & Sons \u2013 closed", "https://news.example/?a=1&b=2")


@pytest.mark.parametrize("junk", ["\n\n", "\ufeff", "Warning: no such table in line 3\n", "<!-- cached -->"])
def test_what_stands_before_the_feed_does_not_matter(junk: str) -> None:
    assert only(junk + rss()).title == "Bridge closed"


@pytest.mark.parametrize(
    "junk", ["<!-- cached -->", "<script>track()</script>", "\nWarning: out of memory", "\x00\x00"]
)
def test_what_stands_after_the_feed_does_not_matter(junk: str) -> None:
    assert only(rss() + junk).title == "Bridge closed"


def test_a_feed_that_breaks_off_keeps_what_came_before() -> None:
    second = "</item><item><title>Ferry back</title><link>https://news.example/ferry</link></item><item><title>Cut o"
    feed = parse(rss(more=second).partition("Cut o")[0].encode(), URL)
    assert [entry.title for entry in feed.entries] == ["Bridge closed", "Ferry back"]


def test_prefixes_that_nobody_declared_and_values_without_quotes_are_no_obstacle() -> None:
    feed = (
        "<?xml?xml version='1.0' ??>\n<rss rss:version=2.0><rss:channel><rss:title>Example News</rss:title><rss:item>"
        f"<rss:title>Bridge closed</rss:title><rss:link>{LINK}</rss:link></rss:item></rss:channel></rss>"
    )
    assert only(feed).url == LINK


def test_a_broken_feed_takes_a_bare_guid_for_no_address() -> None:
    feed = parse(rss("Bridge<br> closed", "", more="<guid>12345</guid>").encode(), URL)
    assert (feed.entries, feed.refused) == ((), 1)


# --- bytes ---


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (rss("Caf\u00e9 closed").encode("latin-1"), None),  # declared as UTF-8
        (rss("Caf\u00e9 closed").replace("UTF-8", "ISO-8859-1").encode("latin-1"), None),
        (rss("Caf\u00e9 closed").replace("UTF-8", "ISO-8859-1").encode(), None),  # declared, but UTF-8
        (rss("Caf\u00e9 closed").replace("UTF-8", "utf-16").encode(), "text/xml; charset=utf-16"),
        (rss("Caf\u00e9 closed").replace("UTF-8", "UTF-16").encode("utf-16"), None),
        (rss("Caf\u00e9 closed").encode("utf-16-be"), None),
        (rss("Caf\u00e9 closed").encode("utf-32"), None),
        (rss("Caf\u00e9 closed").encode("utf-8-sig"), None),
        (rss("Caf\u00e9 closed").replace("UTF-8", "no-such").encode("cp850"), 'text/xml; charset="cp850"'),
        (rss("Caf\u00e9 closed").replace("UTF-8", "x").encode("mac-roman"), "text/xml;charset=macintosh"),
    ],
)
def test_letters_survive_whatever_a_feed_says_of_its_encoding(body: bytes, content_type: str | None) -> None:
    assert only(body, content_type).title == "Caf\u00e9 closed"


def test_one_foreign_byte_does_not_spoil_the_letters_around_it() -> None:
    body = rss("Caf\u00e9 closed \u2013 S\u00e3o Paulo").encode().replace("\u00e3".encode(), b"\xe3")
    assert only(body).title == "Caf\u00e9 closed \u2013 S\u00e3o Paulo"


def test_an_encoding_of_windows_is_read_as_browsers_do() -> None:
    body = rss("Mayor\u2019s bridge closed").replace("UTF-8", "ISO-8859-1").encode("cp1252")
    assert only(body).title == "Mayor\u2019s bridge closed"


@pytest.mark.parametrize("encoding", ["punycode", "idna", "unicode_escape", "hex", "rot13", "utf-7", "zlib", "no-such"])
def test_a_codec_that_is_no_encoding_of_feeds_is_not_used(encoding: str) -> None:
    body = rss("Caf\u00e9 closed").replace("UTF-8", encoding).encode("latin-1")
    assert only(body).title == "Caf\u00e9 closed"


# --- attacks ---


def test_a_declared_file_is_not_opened(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    doctype = f'<!DOCTYPE rss [<!ENTITY secret SYSTEM "{secret.as_uri()}"><!ENTITY % more SYSTEM "http://127.0.0.1:9/">%more;]>'
    entry = only(rss("Bridge &secret; closed").replace("<rss", f"{doctype}<rss", 1))
    assert entry.title == "Bridge &secret; closed"


def test_a_body_that_is_the_name_of_a_file_is_not_opened(tmp_path: Path) -> None:
    feed = tmp_path / "feed.xml"
    feed.write_text(rss())
    with pytest.raises(FeedError):
        parse(str(feed).encode(), URL)


def test_entities_that_multiply_are_not_expanded() -> None:
    laughs = "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12))
    doctype = f"<!DOCTYPE rss [<!ENTITY a0 'ha'>{laughs}]>"
    entry = only(rss("Bridge &a11; closed").replace("<rss", f"{doctype}<rss", 1))
    assert entry.title == "Bridge &a11; closed"


@pytest.mark.parametrize("tag", ["<a>", "<item>", "<", "<!--", "<![CDATA[", "</"])
def test_more_tags_than_any_feed_has_are_refused(tag: str) -> None:
    with pytest.raises(FeedError, match="too large: more than 500,000 tags"):
        parse(rss(more=tag * (MAX_TAGS + 1)).encode(), URL)


@pytest.mark.parametrize(
    "more",
    [
        "<a>" * 20_000,
        "<![CDATA[" * 100_000,
        "<" * 100_000,
        "&" * 1_000_000,
        "<a" + " " * 1_000_000,
        "<a " + "b=c " * 100_000,
        "".join(f"<a{n}:b/>" for n in range(100_000)),
        "<title>" * 20_000,
    ],
    ids=["tags", "cdata", "less", "ampersands", "spaces", "attributes", "prefixes", "titles"],
)
def test_no_rubbish_keeps_the_reader_for_long_or_hides_what_came_before(more: str) -> None:
    assert [entry.title for entry in parse(rss(more=more).encode(), URL).entries] == ["Bridge closed"]


def test_of_a_feed_that_is_broken_beyond_mending_the_beginning_is_read() -> None:
    broken = rss("Bridge<br> closed", more="</item><item><title>Far off</title><link>/far</link>")
    feed = broken.replace("</item><item>", f"{'&lt;' * MAX_MARKS}</item><item>", 1)
    assert [entry.title for entry in parse(feed.encode(), URL).entries] == ["Bridge closed"]


def test_one_feed_cannot_flood_and_its_newest_entries_stay() -> None:
    dated = "".join(
        f"</item><item><title>Report {n}</title><link>/{n}</link><pubDate>22.8.2026 {n // 60}:{n % 60:02}</pubDate>"
        for n in range(600)
    )
    entries = parse(rss(date="2026-08-21", more=dated).encode(), URL).entries
    assert [entry.url.rpartition("/")[2] for entry in entries] == [str(n) for n in range(100, 600)]


# --- no feed ---


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "the answer is empty"),
        (" \r\n\t", "the answer is empty"),
        ("<!DOCTYPE html><html><head><title>News</title></head></html>", "this is a web page, not a feed"),
        ("<?xml version='1.0'?>\n<!-- x -->\n<HTML lang=en><body></body>", "this is a web page, not a feed"),
        ("<html><body><pre>&lt;rss&gt;</pre><rss></rss></body></html>", "this is a web page, not a feed"),
        ("<urlset><url/></urlset>", "its first tag is <urlset>"),
        ("<opml version='2.0'/>", "its first tag is <opml>"),
        ("Not found", "it holds no XML or JSON"),
        ("<rss><channel", "XML is broken"),
        ('{"items": [', "JSON is broken"),
        ('{"items": ' + "[" * 100_000, "JSON is broken"),
        ('{"error": "no such feed"}', "this JSON is not a feed"),
    ],
)
def test_what_is_no_feed_is_an_error_that_says_so_and_never_an_empty_feed(body: str, reason: str) -> None:
    with pytest.raises(FeedError, match=reason):
        parse(body.encode(), URL)


def test_a_feed_without_entries_is_a_feed() -> None:
    feed = parse(b"<rss version='2.0'><channel><title>Quiet News</title></channel></rss>", URL)
    assert (feed.title, feed.entries, feed.refused) == ("Quiet News", (), 0)


# --- whatever comes ---

_FEED = rss(
    "Caf\u00e9 &amp; bridge", more=f"<guid>{LINK}</guid><source url='https://a.example'>Agency</source>"
).encode()
_CUTS = st.integers(0, len(_FEED))
_PIECES = st.sampled_from(
    [b"<", b">", b"&", b"]]>", b"<![CDATA[", b"\xff", b"\x00", b"<item>", b"</item>", b'"', b"<!--", b"{"]
)


@given(st.lists(st.tuples(_CUTS, _CUTS, _PIECES | st.binary(max_size=4)), min_size=1, max_size=4))
def test_any_damage_ends_in_entries_that_can_be_believed_or_in_a_feed_error(
    damage: list[tuple[int, int, bytes]],
) -> None:
    body = _FEED
    for start, end, piece in damage:
        body = body[: min(start, end)] + piece + body[min(start, end) + abs(start - end) % 9 :]
    check(body)


@given(st.binary(max_size=60))
def test_any_bytes_end_in_entries_that_can_be_believed_or_in_a_feed_error(body: bytes) -> None:
    check(body)
    check(b"<rss>" + body)
    check(b'{"items":[{"url":"https://a.example/", "title":"' + body)


def check(body: bytes) -> None:
    try:
        feed = parse(body, URL)
    except FeedError:
        return
    for entry in feed.entries:
        assert title_problem(entry.title) is None
        assert plain(entry.title) == entry.title
        assert canonical_url(entry.url) == entry.url
