"""``/editor``: the list as editors see it, and everything they may do about it by plain forms."""

import re
from html import unescape
from typing import Any

import pytest
from httpx2 import Response

from service.keys import mint
from service.types import ScoredHeadline
from tests.api.conftest import Service

DAM, CUP, SOUP = "Dam bursts above <valley>", "Cup final goes to penalties", "Ten soups for autumn"
SAME = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def told(service: Service) -> dict[str, ScoredHeadline]:
    """Two headlines of one story, and two others; an editor called Ada is signed in."""
    put = [
        service.scored(DAM, 85, interval=(78, 91)),
        service.scored(CUP, 61),
        service.scored(SOUP, 12),
    ]
    put.append(service.scored("Valley flooded", 80, source="Herald", story=put[0].headline.id))
    service.put(*put)
    text, key = mint(["editor"], service.clock(), "Ada")
    service.state.store.add_key(key)
    service.client.post("/editor/sign-in", data={"key": text}, headers=SAME)
    return {one.headline.title: one for one in put}


def see(service: Service, query: str = "") -> str:
    answer = service.client.get(f"/editor{query}")
    assert answer.status_code == 200
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)))


def titles(service: Service, query: str = "") -> list[str]:
    """Of the rows of the list, not of what stands below it."""
    html = service.client.get(f"/editor{query}").text
    return [unescape(one) for one in re.findall(r'<a class="iscore-link"[^>]*><bdi>(.*?)</bdi>', html)]


def send(service: Service, address: str, one: ScoredHeadline, **fields: Any) -> Response:
    data = {"headline": one.headline.id, "window": "6h", **fields}
    return service.client.post(f"/editor{address}", data=data, headers=SAME, follow_redirects=False)


def pin(service: Service, one: ScoredHeadline, kind: str = "pin", **fields: str) -> Response:
    filled = {"kind": kind, "points": "10", "reason": "our own reporters", "hours": "6", **fields}
    return send(service, "/pins", one, **filled)


def test_it_shows_the_list_that_readers_see_with_what_they_do_not(
    service: Service, told: dict[str, ScoredHeadline]
) -> None:
    service.put(service.scored("Yesterday's summit", 99, minutes_ago=600))
    assert titles(service) == titles(service, "?window=1h") == [DAM, CUP, SOUP]
    assert titles(service, "?window=24h") == ["Yesterday's summit", DAM, CUP, SOUP]
    shown = see(service)
    assert f"1 {DAM} 85 / 100 , top importance Example News 2 outlets 11:55 UTC Open" in shown
    assert service.client.get("/editor?window=7d").status_code == 422


def test_only_a_row_that_stands_open_is_explained_and_its_points_add_up(
    service: Service, told: dict[str, ScoredHeadline]
) -> None:
    assert "no words" not in see(service)
    shown = see(service, f"?row={told[CUP].headline.id}")
    points = re.search(r"Why 61 no words (\S+) (.*?) Judge this", shown)
    assert points
    base, words = float(points[1]), re.findall(r"(\S+) ([+-]\d+\.\d)", points[2])
    assert [word for word, _ in words] == CUP.split()
    raw = service.client.post("/v1/score", json={"headlines": [CUP]}).json()["items"][0]["i_score_raw"]
    assert base + sum(float(gain) for _, gain in words) == pytest.approx(raw, abs=0.05 * (1 + len(words)))
    assert (
        f'/editor/judge?headline={told[CUP].headline.id}"'
        in service.client.get(f"/editor?row={told[CUP].headline.id}").text
    )


def test_a_row_is_pinned_with_a_reason_and_lifted_again(service: Service, told: dict[str, ScoredHeadline]) -> None:
    answer = pin(service, told[SOUP])
    soup = told[SOUP].headline.id
    assert (answer.status_code, answer.headers["location"]) == (303, f"/editor?window=6h&done=pin#row-{soup}")
    assert "Pinned." in see(service, "?window=6h&done=pin")
    assert titles(service) == [SOUP, DAM, CUP]
    assert "Pinned until 2026-03-01 18:00 UTC , by Ada : our own reporters Lift the pin of Ten soups" in see(service)
    (one,) = service.state.store.adjustments.active(service.clock())
    assert send(service, f"/pins/{one.id}/lift", told[SOUP]).headers["location"].endswith(f"done=lift#row-{soup}")
    assert titles(service) == [DAM, CUP, SOUP]


def test_what_is_muted_stands_apart_with_who_why_and_until_when(
    service: Service, told: dict[str, ScoredHeadline]
) -> None:
    pin(service, told[DAM], "mute", reason="<b>wrong</b>", hours="0.5")
    assert titles(service) == [CUP, SOUP]
    shown = see(service)
    assert f"Muted {DAM} Muted until 2026-03-01 12:30 UTC , by Ada : <b>wrong</b> Lift the mute of" in shown
    service.clock.move(minutes=30)
    assert titles(service) == [DAM, CUP, SOUP]


