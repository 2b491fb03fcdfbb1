"""``/v1/top``: what is listed, in which order, over how many pages, and when a copy of it is still good."""

import gzip
import random
import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from service.bands import band_of, rounded
from service.types import ScoredHeadline
from tests.api.conftest import NOON, Service, Start

FORMS = ["/v1/top", "/v1/top.html", "/v1/top.txt"]


# --- what the list says ---


def test_the_body_is_what_the_contract_shows(service: Service) -> None:
    one = service.scored(
        "Volcano erupts near capital",
        84.6,
        topic="world",
        language="en",
        url="https://news.example/v",
        interval=(77.6, 91.4),
        percentile=99.1234,
    )
    service.put(one)
    body = service.top()
    assert re.fullmatch(r"[0-9a-f]{16}", body.pop("list_version"))
    assert re.fullmatch(r"[0-9a-f]{16}", body["items"][0]["story"].pop("id"))
    assert body == {
        "title": "Top News in the Last Hour By Importance Score",
        "window": "1h",
        "as_of": "2026-03-01T12:00:00Z",
        "model": service.state.model.version,
        "total": 1,
        "unscored": 0,
        "degraded": False,
        "items": [
            {
                "rank": 1,
                "id": one.headline.id,
                "title": "Volcano erupts near capital",
                "url": "https://news.example/v",
                "source": "Example News",
                "published_at": "2026-03-01T11:55:00Z",
                "date_source": "published",
                "topic": "world",
                "language": "en",
                "i_score": 85,
                "i_score_raw": 84.6,
                "band": "top",
                "colour": "green",
                "symbol": "🟢",
                "interval": [78, 91],
                "percentile": 99.1,
                "low_confidence": None,
                "story": {"outlets": 1, "headlines": 1},
                "previous_rank": None,
                "pinned": False,
                "adjusted": None,
            }
        ],
        "links": {"self": "/v1/top?as_of=2026-03-01T12%3A00%3A00Z", "next": None},
    }


def test_scores_of_versions_that_said_less_are_listed_with_less(service: Service) -> None:
    service.put(service.scored("Volcano erupts near capital", 84.6))
    (item,) = service.top()["items"]
    assert (item["topic"], item["interval"], item["percentile"], item["low_confidence"]) == (None, None, None, None)


def test_an_inferred_topic_is_shown_and_filters_like_a_publishers(service: Service) -> None:
    service.put(
        service.scored("Cup final", 50, score_topic="sports"),
        service.scored("Cup tie", 40, topic="sports", score_topic="world"),
        service.scored("Rates cut", 60, score_topic="business"),
    )
    assert [item["topic"] for item in service.top()["items"]] == ["business", "sports", "sports"]
    assert service.titles("?topic=sports") == ["Cup final", "Cup tie"]


def test_weights_change_the_order_and_nothing_else(service: Service) -> None:
    service.put(
        service.scored("Summit", 70, topic="world"),
        service.scored("Cup final", 60, topic="sports", source="Daily"),
        service.scored("Cup tie", 50, topic="sports"),
    )
    plain = {item["title"]: item for item in service.top()["items"]}
    weighed = service.top("?weights=sports:1.3,Daily:0.5")["items"]
    assert [item["title"] for item in weighed] == ["Summit", "Cup tie", "Cup final"]
    assert [{**item, "rank": 0} for item in weighed] == [{**plain[item["title"]], "rank": 0} for item in weighed]
    first = service.top("?weights=sports:2&limit=1")
    second = service.get(first["links"]["next"]).json()
    assert [item["title"] for item in first["items"] + second["items"]] == ["Cup final", "Cup tie"]
    assert "weights=sports%3A2" in first["links"]["self"]


def test_pages_go_on_with_weights_of_many_digits(service: Service) -> None:
    service.put(service.scored("Cup final", 60, topic="sports"), service.scored("Cup tie", 50, topic="sports"))
    first = service.top("?weights=sports:1.2345678901&limit=1")
    assert [item["title"] for item in service.get(first["links"]["next"]).json()["items"]] == ["Cup tie"]


