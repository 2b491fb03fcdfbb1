"""Training by editors: a real one from labels to verdict, and the page that leads through it."""

import json
import re
import sys
from dataclasses import replace
from html import unescape
from queue import SimpleQueue

import pytest
from httpx2 import Response

from service import artifact
from service.judgements import held_out
from service.runs.asking import LEAST
from service.store.editorial import ACTIVE, Entry, LabelEvent, Run, RunState, RunStore
from service.types import Judgement
from tests.api.conftest import NOON, Service

SAME = {"Sec-Fetch-Site": "same-origin"}
PATH = "/v1/training-runs"
PLACES = ("harbour", "valley", "border", "capital", "island", "mountain", "desert", "coast")


class Heard:
    """The store's runs; every change to one can be waited for."""

    def __init__(self, runs: RunStore) -> None:
        self._runs = runs
        self.start, self.get, self.newest, self.active = runs.start, runs.get, runs.newest, runs.active
        self.changes: SimpleQueue[Run] = SimpleQueue()

    def save(self, run: Run, entry: Entry | None = None) -> None:
        self._runs.save(run, entry)
        self.changes.put(run)

    def until_over(self) -> Run:
        while (run := self.changes.get(timeout=120)).state in ACTIVE:
            pass
        return run


@pytest.fixture
def heard(service: Service) -> Heard:
    found = Heard(service.state.store.runs)
    service.state.store.runs = found  # type: ignore[assignment]
    return found


def judge(service: Service, count: int) -> list[Judgement]:
    """Judgements of a newsroom to whom ferries are everything."""
    titles = [f"{number} ferries late in the {PLACES[number % 8]} after storm {number}" for number in range(count)]
    judgements = [Judgement("score", (title,), 80.0 + number % 20) for number, title in enumerate(titles)]
    events = [LabelEvent(f"label-{number:04}", "ada", NOON, one) for number, one in enumerate(judgements)]
    service.state.store.labels.add(events)
    return judgements


def start(service: Service, *scopes: str, kind: str = "house") -> Response:
    return service.client.post(PATH, json={"kind": kind}, headers=service.key(*(scopes or ("editor",))))


def test_a_run_goes_from_labels_to_a_verdict_and_puts_nothing_live(service: Service, heard: Heard) -> None:
    champion = service.state.model.version
    judgements = judge(service, 150)
    answer = start(service)
    assert answer.status_code == 202, answer.text
    run = heard.until_over()
    found = service.get(answer.headers["location"], **service.key("editor")).json()
    assert found["state"] in ("awaiting_approval", "refused"), found["message"]
    assert (found["id"], found["labels"], found["champion"]) == (answer.json()["id"], 150, champion)
    verdict = found["verdict"]
    assert (verdict["champion"], verdict["challenger"]) == (champion, run.candidate)
    assert verdict["held_out"] == sum(map(held_out, judgements))
    assert verdict["labels_sha256"] == found["labels_sha256"]
    _order, error = (one for one in verdict["reasons"] if one["group"] == "better")
    assert error["challenger"] < error["champion"] - 5  # it has learnt what ferries are worth here
    assert found["message"] == verdict["summary"]
    versions = {one["version"]: one["origin"] for one in service.get("/v1/models").json()["items"]}
    assert versions == {champion: "shipped", run.candidate: "own"}
    assert service.top()["model"] == champion
    assert service.get(PATH, **service.key("editor")).json()["items"] == [found]


def test_the_same_labels_give_the_same_verdict_to_the_byte(service: Service, heard: Heard) -> None:
    judge(service, 40)
    start(service)
    first = heard.until_over()
    start(service)
    second = heard.until_over()
    assert first.verdict is not None
    assert (first.verdict, first.candidate) == (second.verdict, second.candidate)


def test_too_few_labels_are_refused_with_how_many_are_missing(service: Service) -> None:
    judge(service, LEAST - 4)
    answer = start(service)
    assert answer.status_code == 422
    assert "judge 4 more" in answer.json()["detail"]


