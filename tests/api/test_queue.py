"""What a running service asks editors to judge, and the form for those without scripts."""

import html
import json
import re
from typing import Any

import pytest

from service.store.editorial import LabelEvent
from service.types import Judgement, JudgementKind
from tests.api.conftest import Service, Start

PLACES = ("Ardale", "Brookby", "Corwen", "Dunmore", "Elling", "Farrow", "Glenside", "Hartley", "Inver", "Jarrow")
EVENTS = (
    "Dam above {} bursts and floods the valley, thousands flee",
    "{} council votes to close three libraries next year",
    "Rail strike leaves commuters in {} stranded for second day",
    "Ten places for a quiet breakfast in {}",
    "Goalkeeper leaves {} United after nine seasons",
    "Court in {} strikes down law on protest marches",
)
TITLES = [event.format(place) for event in EVENTS for place in PLACES]


@pytest.fixture
def full(service: Service) -> Service:
    """A service with sixty headlines of the last hour."""
    service.put(*(service.scored(title, at * 1.5) for at, title in enumerate(TITLES)))
    return service


def queue(service: Service, key: dict[str, str], query: str = "") -> dict[str, Any]:
    answer = service.client.get(f"/v1/queue{query}", headers=key)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    body: dict[str, Any] = answer.json()
    return body


def titles(body: dict[str, Any]) -> list[str]:
    return [headline["title"] for item in body["items"] for headline in item["headlines"]]


def id_of(key: dict[str, str]) -> str:
    return key["Authorization"].split("_")[1]


def judge(
    service: Service, key: dict[str, str], title: str, hours_ago: float = 0, kind: JudgementKind = "score", **said: Any
) -> None:
    """Keep a judgement, through the store: many of them over HTTP take their time."""
    service.clock.move(hours=-hours_ago)
    number = len(service.state.store.labels.events(limit=10_000))
    judgement = Judgement(kind, (title,), 50.0 if kind == "score" else None, reason="Why not")
    event = LabelEvent(f"event-{number:05}", id_of(key), service.clock(), judgement, **said)
    assert service.state.store.labels.add([event]) == ["created"]
    service.clock.move(hours=hours_ago)


def test_items_say_what_to_judge_and_nothing_of_scores(full: Service) -> None:
    body = queue(full, full.key("editor"))
    assert (len(body["items"]), body["left"]) == (20, 60)
    assert body["items"][0].keys() == {"headlines", "why", "repeat", "model"}
    assert body["items"][0]["model"] == full.state.model.version
    for item in body["items"]:
        (headline,) = item["headlines"]
        assert headline.keys() == {"id", "title", "source", "published_at"}
        assert full.get(f"/v1/headlines/{headline['id']}").json()["title"] == headline["title"]
    assert {item["why"] for item in body["items"]} == {"uncertain", "high", "diverse", "random"}
    assert "score" not in json.dumps(body)


@pytest.mark.parametrize(("kind", "size"), [("score", 1), ("pair", 2), ("best_worst", 4)])
def test_each_kind_asks_for_so_many_headlines_and_none_twice(full: Service, kind: str, size: int) -> None:
    body = queue(full, full.key("editor"), f"?kind={kind}&limit=10")
    assert [len(item["headlines"]) for item in body["items"]] == [size] * 10
    assert len(titles(body)) == len(set(titles(body)))


def test_until_something_is_judged_the_same_is_asked_and_what_is_judged_no_more(full: Service) -> None:
    key = full.key("editor")
    first = queue(full, key)
    assert queue(full, key) == first
    judged = titles(first)[:3]
    for title in judged:
        judge(full, key, title)
    second = queue(full, key, "?limit=100")
    assert second["left"] == len(second["items"]) == 57
    assert not set(judged) & set(titles(second))
    assert len(titles(queue(full, key, "?kind=pair&limit=30"))) == 60


def test_what_is_undone_is_asked_again(full: Service) -> None:
    key = full.key("editor")
    judge(full, key, TITLES[0])
    undo = LabelEvent("undo-it-now", id_of(key), full.clock(), undoes="event-00000")
    full.state.store.labels.add([undo])
    assert TITLES[0] in titles(queue(full, key, "?limit=100"))