@pytest.mark.parametrize(
    "weights",
    [
        "world",
        "world:",
        "world:x",
        "world:-1",
        "world:101",
        "world:nan",
        ":2",
        "a:1,a:2",
        ",".join(f"s{n}:1" for n in range(51)),
    ],
)
def test_weights_that_mean_nothing_are_told(service: Service, weights: str) -> None:
    answer = service.get(f"/v1/top?weights={quote(weights)}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "weights"


def test_an_empty_window_is_an_empty_list(service: Service) -> None:
    body = service.top()
    assert (body["items"], body["total"], body["links"]["next"]) == ([], 0, None)


def test_rows_stand_by_score_then_newest_then_id_and_number_band_and_colour_agree(service: Service) -> None:
    draw = random.Random(7)
    raws = [59.4, 59.5, 79.49, 79.5, 0.0, 100.0, *(draw.choice([*range(101), 66.6]) for _ in range(60))]
    service.put(*(service.scored(f"Headline number {n}", raw, draw.choice([3, 7, 9])) for n, raw in enumerate(raws)))
    items = service.top("?limit=100")["items"]
    assert [item["rank"] for item in items] == list(range(1, len(raws) + 1))
    newest_first = sorted(items, key=lambda item: item["id"])
    newest_first.sort(key=lambda item: item["published_at"], reverse=True)
    assert items == sorted(newest_first, key=lambda item: -item["i_score_raw"])
    printed = [item["i_score"] for item in items]
    assert printed == sorted(printed, reverse=True)
    for item in items:
        band = band_of(item["i_score_raw"])
        assert item["i_score"] == rounded(item["i_score_raw"])
        assert (item["band"], item["colour"], item["symbol"]) == (band.name, band.colour, band.symbol)


@pytest.mark.parametrize(
    ("window", "name", "words", "hours"),
    [
        ("1h", "1h", "the Last Hour", 1),
        ("60m", "1h", "the Last Hour", 1),
        ("90m", "90m", "the Last 90 Minutes", 1.5),
        ("1m", "1m", "the Last Minute", 1 / 60),
        ("6h", "6h", "the Last 6 Hours", 6),
        ("24h", "24h", "the Last 24 Hours", 24),
        ("1d", "24h", "the Last 24 Hours", 24),
        ("7d", "7d", "the Last 7 Days", 24 * 7),
        ("30d", "30d", "the Last 30 Days", 24 * 30),
        ("720h", "30d", "the Last 30 Days", 24 * 30),
        ("43200m", "30d", "the Last 30 Days", 24 * 30),
    ],
)
def test_a_window_holds_what_is_younger_than_it(
    service: Service, window: str, name: str, words: str, hours: float
) -> None:
    edge = timedelta(hours=hours)
    times = {"just": NOON - edge + timedelta(microseconds=1), "out": NOON - edge, "now": NOON}
    service.put(*(service.scored(f"Headline {word}", 50, published_at=time) for word, time in times.items()))
    body = service.top(f"?window={window}")
    assert [item["title"] for item in body["items"]] == ["Headline now", "Headline just"]
    assert (body["window"], body["title"]) == (name, f"Top News in {words} By Importance Score")


def test_what_waits_for_its_score_is_counted_and_then_listed(service: Service) -> None:
    service.put(service.scored("Scored by another model", 99, model="other-1"))
    body = service.top()
    assert (body["items"], body["unscored"], body["degraded"]) == ([], 1, True)
    service.state.tick()
    body = service.top()
    assert (len(body["items"]), body["unscored"], body["degraded"]) == (1, 0, False)


# --- what a reader may ask for ---


@pytest.mark.parametrize(
    ("query", "field"),
    [
        *((f"window={bad}", "window") for bad in ["", "0h", "-1h", "1w", "1", "h", "1.5h", "1h ", "%D9%A1h", "01h"]),
        *((f"window={bad}", "window") for bad in ["31d", "721h", "43201m", "9999999d"]),
        *((f"limit={bad}", "limit") for bad in ["", "0", "101", "-1", "ten", "1.5"]),
        *((f"min_score={bad}", "min_score") for bad in ["", "-1", "101", "high"]),
        *((f"topic={bad}", "topic[0]") for bad in ["", "gossip", "World"]),
        ("topic=world&topic=gossip", "topic[1]"),
        *((f"band={bad}", "band[0]") for bad in ["", "green", "TOP"]),
        *((f"collapse={bad}", "collapse") for bad in ["", "all", "true"]),
        ("&".join(["source=x"] * 51), "source"),
        *((f"{unknown}=1", unknown) for unknown in ["q", "Window", "offset"]),
        *((f"as_of={bad}", "as_of") for bad in ["", "now", "2026-03-01", "2026-03-01T11:00:00", "1772362800"]),
    ],
)
def test_a_bad_parameter_is_refused_by_name(idle: Service, query: str, field: str) -> None:
    for form in FORMS:
        answer = idle.get(f"{form}?{query}")
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        body = answer.json()
        assert body["type"] == "urn:iscore:problem:bad-input"
        assert [error["field"] for error in body["errors"]] == [field]
        assert field in body["detail"]
        assert body["errors"][0]["reason"]


@pytest.fixture
def mixed(service: Service) -> Service:
    service.put(
        service.scored("Peace treaty signed", 91, source="BBC News", topic="world"),
        service.scored("Rates cut by half a point", 72, source="Reuters", topic="business"),
        service.scored("Cup final goes to penalties", 61, source="BBC News", topic="sports"),
        service.scored("Ten soups for autumn", 12, source="Daily Soup & Co", topic=None),
    )
    return service


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("source=BBC+News", ["Peace treaty signed", "Cup final goes to penalties"]),
        ("source=Reuters&source=Daily+Soup+%26+Co", ["Rates cut by half a point", "Ten soups for autumn"]),
        ("source=bbc+news", []),
        ("source=", []),
        ("topic=world&topic=sports", ["Peace treaty signed", "Cup final goes to penalties"]),
        ("band=top&band=notable", ["Peace treaty signed", "Ten soups for autumn"]),
        ("band=major", ["Rates cut by half a point", "Cup final goes to penalties"]),
        ("min_score=72", ["Peace treaty signed", "Rates cut by half a point"]),
        ("min_score=100", []),
        ("source=BBC+News&band=major&topic=sports&min_score=61", ["Cup final goes to penalties"]),
    ],
)
def test_filters_let_through_what_fits_all_of_them(mixed: Service, query: str, titles: list[str]) -> None:
    body = mixed.top(f"?{query}")
    assert [item["title"] for item in body["items"]] == titles
    assert body["total"] == len(titles)
    assert [item["rank"] for item in body["items"]] == list(range(1, len(titles) + 1))


