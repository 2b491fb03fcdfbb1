"""``/v1/labels``: judgements in, out, undone and counted."""

import json
from typing import Any

import pytest

from service.api.labels import MAX_EVENTS, LabelIn, keep
from service.judgements import judgement_from
from service.labels.rows import Import, from_rows
from service.store.editorial import LabelEvent
from tests.api.conftest import Service

DAM, PORT, VOTE, RAIN = "Dam bursts above town", "Port reopens after strike", "Mayor loses vote", "Rain delays final"
KEY = dict[str, str]


@pytest.fixture
def editor(service: Service) -> KEY:
    return service.key("editor")


def score(id_: str = "event-0001", title: str = DAM, i_score: float = 70, **more: Any) -> dict[str, Any]:
    return {"id": id_, "kind": "score", "titles": [title], "i_score": i_score, **more}


def post(service: Service, key: KEY, events: Any, code: int = 200) -> dict[str, Any]:
    answer = service.client.post("/v1/labels", json=events, headers=key)
    assert answer.status_code == code, answer.text
    body: dict[str, Any] = answer.json()
    return body


def results(service: Service, key: KEY, events: Any) -> list[str]:
    return [item["result"] for item in post(service, key, events)["items"]]


def delete(service: Service, key: KEY, label_id: str) -> int:
    return service.client.delete(f"/v1/labels/{label_id}", headers=key).status_code


def export(service: Service, key: KEY, query: str = "") -> list[dict[str, Any]]:
    answer = service.get(f"/v1/labels{query}", **key)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def standing(service: Service) -> list[LabelEvent]:
    return service.state.store.labels.standing()


def logged(service: Service) -> list[tuple[str, str, object]]:
    return [(one.entry.action, one.entry.subject, one.entry.details) for one in service.state.store.audit.entries(100)]


# --- in --------------------------------------------------------------------------------------------------


def test_a_judgement_is_kept_as_that_of_the_key_and_is_on_record(service: Service, editor: KEY) -> None:
    event = score(seconds=4.5, model="headline-base-4", shown=True, reason="many \u200bdead")
    assert post(service, editor, event) == {"items": [{"id": "event-0001", "result": "created"}]}
    (kept,) = standing(service)
    key_id = service.state.store.keys()[0].id
    assert kept == LabelEvent(
        "event-0001",
        key_id,
        service.clock(),
        judgement_from({**event, "reason": "many dead"}),
        seconds=4.5,
        model="headline-base-4",
        shown=True,
    )
    assert logged(service) == [("label.add", "event-0001", {"kind": "score", "titles": 1})]


def test_all_kinds_are_kept_in_one_request_in_input_order(service: Service, editor: KEY) -> None:
    events: list[dict[str, Any]] = [
        {"id": "event-pair", "kind": "pair", "titles": [DAM, PORT], "best": None},
        {"id": "event-bws4", "kind": "best_worst", "titles": [DAM, PORT, VOTE, RAIN], "best": 0, "worst": 3},
        {"id": "event-cannot", "kind": "cannot_judge", "titles": [VOTE], "reason": "no idea who that is"},
        score(),
    ]
    assert results(service, editor, events) == ["created"] * 4
    assert [one.id for one in standing(service)] == [event["id"] for event in events]


def test_the_titles_of_kept_headlines_are_looked_up(service: Service, editor: KEY) -> None:
    one, other = service.scored(DAM, 80), service.scored(PORT, 30)
    service.put(one, other)
    event = {"id": "event-pair", "kind": "pair", "headlines": [one.headline.id, other.headline.id], "best": 0}
    assert results(service, editor, event) == ["created"]
    assert export(service, editor)[0]["titles"] == [DAM, PORT]
    body = post(service, editor, [score(), {**event, "id": "event-pair2", "headlines": ["nobody"]}], 422)
    assert body["errors"][0]["field"] == "[1].headlines[0]"
    assert [one.id for one in standing(service)] == ["event-pair"]