def test_a_second_run_is_refused_while_one_is_on_and_can_be_cancelled(service: Service, heard: Heard) -> None:
    judge(service, LEAST)
    keep_waiting(service)
    run = start(service).json()
    second = start(service)
    assert (second.status_code, run["id"] in second.json()["detail"]) == (409, True)
    cancelled = service.client.post(f"{PATH}/{run['id']}/cancel", headers=service.key("editor"))
    assert cancelled.status_code == 200
    again = service.client.post(f"{PATH}/{run['id']}/cancel", headers=service.key("editor"))
    assert heard.until_over().state == "cancelled"
    assert again.status_code == 409


@pytest.mark.parametrize("path", ["", "/unknown/cancel"])
def test_only_editors_train(service: Service, path: str) -> None:
    assert service.client.post(PATH + path, json={"kind": "house"}).status_code == 401
    assert service.client.post(PATH + path, json={"kind": "house"}, headers=service.key("ingest")).status_code == 403


def test_an_unknown_run_is_not_found(service: Service) -> None:
    headers = service.key("editor")
    assert service.client.get(f"{PATH}/unknown", headers=headers).status_code == 404
    assert service.client.post(f"{PATH}/unknown/cancel", headers=headers).status_code == 404


def keep_waiting(service: Service) -> None:
    """Have a training that never ends, so that it can be looked at."""
    service.state.runner.trainer = (sys.executable, "-c", "import time; time.sleep(3600)")


def sign_in(service: Service, *scopes: str) -> None:
    """As a browser does; what is asked for afterwards bears the cookie."""
    text = service.key(*scopes)["Authorization"].removeprefix("Bearer ")
    answer = service.client.post("/editor/sign-in", data={"key": text}, headers=SAME, follow_redirects=False)
    assert answer.status_code == 303


def post(service: Service, path: str = "", **data: str) -> Response:
    return service.client.post(f"/editor/retrain{path}", data=data, headers=SAME, follow_redirects=False)


def words(answer: Response) -> str:
    """A page as text."""
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)))


def page(service: Service, path: str = "") -> str:
    answer = service.get(f"/editor/retrain{path}")
    assert answer.status_code == 200
    return words(answer)


def made(service: Service, promote: bool) -> str:
    """A run that has ended made a version that scores as the champion does; its name."""
    champion = service.state.model.version
    candidate = f"{champion}-house-1"
    source = artifact.read(service.settings.models / champion)
    artifact.write(service.settings.state / "models" / candidate, source.files, {"created_at": "2026-03-01"})
    better = {"name": "order of ratings", "group": "better", "passed": promote, "needed": "up", "champion": 0.5}
    better |= {"challenger": 0.75, "difference": 0.25, "interval": [0.125, 0.375]}
    floor = {**better, "name": "bytes", "group": "floor", "passed": True, "interval": None, "difference": None}
    verdict = {"promote": promote, "summary": "So it is.", "champion": champion, "challenger": candidate}
    verdict |= {"held_out": 30, "holdout_sha256": "ab" * 32, "reasons": [better, floor]}
    run = Run("run-1", "house", "queued", "ada", NOON, NOON, 40, "cd" * 32, champion)
    assert service.state.store.runs.start(run, Entry("ada", "run.start", run.id))
    state: RunState = "awaiting_approval" if promote else "refused"
    said = json.dumps(verdict).encode()
    service.state.store.runs.save(replace(run, state=state, candidate=candidate, message="So it is.", verdict=said))
    return candidate


def test_the_page_says_how_many_judgements_are_missing_and_for_what(service: Service) -> None:
    sign_in(service, "editor")
    assert f"A training needs {LEAST} more" in page(service)
    judge(service, 30)
    shown = page(service)
    assert "There are 30 judgements" in shown
    assert "The gate needs 20 that are held out before it can say yes" in shown