def test_links_self_asks_for_the_same_list(mixed: Service) -> None:
    first = mixed.top("?source=Reuters&source=Daily+Soup+%26+Co&window=24h&limit=3&min_score=2&collapse=none")
    assert mixed.get(first["links"]["self"]).json() == first


def test_headlines_of_one_story_are_one_row_with_its_outlets(service: Service) -> None:
    service.put(
        service.scored("Mayor resigns", 70, url="https://a.example/1", source="A", story="m"),
        service.scored("Mayor resigns after vote", 74, url="https://b.example/1", source="B", story="m"),
        service.scored("Mayor steps down", 71, url="https://a.example/2", source="A", story="m"),
        service.scored("Mayor stays", 72, url="https://c.example/1", source="C"),
    )
    folded, flat = service.top(), service.top("?collapse=none")
    assert [item["title"] for item in folded["items"]] == ["Mayor resigns after vote", "Mayor stays"]
    assert [item["story"]["headlines"] for item in folded["items"]] == [3, 1]
    assert [item["story"]["outlets"] for item in folded["items"]] == [2, 1]
    assert len({item["story"]["id"] for item in flat["items"]}) == 2
    assert (folded["total"], flat["total"]) == (2, 4)


def test_what_comes_in_is_told_beside_what_is_there(service: Service) -> None:
    sent = [
        {"title": "Dam bursts above valley town", "url": f"https://{name}.example/1", "source": name} for name in "abc"
    ]
    for one in sent:
        assert service.client.post("/v1/headlines", json=[one], headers=service.key()).status_code == 200
    (item,) = service.top()["items"]
    assert (item["story"]["headlines"], item["story"]["outlets"]) == (3, 1)  # the same words confirm nothing