def test_sending_twice_keeps_once_even_when_the_title_was_edited_in_between(service: Service, editor: KEY) -> None:
    one = service.scored(DAM, 80, url="https://news.example/dam")
    service.put(one)
    events = [
        score(),
        {"id": "event-0002", "kind": "score", "headlines": [one.headline.id], "i_score": 5, "repeat": True},
    ]
    assert results(service, editor, events) == ["created", "created"]
    service.clock.move(minutes=5)
    service.put(service.scored("Dam gives way above town", 80, url="https://news.example/dam"))
    assert results(service, editor, events) == ["duplicate", "duplicate"]
    assert len(standing(service)) == 2
    assert len(logged(service)) == 2


def test_an_offline_judgement_keeps_its_time_and_none_is_in_the_future(service: Service, editor: KEY) -> None:
    early, late = "2026-03-01T11:00:00+01:00", "2027-01-01T00:00:00Z"
    post(service, editor, [score(at=early), score("event-0002", PORT, at=late)])
    assert [row["at"] for row in export(service, editor)] == ["2026-03-01T10:00:00Z", "2026-03-01T12:00:00Z"]


# --- conflicts ---------------------------------------------------------------------------------------------


def test_a_second_judgement_of_the_same_title_is_refused_until_it_says_what_it_replaces(
    service: Service, editor: KEY
) -> None:
    post(service, editor, score())
    body = post(service, editor, score("event-0002", i_score=20), 409)
    assert body["type"] == "urn:iscore:problem:label-conflict"
    assert "event-0001" in body["detail"]
    assert (body["current"]["id"], body["current"]["i_score"]) == ("event-0001", 70)
    items = post(service, editor, [score("event-0002", i_score=20), score("event-0003", PORT)])["items"]
    assert [item["result"] for item in items] == ["conflict", "created"]
    assert items[0]["current"]["id"] == "event-0001"
    assert results(service, editor, score("event-0002", i_score=20, replaces="event-0001")) == ["created"]
    assert [one.id for one in standing(service)] == ["event-0003", "event-0002"]


def test_an_id_is_one_judgements_for_ever(service: Service, editor: KEY) -> None:
    post(service, editor, score())
    assert "choose a new one" in post(service, editor, score(i_score=71), 409)["detail"]
    assert "choose a new one" in post(service, service.key("editor"), score(), 409)["detail"]
    assert results(service, editor, [score(title=PORT)]) == ["conflict"]
    assert len(standing(service)) == 1


def test_correcting_what_does_not_stand_is_a_conflict(service: Service, editor: KEY) -> None:
    body = post(service, editor, score(replaces="event-0000"), 409)
    assert "does not stand" in body["detail"]
    assert "current" not in body


def test_another_editor_and_a_blind_repeat_are_no_conflict(service: Service, editor: KEY) -> None:
    post(service, editor, score())
    assert results(service, service.key("editor"), score("event-0002")) == ["created"]
    assert results(service, editor, score("event-0003", i_score=60, repeat=True)) == ["created"]


# --- what is refused -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (score("short"), "id"),
        (score(i_score=101), "i_score"),
        (score(i_score="70"), "i_score"),  # type: ignore[arg-type]
        (score(titles=None), "titles"),
        (score(headlines=["a"]), "titles"),
        (score(titles=[DAM, PORT]), "titles"),
        (score(title="..."), "titles[0]"),
        (score(seconds=-1), "seconds"),
        (score(at="noon"), "at"),
        (score(weight=2), "weight"),
        (score(best=0), "best"),
        ({**score(), "kind": "rank"}, "kind"),
        ({"id": "event-0001", "kind": "pair", "titles": [DAM, PORT]}, "best"),
        ({"id": "event-0001", "kind": "cannot_judge", "titles": [DAM]}, "reason"),
    ],
)
def test_a_bad_event_is_refused_by_field_and_nothing_is_kept(
    service: Service, editor: KEY, event: dict[str, Any], field: str
) -> None:
    assert post(service, editor, event, 422)["errors"][0]["field"] == field
    assert post(service, editor, [score("event-0009", RAIN), event], 422)["errors"][0]["field"] == f"[1].{field}"
    assert standing(service) == []