def test_what_cannot_be_judged_is_not_compared_either(full: Service) -> None:
    key = full.key("editor")
    judge(full, key, TITLES[0], kind="cannot_judge")
    for kind in ("score", "pair", "best_worst"):
        assert TITLES[0] not in titles(queue(full, key, f"?kind={kind}&limit=100"))


def test_editors_share_the_random_ones_and_no_others(full: Service) -> None:
    one, other = full.key("editor"), full.key("editor")
    for title in titles(queue(full, one)):
        judge(full, one, title)
    items = queue(full, other)["items"]
    common = {item["why"] for item in items if item["headlines"][0]["title"] in titles(queue(full, one, "?limit=100"))}
    assert "random" not in {item["why"] for item in items} - {"random"} & common
    done = {event.judgement.titles[0] for event in full.state.store.labels.standing() if event.judgement}
    assert {item["why"] for item in items if item["headlines"][0]["title"] in done} == {"random"}


def test_what_others_judged_needs_no_asking_in_other_words(full: Service) -> None:
    one, other = full.key("editor"), full.key("editor")
    before = queue(full, one)
    for title in [title for title in TITLES if title not in titles(before)][:10]:
        judge(full, other, title)
    after = queue(full, one)
    assert [item["why"] for item in after["items"]] == [item["why"] for item in before["items"]]
    assert titles(after) != titles(before)


def test_a_twentieth_are_own_judgements_again_and_look_like_the_others(full: Service) -> None:
    key = full.key("editor")
    for title in TITLES[:24]:
        judge(full, key, title, hours_ago=0)
    (again,) = [item for item in queue(full, key)["items"] if item["repeat"]]
    assert again["why"] == "repeat"
    assert again["headlines"][0]["title"] in TITLES[:4]
    assert again["headlines"][0]["id"]
    assert not any(item["repeat"] for item in queue(full, full.key("editor"))["items"])


def test_a_repeat_of_what_is_not_listed_any_more_has_its_title_alone(full: Service) -> None:
    key = full.key("editor")
    for number in range(20):
        judge(full, key, f"Old headline number {number}", hours_ago=30)
    (again,) = [item for item in queue(full, key)["items"] if item["repeat"]]
    headline = again["headlines"][0]
    assert headline["title"].startswith("Old headline")
    assert (headline["id"], headline["source"], headline["published_at"]) == (None, None, None)


def test_what_is_older_than_a_day_or_cannot_be_read_is_not_asked_for(service: Service) -> None:
    rows = [
        service.scored("Ferry sinks off Ardale", 80, minutes_ago=60 * 25),
        service.scored("Le barrage cède", 50, doubt="x"),
    ]
    service.put(*rows, service.scored("Mayor of Brookby resigns", 50))
    assert titles(queue(service, service.key("editor"))) == ["Mayor of Brookby resigns"]