# --- the past ---


def test_a_row_says_where_it_stood_ten_minutes_before(service: Service) -> None:
    service.put(service.scored("First", 80), service.scored("Second", 70))
    service.clock.move(minutes=10)
    service.put(service.scored("Newcomer", 75))
    assert [(item["title"], item["previous_rank"]) for item in service.top()["items"]] == [
        ("First", 1),
        ("Newcomer", None),
        ("Second", 2),
    ]


def test_a_list_of_the_past_is_the_same_to_the_byte(service: Service) -> None:
    draw = random.Random(3)
    seen: list[tuple[str, bytes]] = []
    for wave in range(25):
        put = [
            service.scored(
                f"Headline {draw.randrange(30)}",
                draw.choice([12, 40.25, 66, 85, 99]),
                draw.randrange(70),
                url=f"https://news.example/{draw.randrange(40)}",
                story=draw.choice(["", "", "s1", "s2"]),
                source=f"Source {draw.randrange(3)}",
                model=draw.choice([None, None, None, "other-1"]),
            )
            for _ in range(draw.randrange(5))
        ]
        service.put(*put)
        if wave == 15:
            service.state.store.retell({put[0].headline.id: "s3"} if put else {})
        for query in ("", "?limit=3&collapse=none", "?window=6h&source=Source+0", "?weights=Source 1:0.5"):
            answer = service.get(f"/v1/top{query}")
            seen.append((answer.json()["links"]["self"], answer.content))
            if following := answer.json()["links"]["next"]:
                seen.append((following, service.get(following).content))
        service.clock.move(seconds=draw.choice([1, 30, 400, 1500]))
    assert len({body for _, body in seen}) > 60
    for address, body in seen:
        assert service.get(address).content == body


def test_the_past_is_told_by_the_model_of_that_time(service: Service) -> None:
    service.put(service.scored("First", 80), service.scored("Second", 70))
    before = service.top()
    service.clock.move(minutes=1)
    service.put(service.scored("Second", 90, 6, model="other-1"))
    service.state.store.reign("other-1")
    service.state.look()
    assert [item["title"] for item in service.top()["items"]] == ["Second"]
    assert service.get(before["links"]["self"]).json() == before


def test_a_time_to_come_is_refused(service: Service) -> None:
    answer = service.get("/v1/top?as_of=2026-03-01T12:00:00.000001Z")
    assert (answer.status_code, "future" in answer.json()["detail"]) == (422, True)
    assert service.get("/v1/top?as_of=2026-03-01T13:00:00%2B01:00").status_code == 200


# --- pages ---


def pages(service: Service, query: str, limits: Iterator[int]) -> Iterator[dict[str, Any]]:
    """All pages, each with another limit."""
    cursor = ""
    while True:
        body = service.top(f"?{query}&limit={next(limits)}{cursor}")
        yield body
        if not body["links"]["next"]:
            return
        cursor = "&cursor=" + body["links"]["next"].partition("cursor=")[2]