def test_what_holds_for_no_row_in_sight_can_be_lifted_all_the_same(
    service: Service, told: dict[str, ScoredHeadline]
) -> None:
    pin(service, told[CUP], "boost", points="-12.5")
    assert "Boosted by -12.5 points until" in see(service)
    assert "not listed above" not in see(service)
    service.clock.move(hours=2)
    assert f"Set, but not listed above {CUP} Boosted by -12.5 points" in see(service)


def test_points_are_those_of_a_boost_only(service: Service, told: dict[str, ScoredHeadline]) -> None:
    pin(service, told[SOUP], "mute", points="50")
    pin(service, told[CUP], "boost", points="50")
    held = service.state.store.adjustments.active(service.clock())
    assert sorted((one.kind, one.points) for one in held) == [("boost", 50), ("mute", 0)]


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"reason": "x"}, "reason"),
        ({"kind": ""}, "kind"),
        ({"kind": "boost", "points": ""}, "points"),
        ({"kind": "boost", "points": "many"}, "points"),
        ({"hours": "999"}, "hours"),
        ({"headline": "nobody"}, "no such headline"),
    ],
)
def test_what_cannot_be_done_is_told_on_the_page_and_what_was_typed_stays(
    service: Service, told: dict[str, ScoredHeadline], fields: dict[str, str], word: str
) -> None:
    answer = send(
        service, "/pins", told[SOUP], **{"kind": "pin", "points": "10", "reason": "my words", "hours": "6", **fields}
    )
    assert answer.status_code == 422
    fault = re.search(r'role="alert">(.*?)</p>', answer.text)
    assert fault
    assert word in fault[1]
    if "headline" not in fields:
        assert f'value="{fields.get("reason", "my words")}"' in answer.text
    assert service.state.store.adjustments.newest(1) == []


def test_two_editors_who_lift_the_same_are_told_apart(service: Service, told: dict[str, ScoredHeadline]) -> None:
    pin(service, told[SOUP])
    (one,) = service.state.store.adjustments.active(service.clock())
    statuses = [send(service, f"/pins/{one.id}/lift", told[SOUP]).status_code for _ in range(2)]
    assert statuses == [303, 409]
    assert send(service, "/pins/nothing/lift", told[SOUP]).status_code == 422


def test_rows_that_tell_the_same_are_merged_and_split_again(service: Service, told: dict[str, ScoredHeadline]) -> None:
    dam, cup = told[DAM].headline.id, told[CUP].headline.id
    assert send(service, f"/stories/{cup}/merge", told[CUP], into=dam).status_code == 303
    assert titles(service) == [DAM, SOUP]
    opened = see(service, f"?row={dam}")
    assert "Told by 3 headlines" in opened
    assert send(service, f"/stories/{dam}/split", told[DAM], leaving=[cup]).status_code == 303
    assert titles(service) == [DAM, CUP, SOUP]
    actions = [logged.entry.action for logged in service.state.store.audit.entries(2)]
    assert actions == ["story.split", "story.merge"]


@pytest.mark.parametrize(
    ("action", "fields", "word"),
    [
        ("merge", {}, "choose the row"),
        ("merge", {"into": "nobody"}, "choose the row"),
        ("split", {}, "choose the headlines"),
        ("split", {"leaving": ["nobody"]}, "not all"),
        ("split", {"leaving": "all"}, "leave at least one"),
    ],
)
def test_stories_that_cannot_be_changed_stay(
    service: Service, told: dict[str, ScoredHeadline], action: str, fields: dict[str, Any], word: str
) -> None:
    dam = told[DAM].headline.id
    if fields.get("leaving") == "all":
        fields = {"leaving": [dam, told["Valley flooded"].headline.id]}
    answer = send(service, f"/stories/{dam}/{action}", told[DAM], **fields)
    assert (answer.status_code, word in answer.text) == (422, True)
    assert titles(service) == [DAM, CUP, SOUP]


@pytest.mark.parametrize("address", ["/pins", "/pins/x/lift", "/stories/x/merge", "/stories/x/split"])
def test_no_other_site_and_nobody_who_is_not_signed_in_changes_anything(
    service: Service, told: dict[str, ScoredHeadline], address: str
) -> None:
    data = {"headline": told[SOUP].headline.id, "kind": "mute", "reason": "not ours", "hours": "6"}
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert service.client.post(f"/editor{address}", data=data, headers=foreign).status_code == 403
    service.client.cookies.clear()
    assert service.client.post(f"/editor{address}", data=data, headers=SAME).status_code == 401
    assert titles(service) == []
    answer = service.client.get("/editor", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/editor/sign-in?to=/editor")


def test_more_rows_than_a_page_has_follow_on_the_next(service: Service, told: dict[str, ScoredHeadline]) -> None:
    service.put(*(service.scored(f"Headline {n}", n / 3) for n in range(110)))
    first = service.client.get("/editor").text
    (address,) = re.findall(r'href="(/editor\?[^"]*cursor=[^"]*)">Next rows', first)
    rest = titles(service, unescape(address).removeprefix("/editor"))
    assert len(titles(service)) == 100
    assert len(rest) == 13
    assert not set(rest) & set(titles(service))


def test_an_empty_window_says_so(service: Service, told: dict[str, ScoredHeadline]) -> None:
    service.clock.move(hours=7)
    assert "No headlines in this window." in see(service)
