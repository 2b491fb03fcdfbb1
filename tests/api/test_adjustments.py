"""``/v1/pins``: editors move rows for a time; scores, the past and what was written stay as they are."""

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

import service as package
from service.store.contract import Span
from service.types import ScoredHeadline
from tests.api.conftest import NOON, Service

DAM, CUP, SOUP = "Dam bursts above valley", "Cup final goes to penalties", "Ten soups for autumn"


@pytest.fixture
def told(service: Service) -> dict[str, ScoredHeadline]:
    put = [service.scored(DAM, 85), service.scored(CUP, 61), service.scored(SOUP, 12, topic="entertainment")]
    service.put(*put)
    return {one.headline.title: one for one in put}


@pytest.fixture
def editor(service: Service) -> dict[str, str]:
    return service.key("editor")


def post(service: Service, key: dict[str, str], one: ScoredHeadline, kind: str, **more: Any) -> Response:
    body = {"headline": one.headline.id, "kind": kind, "reason": "our own reporters", **more}
    return service.client.post("/v1/pins", json=body, headers=key)


def made(service: Service, key: dict[str, str], one: ScoredHeadline, kind: str, **more: Any) -> dict[str, Any]:
    answer = post(service, key, one, kind, **more)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def pins(service: Service, key: dict[str, str], query: str = "") -> list[dict[str, Any]]:
    return list(service.get(f"/v1/pins{query}", **key).json()["items"])


# --- what readers see ---


def test_a_pinned_row_comes_first_with_a_mark_and_the_models_score(
    service: Service, told: dict[str, ScoredHeadline], editor: dict[str, str]
) -> None:
    before = {item["title"]: item for item in service.top()["items"]}
    one = made(service, editor, told[SOUP], "pin")
    assert (one["kind"], one["headline"], one["story"]) == ("pin", told[SOUP].headline.id, told[SOUP].headline.id)
    assert (one["since"], one["expires_at"]) == ("2026-03-01T12:00:00Z", "2026-03-01T18:00:00Z")
    assert (one["reason"], one["holds"], one["ended_at"]) == ("our own reporters", True, None)
    items = service.top()["items"]
    assert [(item["title"], item["pinned"], item["adjusted"]) for item in items] == [
        (SOUP, True, "pin"),
        (DAM, False, None),
        (CUP, False, None),
    ]
    same = {"rank": 0, "pinned": False, "adjusted": None}
    assert [{**item, **same} for item in items] == [{**before[item["title"]], **same} for item in items]


def test_a_boost_adds_points_to_the_order_alone(
    service: Service, told: dict[str, ScoredHeadline], editor: dict[str, str]
) -> None:
    made(service, editor, told[CUP], "boost", points=30)
    made(service, editor, told[DAM], "boost", points=-80.5)
    items = service.top()["items"]
    assert [(item["title"], item["i_score"], item["adjusted"]) for item in items] == [
        (CUP, 61, "boost"),
        (SOUP, 12, None),
        (DAM, 85, "boost"),
    ]
    assert service.titles("?band=top") == [DAM]


def test_a_muted_story_is_in_no_list_and_in_no_count(
    service: Service, told: dict[str, ScoredHeadline], editor: dict[str, str]
) -> None:
    story = told[DAM].headline.id
    service.put(service.scored("Valley flooded", 99, source="B", story=story))
    made(service, editor, told[DAM], "mute")
    for query in ("", "?collapse=none", "?limit=1", "?limit=1&collapse=none", "?window=24h&min_score=1"):
        body = service.top(query)
        assert body["total"] == 2
        assert body["items"][0]["title"] == CUP
    for form in (".html", ".txt", ".rss", ".atom", ".feed.json"):
        assert "Valley" not in service.get(f"/v1/top{form}").text


def test_a_mute_of_many_headlines_leaves_the_totals_right_when_few_are_read(
    service: Service, editor: dict[str, str]
) -> None:
    story = [service.scored(f"Dam report {n}", 90, source=f"S{n}", story="dam") for n in range(30)]
    service.put(*story, *(service.scored(f"Headline {n}", n / 2) for n in range(120)))
    made(service, editor, story[3], "mute")
    assert (service.top("?limit=2")["total"], service.top("?limit=2&collapse=none")["total"]) == (120, 120)
    assert service.titles("?limit=2") == ["Headline 119", "Headline 118"]