@pytest.mark.parametrize("collapse", ["story", "none"])
@pytest.mark.parametrize("seed", range(5))
def test_pages_give_every_row_exactly_once_while_news_arrives(service: Service, seed: int, collapse: str) -> None:
    draw = random.Random(seed)

    def arrivals(count: int, wave: int) -> list[ScoredHeadline]:
        return [
            service.scored(
                f"Story {draw.randrange(25)}",  # so that stories gain members while the reader pages
                draw.choice([10, 40.25, 66, 66.5, 85, 99]),
                draw.randrange(50),
                url=f"https://news.example/{wave}/{n}",
                first_seen_at=service.clock(),
                source=f"Source {draw.randrange(3)}",
            )
            for n in range(count)
        ]

    service.put(*arrivals(40, 0))
    query = f"collapse={collapse}&source=Source+0&source=Source+1"
    whole = service.top(f"?{query}&limit=100")
    seen: list[dict[str, Any]] = []
    for wave, page in enumerate(pages(service, query, iter(lambda: draw.randint(1, 9), None)), 1):
        assert page["total"] == whole["total"]
        assert page["as_of"] == whole["as_of"]
        seen += page["items"]
        service.clock.move(seconds=draw.choice([0.000001, 1, 400]))
        service.put(*arrivals(draw.randrange(6), wave))
    assert seen == whole["items"]


def test_the_link_header_and_links_next_lead_to_the_same_page(service: Service) -> None:
    service.put(*(service.scored(f"Headline {n}", n) for n in range(25)))
    answer = service.get("/v1/top?limit=10&min_score=1")
    titles = []
    while True:
        titles += [item["title"] for item in answer.json()["items"]]
        following = answer.json()["links"]["next"]
        assert answer.links.get("next", {}).get("url") == following
        if following is None:
            break
        answer = service.get(following)
    assert titles == [f"Headline {n}" for n in range(24, 0, -1)]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_pages_by_its_link_header(service: Service, form: str) -> None:
    service.put(*(service.scored(f"Headline {n}", n) for n in range(25)))
    answer, texts = service.get(form), []
    while True:
        texts.append(answer.text)
        if "next" not in answer.links:
            break
        answer = service.get(answer.links["next"]["url"])
        assert answer.status_code == 200
    assert [re.findall(r"Headline \d+", text) for text in texts] == [
        [f"Headline {n}" for n in numbers] for numbers in (range(24, 14, -1), range(14, 4, -1), range(4, -1, -1))
    ]


@pytest.fixture
def cursor(service: Service) -> str:
    service.put(*(service.scored(f"Headline {n}", n) for n in range(5)))
    link: str = service.top("?limit=2")["links"]["next"]
    return link.partition("cursor=")[2]


def refused_cursor(service: Service, query: str, form: str = "/v1/top") -> bool:
    answer = service.get(f"{form}?{query}")
    assert answer.headers["content-type"] == "application/problem+json"
    return (answer.status_code, answer.json()["type"]) == (400, "urn:iscore:problem:bad-cursor")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("bad", ["", "x", ".", "a.b", "é", "%00", "%ff", "W10.x"])
def test_a_cursor_that_is_not_ours_is_refused(idle: Service, form: str, bad: str) -> None:
    assert refused_cursor(idle, f"cursor={bad}", form)


def test_a_cursor_that_was_touched_is_refused(service: Service, cursor: str) -> None:
    assert refused_cursor(service, f"cursor={cursor[:-1]}")
    assert refused_cursor(service, f"cursor={cursor}A")
    assert refused_cursor(service, f"cursor={'X' if cursor[0] != 'X' else 'Y'}{cursor[1:]}")


def test_a_cursor_of_another_installation_is_refused(idle: Service, cursor: str) -> None:
    assert refused_cursor(idle, f"limit=2&cursor={cursor}")


