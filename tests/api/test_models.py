"""``/v1/models``: which model versions there are, which one serves, and what happens when that changes."""

import shutil
from pathlib import Path

import pytest

from service.registry import Registry
from tests.api.conftest import Service, Start
from tests.tiny_models import tiny_files, write_version


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """Two versions that disagree: what scores 90 by tiny-1 scores 10 by tiny-2."""
    models = tmp_path / "models"
    write_version(models / "tiny-1")
    write_version(models / "tiny-2", upside_down=True)
    registry = Registry(models)
    registry.use("tiny-1")
    return registry


@pytest.fixture
def service(start: Start, registry: Registry, tmp_path: Path) -> Service:
    """A service with three headlines: one of this hour, one of yesterday, one of last week."""
    service = start(tmp_path / "state", models=registry.shipped)
    sent = [
        {"title": "w90", "url": "https://news.example/90", "published_at": "2026-03-01T11:50:00Z"},
        {"title": "w20", "url": "https://news.example/20", "published_at": "2026-02-28T20:00:00Z"},
        {"title": "w30", "url": "https://news.example/30", "published_at": "2026-02-24T20:00:00Z"},
    ]
    service.client.post("/v1/headlines", json=sent, headers=service.key())
    return service


def scores(service: Service, query: str = "?window=30d") -> dict[str, int]:
    return {item["title"]: item["i_score"] for item in service.top(query)["items"]}


def test_the_versions_on_disk_are_listed_and_the_serving_one_marked(service: Service) -> None:
    assert service.get("/v1/models").json() == {
        "current": "tiny-1",
        "previous": None,
        "refused": None,
        "items": [
            {"version": "tiny-1", "current": True, "origin": "shipped"},
            {"version": "tiny-2", "current": False, "origin": "shipped"},
        ],
    }


def test_a_version_shows_its_card_and_figures(service: Service) -> None:
    assert service.get("/v1/models/tiny-2").json() == {
        "version": "tiny-2",
        "current": False,
        "origin": "shipped",
        "created_at": "2026-01-31",
        "metrics": {"mae": 1.5},
        "config": {},
        "card": "# A tiny model\n",
    }


@pytest.mark.parametrize(
    "version", ["none-1", "CURRENT", "..", "%2e%2e", "..%2f..%2fetc", "%00", "tiny-1%00", "TINY-1"]
)
def test_a_version_that_there_is_not_is_a_404(service: Service, version: str) -> None:
    answer = service.get(f"/v1/models/{version}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_a_damaged_version_says_so_and_the_others_are_still_shown(service: Service, registry: Registry) -> None:
    (registry.shipped / "tiny-2" / "CARD.md").write_text("# Another card")
    answer = service.get("/v1/models/tiny-2")
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:iscore:problem:damaged-model")
    assert "CARD.md" in answer.json()["detail"]
    assert len(service.get("/v1/models").json()["items"]) == 2


def test_the_service_changes_over_when_another_version_is_chosen(service: Service, registry: Registry) -> None:
    assert scores(service) == {"w90": 90, "w20": 20, "w30": 30}
    before = service.get("/v1/top")
    registry.use("tiny-2")
    assert service.get("/v1/top").content == before.content
    service.state.tick()
    body = service.top()
    assert (body["model"], body["items"][0]["i_score"], body["items"][0]["band"]) == ("tiny-2", 10, "notable")
    assert body["list_version"] != before.json()["list_version"]
    assert service.get("/v1/models").json()["current"] == "tiny-2"
    assert service.get("/livez").json()["model"] == "tiny-2"
    scored = service.client.post("/v1/score", json={"headlines": ["w90"]}).json()
    assert (scored["model"], scored["items"][0]["i_score"]) == ("tiny-2", 10)
    one = service.get(f"/v1/headlines/{body['items'][0]['id']}").json()
    assert one["scores"] == {"tiny-1": 90, "tiny-2": 10}


def test_after_the_change_no_list_is_without_scores(service: Service, registry: Registry) -> None:
    registry.use("tiny-2")
    service.state.tick()
    assert service.top("?window=24h")["degraded"] is False
    assert scores(service) == {"w90": 10, "w20": 80, "w30": 70}


def test_the_way_back_is_the_same_and_finds_the_old_scores(service: Service, registry: Registry) -> None:
    before = service.top("?window=30d")
    registry.use("tiny-2")
    service.state.tick()
    assert registry.use("tiny-1") == "tiny-2"
    service.state.tick()
    assert service.top("?window=30d")["items"] == before["items"]


def test_pages_go_on_with_the_model_that_they_began_with(service: Service, registry: Registry) -> None:
    first = service.top("?window=30d&limit=2")
    registry.use("tiny-2")
    service.state.tick()
    second = service.get(first["links"]["next"]).json()
    assert second["model"] == "tiny-1"
    assert [(item["title"], item["i_score"]) for item in first["items"] + second["items"]] == [
        ("w90", 90),
        ("w30", 30),
        ("w20", 20),
    ]


def test_a_damaged_version_is_refused_with_its_reason_and_the_old_one_serves(
    service: Service, registry: Registry
) -> None:
    (registry.shipped / "tiny-2" / "encoder.onnx").write_bytes(b"damaged")
    registry.use("tiny-2")
    service.state.tick()
    body = service.get("/v1/models").json()
    assert body["current"] == "tiny-1"
    assert "encoder.onnx" in body["refused"]
    assert scores(service)["w90"] == 90
    assert service.get("/readyz").status_code == 200
    registry.use("tiny-1")
    service.state.tick()
    assert service.get("/v1/models").json()["refused"] is None


def test_a_version_whose_golden_scores_are_off_never_serves(service: Service, registry: Registry) -> None:
    write_version(registry.shipped / "tiny-3", golden_json=tiny_files(upside_down=True)["golden.json"])
    registry.use("tiny-3")
    service.state.tick()
    assert "golden" in service.get("/v1/models").json()["refused"]
    assert service.get("/v1/top").json()["model"] == "tiny-1"


def test_a_missing_choice_is_said_and_forgotten_when_it_is_back(service: Service, registry: Registry) -> None:
    pointer = registry.shipped / "CURRENT"
    pointer.unlink()
    service.state.tick()
    assert "no current model" in service.get("/v1/models").json()["refused"]
    pointer.write_text("tiny-1\n")
    service.state.tick()
    assert service.get("/v1/models").json()["refused"] is None


def test_the_serving_version_may_be_removed_from_disk(service: Service, registry: Registry) -> None:
    shutil.rmtree(registry.shipped / "tiny-1")
    service.state.tick()
    assert scores(service)["w90"] == 90
    assert "tiny-1" in service.get("/v1/models").json()["refused"]