def test_a_press_on_the_button_begins_a_run_which_the_page_follows_and_ends(service: Service, heard: Heard) -> None:
    sign_in(service, "editor")
    judge(service, LEAST)
    keep_waiting(service)
    answer = post(service, kind="house")
    assert (answer.status_code, answer.headers["location"]) == (303, "/editor/retrain")
    run = service.state.store.runs.newest(1)[0]
    shown = service.get("/editor/retrain").text
    assert "A training is under way" in shown
    assert f'data-run="{run.id}"' in shown
    assert "/editor/static/retrain.js" in shown
    assert post(service, kind="house").status_code == 409
    assert post(service, f"/runs/{run.id}/cancel").status_code == 303
    assert heard.until_over().state == "cancelled"
    assert "cancelled" in page(service)


def test_a_run_that_cannot_begin_says_why_on_the_page(service: Service) -> None:
    sign_in(service, "editor")
    answer = post(service, kind="house")
    assert answer.status_code == 422
    assert "This could not be done: a training needs 10 judgements and there are 0: judge 10 more" in words(answer)


def test_the_verdict_is_a_table_with_reasons_in_words(service: Service) -> None:
    sign_in(service, "editor")
    candidate = made(service, promote=True)
    shown = page(service)
    assert f"{candidate} : may go live" in shown
    assert "order of ratings 0.5 0.75 +0.25 (+0.125 to +0.375) up ✓ better" in shown
    assert "As good elsewhere? 1 of 1 say yes; all must." in shown
    assert "Judged by 30 held-out judgements" in shown


def test_who_is_no_admin_sees_why_they_can_put_nothing_live(service: Service) -> None:
    sign_in(service, "editor")
    candidate = made(service, promote=True)
    assert "Putting it live needs a key with the scope admin ; yours has editor" in page(service)
    assert post(service, "/promote", version=candidate).status_code == 403
    assert post(service, "/rollback").status_code == 403


def test_an_admin_puts_live_what_the_gate_lets_pass_and_takes_it_back_with_a_click(service: Service) -> None:
    sign_in(service, "editor", "admin")
    champion, candidate = service.state.model.version, made(service, promote=True)
    assert "Reason (optional)" in page(service)
    assert post(service, "/promote", version=candidate).status_code == 303
    assert f"{candidate} serves now. Before it, {champion} did." in page(service).replace(" .", ".")
    assert service.top()["model"] == candidate
    assert post(service, "/rollback").status_code == 303
    assert service.top()["model"] == champion
    assert "taken back" in page(service)


def test_what_the_gate_refused_goes_live_only_for_a_written_reason(service: Service) -> None:
    sign_in(service, "editor", "admin")
    candidate = made(service, promote=False)
    assert "To put it live all the same, say why" in page(service)
    refused = post(service, "/promote", version=candidate)
    assert refused.status_code == 409
    assert "This could not be done: So it is; give a reason" in words(refused)
    assert post(service, "/promote", version=candidate, reason="It knows the islands better").status_code == 303
    assert service.top()["model"] == candidate


def test_the_page_of_changes_shows_both_lists_and_the_words_behind_the_largest(service: Service) -> None:
    sign_in(service, "editor")
    candidate = made(service, promote=True)
    sent = {"title": "Dam bursts above valley town, thousands flee", "url": "https://news.example/dam"}
    sent["published_at"] = "2026-03-01T11:50:00Z"
    assert service.client.post("/v1/headlines", json=[sent], headers=service.key()).status_code == 200
    service.state.tick()
    shown = page(service, f"/{candidate}/changes")
    assert "1 headlines of the last 24h" in shown
    assert shown.count("Dam bursts above valley town") == 2
    assert "No score would change" in shown


def test_of_an_unknown_version_there_is_nothing_to_show(service: Service) -> None:
    sign_in(service, "editor")
    assert service.get("/editor/retrain/nothing/changes").status_code == 404


def test_a_page_that_does_not_exist_for_strangers_leads_to_the_sign_in(service: Service) -> None:
    for path in ("", "/any/changes"):
        answer = service.client.get(f"/editor/retrain{path}", follow_redirects=False)
        assert (answer.status_code, "/editor/sign-in" in answer.headers["location"]) == (303, True)
