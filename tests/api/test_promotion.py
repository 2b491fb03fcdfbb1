"""Putting a version live and taking it back: behind the gate, in one step, written down once."""

import json
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from httpx2 import Response

from service.api.state import State
from service.errors import StoreError
from service.model import ImportanceModel
from service.ranking import ListQuery
from service.registry import Registry, registry_of
from service.store.connect import open_store
from service.store.editorial import Entry, Run, RunState
from tests.api.conftest import NOON, Service, Start
from tests.tiny_models import write_version

REASON = "It knows the local elections"


@pytest.fixture
def service(start: Start, tmp_path: Path) -> Service:
    """tiny-1 is shipped and serves; tiny-2, which says the opposite, and tiny-3 were made here."""
    write_version(tmp_path / "models" / "tiny-1")
    Registry(tmp_path / "models").use("tiny-1")
    service = start(tmp_path / "state", models=tmp_path / "models")
    for name in ("tiny-2", "tiny-3"):
        write_version(own(service) / name, upside_down=True)
    sent = [
        {"title": "w90", "url": "https://news.example/90", "published_at": "2026-03-01T11:50:00Z"},
        {"title": "w20", "url": "https://news.example/20", "published_at": "2026-02-28T20:00:00Z"},
        {"title": "w30", "url": "https://news.example/30", "published_at": "2026-02-24T20:00:00Z"},
    ]
    service.client.post("/v1/headlines", json=sent, headers=service.key())
    return service


def own(service: Service) -> Path:
    return service.settings.state / "models"


def tried(
    service: Service, candidate: str, promote: bool, champion: str = "tiny-1", state: RunState = "awaiting_approval"
) -> Run:
    """A training run that made a version, with what the gate said of it."""
    verdict = json.dumps({"promote": promote, "champion": champion, "summary": f"{champion} stays."}).encode()
    run = Run(f"run-{candidate}", "house", state, "key", NOON, NOON, 40, "ab" * 32, champion, candidate)
    queued = replace(run, state="queued")
    assert service.state.store.runs.start(queued, Entry("key", "run.start", run.id))
    service.state.store.runs.save(replace(run, verdict=verdict))
    return run


def promote(service: Service, version: str, *scopes: str, **body: object) -> Response:
    headers = service.key(*(scopes or ("admin",)))
    return service.client.post(f"/v1/models/{version}/promote", json=body, headers=headers)


def roll_back(service: Service) -> Response:
    return service.client.post("/v1/models/rollback", headers=service.key("admin"))


def raws(service: Service, window: str = "24h") -> dict[str, int]:
    return {item["title"]: item["i_score"] for item in service.top(f"?window={window}")["items"]}


def reigns(service: Service) -> list[tuple[str, str, object]]:
    """What the audit log says of changes of reign, newest first."""
    found = [one.entry for one in service.state.store.audit.entries(100) if one.entry.action.startswith("model.")]
    return [(one.action, one.subject, one.details["before"]) for one in found]


def state_of(service: Service, run: Run) -> str:
    found = service.state.store.runs.get(run.id)
    assert found
    return found.state


def test_a_version_that_the_gate_lets_pass_serves_at_once_with_all_lists_scored(service: Service) -> None:
    run = tried(service, "tiny-2", promote=True)
    before = service.get("/v1/top?window=24h")
    answer = promote(service, "tiny-2")
    assert (answer.status_code, answer.json()) == (
        200,
        {"current": "tiny-2", "previous": "tiny-1", "run": run.id, "overruled": []},
    )
    body = service.top("?window=24h")
    assert (body["model"], body["degraded"], raws(service)) == ("tiny-2", False, {"w90": 10, "w20": 80})
    assert body["list_version"] != before.json()["list_version"]
    assert registry_of(service.settings).current() == "tiny-2"
    assert (state_of(service, run), reigns(service)) == ("promoted", [("model.promote", "tiny-2", "tiny-1")])


def test_older_headlines_follow_in_the_background(service: Service) -> None:
    promote(service, "tiny-2", reason=REASON)
    assert service.top("?window=30d")["unscored"] == 1
    service.state.tick()
    assert raws(service, "30d") == {"w90": 10, "w20": 80, "w30": 70}


def test_the_shipped_folder_is_not_touched(service: Service) -> None:
    shipped = service.settings.models
    before = {path: path.stat().st_mtime_ns for path in [shipped, *shipped.rglob("*")]}
    promote(service, "tiny-2", reason=REASON)
    roll_back(service)
    assert {path: path.stat().st_mtime_ns for path in [shipped, *shipped.rglob("*")]} == before


def test_the_models_say_where_they_come_from_and_where_a_rollback_leads(service: Service) -> None:
    assert service.get("/v1/models").json()["previous"] is None
    promote(service, "tiny-2", reason=REASON)
    body = service.get("/v1/models").json()
    assert (body["current"], body["previous"]) == ("tiny-2", "tiny-1")
    assert {item["version"]: item["origin"] for item in body["items"]} == {
        "tiny-1": "shipped",
        "tiny-2": "own",
        "tiny-3": "own",
    }


