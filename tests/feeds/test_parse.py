"""Feeds as their authors meant them, in every format that ``service.feeds.parse`` reads."""

import json
from datetime import UTC, datetime

import pytest

from service.feeds.parse import Entry, parse

URL = "https://news.example/feeds/world.xml"
MORNING = datetime(2026, 8, 22, 10, 15, tzinfo=UTC)
BRIDGE = Entry("Bridge closed", "https://news.example/bridge", MORNING, None)
FERRY = Entry("Ferry back in service", "https://news.example/ferry", None, None)

RSS_2 = """<?xml version="1.0" encoding="UTF-8"?>
<?xml-stylesheet href="feed.xsl"?>
<!-- made by hand -->
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom">
  <channel>
    <title>Example News</title><link>https://news.example/</link><description>All of it</description>
    <atom:link rel="self" href="https://news.example/feeds/world.xml"/>
    <language>en-gb</language><ttl>15</ttl>
    <image><title>A logo</title><url>https://news.example/logo.png</url></image>
    <item><title>Bridge closed</title><link>https://news.example/bridge</link>
      <pubDate>Sat, 22 Aug 2026 10:15:00 GMT</pubDate></item>
    <item><title>Ferry back in service</title><link>https://news.example/ferry</link></item>
  </channel>
</rss>"""
RSS_09 = """<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://127.0.0.1:9/rss-0.91.dtd">
<rss version="0.91"><channel><title>Example News</title><language>en-GB</language><ttl>15</ttl>
<item><title>Bridge closed</title><link>https://news.example/bridge</link>
  <pubDate>22 Aug 2026 12:15 CEST</pubDate></item>
<item><title>Ferry back in service</title><link>https://news.example/ferry</link></item>
</channel></rss>"""
RSS_1 = """<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
         xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">
  <channel rdf:about="https://news.example/"><title>Example News</title><dc:language>en-GB</dc:language>
    <sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>
    <items><rdf:Seq><rdf:li rdf:resource="https://news.example/bridge"/></rdf:Seq></items></channel>
  <item rdf:about="https://news.example/bridge"><title>Bridge closed</title>
    <link>https://news.example/bridge</link><dc:date>2026-08-22T12:15:00+02:00</dc:date></item>
  <item rdf:about="https://news.example/ferry"><title>Ferry back in service</title></item>
</rdf:RDF>"""
ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en-GB" xmlns:s="http://purl.org/rss/1.0/modules/syndication/">
  <title type="html">Example &lt;b&gt;News&lt;/b&gt;</title>
  <id>urn:example:feed</id><updated>2026-08-22T11:00:00Z</updated>
  <s:updatePeriod>hourly</s:updatePeriod><s:updateFrequency>4</s:updateFrequency>
  <entry><title>Bridge closed</title><id>urn:example:1</id>
    <link rel="self" href="https://news.example/feeds/1.xml"/>
    <link rel="enclosure" href="https://news.example/bridge.mp3"/>
    <link rel="alternate" type="application/json" href="https://news.example/bridge.json"/>
    <link rel="alternate" type="text/html" href="https://news.example/bridge"/>
    <updated>2026-08-22T10:55:00Z</updated><published>2026-08-22T10:15:00Z</published></entry>
  <entry><title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Ferry <em>back</em> in service</div></title>
    <link href="https://news.example/ferry"/></entry>