def test_forms_for_people_mark_what_is_pinned_and_never_say_why(
    service: Service, told: dict[str, ScoredHeadline], editor: dict[str, str]
) -> None:
    made(service, editor, told[SOUP], "pin", reason="because the publisher likes soup")
    assert f"{SOUP} (Example News) [pinned]" in service.get("/v1/top.txt").text
    html = service.get("/v1/top.html").text
    assert html.index(SOUP) < html.index(">pinned<") < html.index(DAM)
    everything = [f"/v1/top{form}" for form in ("", ".html", ".txt", ".rss", ".atom", ".feed.json")]
    for address in [*everything, f"/v1/headlines/{told[SOUP].headline.id}", "/", "/top"]:
        answer = service.get(address)
        assert answer.status_code == 200
        assert "publisher likes" not in answer.text


def test_an_adjustment_ends_by_itself_and_the_kept_list_with_it(
    service: Service, told: dict[str, ScoredHeadline], editor: dict[str, str]
) -> None:
    made(service, editor, told[SOUP], "pin", hours=0.25)
    service.clock.move(minutes=14)
    assert service.titles() == [SOUP, DAM, CUP]
    service.clock.move(minutes=1)
    assert service.titles() == [DAM, CUP, SOUP]
    assert [one["holds"] for one in pins(service, editor)] == [False]


def test_what_is_pinned_and_lifted_is_a_change_that_streams_and_copies_notice(
    service: Service, told: dict[str, ScoredHeadline], editor: dict[str, str]
) -> None:
    etag = service.get("/v1/top").headers["etag"]
    one = made(service, editor, told[SOUP], "pin")
    assert service.get("/v1/top", If_None_Match=etag).status_code == 200
    assert service.client.delete(f"/v1/pins/{one['id']}", headers=editor).status_code == 204
    assert service.get("/v1/top", If_None_Match=etag).status_code == 304


def test_an_adjustment_that_moves_nothing_changes_no_copy(
    service: Service, told: dict[str, ScoredHeadline], editor: dict[str, str]
) -> None:
    one = made(service, editor, told[CUP], "boost", points=1)
    etag = service.get("/v1/top").headers["etag"]
    service.clock.move(seconds=1)
    made(service, editor, told[CUP], "boost", points=2)
    assert service.get("/v1/top").headers["etag"] == etag
    assert service.client.delete(f"/v1/pins/{one['id']}", headers=editor).status_code == 409


# --- the past ---


def test_lists_of_the_past_and_pages_under_way_are_as_they_were(service: Service, editor: dict[str, str]) -> None:
    draw = random.Random(5)
    put = [service.scored(f"Headline {n}", draw.choice([20, 40, 40, 70]), n, story=f"s{n % 9}") for n in range(14)]
    service.put(*put)
    seen: list[tuple[str, bytes]] = []
    known: list[str] = []
    for _ in range(20):
        service.clock.move(seconds=draw.choice([1, 40, 400]))
        deed = draw.choice(["pin", "boost", "mute", "lift", "wait"])
        if deed == "lift" and known:
            service.client.delete(f"/v1/pins/{known.pop()}", headers=editor)
        elif deed in ("pin", "boost", "mute"):
            points = {"points": draw.choice([-30, 35])} if deed == "boost" else {}
            hours = draw.choice([0.01, 0.1, 3])
            known.append(made(service, editor, draw.choice(put), deed, hours=hours, **points)["id"])
        service.clock.move(seconds=1)
        for query in ("?limit=3", "?limit=4&collapse=none", "?window=6h&min_score=30&limit=2"):
            answer = service.get(f"/v1/top{query}")
            seen.append((answer.json()["links"]["self"], answer.content))
            while following := answer.json()["links"]["next"]:
                answer = service.get(following)
                seen.append((following, answer.content))
    assert len({body for _, body in seen}) > 40
    for address, body in seen:
        assert service.get(address).content == body