@pytest.mark.parametrize(
    "query", ["window=6h", "source=BBC", "topic=world", "band=top", "min_score=1", "collapse=none"]
)
def test_a_cursor_of_another_query_is_refused(service: Service, cursor: str, query: str) -> None:
    assert refused_cursor(service, f"{query}&cursor={cursor}")


def test_a_cursor_still_works_after_a_restart_of_the_service(
    service: Service, start: Start, tmp_path: Path, cursor: str
) -> None:
    before = service.top(f"?limit=2&cursor={cursor}")
    again = start(tmp_path / "again", database_url=service.settings.store_url())
    assert again.top(f"?limit=2&cursor={cursor}") == before


# --- copies ---


@pytest.fixture
def full(service: Service) -> Service:
    service.put(*(service.scored(f"Headline {n}", n * 9) for n in range(11)))
    service.clock.move(seconds=0.25)
    return service


@pytest.mark.parametrize("form", FORMS)
def test_a_public_answer_may_be_kept_by_everybody_and_shown_anywhere(full: Service, form: str) -> None:
    plain, foreign = full.get(form), full.get(form, Origin="https://paper.example", Cookie="a=b", Authorization="x")
    assert plain.headers["cache-control"] == "public, max-age=30, stale-while-revalidate=60, stale-if-error=3600"
    assert plain.headers["access-control-allow-origin"] == "*"
    assert plain.headers["vary"] == "Accept-Encoding"
    assert plain.headers["last-modified"] == "Sun, 01 Mar 2026 12:00:00 GMT"
    assert plain.headers["x-content-type-options"] == "nosniff"
    assert (foreign.headers, foreign.content) == (plain.headers, plain.content)


@pytest.mark.parametrize("form", FORMS)
def test_a_client_that_has_the_list_gets_no_body(full: Service, form: str) -> None:
    answer = full.get(form)
    etag = answer.headers["etag"]
    for given in [etag, etag.removeprefix("W/"), f'"x", {etag}', f'{etag},W/"y"', "*"]:
        unchanged = full.get(form, If_None_Match=given)
        assert (unchanged.status_code, unchanged.content) == (304, b""), given
        for name in ["etag", "cache-control", "vary", "last-modified", "access-control-allow-origin", "link"]:
            assert unchanged.headers[name] == answer.headers[name]
        assert not {"content-type", "content-length", "content-encoding"} & unchanged.headers.keys()
    for given in ['"x"', 'W/""', etag[:-2] + '"', ""]:
        assert full.get(form, If_None_Match=given).content == answer.content, given


@pytest.mark.parametrize("form", FORMS)
def test_a_client_that_knows_the_date_gets_no_body(full: Service, form: str) -> None:
    answer = full.get(form)
    for date in [answer.headers["last-modified"], "Sun, 01 Mar 2026 12:00:01 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"]:
        unchanged = full.get(form, If_Modified_Since=date)
        assert (unchanged.status_code, unchanged.content) == (304, b"")
    for date in ["Sun, 01 Mar 2026 11:59:59 GMT", "yesterday", "0", "", "Sun, 01 Mar 2026 12:00:00 -0000"]:
        assert full.get(form, If_Modified_Since=date).content == answer.content, date
    both = full.get(form, If_Modified_Since=answer.headers["last-modified"], If_None_Match='"other"')
    assert both.status_code == 200


@pytest.mark.parametrize(
    "address", [*FORMS, "/v1/top?limit=x", "/v1/models", "/livez", "/readyz", "/", "/top", "/nope"]
)
def test_head_says_what_get_says_less_the_body(full: Service, address: str) -> None:
    cold = full.client.head(address)
    answer = full.get(address)
    hot = full.client.head(address)
    assert (cold.status_code, cold.headers, cold.content) == (answer.status_code, answer.headers, b"")
    assert (hot.status_code, hot.headers, hot.content) == (answer.status_code, answer.headers, b"")


