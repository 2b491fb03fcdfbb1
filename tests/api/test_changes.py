"""``GET /v1/models/{version}/changes``: what an editor looks at before a version is put live."""

from datetime import timedelta
from pathlib import Path

import pytest
from httpx2 import Response

from service.explain import explain
from service.model import load
from service.registry import Registry
from tests.api.conftest import NOON, Service, Start
from tests.tiny_models import write_version


@pytest.fixture
def service(start: Start, tmp_path: Path) -> Service:
    """tiny-1 serves, tiny-2 says the opposite; two headlines of the last day and one of last week."""
    write_version(tmp_path / "models" / "tiny-1")
    Registry(tmp_path / "models").use("tiny-1")
    service = start(tmp_path / "state", models=tmp_path / "models")
    write_version(tmp_path / "state" / "models" / "tiny-2", upside_down=True)
    sent = [
        {"title": "w90 w80 w85", "url": "https://news.example/90", "published_at": "2026-03-01T11:50:00Z"},
        {"title": "w20", "url": "https://news.example/20", "published_at": "2026-02-28T20:00:00Z"},
        {"title": "w30", "url": "https://news.example/30", "published_at": "2026-02-24T20:00:00Z"},
    ]
    service.client.post("/v1/headlines", json=sent, headers=service.key())
    return service


def changes(service: Service, version: str = "tiny-2", query: str = "", scope: str = "editor") -> Response:
    return service.client.get(f"/v1/models/{version}/changes{query}", headers=service.key(scope))


def test_both_lists_stand_side_by_side(service: Service) -> None:
    body = changes(service).json()
    assert (body["version"], body["current"], body["window"], body["headlines"]) == ("tiny-2", "tiny-1", "24h", 2)
    assert body["mean_points"] == pytest.approx((60 - 70) / 2)
    assert body["bands"] == [
        {"band": "top", "before": 1, "after": 1},
        {"band": "major", "before": 0, "after": 0},
        {"band": "notable", "before": 1, "after": 1},
    ]
    first, second = body["fronts"]
    assert (first["limit"], second["limit"]) == (10, 50)
    assert [(row["title"], row["i_score"], row["before"], row["after"]) for row in first["before"]] == [
        ("w90 w80 w85", 85, 1, 2),
        ("w20", 20, 2, 1),
    ]
    assert [(row["title"], row["i_score"]) for row in first["after"]] == [("w20", 80), ("w90 w80 w85", 15)]
    assert (first["enter"], first["leave"], len(first["move"])) == ([], [], 2)


def test_the_largest_changes_say_what_each_word_adds_under_both(service: Service) -> None:
    shift = changes(service).json()["largest"][0]
    assert (shift["title"], shift["points"]) == ("w90 w80 w85", pytest.approx(-70))
    for side, version in (("before", "tiny-1"), ("after", "tiny-2")):
        why = explain(load(service.state.registry.path(version)), "w90 w80 w85")
        assert shift[side]["why"]["base"] == why.base
        assert [word["points"] for word in shift[side]["why"]["words"]] == [word.points for word in why.words]
        assert why.base + sum(word.points for word in why.words) == pytest.approx(shift[side]["i_score_raw"])


def test_looking_changes_no_list(service: Service) -> None:
    before = service.get("/v1/top?window=30d").content
    assert changes(service).status_code == 200
    service.state.look()
    after = service.get("/v1/top?window=30d")
    assert (after.content, after.json()["model"]) == (before, "tiny-1")


def test_what_was_scored_for_the_look_need_not_be_scored_to_put_it_live(service: Service) -> None:
    changes(service)
    found = {item["id"] for item in service.top("?window=24h")["items"]}
    assert all("tiny-2" in service.get(f"/v1/headlines/{one}").json()["scores"] for one in found)
    month = (NOON - timedelta(days=30), NOON)
    assert [one.title for one in service.state.store.unscored("tiny-2", *month, 10)] == ["w30"]


def test_a_shorter_window_is_compared_alone(service: Service) -> None:
    body = changes(service, query="?window=1h").json()
    assert (body["window"], body["headlines"]) == ("1h", 1)


@pytest.mark.parametrize("window", ["25h", "2d", "30d", "1s", "", "x"])
def test_a_window_beyond_the_last_day_is_refused(service: Service, window: str) -> None:
    answer = changes(service, query=f"?window={window}")
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:iscore:problem:bad-input")


def test_against_itself_nothing_changes(service: Service) -> None:
    body = changes(service, "tiny-1").json()
    assert (body["mean_points"], body["largest"], body["fronts"][0]["move"]) == (0.0, [], [])


def test_a_version_that_there_is_not_is_a_404_and_a_damaged_one_says_so(service: Service) -> None:
    assert changes(service, "none-1").status_code == 404
    (service.settings.state / "models" / "tiny-2" / "head.npz").write_bytes(b"damaged")
    answer = changes(service)
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:iscore:problem:damaged-model")


def test_only_editors_may_look(service: Service) -> None:
    assert changes(service, scope="ingest").status_code == 403
    assert service.get("/v1/models/tiny-2/changes").status_code == 401