def test_what_is_no_event_or_too_many_is_refused(service: Service, editor: KEY) -> None:
    post(service, editor, "x", 422)
    post(service, editor, [1], 422)
    post(service, editor, [score(f"event-{n:04}", f"Storm {n}") for n in range(MAX_EVENTS + 1)], 413)
    for body in ("{", "[" * 100_000, '{"id": NaN}'):
        answer = service.client.post("/v1/labels", content=body, headers=editor)
        assert answer.status_code == 422
    assert results(service, editor, []) == []


@pytest.mark.parametrize("path", ["/v1/labels", "/v1/labels/progress"])
def test_labels_need_an_editors_key(service: Service, path: str) -> None:
    assert service.get(path).status_code == 401
    assert service.get(path, **service.key("ingest", "admin")).status_code == 403
    post(service, {}, score(), 401)
    assert delete(service, service.key("ingest"), "event-0001") == 403


def test_rooms_keep_judgements_in_the_same_way(service: Service, editor: KEY) -> None:
    key = service.state.store.keys()[0]
    item = keep(service.state, key, LabelIn.model_validate(score()))
    assert (item.result, standing(service)[0].by) == ("created", key.id)


# --- undo ----------------------------------------------------------------------------------------------------


def test_an_undone_judgement_can_be_judged_again_and_undone_again(service: Service, editor: KEY) -> None:
    for n in range(3):
        assert results(service, editor, score(f"event-{n:04}", i_score=n)) == ["created"]
        assert delete(service, editor, f"event-{n:04}") == 204
    assert standing(service) == []
    assert logged(service)[0] == ("label.undo", "event-0002", {"kind": "score", "titles": 1})
    assert len(logged(service)) == 6


def test_undoing_a_correction_brings_back_what_it_corrected(service: Service, editor: KEY) -> None:
    post(service, editor, [score(), score("event-0002", i_score=20, replaces="event-0001")])
    assert delete(service, editor, "event-0001") == 409
    assert delete(service, editor, "event-0002") == 204
    assert [one.id for one in standing(service)] == ["event-0001"]


def test_only_ones_own_standing_judgement_can_be_undone(service: Service, editor: KEY) -> None:
    post(service, editor, score())
    assert delete(service, service.key("editor"), "event-0001") == 403
    assert delete(service, editor, "event-0002") == 404
    assert delete(service, editor, "%00") == 404
    assert delete(service, editor, "event-0001") == 204
    assert delete(service, editor, "event-0001") == 409
    undo = export(service, editor, "?state=all")[1]
    assert undo["undoes"] == "event-0001"
    assert delete(service, editor, undo["id"]) == 404
    assert len(logged(service)) == 2


# --- out -----------------------------------------------------------------------------------------------------


def test_an_export_has_what_stands_or_all_that_happened(service: Service, editor: KEY) -> None:
    other = service.key("editor")
    post(service, editor, [score(), score("event-0002", PORT), score("event-0003", i_score=1, replaces="event-0001")])
    post(service, other, score("event-0004", VOTE))
    delete(service, editor, "event-0002")
    assert [row["id"] for row in export(service, editor)] == ["event-0003", "event-0004"]
    every = export(service, editor, "?state=all")
    assert [row["id"] for row in every][:4] == [f"event-000{n}" for n in (1, 2, 3, 4)]
    assert every[4]["undoes"] == "event-0002"
    mine, theirs = every[0]["by"], every[3]["by"]
    assert [row["id"] for row in export(service, editor, f"?by={theirs}")] == ["event-0004"]
    assert {row["by"] for row in export(service, editor, f"?by={mine}&state=all")} == {mine}