def test_head_also_knows_when_the_client_has_the_list(full: Service) -> None:
    etag = full.get("/v1/top").headers["etag"]
    assert full.client.head("/v1/top", headers={"If-None-Match": etag}).status_code == 304


def raw_body(service: Service, address: str, accept: str) -> tuple[str | None, bytes]:
    """Content-Encoding and the bytes on the wire."""
    with service.client.stream("GET", address, headers={"Accept-Encoding": accept}) as answer:
        return answer.headers.get("content-encoding"), b"".join(answer.iter_raw())


@pytest.mark.parametrize("form", FORMS)
def test_a_packed_answer_is_the_same_answer(full: Service, form: str) -> None:
    encoding, plain = raw_body(full, form, "identity")
    assert encoding is None
    for accept in ["gzip", "br, GZIP;q=0.5", "*", "deflate, gzip ; q=0.001", "x, *;q=0.1"]:
        encoding, packed = raw_body(full, form, accept)
        assert encoding == "gzip", accept
        assert gzip.decompress(packed) == plain
        assert len(packed) < len(plain)
    for accept in ["", "br", "gzip;q=0", "*;q=0", "gzip;q=0.000, *", "identity, gzip;q=0.0"]:
        assert raw_body(full, form, accept) == (None, plain), accept
    heads = [full.get(form, Accept_Encoding=accept).headers for accept in ("gzip", "identity")]
    assert heads[0]["vary"] == heads[1]["vary"] == "Accept-Encoding"
    assert heads[0]["etag"] == heads[1]["etag"]


def test_the_same_bytes_are_served_while_nothing_has_changed(full: Service) -> None:
    before = full.get("/v1/top")
    full.clock.move(minutes=50)
    full.state.tick()
    after = full.get("/v1/top")
    assert (after.content, after.headers) == (before.content, before.headers)


def test_a_change_that_the_reader_does_not_see_changes_no_byte(full: Service) -> None:
    before = full.get("/v1/top")
    full.put(full.scored("Older than the window", 99, minutes_ago=61))
    after = full.get("/v1/top")
    assert (after.content, after.headers) == (before.content, before.headers)


def test_an_ingest_by_this_process_is_on_the_next_list(full: Service) -> None:
    before = full.get("/v1/top?limit=100")
    sent = [{"title": "Bridge collapses into river", "url": "https://news.example/bridge"}]
    assert full.client.post("/v1/headlines", json=sent, headers=full.key()).status_code == 200
    after = full.get("/v1/top?limit=100", If_None_Match=before.headers["etag"])
    assert "Bridge collapses into river" in [item["title"] for item in after.json()["items"]]
    assert after.json()["list_version"] != before.json()["list_version"]


def test_an_ingest_by_another_process_is_on_the_list_after_a_tick(full: Service) -> None:
    before = full.top()
    full.put_unseen([full.scored("Written by another process", 100)])
    full.state.tick()
    after = full.top()
    assert after["items"][0]["title"] == "Written by another process"
    assert after["list_version"] != before["list_version"]


def test_a_row_leaves_at_the_moment_it_is_older_than_the_window(service: Service) -> None:
    service.put(service.scored("Old", 90, minutes_ago=50), service.scored("New", 10, minutes_ago=10))
    assert service.titles() == ["Old", "New"]
    service.clock.move(minutes=10, microseconds=-1)
    assert service.titles() == ["Old", "New"]
    service.clock.move(microseconds=1)
    assert service.titles() == ["New"]
    service.clock.move(minutes=40)
    assert service.titles() == []


def test_a_list_that_is_as_it_was_before_keeps_its_version_and_not_its_date(service: Service) -> None:
    service.put(service.scored("Stays", 90))
    before = service.get("/v1/top")
    service.put(service.scored("Goes", 10, minutes_ago=59))
    with_both = service.get("/v1/top")
    service.clock.move(minutes=2)
    after = service.get("/v1/top")
    assert before.headers["etag"] == after.headers["etag"] != with_both.headers["etag"]
    assert after.headers["last-modified"] == "Sun, 01 Mar 2026 12:02:00 GMT"


