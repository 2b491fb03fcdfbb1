"""``/v1/audit`` and the page of the log: who changed what, page by page and as files."""

import csv
import io
import json
import re
from typing import Any

import pytest
from httpx2 import Response

from service.editor.audit import DEEDS, says
from service.keys import mint
from service.store.editorial import Entry
from tests.api.conftest import Service

FORMULAS = ["=1+1", "+1", "-1", "@sum", "\tx", "\rx"]


@pytest.fixture
def editor(service: Service) -> dict[str, str]:
    return service.key("editor")


def log(service: Service, *entries: Entry) -> None:
    for entry in entries:
        service.state.store.audit.add(entry)


def ask(service: Service, key: dict[str, str], query: str = "") -> Response:
    return service.client.get(f"/v1/audit{query}", headers=key)


def numbers(answer: Response) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [item["number"] for item in answer.json()["items"]]


def test_an_editors_key_is_needed(service: Service) -> None:
    assert service.get("/v1/audit").status_code == 401
    assert ask(service, service.key("ingest")).status_code == 403


def test_entries_say_who_did_what_to_what(service: Service, editor: dict[str, str]) -> None:
    log(service, Entry("command line", "feed.remove", "https://h.example/rss", {"why": "gone"}))
    answer = ask(service, editor)
    assert answer.json() == {
        "items": [
            {
                "number": 1,
                "at": "2026-03-01T12:00:00Z",
                "by": "command line",
                "name": None,
                "action": "feed.remove",
                "subject": "https://h.example/rss",
                "says": "removed the feed https://h.example/rss",
                "details": {"why": "gone"},
            }
        ],
        "links": {"next": None},
    }
    assert answer.headers["cache-control"] == "no-store"


def test_the_holder_of_a_key_is_named(service: Service, editor: dict[str, str]) -> None:
    _, key = mint(["editor"], service.clock())
    service.state.store.add_key(type(key)(key.id, key.digest, key.scopes, key.created_at, name="Ada"))
    log(service, Entry(key.id, "pin.end", "p1"))
    (item,) = ask(service, editor).json()["items"]
    assert (item["by"], item["name"]) == (key.id, "Ada")


def test_pages_follow_each_other_without_gaps_or_repeats(service: Service, editor: dict[str, str]) -> None:
    log(service, *(Entry("ada", "label.add", str(k)) for k in range(7)))
    seen, address = [], "?limit=3&by=ada"
    while address:
        answer = ask(service, editor, address)
        seen += numbers(answer)
        address = (answer.json()["links"]["next"] or "").removeprefix("/v1/audit")
        log(service, Entry("bob", "label.add", "meanwhile"))
    assert seen == [7, 6, 5, 4, 3, 2, 1]


