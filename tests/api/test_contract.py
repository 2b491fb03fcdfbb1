"""The OpenAPI document is true: every answer that schemathesis can provoke is one that it describes."""

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import BaseSchema, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from service.bands import BANDS
from service.types import TOPICS
from tests.api.conftest import Service

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]
ASKED_FOR_SOMETHING = [
    *(f"GET /v1/top{form}" for form in ("", ".html", ".txt", ".rss", ".atom", ".feed.json")),
    "POST /v1/score",
    "POST /v1/headlines",
    "POST /v1/stories/{story_id}/merge",
    "POST /v1/stories/{story_id}/split",
    "POST /v1/pins",
    "POST /v1/labels",
    "GET /v1/audit",
    "GET /v1/queue",
    "POST /v1/training-runs",
    "POST /v1/models/{version}/promote",
    "POST /v1/models/rollback",
    "GET /v1/models/{version}/changes",
]
OPERATIONS = [
    *ASKED_FOR_SOMETHING,
    "GET /v1/headlines/{headline_id}",
    "GET /v1/stories/{story_id}",
    "GET /v1/sources",
    "GET /v1/topics",
    "GET /v1/models",
    "GET /v1/models/{version}",
    "GET /v1/pins",
    "DELETE /v1/pins/{pin_id}",
    "GET /v1/labels",
    "GET /v1/labels/progress",
    "DELETE /v1/labels/{label_id}",
    "GET /v1/training-runs",
    "GET /v1/training-runs/{run_id}",
    "POST /v1/training-runs/{run_id}/cancel",
    "GET /v1/drift",
    "GET /livez",
    "GET /readyz",
    "GET /metrics",
]


@pytest.fixture(scope="session")
def document(idle: Service) -> dict[str, Any]:
    body: dict[str, Any] = idle.get("/openapi.json").json()
    return body


@pytest.fixture(scope="session")
def described(idle: Service) -> BaseSchema:
    return schemathesis.openapi.from_asgi("/openapi.json", idle.app)


@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_to_a_good_request_is_as_described(described: BaseSchema, idle: Service, label: str) -> None:
    ask(described, idle, label, GenerationMode.POSITIVE)


@pytest.mark.parametrize("label", ASKED_FOR_SOMETHING)
def test_every_answer_to_a_bad_request_is_as_described(described: BaseSchema, idle: Service, label: str) -> None:
    ask(described, idle, label, GenerationMode.NEGATIVE)


def ask(described: BaseSchema, service: Service, label: str, mode: GenerationMode) -> None:
    method, path = label.split()
    operation = described[path][method]
    key = service.key("ingest", "editor", "admin")

    @settings(max_examples=25, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: Case[Any]) -> None:
        case.call_and_validate(checks=CHECKS, headers=key)

    check()


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in document["paths"].values() for operation in path.values()]


def test_the_document_is_openapi_3_1_and_names_the_service(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["title"] == "iscore"
    assert document["info"]["description"]


def test_no_operation_is_left_out_above(document: dict[str, Any]) -> None:
    described = [f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods]
    assert sorted(described) == sorted(
        [*OPERATIONS, "GET /v1/top/stream"]
    )  # which never ends: tests/api/test_stream.py


def test_operation_ids_are_short_words_and_each_operation_says_what_it_does(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for operation in operations(document)]
    assert sorted(ids) == sorted(set(ids))
    assert all(name.replace("_", "").isalpha() and name.islower() and len(name) < 20 for name in ids)
    assert all(
        operation["summary"] and operation["description"] and operation["tags"] for operation in operations(document)
    )


def test_every_error_is_described_as_a_problem(document: dict[str, Any]) -> None:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for operation in operations(document):
        for status, answer in operation["responses"].items():
            assert status < "400" or answer["content"] == problem
    assert "ValidationError" not in json.dumps(document)


def test_bodies_are_shown_by_example(document: dict[str, Any], idle: Service) -> None:
    score = document["components"]["schemas"]["ScoreRequest"]["examples"][0]
    assert idle.client.post("/v1/score", json=score).status_code == 200
    content = document["paths"]["/v1/headlines"]["post"]["requestBody"]["content"]
    assert content.keys() == {"application/json", "application/x-ndjson"}
    for media_type, described in content.items():
        example = described["example"] if isinstance(described["example"], str) else json.dumps(described["example"])
        headers = {**idle.key(), "Content-Type": media_type}
        answer = idle.client.post("/v1/headlines", content=example, headers=headers)
        assert '"rejected": 1' not in answer.text
        assert '"result": "rejected"' not in answer.text


def test_every_parameter_is_explained(document: dict[str, Any]) -> None:
    for operation in operations(document):
        for parameter in operation.get("parameters", []):
            assert parameter.get("description") or parameter["in"] == "path", (operation["operationId"], parameter)


def test_bands_and_topics_are_named_as_the_service_names_them(document: dict[str, Any]) -> None:
    parameters = {
        one["name"]: one["schema"]["anyOf"][0]
        for one in document["paths"]["/v1/top"]["get"]["parameters"]
        if one["name"] in {"band", "topic"}
    }
    assert parameters["band"]["items"]["enum"] == [band.name for band in BANDS]
    assert parameters["topic"]["items"]["enum"] == list(TOPICS)