def test_an_export_can_be_imported_again(service: Service, editor: KEY) -> None:
    post(service, editor, [score(), score("event-0002", i_score=1, replaces="event-0001"), score("event-0003", PORT)])
    delete(service, editor, "event-0003")
    rows = ((row, None) for row in export(service, editor, "?state=all"))
    found = from_rows(rows, Import("x", service.clock()), csv=False)
    assert [event for _, event in found.events.values()] == [event for _, event in service.state.store.labels.events()]


def test_an_export_is_a_file_of_its_format_that_nobody_may_keep(service: Service, editor: KEY) -> None:
    post(service, editor, [score(title="=SUM(1) of all votes"), score("event-0002", PORT)])
    table = service.get("/v1/labels?format=csv", **editor)
    assert table.text.splitlines()[1].startswith("event-0001,score,'=SUM(1) of all votes,")
    tasks = service.get("/v1/labels?format=labelstudio", **editor)
    assert [task["data"]["title"] for task in tasks.json()] == ["=SUM(1) of all votes", PORT]
    for answer, type_, name in ((table, "text/csv; charset=utf-8", "csv"), (tasks, "application/json", "json")):
        assert answer.headers["Content-Type"] == type_
        assert answer.headers["Content-Disposition"] == f'attachment; filename="labels.{name}"'
        assert answer.headers["Cache-Control"] == "no-store"
    assert service.get("/v1/labels?format=labelstudio&state=all", **editor).status_code == 422
    assert service.get("/v1/labels?format=xls", **editor).status_code == 422
    assert export(service, editor, "?by=%00") == []


# --- progress ------------------------------------------------------------------------------------------------


def progress(service: Service, key: KEY) -> dict[str, Any]:
    answer = service.get("/v1/labels/progress", **key)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    body: dict[str, Any] = answer.json()
    return body


def test_progress_of_an_empty_store_is_nothing_and_says_so(service: Service, editor: KEY) -> None:
    body = progress(service, editor)
    assert body["all"]["total"] == body["you"]["total"] == 0
    assert (body["editors"], body["days"], body["you"]["per_hour"]) == ([], [], None)
    assert body["agreement"]["alpha"] is None
    assert body["agreement"]["words"].startswith("not known yet")


def test_progress_counts_pace_agreement_and_consistency(service: Service, editor: KEY) -> None:
    other = service.key("editor")
    for n in range(12):
        post(service, editor, score(f"event-a{n:03}", f"Storm {n} nears", 5 * n, seconds=6))
        post(service, other, score(f"event-b{n:03}", f"Storm {n} nears", 5 * n + 2))
        service.clock.move(seconds=30)
    post(service, editor, score("event-repeat", "Storm 3 nears", 19, repeat=True))
    post(service, editor, score("event-undone", "Undone at once", 19))
    delete(service, editor, "event-undone")
    body = progress(service, editor)
    assert (body["all"]["total"], body["you"]["total"], body["you"]["today"]) == (25, 13, 13)
    assert body["all"]["kinds"] == {"score": 25, "pair": 0, "best_worst": 0, "cannot_judge": 0}
    assert body["you"]["per_hour"] == 120
    assert body["you"]["median_seconds"] == 6
    assert body["you"]["consistency"] == {"repeats": 1, "mean_difference": 4, "within_10": 1}
    assert [one["total"] for one in body["editors"]] == [13, 12]
    assert body["editors"][0]["by"] == body["you"]["by"]
    assert body["days"] == [{"day": "2026-03-01", "count": 25}]
    low, high = body["agreement"]["interval"]
    assert low <= body["agreement"]["alpha"] <= high
    assert body["agreement"]["words"].startswith("good")
    service.clock.move(days=1)
    assert progress(service, editor)["you"]["today"] == 0
