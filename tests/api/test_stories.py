"""``/v1/stories``: who tells a story, and what editors say about it, which outlives everything."""

from typing import Any

import pytest
from httpx2 import Response

from service.types import ScoredHeadline
from tests.api.conftest import Service


@pytest.fixture
def told(service: Service) -> list[ScoredHeadline]:
    """Three headlines of one story, which the first one named, and one of another."""
    first = service.scored("Dam bursts above valley", 80, 30, url="https://a.example/1", source="A")
    key = first.headline.id
    put = [
        first,
        service.scored("Valley flooded as dam gives way", 85, 20, url="https://b.example/1", source="B", story=key),
        service.scored("Dam bursts above valley", 80, 10, url="https://c.example/1", source="C", story=key),
        service.scored("Cup final goes to penalties", 60, 5, url="https://d.example/1", source="D"),
    ]
    service.put(*put)
    return put


def post(service: Service, address: str, body: object, *scopes: str) -> Response:
    return service.client.post(address, json=body, headers=service.key(*(scopes or ("editor",))))


def test_a_story_shows_all_who_tell_it_best_first(service: Service, told: list[ScoredHeadline]) -> None:
    (row, _) = service.top()["items"]
    answer = service.get(f"/v1/stories/{row['story']['id']}").json()
    assert [item["source"] for item in answer["items"]] == ["B", "A", "C"]
    assert [item["score"]["i_score"] for item in answer["items"]] == [85, 80, 80]
    assert (answer["id"], answer["outlets"], answer["model"]) == (
        told[0].headline.id,
        2,
        service.state.model.version,
    )


def test_who_waits_for_a_score_is_shown_last_without_one(service: Service, told: list[ScoredHeadline]) -> None:
    key = told[0].headline.id
    service.put(service.scored("Dam break: hundreds missing", 1, story=key, model="other-1"))
    assert service.get(f"/v1/stories/{key}").json()["items"][-1]["score"] is None


def test_merged_stories_are_one_row_now_and_when_they_are_told_again(
    service: Service, told: list[ScoredHeadline]
) -> None:
    dam, cup = told[0].headline.id, told[3].headline.id
    answer = post(service, f"/v1/stories/{dam}/merge", {"stories": [cup]})
    assert (answer.status_code, len(answer.json()["items"])) == (200, 4)
    (row,) = service.top()["items"]
    assert (row["story"]["headlines"], row["story"]["outlets"]) == (4, 3)
    again = [{"title": "Cup final goes to penalties", "url": "https://e.example/1", "source": "E"}]
    assert service.client.post("/v1/headlines", json=again, headers=service.key()).status_code == 200
    (row,) = service.top()["items"]
    assert row["story"]["headlines"] == 5
    assert service.get(f"/v1/stories/{cup}").status_code == 404


def test_headlines_that_are_split_off_tell_a_story_of_their_own_for_ever(
    service: Service, told: list[ScoredHeadline]
) -> None:
    dam, second = told[0].headline.id, told[1].headline
    answer = post(service, f"/v1/stories/{dam}/split", {"headlines": [second.id]})
    assert answer.status_code == 200
    assert [item["id"] for item in answer.json()["items"]] == [second.id]
    assert len(service.top()["items"]) == 3
    edited = [{"title": second.title + " at night", "url": second.url, "source": "B"}]
    assert service.client.post("/v1/headlines", json=edited, headers=service.key()).json()["counts"]["updated"] == 1
    assert service.get(f"/v1/headlines/{second.id}").json()["story"] == answer.json()["id"]


def test_the_headline_that_named_a_story_can_leave_it(service: Service, told: list[ScoredHeadline]) -> None:
    first = told[0].headline.id
    answer = post(service, f"/v1/stories/{first}/split", {"headlines": [first]}).json()
    assert answer["id"] != first
    assert [item["id"] for item in answer["items"]] == [first]
    assert len(service.get(f"/v1/stories/{first}").json()["items"]) == 2


@pytest.mark.parametrize(
    ("action", "body", "word"),
    [
        ("merge", {"stories": ["nobody"]}, "no story"),
        ("merge", {"stories": [""]}, "no story"),
        ("split", {"headlines": ["nobody"]}, "not all"),
        ("split", {"headlines": "all"}, "leave at least one"),
        ("merge", {"stories": []}, "stories"),
        ("merge", {}, "stories"),
        ("split", {"headlines": ["x"], "more": 1}, "more"),
    ],
)
def test_what_cannot_be_done_is_told_and_nothing_is_done(
    service: Service, told: list[ScoredHeadline], action: str, body: dict[str, Any], word: str
) -> None:
    key = told[0].headline.id
    if body == {"headlines": "all"}:
        body = {"headlines": [one.headline.id for one in told[:3]]}
    before = service.state.store.revision()
    answer = post(service, f"/v1/stories/{key}/{action}", body)
    assert (answer.status_code, word in answer.json()["detail"]) == (422, True)
    assert service.state.store.revision() == before


@pytest.mark.parametrize("action", ["merge", "split"])
def test_only_editors_say_who_tells_what(service: Service, told: list[ScoredHeadline], action: str) -> None:
    address = f"/v1/stories/{told[0].headline.id}/{action}"
    body = {"stories": ["x"]} if action == "merge" else {"headlines": ["x"]}
    assert post(service, address, body, "ingest").status_code == 403
    assert service.client.post(address, json=body).status_code == 401
    assert post(service, f"/v1/stories/nobody/{action}", body).status_code == 404


def test_a_headline_tells_what_it_was_and_where_it_stood(service: Service) -> None:
    one = service.scored("Dam bursts", 70, 0, url="https://a.example/1")
    service.put(one, service.scored("Cup final", 60, 0))
    service.clock.move(minutes=15)
    service.put(service.scored("Dam bursts, valley flooded", 50, 15, url="https://a.example/1"))
    service.clock.move(minutes=10)
    answer = service.get(f"/v1/headlines/{one.headline.id}").json()
    (past,) = answer["history"]
    assert (past["title"], past["until"]) == ("Dam bursts", "2026-03-01T12:15:00Z")
    assert past["scores"] == {service.state.model.version: 70.0}
    assert answer["ranks"] == [
        {"at": "2026-03-01T12:00:00Z", "rank": 1},
        {"at": "2026-03-01T12:10:00Z", "rank": 1},
        {"at": "2026-03-01T12:20:00Z", "rank": 2},
    ]
    service.clock.move(days=3)
    assert len(service.get(f"/v1/headlines/{one.headline.id}").json()["ranks"]) == 7