def test_the_way_back_needs_no_reason_and_finds_the_old_scores(service: Service) -> None:
    run = tried(service, "tiny-2", promote=True)
    before = service.top("?window=30d")["items"]
    promote(service, "tiny-2")
    service.state.tick()
    answer = roll_back(service)
    assert (answer.status_code, answer.json()["current"], answer.json()["run"]) == (200, "tiny-1", run.id)
    assert service.top("?window=30d")["items"] == before
    assert (state_of(service, run), reigns(service)[0]) == ("rolled_back", ("model.rollback", "tiny-1", "tiny-2"))
    assert service.get("/v1/models").json()["previous"] is None


def test_a_second_rollback_never_leads_forward_again(service: Service) -> None:
    promote(service, "tiny-2", reason=REASON)
    promote(service, "tiny-3", reason=REASON)
    found = [roll_back(service) for _ in range(3)]
    assert [answer.status_code for answer in found] == [200, 200, 409]
    assert [answer.json()["current"] for answer in found[:2]] == ["tiny-2", "tiny-1"]
    assert "nothing to roll back to" in found[2].json()["detail"]


def refusal(answer: Response) -> str:
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:iscore:problem:gate-refused"), answer.text
    return str(answer.json()["detail"])


def test_without_the_gates_word_there_must_be_a_reason(service: Service) -> None:
    assert "no training run has made tiny-2" in refusal(promote(service, "tiny-2"))
    assert "10 characters" in refusal(promote(service, "tiny-2", reason="because  "))
    tried(service, "tiny-2", promote=False)
    assert "tiny-1 stays; give a reason" in refusal(promote(service, "tiny-2"))
    assert (reigns(service), service.top()["model"]) == ([], "tiny-1")
    answer = promote(service, "tiny-2", reason=REASON)
    assert (answer.status_code, answer.json()["overruled"]) == (200, ["tiny-1 stays."])
    entry = service.state.store.audit.entries(1)[0].entry
    assert (entry.details["reason"], entry.details["against"]) == (REASON, ["tiny-1 stays."])


def test_a_verdict_against_another_champion_does_not_count(service: Service) -> None:
    tried(service, "tiny-2", promote=True, champion="tiny-0")
    assert "judged it against tiny-0, and tiny-1 serves now" in refusal(promote(service, "tiny-2"))


def test_who_has_served_before_needs_a_reason_or_the_way_back(service: Service) -> None:
    tried(service, "tiny-2", promote=True)
    promote(service, "tiny-2")
    assert "has served before" in refusal(promote(service, "tiny-1"))
    roll_back(service)
    assert "has served before" in refusal(promote(service, "tiny-2"))
    assert promote(service, "tiny-2", reason=REASON).status_code == 200


@pytest.mark.parametrize("verdict", [None, b"", b"[]", b"{", b'{"promote": "yes"}', b"\xff"])
def test_a_verdict_that_says_nothing_lets_nobody_pass(service: Service, verdict: bytes | None) -> None:
    run = tried(service, "tiny-2", promote=True)
    service.state.store.runs.save(replace(run, verdict=verdict))
    assert "gate has not said" in refusal(promote(service, "tiny-2"))


def test_the_newest_run_that_made_a_version_counts(service: Service) -> None:
    run = tried(service, "tiny-2", promote=True)
    verdict = b'{"promote": false, "champion": "tiny-1", "summary": "no"}'
    newer = replace(run, id="run-9", created_at=NOON.replace(hour=13), verdict=verdict, state="queued")
    assert service.state.store.runs.start(newer, Entry("key", "run.start", "run-9"))
    assert "has not ended" in promote(service, "tiny-2").json()["detail"]
    service.state.store.runs.save(replace(newer, state="refused"))
    assert refusal(promote(service, "tiny-2")).startswith("no; ")


@pytest.mark.parametrize("scope", ["ingest", "editor"])
def test_only_an_admin_decides(service: Service, scope: str) -> None:
    assert promote(service, "tiny-2", scope, reason=REASON).status_code == 403
    assert service.client.post("/v1/models/rollback", headers=service.key(scope)).status_code == 403
    assert service.client.post("/v1/models/tiny-2/promote").status_code == 401


def test_what_cannot_serve_is_said_and_the_old_version_serves(service: Service) -> None:
    (own(service) / "tiny-2" / "encoder.onnx").write_bytes(b"damaged")
    assert promote(service, "tiny-2", reason=REASON).json()["type"] == "urn:iscore:problem:damaged-model"
    assert promote(service, "none-1", reason=REASON).status_code == 404
    assert promote(service, "tiny-1", reason=REASON).json()["detail"] == "tiny-1 serves already"
    assert promote(service, "tiny-3", reason=REASON, by="me").status_code == 422
    assert (reigns(service), service.top()["model"]) == ([], "tiny-1")