def test_where_a_row_stood_is_where_it_was_seen(
    service: Service, told: dict[str, ScoredHeadline], editor: dict[str, str]
) -> None:
    service.clock.move(minutes=15)
    made(service, editor, told[SOUP], "pin")
    assert [(item["title"], item["previous_rank"]) for item in service.top()["items"]] == [
        (SOUP, 3),
        (DAM, 1),
        (CUP, 2),
    ]
    service.clock.move(minutes=11)
    service.put(service.scored("Rates cut by half a point", 70))
    assert [item["previous_rank"] for item in service.top()["items"]] == [1, 2, None, 3]


# --- what the model sees ---


def test_scores_percentiles_and_what_is_kept_of_them_know_nothing_of_adjustments(
    service: Service, told: dict[str, ScoredHeadline], editor: dict[str, str]
) -> None:
    def kept() -> object:
        model, window = service.state.model.version, (NOON - timedelta(hours=1), NOON)
        scores = sorted(service.state.store.window(Span(model, *window)), key=lambda one: one.headline.id)
        return scores, service.state.store.raws(model, *window, 100), service.state.store.labels.standing()

    before = kept()
    for title, kind in ((DAM, "mute"), (CUP, "pin"), (SOUP, "boost")):
        made(service, editor, told[title], kind, **({"points": 50} if kind == "boost" else {}))
    service.state.tick()
    assert kept() == before
    answer = service.client.post("/v1/score", json={"headlines": [DAM, CUP, SOUP]}).json()
    service.client.delete(f"/v1/pins/{pins(service, editor)[0]['id']}", headers=editor)
    assert service.client.post("/v1/score", json={"headlines": [DAM, CUP, SOUP]}).json() == answer


def test_nothing_that_scores_or_learns_knows_of_adjustments() -> None:
    root = Path(package.__file__).parent.parent
    rooms = "model scoring encoder head calibration explain rescore batch judgements selecting labels/* runs/* drift/*"
    paths = [*root.glob("training/**/*.py")]
    for room in rooms.split():
        paths += (found := [*root.glob(f"service/{room}.py")])
        assert found, room
    assert [path for path in paths if "djustment" in path.read_text("utf-8")] == []


# --- what editors may ask for ---


def test_an_adjustment_takes_the_place_of_one_of_its_kind_on_the_same_story(
    service: Service, told: dict[str, ScoredHeadline], editor: dict[str, str]
) -> None:
    first = made(service, editor, told[CUP], "boost", points=5)
    made(service, editor, told[CUP], "pin")
    service.clock.move(minutes=1)
    made(service, editor, told[CUP], "boost", points=7)
    holding = pins(service, editor, "?holding=true")
    assert sorted((one["kind"], one["points"]) for one in holding) == [("boost", 7), ("pin", 0)]
    assert [one["id"] for one in pins(service, editor, "?holding=false")] == [first["id"]]
    assert len(pins(service, editor)) == 3
    assert len(pins(service, editor, "?limit=1")) == 1


def test_every_change_is_in_the_log_with_who_and_why(
    service: Service, told: dict[str, ScoredHeadline], editor: dict[str, str]
) -> None:
    one = made(service, editor, told[SOUP], "pin")
    service.client.delete(f"/v1/pins/{one['id']}", headers=editor)
    ended, added = (logged.entry for logged in service.state.store.audit.entries(2))
    by = editor["Authorization"].split("_")[1]
    assert (added.by, added.action, added.subject) == (by, "pin.add", one["id"])
    assert (added.details["kind"], added.details["title"], added.details["reason"]) == (
        "pin",
        SOUP,
        "our own reporters",
    )
    assert (ended.by, ended.action, ended.subject) == (by, "pin.end", one["id"])


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"kind": "hide"}, "kind"),
        ({"reason": "no"}, "reason"),
        ({"reason": " \u200b  no  "}, "reason"),
        ({"reason": "x" * 201}, "reason"),
        ({"reason": None}, "reason"),
        ({"kind": "boost"}, "points"),
        ({"kind": "boost", "points": 0}, "points"),
        ({"kind": "boost", "points": 101}, "points"),
        ({"points": 5}, "points"),
        ({"hours": 0}, "hours"),
        ({"hours": 169}, "hours"),
        ({"hours": 1, "expires_at": "2026-03-01T13:00:00Z"}, "not both"),
        ({"expires_at": "2026-03-01T12:00:00Z"}, "next 168 hours"),
        ({"expires_at": "2026-03-08T12:00:01Z"}, "next 168 hours"),
        ({"expires_at": "0001-01-01T00:00:00+14:00"}, "next 168 hours"),
        ({"expires_at": "2026-03-01T13:00:00"}, "expires_at"),
        ({"color": "red"}, "color"),
    ],
)
def test_what_makes_no_sense_is_told_and_nothing_is_done(
    service: Service, told: dict[str, ScoredHeadline], editor: dict[str, str], body: dict[str, Any], word: str
) -> None:
    revision = service.state.store.revision()
    answer = post(service, editor, told[SOUP], **{"kind": "pin", **body})
    assert (answer.status_code, word in answer.json()["detail"]) == (422, True)
    assert service.state.store.revision() == revision
    assert pins(service, editor) == []


