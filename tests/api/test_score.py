"""``POST /v1/score``: scores of titles, in order, with nothing kept."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from service.bands import band_of, rounded
from service.model import ImportanceModel
from service.types import TOPICS
from tests.api.conftest import Service, Start

TITLES = [
    "Earthquake of magnitude 7.8 strikes Turkey, thousands feared dead",
    "Ten household items to clean with vinegar",
    "Fed cuts interest rates by half a point",
    "Prime minister resigns",
    "Землетрясение в Перу",
    "Fed cuts interest rates by half a point",
]


def score(service: Service, headlines: object, **headers: str) -> Response:
    return service.client.post("/v1/score", json={"headlines": headlines}, headers=headers)


def problem(answer: Response) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == answer.status_code
    return body


def test_titles_are_scored_in_order_as_the_model_scores_them(idle: Service, model: ImportanceModel) -> None:
    answer = score(idle, TITLES)
    assert answer.status_code == 200
    body = answer.json()
    assert body["model"] == idle.state.model.version
    assert [item["title"] for item in body["items"]] == TITLES
    assert [item["i_score_raw"] for item in body["items"]] == model.predict(TITLES).tolist()
    for item in body["items"]:
        band = band_of(item["i_score_raw"])
        assert item["i_score"] == rounded(item["i_score_raw"])
        assert (item["band"], item["colour"], item["symbol"]) == (band.name, band.colour, band.symbol)
    assert body["items"][2]["id"] == body["items"][5]["id"]


def test_a_score_that_means_little_says_why(idle: Service) -> None:
    spanish, short, plain = score(idle, ["Nuevo alcalde presenta su plan de vivienda", "Dam bursts", TITLES[0]]).json()[
        "items"
    ]
    assert (spanish["language"], "not English" in spanish["low_confidence"]) == ("es", True)
    assert "2 of the 3 words" in short["low_confidence"]
    assert (plain["language"], plain["low_confidence"]) == ("en", None)


def test_a_score_says_how_sure_it_is_and_what_the_headline_is_about(idle: Service, model: ImportanceModel) -> None:
    calibration = model.calibration
    for item in score(idle, TITLES).json()["items"]:
        raw = item["i_score_raw"]
        interval = calibration.widest(raw) if item["low_confidence"] else calibration.interval(raw)
        assert item["interval"] == [rounded(end) for end in interval]
        assert item["percentile"] == round(calibration.percentile(raw), 1)
        assert item["topic"] in TOPICS


def test_percentiles_are_those_among_the_newest_headlines_once_there_are_enough(service: Service) -> None:
    def percentile() -> float:
        item = score(service, TITLES[:1]).json()["items"][0]
        return float(item["percentile"])

    shipped, raw = percentile(), score(service, TITLES[:1]).json()["items"][0]["i_score_raw"]
    service.put(*(service.scored(f"Headline number {n}", raw - 1 if n < 600 else 100) for n in range(999)))
    service.state.tick()
    assert percentile() == shipped
    service.put(service.scored("One more headline", 100))
    service.state.tick()
    assert percentile() == shipped  # looked at once an hour
    service.clock.move(hours=1)
    service.state.tick()
    assert percentile() == pytest.approx(60, abs=1)


def test_letters_that_are_no_words_are_told(idle: Service) -> None:
    (item,) = score(idle, ["Qxzvbn jjkqwz mayor vbnqzx wqzjkk zzxqv"]).json()["items"]
    assert "unknown to the model" in item["low_confidence"] or "not English" in item["low_confidence"]


def test_titles_may_come_as_objects_too(idle: Service) -> None:
    mixed = [title if n % 2 else {"title": title} for n, title in enumerate(TITLES)]
    assert score(idle, mixed).json() == score(idle, TITLES).json()


def test_a_title_has_the_same_number_alone_in_any_company_and_any_order(idle: Service) -> None:
    alone = {title: score(idle, [title]).json()["items"][0] for title in TITLES}
    draw = random.Random(3)
    for _ in range(5):
        shuffled = draw.sample(TITLES, len(TITLES))
        assert score(idle, shuffled).json()["items"] == [alone[title] for title in shuffled]


def test_a_title_has_the_number_that_the_list_shows(service: Service) -> None:
    sent = [{"title": TITLES[0], "url": "https://news.example/quake"}]
    service.client.post("/v1/headlines", json=sent, headers=service.key())
    listed, scored = service.top()["items"][0], score(service, TITLES[:1]).json()["items"][0]
    same = ["title", "i_score", "i_score_raw", "band", "colour", "symbol"]
    assert [listed[name] for name in same] == [scored[name] for name in same]


def test_nothing_is_kept(service: Service) -> None:
    before = service.state.store.revision()
    assert score(service, TITLES).status_code == 200
    assert service.state.store.revision() == before
    assert service.top("?window=30d")["total"] == 0


def test_the_answer_is_for_the_asker_and_says_how_long_it_took(idle: Service) -> None:
    answer = score(idle, TITLES[:1])
    assert answer.headers["cache-control"] == "no-store"
    name, _, duration = answer.headers["server-timing"].partition(";dur=")
    assert name == "score"
    assert float(duration) > 0


def test_a_title_is_shown_as_it_was_read(idle: Service) -> None:
    items = score(idle, ["  Fed &amp; BoE\n cut\u202e rates "]).json()["items"]
    assert [item["title"] for item in items] == ["Fed & BoE cut rates"]


def test_256_titles_of_300_characters_are_welcome_and_no_more(idle: Service) -> None:
    longest = ("word " * 60)[:299] + "s"
    assert len(score(idle, [longest] * 256).json()["items"]) == 256
    answer = score(idle, [longest] * 257)
    assert answer.status_code == 422
    assert [error["field"] for error in problem(answer)["errors"]] == ["headlines"]
    answer = score(idle, ["A title", longest + "!", "Another"])
    assert answer.status_code == 422
    assert [error["field"] for error in problem(answer)["errors"]] == ["headlines[1].title"]


@pytest.mark.parametrize(
    ("headlines", "field"),
    [
        (["Good", ""], "headlines[1].title"),
        (["  \n "], "headlines[0].title"),
        (["?!…"], "headlines[0].title"),
        (["\u200b\u202e"], "headlines[0].title"),
        (["&nbsp;"], "headlines[0].title"),
        ([5], "headlines[0]"),
        ([None], "headlines[0]"),
        ([["Nested"]], "headlines[0]"),
        ([{"title": 5}], "headlines[0].title"),
        ([{"titel": "Misspelt"}], "headlines[0].title"),
        ([{"title": "Good", "weight": 2}], "headlines[0].weight"),
        ([], "headlines"),
        ("Not a list", "headlines"),
        (None, "headlines"),
        ({"title": "Not a list"}, "headlines"),
    ],
)
def test_a_bad_title_is_refused_by_its_place(idle: Service, headlines: object, field: str) -> None:
    answer = score(idle, headlines)
    assert answer.status_code == 422
    body = problem(answer)
    assert body["type"] == "urn:iscore:problem:bad-input"
    assert field in [error["field"] for error in body["errors"]]
    assert all(error["reason"] for error in body["errors"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b"\xff\xfe", "body"),
        (b"[]", "body"),
        (b'"headlines"', "body"),
        (b"null", "body"),
        (b"{}", "headlines"),
        (b'{"headlines": ["A title"], "explain": 1}', "explain"),
        (b'{"headlines": ["\\ud800 A title"]}', "headlines[0].title"),
        (b'{"headlines": ["A title"], "\\ud800": 1}', "body"),
        (b'{"headlines": [NaN]}', "headlines[0]"),
    ],
)
def test_a_body_that_is_no_request_is_refused(idle: Service, body: bytes, field: str) -> None:
    answer = idle.client.post("/v1/score", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert [error["field"] for error in problem(answer)["errors"]] == [field]


def test_a_body_nested_too_deeply_is_refused(idle: Service) -> None:
    answer = idle.client.post("/v1/score", content=b"[" * 100_000, headers={"Content-Type": "application/json"})
    assert (answer.status_code, problem(answer)["type"]) == (400, "urn:iscore:problem:bad-request")


def test_a_fault_is_described_without_repeating_the_whole_request(idle: Service) -> None:
    answer = score(idle, [{"title": "Good", "x" * 100_000: 1}, "y" * 100_000])
    assert answer.status_code == 422
    assert len(answer.content) < 2_000


def test_who_comes_when_all_places_are_taken_is_told_to_come_back(start: Start, tmp_path: Path) -> None:
    service = start(tmp_path / "state", max_waiting=2)
    with service.state.admission.place(), service.state.admission.place():
        answer = score(service, TITLES)
        assert (answer.status_code, problem(answer)["type"]) == (503, "urn:iscore:problem:busy")
        assert int(answer.headers["retry-after"]) >= 1
        assert service.get("/v1/top").status_code == 200
    assert score(service, TITLES).status_code == 200
    assert json.loads(score(service, TITLES).content)["items"]


def test_a_place_is_given_back_after_a_failure(start: Start, tmp_path: Path) -> None:
    service = start(tmp_path / "state", max_waiting=1)
    with pytest.raises(ZeroDivisionError), service.state.admission.place():
        raise ZeroDivisionError
    assert score(service, TITLES).status_code == 200


def test_points_per_word_come_when_asked_for_and_add_up(idle: Service) -> None:
    answer = idle.client.post("/v1/score", json={"headlines": TITLES[:2], "explain": True})
    for item in answer.json()["items"]:
        why = item["why"]
        assert why["base"] + sum(word["points"] for word in why["words"]) == pytest.approx(
            item["i_score_raw"], abs=1e-3
        )
        assert [item["title"][word["start"] : word["end"]] for word in why["words"]] == item["title"].split()
    assert "why" not in score(idle, TITLES[:1]).json()["items"][0]


def test_more_headlines_than_can_be_explained_are_refused_with_the_number(idle: Service) -> None:
    answer = idle.client.post("/v1/score", json={"headlines": ["Storm nears coast"] * 17, "explain": True})
    assert answer.status_code == 422
    (error,) = problem(answer)["errors"]
    assert (error["field"], "at most 16" in error["reason"]) == ("explain", True)