def test_a_store_that_refuses_leaves_the_choice_as_it_was(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(model: str, entry: Entry | None = None) -> None:
        raise StoreError("the database has gone away")

    with monkeypatch.context() as patch:
        patch.setattr(service.state.store, "reign", refuse)
        assert promote(service, "tiny-2", reason=REASON).status_code == 503
    assert (registry_of(service.settings).current(), service.state.model.version) == ("tiny-1", "tiny-1")
    assert promote(service, "tiny-2", reason=REASON).status_code == 200


def test_one_version_at_a_time_is_put_live(service: Service) -> None:
    loading, go_on = threading.Event(), threading.Event()
    beside = service.state.current.beside

    def slow(version: str) -> ImportanceModel:
        loading.set()
        assert go_on.wait(30)
        return beside(version)

    service.state.current.beside = slow  # type: ignore[method-assign]
    answers: list[Response] = []
    first = threading.Thread(target=lambda: answers.append(promote(service, "tiny-2", reason=REASON)))
    first.start()
    assert loading.wait(30)
    second = promote(service, "tiny-3", reason=REASON)
    go_on.set()
    first.join()
    assert (second.status_code, second.json()["type"]) == (409, "urn:iscore:problem:conflict")
    assert (answers[0].status_code, service.top()["model"]) == (200, "tiny-2")


def test_a_choice_past_the_gate_is_in_the_log_as_well(service: Service) -> None:
    registry_of(service.settings).use("tiny-2")
    service.state.tick()
    assert reigns(service) == [("model.use", "tiny-2", "tiny-1")]
    assert service.get("/v1/models").json()["previous"] == "tiny-1"


def test_the_first_start_logs_nothing(service: Service) -> None:
    assert reigns(service) == []


def restarted(service: Service) -> State:
    """What another process that starts now would hold."""
    return State(service.settings, open_store(service.settings.store_url(), service.clock), service.clock)


def test_who_was_killed_after_the_choice_is_finished_at_the_next_start(service: Service) -> None:
    registry_of(service.settings).use("tiny-2")
    state = restarted(service)
    assert state.store.ruler(state.store.revision()) == "tiny-2"
    assert state.lists.page("tiny-2", ListQuery(timedelta(hours=24))).unscored == 0
    assert reigns(service) == [("model.use", "tiny-2", "tiny-1")]
    state.store.close()


def test_a_run_that_was_not_told_is_told_at_the_next_start(service: Service) -> None:
    run = tried(service, "tiny-2", promote=True)
    promote(service, "tiny-2")
    service.state.store.runs.save(replace(run, state="awaiting_approval"))
    restarted(service).store.close()
    assert state_of(service, run) == "promoted"


def test_another_process_promotes_and_this_one_follows(service: Service) -> None:
    other = restarted(service)
    other.promote("tiny-2", "key", REASON)
    other.store.close()
    service.state.tick()
    assert (service.top()["model"], service.state.model.version) == ("tiny-2", "tiny-2")
    assert reigns(service) == [("model.promote", "tiny-2", "tiny-1")]
    assert registry_of(service.settings).current() == "tiny-2"


def test_a_version_that_awaits_approval_has_scored_the_last_day_before_anybody_asks(service: Service) -> None:
    tried(service, "tiny-2", promote=True)
    service.state.tick()
    day, month = (NOON - timedelta(days=days) for days in (1, 30))
    store = service.state.store
    assert store.unscored("tiny-2", day, NOON, 10) == []
    assert [one.title for one in store.unscored("tiny-2", month, NOON, 10)] == ["w30"]
    assert service.top("?window=30d")["model"] == "tiny-1"


def test_a_version_that_came_while_the_service_ran_has_scored_the_last_day_once_it_is_judged(service: Service) -> None:
    run = tried(service, "tiny-2", promote=False, state="evaluating")
    day, store = NOON - timedelta(days=1), service.state.store
    service.state.tick()
    assert store.unscored("tiny-3", day, NOON, 10) == []  # nobody trained it here
    assert len(store.unscored("tiny-2", day, NOON, 10)) == 2
    store.runs.save(replace(run, state="refused"))
    service.state.tick()
    assert store.unscored("tiny-2", day, NOON, 10) == []


def test_a_version_that_was_there_at_the_start_and_awaits_nothing_is_not_prepared(service: Service) -> None:
    tried(service, "tiny-2", promote=False, state="refused")
    state = restarted(service)
    state.tick()
    assert len(state.store.unscored("tiny-2", NOON - timedelta(days=1), NOON, 10)) == 2
    state.store.close()


def test_a_damaged_version_that_awaits_approval_disturbs_nobody(service: Service) -> None:
    (own(service) / "tiny-2" / "encoder.onnx").write_bytes(b"damaged")
    tried(service, "tiny-2", promote=True)
    assert [service.state.tick() for _ in range(2)] == [False, False]
