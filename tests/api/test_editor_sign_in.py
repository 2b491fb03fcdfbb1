"""Signing in to the editors' pages: a key in, a cookie out, and what nobody can do with either."""

import logging
import re
from datetime import timedelta
from pathlib import Path

import pytest
from httpx2 import Response
from itsdangerous import URLSafeSerializer

from service.api.editor.session import COOKIE, LIFE
from service.keys import mint
from tests.api.conftest import Service, Start

SAME = {"Sec-Fetch-Site": "same-origin"}
PAGE = "/editor/log"
"""A page that needs nothing but an editor who is signed in."""


def key_text(service: Service, *scopes: str) -> str:
    return service.key(*(scopes or ("editor",)))["Authorization"].removeprefix("Bearer ")


def sign_in(service: Service, key: str, to: str | None = None, **headers: str) -> Response:
    """Post the form; ``headers`` instead of those of a page of ours."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()} or SAME
    data = {"key": key} if to is None else {"key": key, "to": to}
    return service.client.post("/editor/sign-in", data=data, headers=sent, follow_redirects=False)


def look(service: Service, address: str = PAGE) -> Response:
    return service.client.get(address, follow_redirects=False)


def is_in(service: Service) -> bool:
    answer = look(service)
    assert answer.status_code in (200, 303)
    return answer.status_code == 200


def test_a_good_key_leads_to_the_page_that_was_wanted(service: Service) -> None:
    asked = look(service, PAGE + "?by=schedule")
    assert (asked.status_code, asked.headers["location"]) == (303, "/editor/sign-in?to=/editor/log%3Fby%3Dschedule")
    form = service.client.get(asked.headers["location"])
    assert 'name="to" value="/editor/log?by=schedule"' in form.text
    answer = sign_in(service, f" {key_text(service)}\n", PAGE + "?by=schedule")  # as it is copied from a terminal
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE + "?by=schedule")
    assert is_in(service)


def test_without_a_wish_the_first_page_is_shown(service: Service) -> None:
    assert sign_in(service, key_text(service)).headers["location"] == "/editor"


@pytest.mark.parametrize("key", ["", "isk_", "x" * 5000, "isk_aaaaaaaa_" + "a" * 38, "ключ", "\0", '"><script>'])
def test_what_is_no_key_is_refused_in_words_and_not_shown_again(service: Service, key: str) -> None:
    answer = sign_in(service, key)
    assert answer.status_code == 403
    assert "this is not a whole iscore key" in answer.text
    assert 'role="alert"' in answer.text
    assert not key or key not in answer.text
    assert COOKIE not in answer.cookies
    assert not is_in(service)


def test_an_unknown_key_is_refused(service: Service) -> None:
    text, _ = mint(["editor"], service.clock())
    answer = sign_in(service, text)
    assert "this key is unknown" in answer.text
    assert not is_in(service)


def test_a_key_for_sending_headlines_opens_no_page(service: Service) -> None:
    answer = sign_in(service, key_text(service, "ingest"))
    assert answer.status_code == 403
    assert re.search(r"has the scopes ingest; this needs editor", answer.text)
    assert not is_in(service)


def test_a_form_without_a_key_or_with_a_file_for_one_is_refused(service: Service) -> None:
    assert service.client.post("/editor/sign-in", headers=SAME).status_code == 403
    files = {"key": ("key.txt", b"isk_")}
    assert service.client.post("/editor/sign-in", files=files, headers=SAME).status_code == 422


def test_a_revoked_key_ends_the_session_at_once(service: Service) -> None:
    text = key_text(service)
    sign_in(service, text)
    assert is_in(service)
    service.state.store.revoke_key(text[4:12], service.clock())
    assert not is_in(service)
    assert service.client.get("/v1/audit").status_code == 401
    assert "was revoked" in sign_in(service, text).text


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(service: Service) -> None:
    flags = sign_in(service, key_text(service)).headers["set-cookie"].split("; ")
    assert {"HttpOnly", "Path=/", "SameSite=strict", f"Max-Age={int(LIFE.total_seconds())}"} <= set(flags)
    assert not any(flag.startswith("Domain") for flag in flags)
    assert "Secure" not in flags  # over http it would never come back


def test_over_https_the_cookie_never_travels_in_the_clear(start: Start, tmp_path: Path) -> None:
    service = start(tmp_path / "state", public_url="https://news.example")
    assert "Secure" in sign_in(service, key_text(service)).headers["set-cookie"].split("; ")


def test_a_session_ends_by_the_clock(service: Service) -> None:
    sign_in(service, key_text(service))
    service.clock.now += LIFE - timedelta(seconds=1)
    assert is_in(service)
    service.clock.move(seconds=1)
    assert not is_in(service)


def test_signing_out_takes_the_cookie_back(service: Service) -> None:
    sign_in(service, key_text(service))
    answer = service.client.post("/editor/sign-out", headers=SAME, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/editor/sign-in")
    assert COOKIE not in service.client.cookies
    assert not is_in(service)


@pytest.mark.parametrize("place", [0, 5, -1])
def test_a_cookie_that_was_tampered_with_opens_nothing(service: Service, place: int) -> None:
    sign_in(service, key_text(service))
    good = service.client.cookies[COOKIE]
    index = place % len(good)
    bad = good[:index] + ("A" if good[index] != "A" else "Q") + good[index + 1 :]
    service.client.cookies.clear()
    service.client.cookies.set(COOKIE, bad)
    assert not is_in(service)


@pytest.mark.parametrize("cookie", ["", ".", "..", "W10.x", "%00", "a" * 4000])
def test_what_is_no_cookie_of_ours_opens_nothing(service: Service, cookie: str) -> None:
    service.client.cookies.set(COOKIE, cookie)
    assert not is_in(service)


def test_what_we_signed_for_other_ends_or_unknown_keys_opens_nothing(service: Service) -> None:
    secret, ends = service.state.store.secret(), service.clock().timestamp() + 60
    key_id = key_text(service)[4:12]
    for salt, content in (("iscore.cursor", [key_id, ends]), ("iscore.session", ["00000000", ends])):
        service.client.cookies.clear()
        service.client.cookies.set(COOKIE, str(URLSafeSerializer(secret, salt=salt).dumps(content)))
        assert not is_in(service)


@pytest.mark.parametrize(
    "to",
    [
        *("https://evil.example/", "//evil.example/editor/", "/\\evil.example", "/editor.evil.example/", "/v1/top"),
        *(
            "javascript:1",
            "",
            "/editor\n/x",
            "/editor/\r\nSet-Cookie: a=b",
            "/editor/\ufffd",
            "/editor/ä",
            "/editorial",
        ),
        *("/editor/sign-in", "/editor/sign-in?to=/editor/sign-in", "/editor/sign-out"),
    ],
)
def test_nobody_is_led_to_another_site_or_in_circles(service: Service, to: str) -> None:
    asked = service.client.get("/editor/sign-in", params={"to": to})
    assert 'name="to" value="/editor"' in asked.text
    answer = sign_in(service, key_text(service), to)
    assert (answer.status_code, answer.headers["location"]) == (303, "/editor")


OTHERS: list[dict[str, str]] = [
    {"Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "same-site"},
    {"Sec_Fetch_Site": "none"},
    {"Sec_Fetch_Site": "cross-site", "Origin": "http://testserver"},
    {"Origin": "http://evil.example"},
    {"Origin": "http://testserver.evil.example"},
    {"Origin": "null"},
    {"Origin": "http://["},
    {"Accept": "*/*"},  # neither header
]


@pytest.mark.parametrize("headers", OTHERS)
def test_another_site_can_sign_nobody_in_or_out(service: Service, headers: dict[str, str]) -> None:
    answer = sign_in(service, key_text(service), **headers)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    sign_in(service, key_text(service))
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    assert service.client.post("/editor/sign-out", headers=sent).status_code == 403
    assert is_in(service)


@pytest.mark.parametrize("headers", OTHERS)
def test_another_site_changes_nothing_with_an_editors_cookie(service: Service, headers: dict[str, str]) -> None:
    sign_in(service, key_text(service))
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    service.put(service.scored("Dam opens", 50))
    (item,) = service.top()["items"]
    address = f"/v1/stories/{item['story']['id']}/merge"
    answer = service.client.post(address, json={"stories": [item["story"]["id"]]}, headers=sent)
    assert answer.status_code == 403
    assert "does not come from the editors' pages" in answer.json()["detail"]
    assert service.client.post(address, json={"stories": [item["story"]["id"]]}, headers=SAME).status_code == 200


def test_a_browser_without_fetch_metadata_is_known_by_its_origin(service: Service) -> None:
    assert sign_in(service, key_text(service), Origin="http://testserver").status_code == 303


def test_a_key_in_a_header_needs_no_page_around_it(service: Service) -> None:
    assert service.client.get("/v1/audit", headers=service.key("editor")).status_code == 200


def test_what_may_be_cached_sets_no_cookie_and_is_the_same_with_one(service: Service) -> None:
    service.put(service.scored("Dam opens", 50))
    addresses = ("/v1/top", "/v1/top.html", "/", "/top", "/widget/iscore.js", "/editor/static/editor.css")
    before = {address: service.get(address).content for address in addresses}
    sign_in(service, key_text(service))
    for address, content in before.items():
        answer = service.get(address)
        assert answer.content == content
        assert "set-cookie" not in answer.headers
        assert "cookie" not in answer.headers.get("vary", "").lower()


def test_pages_of_editors_are_kept_nowhere_and_run_nothing_but_ours(service: Service) -> None:
    sign_in(service, key_text(service))
    for address in ("/editor/sign-in", "/editor/log", "/editor/drift"):
        answer = look(service, address)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
        assert policy["require-trusted-types-for"] == "'script'"
    assert look(service, "/editor/nowhere").status_code == 404


def test_a_key_is_in_no_answer_cookie_or_log(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    text = key_text(service)
    answers = [
        sign_in(service, text),
        sign_in(service, text[:-1]),
        *(look(service, address) for address in ("/editor/sign-in", "/editor/log", "/editor/drift", "/v1/audit")),
    ]
    assert text[4:12] in answers[2].text or text[4:12] in answers[3].text  # the key's id may be
    for answer in answers:
        assert text[13:-6] not in answer.text + str(answer.headers)
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert not any(text[13:-6] in message for message in ours)