# --- the same list as text and HTML ---


class Rows(HTMLParser):
    """Links with their texts and attributes, and every tag that occurs."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[dict[str, str | None]] = []
        self.texts: list[str] = []
        self._open: str | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "a":
            self.links.append(dict(attrs))
            self.texts.append("")
            self._open = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._open:
            self._open = None

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts[-1] += data


def test_text_and_html_show_the_rows_of_the_json(full: Service) -> None:
    items = full.top("?limit=100")["items"]
    lines = full.get("/v1/top.txt?limit=100").text.splitlines()
    assert lines[:2] == ["Top News in the Last Hour By Importance Score", ""]
    assert lines[2:] == [
        f"{item['rank']:>3}. {item['symbol']} {item['i_score']:>3} / 100  {item['title']} ({item['source']})"
        + (f" [uncertain: {item['low_confidence']}]" if item["low_confidence"] else "")
        for item in items
    ]
    html = full.get("/v1/top.html?limit=100").text
    rows = Rows(html)
    assert rows.texts == [item["title"] for item in items]
    assert [link["href"] for link in rows.links] == [item["url"] for item in items]
    assert re.findall(r"(\d+) / 100", html) == [str(item["i_score"]) for item in items]
    assert re.findall(r'datetime="([^"]*)"', html) == [item["published_at"] for item in items]
    assert "Top News in the Last Hour By Importance Score" in html


def test_a_score_that_means_little_says_so_in_every_form(service: Service) -> None:
    service.put(service.scored("Barragem rompe e milhares fogem", 80.0, language="pt-BR", doubt="not English (pt-BR)"))
    (item,) = service.top()["items"]
    assert item["low_confidence"] == "not English (pt-BR)"
    for form in ("/v1/top.txt", "/v1/top.html"):
        assert f"uncertain: {item['low_confidence']}" in service.get(form).text


@pytest.mark.parametrize(
    ("form", "media_type"),
    [
        ("/v1/top", "application/json"),
        ("/v1/top.html", "text/html; charset=utf-8"),
        ("/v1/top.txt", "text/plain; charset=utf-8"),
    ],
)
def test_an_empty_list_has_every_form(service: Service, form: str, media_type: str) -> None:
    answer = service.get(form)
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert "Top News in the Last Hour By Importance Score" in answer.text


HOSTILE = [
    "<script>alert(1)</script> strikes",
    '"><img src=x onerror=alert(1)> strikes',
    "' onmouseover='alert(1) strikes",
    "</a></bdi></section><iframe> strikes",
    "&lt;b&gt;bold&lt;/b&gt; & {{ 7*7 }} strikes",
    "{% raw %} <!-- strikes",
]


@pytest.mark.parametrize("title", HOSTILE)
def test_a_hostile_title_source_or_address_stays_text(service: Service, title: str) -> None:
    address = "https://news.example/a?q=" + quote(title, safe="<>\"'/{}&;=() ")
    service.put(service.scored(title, 70, source=title, url=address))
    html = service.get("/v1/top.html").text
    rows = Rows(html)
    assert rows.texts == [title]
    assert [link["href"] for link in rows.links] == [address]
    assert rows.links[0].keys() == {"href", "rel", "class"}
    assert not rows.tags & {"script", "img", "iframe", "b"}
    assert service.titles() == [title]
    assert f"{title} ({title})" in service.get("/v1/top.txt").text


def test_a_title_that_turns_the_reading_direction_turns_only_itself(service: Service) -> None:
    service.put(service.scored("evil \u202e txt.exe \u2066 strikes", 70))
    assert "<bdi>evil \u202e txt.exe \u2066 strikes</bdi>" in service.get("/v1/top.html").text
