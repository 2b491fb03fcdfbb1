"""``/v1/headlines``: headlines in, one by one judged, and one headline out."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from service.text import canonical_url, headline_id
from service.types import TOPICS
from tests.api.conftest import Service, Start

GOOD = {
    "title": "Volcano erupts near capital, 40,000 flee",
    "url": "https://news.example/volcano",
    "source": "Example News",
    "published_at": "2026-03-01T11:30:00Z",
    "language": "en",
    "topic": "world",
}
NDJSON = {"Content-Type": "application/x-ndjson"}


def send(service: Service, items: object, key: dict[str, str] | None = None, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = json.dumps(items)  # the client's own JSON refuses half a surrogate pair, which others do send
    key = service.key() if key is None else key
    return service.client.post(
        "/v1/headlines", content=body, headers={"Content-Type": "application/json", **key, **named}
    )


def outcome(service: Service, **fields: object) -> dict[str, Any]:
    """What becomes of the good headline with some fields replaced; None leaves one out."""
    answer = send(service, [{name: value for name, value in {**GOOD, **fields}.items() if value is not None}])
    assert answer.status_code == 200, answer.text
    (item,) = answer.json()["items"]
    return dict(item)


def stored(service: Service, **fields: object) -> dict[str, Any]:
    """The good headline with some fields replaced, as it is given out afterwards."""
    item = outcome(service, **fields)
    assert item["result"] == "created", item
    answer = service.get(f"/v1/headlines/{item['id']}")
    assert answer.status_code == 200
    return dict(answer.json())


def kind(answer: Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["type"].removeprefix("urn:iscore:problem:")


# --- one headline in and out ---


def test_a_headline_comes_back_as_it_was_sent_with_its_score(service: Service) -> None:
    item = outcome(service)
    assert item == {"id": headline_id("", canonical_url(GOOD["url"])), "result": "created", "reason": None}
    body = service.get(f"/v1/headlines/{item['id']}").json()
    listed = service.top()["items"][0]
    assert {name: body[name] for name in GOOD} == GOOD
    assert body["first_seen_at"] == "2026-03-01T12:00:00Z"
    assert body["model"] == service.state.model.version
    assert body["scores"] == {body["model"]: listed["i_score_raw"]}
    assert body["score"] == {name: listed[name] for name in body["score"]}


def test_a_headline_has_points_per_word_when_asked_for(service: Service) -> None:
    item = outcome(service)
    assert "why" not in service.get(f"/v1/headlines/{item['id']}").json()
    body = service.get(f"/v1/headlines/{item['id']}?explain=true").json()
    total = body["why"]["base"] + sum(word["points"] for word in body["why"]["words"])
    assert total == pytest.approx(body["score"]["i_score_raw"], abs=1e-3)


@pytest.mark.parametrize("unknown", ["0000000000000000", "x", "%00", "%F0%9F%98%80", "a" * 5000, "{path}"])
def test_a_headline_that_there_is_not_is_a_404(idle: Service, unknown: str) -> None:
    answer = idle.get(f"/v1/headlines/{unknown}")
    assert kind(answer) == (404, "unknown-headline")
    assert len(answer.content) < 500


def test_a_headline_that_the_model_has_not_scored_yet_has_no_score(service: Service) -> None:
    one = service.scored("Scored by another model", 40, model="other-1")
    service.put(one)
    body = service.get(f"/v1/headlines/{one.headline.id}").json()
    assert (body["score"], body["scores"]) == (None, {"other-1": 40})


def test_the_same_headline_again_is_a_duplicate_and_an_edited_one_an_update(service: Service) -> None:
    results = [
        outcome(service, **fields)["result"] for fields in ({}, {}, {"title": "Volcano erupts: 50,000 flee"}, {})
    ]
    assert results == ["created", "duplicate", "updated", "updated"]
    assert service.top()["total"] == 1


def test_an_address_with_a_tracking_mark_is_the_same_headline(service: Service) -> None:
    outcome(service)
    assert outcome(service, url="HTTPS://NEWS.example:443/volcano?utm_source=x#top")["result"] == "duplicate"


# --- what a headline needs ---


@pytest.mark.parametrize("missing", ["source", "published_at", "language"])
def test_all_but_title_and_address_may_be_left_out(service: Service, missing: str) -> None:
    defaults = {"source": "news.example", "published_at": "2026-03-01T12:00:00Z", "language": "en"}
    assert stored(service, **{missing: None})[missing] == defaults[missing]


def test_a_headline_without_a_topic_gets_the_models(service: Service) -> None:
    model = service.state.model
    (inferred,) = model.topics(model.encoder.encode([GOOD["title"]]))
    assert stored(service, topic=None)["topic"] == inferred
    assert service.top(f"?topic={inferred}")["total"] == 1


@pytest.mark.parametrize("source", ["", "  ", "\u200b\u202e"])
def test_a_source_without_a_visible_sign_is_the_host(service: Service, source: str) -> None:
    assert stored(service, source=source)["source"] == "news.example"


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_may_be_sent_and_asked_for(service: Service, topic: str) -> None:
    assert stored(service, topic=topic)["topic"] == topic
    assert service.top(f"?topic={topic}")["total"] == 1


@pytest.mark.parametrize("language", ["en", "pt-BR", "zh-Hant-TW", "ase"])
def test_language_tags_are_kept(service: Service, language: str) -> None:
    assert stored(service, language=language)["language"] == language


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2026-03-01T11:30:00Z", "2026-03-01T11:30:00Z"),
        ("2026-03-01T12:30:00+01:00", "2026-03-01T11:30:00Z"),
        ("2026-03-01T06:00:00.25-05:30", "2026-03-01T11:30:00.250000Z"),
        ("1995-01-01T00:00:00Z", "1995-01-01T00:00:00Z"),
        ("2026-03-01T12:00:01Z", "2026-03-01T12:00:00Z"),
        ("2026-03-01T12:00:00-23:59", "2026-03-01T12:00:00Z"),
        ("9999-12-31T23:59:59-23:59", "2026-03-01T12:00:00Z"),
    ],
)
def test_times_are_kept_in_utc_and_never_lie_ahead(service: Service, sent: str, kept: str) -> None:
    assert stored(service, published_at=sent)["published_at"] == kept


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"title": None}, "title"),
        ({"title": ""}, "title"),
        ({"title": " \n"}, "title"),
        ({"title": "?!"}, "title"),
        ({"title": 5}, "title"),
        ({"title": ["Volcano"]}, "title"),
        ({"title": "x" * 301}, "301"),
        ({"title": "\ud800"}, "title"),
        ({"url": None}, "url"),
        ({"url": ""}, "url"),
        ({"url": 5}, "url"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"url": "JavaScript:alert(1)//https://news.example/"}, "url"),
        ({"url": "data:text/html,hello"}, "url"),
        ({"url": "//news.example/a"}, "url"),
        ({"url": "news.example/a"}, "url"),
        ({"url": "https://"}, "url"),
        ({"url": "https://user:secret@news.example/"}, "url"),
        ({"url": "https://news.example/\u202ea"}, "url"),
        ({"url": "https://news.example:99999/"}, "url"),
        ({"url": "https://[::1"}, "url"),
        ({"url": "https://news.example/" + "a" * 2048}, "url"),
        ({"url": "https://news.example/\ud800"}, "url"),
        ({"source": "x" * 101}, "source"),
        ({"source": {"name": "BBC"}}, "source"),
        ({"published_at": "2026-03-01T11:30:00"}, "zone"),
        ({"published_at": "2026-03-01"}, "zone"),
        ({"published_at": "yesterday"}, "published_at"),
        ({"published_at": ""}, "published_at"),
        ({"published_at": 1772364600}, "published_at"),
        ({"published_at": "1970-01-01T00:00:00Z"}, "1995"),
        ({"published_at": "0001-01-01T00:00:00+23:59"}, "1995"),
        ({"language": "x"}, "language"),
        ({"language": "e" * 36}, "language"),
        ({"language": "en_US"}, "language"),
        ({"language": "--en"}, "language"),
        ({"language": "英語"}, "language"),
        ({"topic": "gossip"}, "gossip"),
        ({"topic": ""}, "topic"),
        ({"topic": "World"}, "World"),
        ({"summary": "More"}, "summary"),
        ({"id": "0000000000000000"}, "id"),
        ({"\ud800" * 3: "More"}, "unknown field"),
    ],
)
def test_a_bad_headline_is_rejected_with_its_reason(idle: Service, fields: dict[str, object], word: str) -> None:
    item = outcome(idle, **fields)
    assert (item["id"], item["result"]) == (None, "rejected")
    assert word in item["reason"]


def test_a_reason_does_not_repeat_a_long_value(idle: Service) -> None:
    for fields in ({"x" * 100_000: 1}, {"topic": "x" * 100_000}, {"title": "x" * 100_000}, {"url": "x" * 100_000}):
        assert len(outcome(idle, **fields)["reason"]) < 300


@pytest.mark.parametrize("item", [None, 5, "Volcano erupts", [GOOD], []])
def test_what_is_no_object_is_rejected(idle: Service, item: object) -> None:
    (found,) = send(idle, [item]).json()["items"]
    assert (found["result"], found["reason"]) == ("rejected", "item must be a JSON object")


def test_one_bad_headline_never_rejects_the_others(service: Service) -> None:
    items = [
        GOOD,
        {**GOOD, "url": "javascript:alert(1)"},
        GOOD,
        "Volcano erupts",
        {**GOOD, "url": "https://other.example/", "title": "Another title"},
        {**GOOD, "title": "Edited within the same request"},
    ]
    body = send(service, items).json()
    assert [item["result"] for item in body["items"]] == [
        "created",
        "rejected",
        "duplicate",
        "rejected",
        "created",
        "updated",
    ]
    assert body["counts"] == {"created": 2, "updated": 1, "duplicate": 1, "rejected": 2}
    assert [item["reason"] is None for item in body["items"]] == [True, False, True, False, True, True]
    assert set(service.titles()) == {"Edited within the same request", "Another title"}


def test_an_empty_list_changes_nothing(service: Service) -> None:
    before = service.state.store.revision()
    counts = {"created": 0, "updated": 0, "duplicate": 0, "rejected": 0}
    assert send(service, []).json() == {"items": [], "counts": counts}
    assert service.state.store.revision() == before


# --- bodies ---


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[", b"\xff", b'{"title": "x"}', b'"x"', b"null", b"[" * 100_000, b"1" * 9999]
)
def test_a_body_that_is_no_list_is_refused_whole(idle: Service, body: bytes) -> None:
    headers = {**idle.key(), "Content-Type": "application/json"}
    assert kind(idle.client.post("/v1/headlines", content=body, headers=headers)) == (422, "bad-input")


def test_a_thousand_headlines_are_welcome_and_no_more(service: Service) -> None:
    items = [{"title": "The same words", "url": f"https://news.example/{n}"} for n in range(1001)]
    assert send(service, items[:1000]).json()["counts"]["created"] == 1000
    assert kind(send(service, items)) == (413, "too-large")
    lines = "\n".join(json.dumps(item) for item in items)
    refused = service.client.post("/v1/headlines", content=lines, headers={**service.key(), **NDJSON})
    assert kind(refused) == (413, "too-large")


@pytest.fixture
def small(start: Start, tmp_path: Path) -> Service:
    """A service that reads at most 2,000 bytes of a body."""
    return start(tmp_path / "state", max_body_bytes=2000)


@pytest.mark.parametrize("path", ["/v1/headlines", "/v1/score", "/v1/top", "/nope"])
def test_a_body_that_is_too_large_is_refused_sized_or_chunked(small: Service, path: str) -> None:
    read = []

    def chunks() -> Iterator[bytes]:
        for n in range(100):
            read.append(n)
            yield b" " * 500

    for content in (b" " * 2001, chunks()):
        answer = small.client.post(path, content=content, headers=small.key())
        assert kind(answer) == (413, "too-large")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_just_within_the_limit_is_read(small: Service, chunked: bool) -> None:
    body = json.dumps([GOOD]).encode().ljust(2000)
    content = (body[at : at + 700] for at in range(0, 2000, 700)) if chunked else body
    assert small.client.post("/v1/headlines", content=content, headers=small.key()).status_code == 200


@pytest.mark.parametrize(
    "media_type", ["application/x-ndjson", "application/X-NDJSON; charset=utf-8", "application/jsonl"]
)
def test_lines_are_answered_by_lines_and_a_broken_one_is_rejected_alone(service: Service, media_type: str) -> None:
    lines = [
        json.dumps(GOOD),
        "",
        '{"title": "Cut o',
        "[]",
        "NaN",
        "\ufffd",
        json.dumps({**GOOD, "title": "Edited"}),
        "  ",
    ]
    body = "\r\n".join(lines).encode().replace("\ufffd".encode(), b"\xff")
    answer = service.client.post("/v1/headlines", content=body, headers={**service.key(), "Content-Type": media_type})
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.text.endswith("\n")
    found = [json.loads(line) for line in answer.text.splitlines()]
    assert [one["result"] for one in found] == ["created", *["rejected"] * 4, "updated"]
    assert all(one["reason"] for one in found if one["result"] == "rejected")


def test_no_lines_are_answered_by_no_lines(idle: Service) -> None:
    answer = idle.client.post("/v1/headlines", content=b"\n\n", headers={**idle.key(), **NDJSON})
    assert (answer.status_code, answer.content) == (200, b"")


# --- keys ---


@pytest.mark.parametrize(
    "authorization", [None, "", "Basic dXNlcjpwYXNz", "Bearer", "Bearer ", "isk_x", "Bearer isk_x"]
)
def test_without_a_key_nothing_is_kept(idle: Service, authorization: str | None) -> None:
    before = idle.state.store.revision()
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = idle.client.post("/v1/headlines", json=[GOOD], headers=headers)
    assert kind(answer) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert idle.state.store.revision() == before


def test_an_unknown_a_mistyped_and_a_revoked_key_are_refused(service: Service, idle: Service) -> None:
    key = service.key()
    mistyped = {"Authorization": key["Authorization"].replace("isk_", "isk_0", 1)}
    assert send(service, [], key).status_code == 200
    assert kind(send(idle, [GOOD], key)) == (401, "unauthenticated")
    assert kind(send(service, [GOOD], mistyped)) == (401, "unauthenticated")
    service.state.store.revoke_key(key["Authorization"][11:19], service.clock())
    assert kind(send(service, [GOOD], key)) == (401, "unauthenticated")
    assert service.top()["total"] == 0


def test_a_key_for_something_else_is_forbidden(idle: Service) -> None:
    answer = send(idle, [GOOD], idle.key("editor", "admin"))
    assert kind(answer) == (403, "forbidden")
    assert answer.headers["www-authenticate"] == 'Bearer realm="iscore", error="insufficient_scope"'


def test_no_answer_of_a_writer_may_be_kept_by_a_cache(idle: Service) -> None:
    key = idle.key()
    answers = [send(idle, [], key), send(idle, {}, key), send(idle, [], {}), send(idle, [], key, Idempotency_Key="a")]
    answers.append(send(idle, [], key, Idempotency_Key="a"))
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}


# --- the same request twice ---


def test_a_repeated_request_gets_the_first_answer_and_changes_nothing(service: Service) -> None:
    key = service.key()
    first = send(service, [GOOD], key, Idempotency_Key="batch-1")
    service.clock.move(hours=23)
    revision = service.state.store.revision()
    again = send(service, [GOOD], key, Idempotency_Key="batch-1")
    assert (again.content, again.headers["content-type"]) == (first.content, first.headers["content-type"])
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert service.state.store.revision() == revision


def test_a_repeated_request_of_lines_is_answered_by_lines(service: Service) -> None:
    headers = {**service.key(), **NDJSON, "Idempotency-Key": "batch-1"}
    first, again = (service.client.post("/v1/headlines", content=json.dumps(GOOD), headers=headers) for _ in range(2))
    assert again.content == first.content
    assert again.headers["content-type"] == first.headers["content-type"] == "application/x-ndjson"


def test_an_idempotency_key_belongs_to_one_body(service: Service) -> None:
    key = service.key()
    send(service, [GOOD], key, Idempotency_Key="batch-1")
    other = send(service, [{**GOOD, "title": "Another title"}], key, Idempotency_Key="batch-1")
    assert kind(other) == (422, "idempotency-key-reused")
    assert service.titles() == [GOOD["title"]]


def test_an_idempotency_key_belongs_to_one_caller(service: Service) -> None:
    send(service, [GOOD], Idempotency_Key="batch-1")
    other = send(service, [{**GOOD, "title": "Another title"}], Idempotency_Key="batch-1")
    assert other.json()["items"][0]["result"] == "updated"


def test_a_refused_request_may_be_mended_under_the_same_key(service: Service) -> None:
    key = service.key()
    assert send(service, {}, key, Idempotency_Key="batch-1").status_code == 422
    assert send(service, [GOOD], key, Idempotency_Key="batch-1").json()["counts"]["created"] == 1


@pytest.mark.parametrize("value", ["", "x" * 256])
def test_an_idempotency_key_has_1_to_255_characters(idle: Service, value: str) -> None:
    answer = send(idle, [], Idempotency_Key=value)
    assert kind(answer) == (422, "bad-input")
    assert [error["field"].lower() for error in answer.json()["errors"]] == ["idempotency-key"]


def test_who_comes_when_all_places_are_taken_may_come_again_with_the_same_key(start: Start, tmp_path: Path) -> None:
    service = start(tmp_path / "state", max_waiting=1)
    key = service.key()
    with service.state.admission.place():
        answer = send(service, [GOOD], key, Idempotency_Key="batch-1")
        assert kind(answer) == (503, "busy")
        assert int(answer.headers["retry-after"]) >= 1
    assert send(service, [GOOD], key, Idempotency_Key="batch-1").json()["counts"]["created"] == 1


def test_times_given_out_are_times(service: Service) -> None:
    body = stored(service)
    for name in ("published_at", "first_seen_at"):
        assert body[name].endswith("Z")
        assert datetime.fromisoformat(body[name]).tzinfo is not None