</feed>"""
ATOM_03 = """<feed version="0.3" xmlns="http://purl.org/atom/ns#" xml:lang="en-GB"><title>Example News</title>
  <entry><title>Bridge closed</title><link rel="alternate" href="https://news.example/bridge"/>
    <issued>2026-08-22T10:15:00Z</issued></entry>
  <entry><title>Ferry back in service</title><link rel="alternate" href="https://news.example/ferry"/></entry></feed>"""
JSON_FEED = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Example News",
        "language": "en-GB",
        "items": [
            {
                "id": "1",
                "url": "https://news.example/bridge",
                "title": "Bridge closed",
                "date_published": "2026-08-22T12:15:00+02:00",
                "date_modified": "2026-08-22T13:00:00+02:00",
            },
            {"id": "2", "external_url": "/ferry", "title": "Ferry back in service"},
        ],
    }
)


@pytest.mark.parametrize(
    ("feed", "ttl_s"),
    [(RSS_2, 900), (RSS_09, 900), (RSS_1, 900), (ATOM, 900), (ATOM_03, None), (JSON_FEED, None)],
    ids=["RSS 2.0", "RSS 0.91", "RSS 1.0", "Atom", "Atom 0.3", "JSON Feed"],
)
def test_every_format_says_the_same(feed: str, ttl_s: int | None) -> None:
    parsed = parse(feed.encode(), URL)
    assert (parsed.title, parsed.language, parsed.refused, parsed.ttl_s) == ("Example News", "en-GB", 0, ttl_s)
    assert parsed.entries == (BRIDGE, FERRY)


@pytest.mark.parametrize(
    "feed", [RSS_2, RSS_09, RSS_1, ATOM, ATOM_03], ids=["RSS 2", "RSS 0.91", "RSS 1", "Atom", "0.3"]
)
def test_a_feed_whose_xml_is_broken_says_the_same_too(feed: str) -> None:
    broken = feed.replace("Example News", "Example <br>News").replace("<title>Bridge", "<title><p>Bridge")
    assert parse(broken.encode(), URL).entries == (BRIDGE, FERRY)


def channel(items: str, head: str = "", root: str = "") -> str:
    return (
        '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/" '
        'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:atom="http://www.w3.org/2005/Atom" '
        f'xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0" {root}><channel>{head}{items}</channel></rss>'
    )


def only(item: str, root: str = "") -> Entry:
    (entry,) = parse(channel(f"<item>{item}</item>", root=root).encode(), URL).entries
    return entry


# --- which address ---


@pytest.mark.parametrize(
    ("links", "url"),
    [
        ("<link>https://count.example/1</link><feedburner:origLink>https://news.example/1</feedburner:origLink>", "1"),
        ("<link>https://news.example/1</link><guid>https://news.example/2</guid>", "1"),
        ("<guid>https://news.example/2</guid>", "2"),
        ("<guid isPermaLink='true'>https://news.example/2</guid>", "2"),
        ("<link/><guid>https://news.example/2</guid>", "2"),
        ("<link>javascript:void(0)</link><guid>https://news.example/2</guid>", "2"),
        ("<atom:link rel='self' href='/feed'/><atom:link rel='alternate' href='/3'/>", "3"),
        ("<atom:link href='/feed' rel='self'/><link>/4</link>", "4"),
    ],
)
def test_the_articles_own_address_is_taken(links: str, url: str) -> None:
    assert only(f"<title>Bridge closed</title>{links}").url == f"https://news.example/{url}"


@pytest.mark.parametrize("guid", ["<guid>12345</guid>", "<guid isPermaLink='false'>https://news.example/2</guid>", ""])
def test_an_identifier_is_no_address(guid: str) -> None:
    feed = parse(channel(f"<item><title>Bridge closed</title>{guid}</item>").encode(), URL)
    assert (feed.entries, feed.refused) == ((), 1)


def test_relative_links_start_at_the_nearest_base_and_else_at_the_feed() -> None:
    item = "<item {base}><title>Bridge closed</title><link>bridge</link></item>"
    feed = channel(
        item.format(base="") + item.format(base='xml:base="sport/"') + item.format(base='xml:base="//a.example"')
    )
    based = feed.replace("<rss ", '<rss xml:base="/en/" ')
    assert [one.url for one in parse(feed.encode(), URL).entries] == [
        "https://news.example/feeds/bridge",
        "https://news.example/feeds/sport/bridge",
        "https://a.example/bridge",
    ]
    assert [one.url for one in parse(based.encode(), URL).entries] == [
        "https://news.example/en/bridge",
        "https://news.example/en/sport/bridge",
        "https://a.example/bridge",
    ]


def test_of_two_entries_with_one_address_the_first_stands_and_none_is_refused() -> None:
    item = "<item><title>Bridge {word}</title><link>https://news.example/bridge{more}</link></item>"
    again = item.format(word="closed", more="?utm_source=rss") + item.format(word="still closed", more="#live")
    feed = parse(channel(again).encode(), URL)
    assert [(one.title, one.url) for one in feed.entries] == [("Bridge closed", "https://news.example/bridge")]
    assert feed.refused == 0


# --- which title ---

LINK = "<link>https://news.example/bridge</link>"


@pytest.mark.parametrize(
    ("titles", "title"),
    [
        ("<title><![CDATA[Bridge &amp; tunnel <em>closed</em>]]></title>", "Bridge & tunnel closed"),
        ("<title>Bridge </title><title>closed</title>", "Bridge"),
        (
            "<itunes:title>Episode 4</itunes:title><media:title>A photograph</media:title><title>Bridge</title>",
            "Bridge",
        ),
        ("<media:title>Bridge closed, in pictures</media:title>", "Bridge closed, in pictures"),
        ("<title/><dc:title>Bridge closed</dc:title>", "Bridge closed"),
        ("<TITLE>Bridge closed</TITLE>", "Bridge closed"),
    ],
)
def test_the_entrys_own_title_is_taken(titles: str, title: str) -> None:
    assert only(titles + LINK).title == title


@pytest.mark.parametrize(
    "item",
    [
        LINK,
        f"<title>...</title>{LINK}",
        f"<title>{'Bridge closed ' * 30}</title>{LINK}",
        f"<itunes:title>Episode 4</itunes:title>{LINK}",
        "<title>Bridge closed</title><enclosure url='https://news.example/bridge.mp3' type='audio/mpeg'/>",
        "<media:content url='https://news.example/bridge.jpg' medium='image'/>",
    ],
    ids=["no title", "no letter", "too long", "of a podcast", "only a file", "only a picture"],
)
def test_an_entry_without_a_title_or_a_page_is_left_out_and_counted(item: str) -> None:
    feed = parse(channel(f"<item>{item}</item><item><title>Ferry back</title><link>/ferry</link></item>").encode(), URL)
    assert [one.title for one in feed.entries] == ["Ferry back"]
    assert feed.refused == 1


# --- which time ---


@pytest.mark.parametrize(
    "dates",
    [
        "<pubDate>Sat, 22 Aug 2026 10:15:00 GMT</pubDate><dc:date>2026-08-23</dc:date>",
        "<pubdate>22.08.2026 10:15</pubdate>",
        "<pubDate>yesterday</pubDate><dc:date>2026-08-22T10:15:00Z</dc:date>",
        "<atom:updated>2026-08-22T10:15:00Z</atom:updated>",
        "<atom:updated>2026-08-23T10:15:00Z</atom:updated><atom:published>2026-08-22T10:15:00Z</atom:published>",
    ],
)
def test_the_first_certain_time_is_taken_and_publication_before_change(dates: str) -> None:
    assert only(f"<title>Bridge closed</title>{LINK}{dates}").published_at == MORNING


def test_an_uncertain_time_is_no_time() -> None:
    assert only(f"<title>Bridge closed</title>{LINK}<pubDate>05/06/2026</pubDate>").published_at is None


# --- who wrote it ---


@pytest.mark.parametrize(
    ("source", "publisher"),
    [
        (
            "<source url='https://daily.example'>Daily &amp;amp; Sunday &lt;b&gt;Example&lt;/b&gt;</source>",
            "Daily & Sunday Example",
        ),
        ("<source url='https://daily.example'/>", None),
        (f"<source>{'x' * 101}</source>", None),
        ("<source><atom:id>urn:1</atom:id><atom:title>Daily Example</atom:title></source>", "Daily Example"),
        ("<source><atom:id>urn:1</atom:id></source>", None),
        ("<dc:creator>A. Writer</dc:creator>", None),
    ],
)
def test_an_aggregator_names_the_publisher(source: str, publisher: str | None) -> None:
    assert only(f"<title>Bridge closed</title>{LINK}{source}").publisher == publisher


def test_a_broken_aggregator_does_too() -> None:
    assert (
        only(f"<title>Bridge<br> closed</title>{LINK}<source url='/'>Daily Example</source>").publisher
        == "Daily Example"
    )


# --- the feed itself ---


@pytest.mark.parametrize(
    ("head", "language"),
    [
        ("<language>en</language>", "en"),
        ("<language> EN_us </language>", "en-US"),
        ("<language>zh-hant-tw</language>", "zh-Hant-TW"),
        ("<language>es-419</language>", "es-419"),
        ("<language>English</language>", None),
        ("<language/>", None),
    ],
)
def test_the_language_is_a_tag_or_unknown(head: str, language: str | None) -> None:
    assert parse(channel("", head).encode(), URL).language == language


@pytest.mark.parametrize(
    ("head", "ttl_s"),
    [
        ("<ttl> 60 </ttl>", 3600),
        ("<ttl>0</ttl>", None),
        ("<ttl>-5</ttl>", None),
        ("<ttl>soon</ttl>", None),
        (f"<ttl>{'9' * 5000}</ttl>", None),
        ("<sy:updatePeriod>daily</sy:updatePeriod>", 86_400),
        ("<sy:updatePeriod>Hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>", 1800),
        ("<sy:updatePeriod>often</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", None),
    ],
)
def test_how_long_the_feed_wants_to_be_left_alone(head: str, ttl_s: int | None) -> None:
    feed = channel("", head, root='xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"')
    assert parse(feed.encode(), URL).ttl_s == ttl_s


@pytest.mark.parametrize(
    "items",
    [
        [1, None, "text", []],
        [{"title": 5, "url": "https://news.example/1"}, {"title": "Bridge closed", "url": ["x"]}, {}],
    ],
)
def test_a_json_feed_of_anything_but_items_has_no_entries(items: list[object]) -> None:
    assert parse(json.dumps({"items": items, "title": 7}).encode(), URL).entries == ()


def test_a_namespace_that_nobody_knows_is_the_feeds_own_when_its_first_tag_has_it() -> None:
    feed = RSS_2.replace('<rss version="2.0"', '<rss version="2.0" xmlns="http://news.example/our-rss"')
    assert parse(feed.encode(), URL).entries == (BRIDGE, FERRY)