def test_of_many_headlines_two_thousand_are_read_once(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    encode = service.state.model.encoder.encode

    def counted(asked: list[str]) -> Any:
        read.append(len(asked))
        return encode(asked)

    monkeypatch.setattr(service.state.model.encoder, "encode", counted)
    service.put(*(service.scored(f"{number} people move to {TITLES[number % 60]}", 50) for number in range(2100)))
    key = service.key("editor")
    assert queue(service, key)["left"] == 2000
    judge(service, key, titles(queue(service, key))[0])
    assert queue(service, key)["left"] == 2000
    assert read[0] == 2000
    assert sum(read[1:]) <= 2  # the judged one and who moves up


def test_an_empty_store_asks_nothing(idle: Service) -> None:
    assert queue(idle, idle.key("editor")) == {"items": [], "left": 0}


def test_only_editors_are_asked(idle: Service) -> None:
    assert idle.get("/v1/queue").status_code == 401
    assert idle.client.get("/v1/queue", headers=idle.key("ingest")).status_code == 403
    for query in ("?kind=star", "?limit=0", "?limit=101"):
        assert idle.client.get(f"/v1/queue{query}", headers=idle.key("editor")).status_code == 422


def test_a_busy_service_says_so(start: Start, tmp_path: Any) -> None:
    service = start(tmp_path / "state", max_waiting=1)
    with service.state.admission.place():
        assert service.client.get("/v1/queue", headers=service.key("editor")).status_code == 503


# --- the form without scripts ----------------------------------------------------------------------

SAME_SITE = {"Sec-Fetch-Site": "same-origin"}


def signed_in(service: Service) -> str:
    """The id of the key that the client is signed in with."""
    key = service.key("editor")
    text = key["Authorization"].removeprefix("Bearer ")
    answer = service.client.post("/editor/sign-in", data={"key": text}, headers=SAME_SITE, follow_redirects=False)
    assert answer.status_code == 303
    return id_of(key)


def form(text: str) -> dict[str, str]:
    """Hidden fields of the page's form."""
    plain = text[text.index('class="judge-plain"') : text.index("</form>", text.index('class="judge-plain"'))]
    fields = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', plain)
    return {name: html.unescape(value) for name, value in fields}


def post(service: Service, fields: dict[str, str], **headers: str) -> Any:
    sent = {**SAME_SITE, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return service.client.post("/editor/judge", data=fields, headers=sent, follow_redirects=False)


def test_a_form_that_is_sent_twice_is_kept_once_and_leads_to_the_next(full: Service) -> None:
    by = signed_in(full)
    fields = {**form(full.get("/editor/judge").text), "i_score": "70"}
    for _ in range(2):
        answer = post(full, fields)
        assert (answer.status_code, answer.headers["location"]) == (303, "/editor/judge")
    (kept,) = full.state.store.labels.standing(by)
    assert kept.judgement == Judgement("score", (fields["title"],), 70.0)
    assert (kept.model, kept.shown, kept.repeat) == (full.state.model.version, False, False)
    assert form(full.get("/editor/judge").text)["title"] != fields["title"]


def test_a_form_without_a_choice_or_of_what_was_judged_says_so(full: Service) -> None:
    by = signed_in(full)
    fields = form(full.get("/editor/judge").text)
    assert "Nothing was chosen" in post(full, fields).text
    assert post(full, {**fields, "i_score": "30"}).status_code == 303
    answer = post(full, {**fields, "id": "another-id", "i_score": "90"})
    assert answer.status_code == 422
    assert "You had judged this headline before" in answer.text
    assert [one.judgement and one.judgement.i_score for one in full.state.store.labels.standing(by)] == [30.0]


def test_a_headline_that_is_asked_for_comes_first_and_can_be_judged_anew(full: Service) -> None:
    by = signed_in(full)
    wanted = full.top("?limit=1")["items"][0]
    for score in ("30", "90"):
        fields = form(full.get(f"/editor/judge?headline={wanted['id']}").text)
        assert fields["title"] == wanted["title"]
        assert post(full, {**fields, "i_score": score}).status_code == 303
    assert [one.judgement and one.judgement.i_score for one in full.state.store.labels.standing(by)] == [90.0]
    assert form(full.get("/editor/judge?headline=unknown").text)["title"]


def test_strangers_and_other_sites_cannot_judge(full: Service) -> None:
    assert full.client.get("/editor/judge", follow_redirects=False).status_code == 303
    assert post(full, {"id": "some-id-1", "title": "x", "model": "m", "i_score": "1"}).status_code == 401
    signed_in(full)
    fields = {**form(full.get("/editor/judge").text), "i_score": "1"}
    assert post(full, fields, Sec_Fetch_Site="cross-site").status_code == 403
    assert post(full, {**fields, "replaces": "no id"}).status_code == 422
    assert full.state.store.labels.standing() == []


def test_titles_are_no_markup_on_the_page(service: Service) -> None:
    service.put(service.scored("</div><script>alert(1)</script> & 'quoted' \"words\"", 50))
    signed_in(service)
    text = service.get("/editor/judge").text
    assert "<script>" not in text
    (items,) = re.findall(r'data-items="([^"]*)"', text)
    assert json.loads(html.unescape(items))[0]["headlines"][0]["title"].startswith("</div><script>")


def test_the_page_says_when_nothing_is_left_and_who_is_signed_in(service: Service) -> None:
    by = signed_in(service)
    assert "You have judged all headlines of the last 24 hours." in service.get("/editor/judge").text
    assert service.get("/editor/judge/key").json() == {"key": by}
