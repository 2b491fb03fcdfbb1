"""``/v1/top.rss``, ``.atom`` and ``.feed.json``: served like the list that they repeat."""

import gzip
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import feedparser
import pytest

from tests.api.conftest import Service, Start

FEEDS = {
    "/v1/top.rss": "application/rss+xml; charset=utf-8",
    "/v1/top.atom": "application/atom+xml; charset=utf-8",
    "/v1/top.feed.json": "application/feed+json",
}
XML = ["/v1/top.rss", "/v1/top.atom"]


@pytest.fixture
def mixed(service: Service) -> Service:
    service.put(
        service.scored("Peace treaty signed", 91, source="Harbour Post", topic="world"),
        service.scored("Rates cut by half a point", 72, source="Ledger", topic="business"),
        service.scored("Cup final goes to penalties", 61, source="Harbour Post", topic="sports"),
        service.scored("Ten soups for autumn", 12, source="Soup & Co"),
    )
    return service


def titles(service: Service, address: str) -> list[str]:
    answer = service.get(address)
    assert answer.status_code == 200, answer.text
    if "json" in answer.headers["content-type"]:
        return [item["title"] for item in answer.json()["items"]]
    return [entry.title for entry in feedparser.parse(answer.content).entries]


@pytest.mark.parametrize("path", FEEDS)
def test_a_feed_has_its_own_type_and_the_headers_of_the_list(mixed: Service, path: str) -> None:
    answer, plain = mixed.get(path), mixed.get("/v1/top")
    assert answer.headers["content-type"] == FEEDS[path]
    for name in ("cache-control", "vary", "access-control-allow-origin", "last-modified", "x-content-type-options"):
        assert answer.headers[name] == plain.headers[name]


@pytest.mark.parametrize("path", FEEDS)
@pytest.mark.parametrize(
    "query",
    [
        "",
        "?min_score=61",
        "?band=top&band=notable",
        "?source=Soup+%26+Co",
        "?topic=sports&topic=world&limit=1",
        "?weights=sports:2",
        "?min_score=100",
    ],
)
def test_a_feed_holds_the_rows_of_the_list_in_its_order(mixed: Service, path: str, query: str) -> None:
    assert titles(mixed, path + query) == mixed.titles(query)


@pytest.mark.parametrize("path", FEEDS)
@pytest.mark.parametrize("query", ["window=1w", "limit=0", "min_score=101", "band=green", "offset=1"])
def test_a_bad_parameter_is_refused_as_by_the_list(mixed: Service, path: str, query: str) -> None:
    answer, plain = mixed.get(f"{path}?{query}"), mixed.get(f"/v1/top?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == plain.json()


@pytest.mark.parametrize("path", FEEDS)
def test_a_reader_that_has_the_feed_gets_no_body(mixed: Service, path: str) -> None:
    answer = mixed.get(path)
    etag, date = answer.headers["etag"], answer.headers["last-modified"]
    for unchanged in (mixed.get(path, If_None_Match=etag), mixed.get(path, If_Modified_Since=date)):
        assert (unchanged.status_code, unchanged.content) == (304, b"")
    mixed.put(mixed.scored("Dam bursts above valley town", 95))
    assert mixed.get(path, If_None_Match=etag).status_code == 200


@pytest.mark.parametrize("path", FEEDS)
def test_head_says_what_get_says_less_the_body(mixed: Service, path: str) -> None:
    cold = mixed.client.head(path)
    answer = mixed.get(path)
    hot = mixed.client.head(path)
    for head in (cold, hot):
        assert (head.status_code, head.headers, head.content) == (200, answer.headers, b"")


@pytest.mark.parametrize("path", FEEDS)
def test_the_same_bytes_are_served_while_nothing_has_changed(mixed: Service, path: str) -> None:
    before = mixed.get(path)
    mixed.clock.move(minutes=20)
    mixed.state.tick()
    after = mixed.get(path)
    assert (after.content, after.headers) == (before.content, before.headers)


@pytest.mark.parametrize("path", FEEDS)
def test_a_packed_feed_is_the_same_feed(mixed: Service, path: str) -> None:
    with mixed.client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        packed = b"".join(answer.iter_raw())
    assert gzip.decompress(packed) == mixed.get(path, Accept_Encoding="identity").content


def next_in_body(path: str, body: bytes) -> str | None:
    if path not in XML:
        following: str | None = json.loads(body).get("next_url")
        return following
    links = ElementTree.fromstring(body).iter("{http://www.w3.org/2005/Atom}link")
    return next((link.attrib["href"] for link in links if link.attrib["rel"] == "next"), None)


@pytest.mark.parametrize("path", FEEDS)
def test_pages_are_linked_in_the_header_and_in_full_in_the_body(mixed: Service, path: str) -> None:
    seen: list[str] = []
    address: str | None = f"{path}?limit=3"
    while address:
        seen += titles(mixed, address)
        answer = mixed.get(address)
        header, body = answer.links.get("next", {}).get("url"), next_in_body(path, answer.content)
        assert body == (header and mixed.settings.base_url() + header)
        address = header
    assert seen == mixed.titles()


def test_links_to_the_service_lead_where_readers_reach_it(start: Start, tmp_path: Path) -> None:
    service = start(tmp_path / "public", public_url="https://lists.example/news/")
    for path in FEEDS:
        text = service.get(path + "?window=6h").text
        assert f"https://lists.example/news{path}?window=6h" in text
        assert "https://lists.example/news/top?window=6h" in text
        assert "127.0.0.1" not in text


def test_every_page_for_people_names_the_feeds_there_are(mixed: Service) -> None:
    for page in ("/", "/top"):
        links = re.findall(r'<link rel="alternate" type="([^"]+)" title="[^"]+" href="([^"]+)">', mixed.get(page).text)
        found = {href: kind for kind, href in links if href in FEEDS}
        assert found == {path: kind.partition(";")[0] for path, kind in FEEDS.items()}