def test_entries_can_be_those_of_one_caller_or_one_action(service: Service, editor: dict[str, str]) -> None:
    log(service, Entry("ada", "label.add", "1"), Entry("bob", "label.add", "2"), Entry("ada", "pin.add", "3"))
    assert numbers(ask(service, editor, "?by=ada")) == [3, 1]
    assert numbers(ask(service, editor, "?action=label.add")) == [2, 1]
    assert numbers(ask(service, editor, "?by=ada&action=label.add")) == [1]
    assert numbers(ask(service, editor, "?before=3")) == [2, 1]
    assert numbers(ask(service, editor, "?by=nobody")) == []


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "before=0", "before=x", "format=xml", f"by={'x' * 101}"])
def test_a_bad_query_is_named(service: Service, editor: dict[str, str], query: str) -> None:
    answer = ask(service, editor, f"?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == query.partition("=")[0]


def test_the_whole_log_comes_as_json_lines(service: Service, editor: dict[str, str]) -> None:
    log(service, *(Entry("ada", "label.add", f"é{k}", {"kind": "pair"}) for k in range(1203)))
    answer = ask(service, editor, "?format=jsonl&limit=5")
    rows = [json.loads(line) for line in answer.text.splitlines()]
    assert [row["number"] for row in rows] == list(range(1203, 0, -1))
    assert (rows[0]["subject"], rows[0]["details"]) == ("é1202", {"kind": "pair"})
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.headers["content-disposition"] == 'attachment; filename="iscore-audit.jsonl"'
    assert answer.headers["cache-control"] == "no-store"


def read_csv(answer: Response) -> list[dict[str, Any]]:
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_the_log_comes_as_csv_of_one_caller_too(service: Service, editor: dict[str, str]) -> None:
    log(service, Entry("bob", "pin.end", "p"), Entry("ada", "story.merge", "s,1", {"note": 'says "so"\nand so'}))
    answer = ask(service, editor, "?format=csv&by=ada")
    (row,) = read_csv(answer)
    assert (row["number"], row["by"], row["name"], row["subject"]) == ("2", "ada", "", "s,1")
    assert row["says"] == "joined stories into s,1"
    assert json.loads(row["details"]) == {"note": 'says "so"\nand so'}
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula_to_a_spreadsheet(service: Service, editor: dict[str, str], text: str) -> None:
    log(service, Entry(text, "pin.end", text, {"reason": text}))
    answer = ask(service, editor, "?format=csv")
    (row,) = csv.DictReader(io.StringIO(answer.content.decode(), newline=""))
    assert (row["by"], row["subject"]) == (f"'{text}", f"'{text}")
    assert not any(cell.startswith(tuple("=+-@\t\r")) for cell in row.values())


@pytest.mark.parametrize("action", DEEDS)
def test_every_deed_is_said_even_when_details_are_missing(action: str) -> None:
    said = says(Entry("ada", action, "x"))
    assert said
    assert "{" not in said


def test_details_do_not_choose_what_is_said() -> None:
    assert says(Entry("ada", "tea.make", "cup", {"action": "pin.add", "subject": "{kind}"})) == "tea.make: cup"


# --- the page ---------------------------------------------------------------------------------------


def sign_in(service: Service) -> None:
    key = service.key("editor")["Authorization"].removeprefix("Bearer ")
    same = {"Sec-Fetch-Site": "same-origin"}
    service.client.post("/editor/sign-in", data={"key": key}, headers=same, follow_redirects=False)


def lines(html: str) -> list[str]:
    rows = re.findall(r"<li>(.*?)</li>", html.partition('<ol class="log">')[2], re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", row.partition("<details")[0]).split()) for row in rows]


def page(service: Service, query: str = "") -> str:
    answer = service.client.get(f"/editor/log{query}")
    assert answer.status_code == 200, answer.text
    return answer.text


def test_the_page_says_when_nothing_is_logged_and_when_nothing_is_found(service: Service) -> None:
    sign_in(service)
    assert "Nothing has been changed yet." in page(service)
    assert "Nothing like this is in the log." in page(service, "?by=schedule&action=run.start")


def test_the_page_tells_entries_in_words_with_filters_and_older_ones(service: Service) -> None:
    sign_in(service)
    log(service, *(Entry("schedule", "run.start", f"r{k}", {"kind": "house", "none": None}) for k in range(60)))
    log(service, Entry("command line", "key.create", "<b>k</b>"))
    html = page(service)
    assert len(lines(html)) == 50
    assert lines(html)[0] == "2026-03-01 12:00 UTC command line made key &lt;b&gt;k&lt;/b&gt;"
    assert "<dt>kind</dt><dd><bdi>house</bdi></dd>" in html
    assert "<dt>none</dt>" not in html
    html = page(service, "?by=schedule&action=")
    assert '<option value="schedule" selected>' in html
    older = re.search(r'<a href="([^"]+)" rel="next">', html)
    assert older
    rest = service.client.get(older[1].replace("&amp;", "&")).text
    assert lines(rest)[0] == "2026-03-01 12:00 UTC schedule started training r9 (house)"
    assert len(lines(rest)) == 10
    assert 'href="/editor/log?by=schedule">Back to the newest' in rest
    assert 'href="/v1/audit?by=schedule&amp;format=csv"' in rest


def test_the_files_that_the_page_links_to_open_for_who_is_signed_in(service: Service) -> None:
    sign_in(service)
    log(service, Entry("command line", "model.use", "newsroom-1"))
    address = re.findall(r'href="(/v1/audit[^"]+)"', page(service))[0]
    assert read_csv(service.client.get(address.replace("&amp;", "&")))[0]["subject"] == "newsroom-1"


def test_the_page_offers_holders_of_keys_by_name(service: Service) -> None:
    sign_in(service)
    _, key = mint(["editor"], service.clock())
    service.state.store.add_key(type(key)(key.id, key.digest, key.scopes, key.created_at, name="Ada <3"))
    log(service, Entry(key.id, "label.undo", "l1"))
    html = page(service, f"?by={key.id}")
    assert f'<option value="{key.id}" selected>Ada &lt;3</option>' in html
    assert lines(html) == ["2026-03-01 12:00 UTC Ada &lt;3 took a judgement back"]
