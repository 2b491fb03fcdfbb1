"""Everything that goes wrong is said in one format, with a type that programs can rely on."""

from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import pytest
from httpx2 import Response

from service.errors import StoreError, UnknownModelError
from tests.api.conftest import Service, Start


def problem(answer: Response, status: int, kind: str) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, body["status"]) == (status, status)
    assert body["type"] == f"urn:iscore:problem:{kind}"
    assert body["title"]
    assert body["detail"]
    assert answer.headers["cache-control"] == "no-store"
    return body


class DeadStore:
    """A store whose database has gone away."""

    def revision(self) -> NoReturn:
        raise StoreError("postgresql://db: connection refused")

    def close(self) -> None:
        pass


@pytest.mark.parametrize("path", ["/nope", "/v1", "/v1/", "/v1/topp", "/v1/top/", "/sample/none", "/widget/none.css"])
def test_an_address_that_there_is_not_is_a_404(idle: Service, path: str) -> None:
    assert path in problem(idle.get(path), 404, "not-found")["detail"]


def test_an_address_in_a_detail_stays_text(idle: Service) -> None:
    assert "/{method}{0}" in problem(idle.get("/%7Bmethod%7D%7B0%7D"), 404, "not-found")["detail"]
    assert len(problem(idle.get("/" + "x" * 10_000), 404, "not-found")["detail"]) < 500


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/v1/top", "GET"),
        ("DELETE", "/v1/top", "GET"),
        ("PUT", "/v1/top.html", "GET"),
        ("GET", "/v1/headlines", "POST"),
        ("GET", "/v1/score", "POST"),
        ("PATCH", "/v1/models/x", "GET"),
        ("OPTIONS", "/livez", "GET"),
    ],
)
def test_a_method_that_an_address_does_not_know_is_a_405(idle: Service, method: str, path: str, allowed: str) -> None:
    answer = idle.client.request(method, path)
    assert method in problem(answer, 405, "method-not-allowed")["detail"]
    assert answer.headers["allow"] == allowed


def test_a_bug_is_a_500_that_gives_nothing_away(start: Start, tmp_path: Path) -> None:
    service = start(tmp_path / "state")

    def broken() -> datetime:
        raise RuntimeError("the secret is 42")

    service.state.lists._clock = broken
    assert "42" not in problem(service.get("/v1/top"), 500, "internal")["detail"]


def test_a_service_without_its_store_says_so_and_may_be_asked_again(start: Start, tmp_path: Path) -> None:
    service = start(tmp_path / "state")
    store, service.state.store = service.state.store, DeadStore()  # type: ignore[assignment]
    answer = service.get("/readyz")
    problem(answer, 503, "store-unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert service.get("/livez").status_code == 200
    service.state.store = store
    assert service.get("/readyz").json() == {"status": "ok", "model": service.state.model.version}


def test_a_service_that_stops_is_alive_and_not_ready(start: Start, tmp_path: Path) -> None:
    service = start(tmp_path / "state")
    service.state.draining = True
    problem(service.get("/readyz"), 503, "draining")
    assert service.get("/livez").json()["status"] == "draining"


def test_a_service_without_a_model_does_not_start(start: Start, tmp_path: Path) -> None:
    with pytest.raises(UnknownModelError, match="no current model"):
        start(tmp_path / "state", models=tmp_path)


def test_a_page_of_another_site_can_read_what_went_wrong(idle: Service) -> None:
    for address in ("/v1/top?limit=0", "/v1/nothing", "/v1/top?cursor=x"):
        headers = idle.get(address).headers
        assert (headers["access-control-allow-origin"], headers["access-control-expose-headers"]) == (
            "*",
            "Retry-After",
        )
