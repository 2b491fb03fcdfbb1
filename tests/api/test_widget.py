"""The addresses for other people's pages: who may keep, frame and run what they answer."""

import gzip
import re
from urllib.parse import quote

import pytest

from service.widget.script import script
from tests.api.conftest import Service

TODAY, FOR_EVER = "/widget/iscore.js", f"/widget/{script().version}/iscore.js"
HOUR = "public, max-age=3600, stale-while-revalidate=86400"


def directives(service: Service, path: str) -> dict[str, str]:
    """The Content-Security-Policy of a page."""
    policy = service.get(path).headers["content-security-policy"]
    return {name: value for name, _, value in (part.strip().partition(" ") for part in policy.split(";"))}


@pytest.mark.parametrize(
    ("path", "caching"), [(TODAY, HOUR), (FOR_EVER, "public, max-age=31536000, immutable")], ids=["today", "for ever"]
)
def test_the_script_is_for_everybody_to_run_and_to_keep(idle: Service, path: str, caching: str) -> None:
    answer = idle.get(path, accept_encoding="identity")
    assert answer.content == script().body
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == caching
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert idle.get(path, if_none_match=answer.headers["etag"]).status_code == 304
    assert idle.get(path, if_none_match='"other"').status_code == 200
    assert idle.client.head(path).headers["etag"] == answer.headers["etag"]
    with idle.client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as packed:
        assert packed.headers["content-encoding"] == "gzip"
        assert gzip.decompress(b"".join(packed.iter_raw())) == script().body


@pytest.mark.parametrize("version", ["000000000000", script().version[:-1], script().version.upper() + "0", "latest"])
def test_an_address_with_another_version_is_none(idle: Service, version: str) -> None:
    answer = idle.get(f"/widget/{version}/iscore.js")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_only_the_frame_may_be_framed(idle: Service) -> None:
    assert directives(idle, "/widget/embed.html")["frame-ancestors"] == "*"
    for path in ("/", "/top", "/widget/demo"):
        assert directives(idle, path)["frame-ancestors"] == "'none'"


@pytest.mark.parametrize("path", ["/", "/widget/demo", "/widget/embed.html"])
def test_pages_with_the_element_run_our_script_only_and_parse_no_html(idle: Service, path: str) -> None:
    policy = directives(idle, path)
    assert (policy["default-src"], policy["script-src"], policy["connect-src"]) == ("'none'", "'self'", "'self'")
    assert (policy["require-trusted-types-for"], policy["trusted-types"]) == ("'script'", "'none'")
    assert f'src="{FOR_EVER}" integrity="{script().integrity}"' in idle.get(path).text


def test_the_list_on_its_own_runs_no_script(idle: Service) -> None:
    assert "script-src" not in directives(idle, "/top")
    assert "<script" not in idle.get("/top").text


def test_the_frame_shows_the_list_that_its_address_asks_for(service: Service) -> None:
    service.put(service.scored("Volcano erupts", 85, topic="world"), service.scored("Cup final", 60, topic="sports"))
    page = service.get("/widget/embed.html?topic=world&window=6h&limit=7").text
    assert '<iscore-top src="/v1/top?topic=world" window="6h" limit="7">' in page
    assert re.findall("<bdi>(.*)</bdi></a>", page) == ["Volcano erupts"]
    assert service.get("/widget/embed.html?limit=none").status_code == 422


@pytest.mark.parametrize("path", ["/", "/top", "/top?window=6h&limit=5"])
def test_pages_with_the_list_say_how_to_embed_them(service: Service, path: str) -> None:
    found = re.search(
        '<link rel="alternate" type="application/json\\+oembed" [^>]*href="(.*?)"', service.get(path).text
    )
    assert found
    answer = service.get(found[1].replace("&amp;", "&").removeprefix(service.settings.base_url()))
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == HOUR
    assert path.partition("?")[2] in answer.json()["html"].replace("&amp;", "&")


def test_oembed_knows_one_format_and_our_own_addresses(idle: Service) -> None:
    own = quote(idle.settings.base_url())
    for query, status, kind in (
        (f"url={own}&format=xml", 501, "not-implemented"),
        ("url=https://other.example/top", 404, "not-found"),
        (f"url={own}&maxwidth=0", 422, "bad-input"),
        ("", 422, "bad-input"),
    ):
        answer = idle.get(f"/v1/oembed?{query}")
        assert (answer.status_code, answer.json()["type"]) == (status, f"urn:iscore:problem:{kind}")