def test_until_when_can_be_said_as_a_time(
    service: Service, told: dict[str, ScoredHeadline], editor: dict[str, str]
) -> None:
    one = made(service, editor, told[SOUP], "pin", expires_at="2026-03-01T14:00:00+01:00")
    assert one["expires_at"] == "2026-03-01T13:00:00Z"


def test_what_is_unknown_or_over_cannot_be_changed(
    service: Service, told: dict[str, ScoredHeadline], editor: dict[str, str]
) -> None:
    answer = post(service, editor, service.scored("Not kept", 1), "pin")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:iscore:problem:unknown-headline")
    answer = service.client.delete("/v1/pins/nothing", headers=editor)
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:iscore:problem:unknown-pin")
    one = made(service, editor, told[SOUP], "mute", hours=1)
    service.clock.move(hours=1)
    answer = service.client.delete(f"/v1/pins/{one['id']}", headers=editor)
    assert (answer.status_code, "over already" in answer.json()["detail"]) == (409, True)


@pytest.mark.parametrize(("scopes", "status"), [((), 401), (("ingest",), 403), (("admin",), 403)])
def test_only_editors_move_rows(
    service: Service, told: dict[str, ScoredHeadline], scopes: tuple[str, ...], status: int
) -> None:
    key = service.key(*scopes) if scopes else {}
    assert post(service, key, told[SOUP], "pin").status_code == status
    assert service.get("/v1/pins", **key).status_code == status
    assert service.client.delete("/v1/pins/x", headers=key).status_code == status


# --- stories that change ---


def test_an_adjustment_goes_with_its_headline_into_another_story(
    service: Service, told: dict[str, ScoredHeadline], editor: dict[str, str]
) -> None:
    made(service, editor, told[SOUP], "mute")
    soup, cup = told[SOUP].headline.id, told[CUP].headline.id
    service.clock.move(seconds=1)
    before = service.top()
    service.clock.move(seconds=1)
    answer = service.client.post(f"/v1/stories/{cup}/merge", json={"stories": [soup]}, headers=editor)
    assert answer.status_code == 200
    assert service.titles() == [DAM]
    service.clock.move(seconds=1)
    answer = service.client.post(f"/v1/stories/{cup}/split", json={"headlines": [soup]}, headers=editor)
    assert answer.status_code == 200
    assert service.titles() == [DAM, CUP]
    assert [one["story"] for one in pins(service, editor, "?holding=true")] == [answer.json()["id"]]
    assert service.get(before["links"]["self"]).json() == before


def test_who_merges_and_splits_is_in_the_log(
    service: Service, told: dict[str, ScoredHeadline], editor: dict[str, str]
) -> None:
    soup, cup = told[SOUP].headline.id, told[CUP].headline.id
    service.client.post(f"/v1/stories/{cup}/merge", json={"stories": [soup]}, headers=editor)
    service.client.post(f"/v1/stories/{cup}/merge", json={"stories": [cup]}, headers=editor)  # changes nothing
    new = service.client.post(f"/v1/stories/{cup}/split", json={"headlines": [soup]}, headers=editor).json()["id"]
    split, merged = (logged.entry for logged in service.state.store.audit.entries(10) if "story" in logged.entry.action)
    assert (merged.action, merged.subject, merged.details) == (
        "story.merge",
        cup,
        {"stories": [soup], "headlines": [soup]},
    )
    assert (split.action, split.subject, split.details) == ("story.split", cup, {"story": new, "headlines": [soup]})
