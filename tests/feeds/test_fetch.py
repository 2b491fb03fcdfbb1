"""Feeds are fetched politely, told as they were answered, and looked for nowhere but where they may be."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import FetchError
from service.feeds.fetch import MAX_REDIRECTS, Fetched, Fetcher
from tests.feeds.site import FEED, NOON, Site, answer, fetched, fetcher, redirect, refused

PUBLIC = "93.184.215.14"


# --- what is asked and what is told ---


def test_an_answer_is_told_as_it_was_given() -> None:
    said = answer(
        Content_Type="application/rss+xml; charset=utf-8",
        ETag='W/"a1-é"',
        Last_Modified="Sun, 01 Mar 2026 09:00:00 GMT",
        Cache_Control="public, max-age=600",
        Retry_After="Sun, 01 Mar 2026 12:00:30 GMT",
    )
    got = fetched(said)
    assert got.url.startswith("http://feed.example:")
    assert got == Fetched(
        200,
        FEED,
        "application/rss+xml; charset=utf-8",
        'W/"a1-é"',
        "Sun, 01 Mar 2026 09:00:00 GMT",
        got.url,
        None,
        30,
        600,
    )


def test_a_bare_answer_leaves_everything_else_unsaid() -> None:
    got = fetched(answer())
    assert (got.content_type, got.etag, got.last_modified, got.permanent_url) == (None, None, None, None)
    assert (got.retry_after_s, got.max_age_s) == (None, None)


def test_a_request_says_who_asks_and_what_is_known_already_and_nothing_more() -> None:
    async def story() -> list[str]:
        cookies = answer(Set_Cookie="id=1; Path=/", ETag='"a1"')
        async with Site({"/feed?q=1": cookies}) as site, fetcher(user_agent="iscore/9 (+https://x.example)") as one:
            url = site.url("/feed?q=1#top")
            await one.fetch(url)
            await one.fetch(url, 'W/"a1-é"', "Sun, 01 Mar 2026 09:00:00 GMT")
            return [asked.replace(str(site.port), "PORT") for asked in site.asked]

    first, second = asyncio.run(story())
    assert first.splitlines() == [
        "GET /feed?q=1 HTTP/1.1",
        "Host: feed.example:PORT",
        "User-Agent: iscore/9 (+https://x.example)",
        "Accept: application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.8",
        "Accept-Encoding: gzip",
        "Connection: close",
        "",
    ]
    assert set(second.splitlines()) - set(first.splitlines()) == {
        'If-None-Match: W/"a1-é"',
        "If-Modified-Since: Sun, 01 Mar 2026 09:00:00 GMT",
    }


def test_the_environment_plays_no_part(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    (tmp_path / ".netrc").write_text("machine feed.example login editor password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    assert fetched(answer()).body == FEED


def test_not_modified_brings_the_new_validators() -> None:
    got = fetched(answer(304, b"", ETag='"b2"', Last_Modified="Sun, 01 Mar 2026 11:00:00 GMT"))
    assert (got.status, got.body, got.etag) == (304, b"", '"b2"')
    assert got.last_modified == "Sun, 01 Mar 2026 11:00:00 GMT"


@pytest.mark.parametrize("status", [204, 401, 403, 404, 410, 429, 500, 503])
def test_other_answers_are_told_without_their_bodies(status: int) -> None:
    got = fetched(answer(status, b"" if status == 204 else b"<h1>Sorry</h1>", Retry_After="120"))
    assert (got.status, got.body, got.retry_after_s) == (status, b"", 120)


def test_the_body_of_an_error_is_not_even_waited_for() -> None:
    assert fetched(answer(404, b"", Content_Length="999999999")).status == 404


# --- redirects ---


def test_redirects_are_followed_to_the_address_that_answers() -> None:
    pages = {
        "/": redirect("/moved", 302),
        "/moved": redirect("http://other.example:{port}/f%C3%A9ed?a=1#top", 303),
        "/f%C3%A9ed?a=1": answer(),
    }
    got = fetched(pages)
    assert got.body == FEED
    assert got.url.startswith("http://other.example:")
    assert got.url.endswith("/f%C3%A9ed?a=1")


@pytest.mark.parametrize(
    ("statuses", "permanent"),
    [([301], True), ([308], True), ([301, 308, 301], True), ([302], False), ([307, 301], False), ([301, 303], False)],
)
def test_an_address_has_moved_for_good_only_if_every_redirect_says_so(statuses: list[int], permanent: bool) -> None:
    pages = {"/" + "x" * step: redirect("/x" + "x" * step, status) for step, status in enumerate(statuses)}
    got = fetched({**pages, "/" + "x" * len(statuses): answer()})
    assert got.url.endswith("/" + "x" * len(statuses))
    assert got.permanent_url == (got.url if permanent else None)


def test_validators_and_names_go_along_with_redirects() -> None:
    async def story() -> str:
        pages = {"/": redirect("http://other.example:{port}/feed"), "/feed": answer(304, b"")}
        async with Site(pages) as site, fetcher() as one:
            await one.fetch(site.url(), '"a1"')
            return site.asked[-1]

    asked = asyncio.run(story())
    assert 'If-None-Match: "a1"' in asked
    assert "Host: other.example:" in asked


def test_a_location_in_plain_utf8_is_understood() -> None:
    assert fetched({"/": redirect("/fünf".encode().decode("latin-1")), "/f%C3%BCnf": answer()}).body == FEED


def steps(count: int) -> dict[str, bytes]:
    """Pages that redirect so many times, from / on."""
    return {"/" + "x" * step: redirect("/x" + "x" * step) for step in range(count)} | {"/" + "x" * count: answer()}


def test_redirects_end() -> None:
    assert fetched(steps(MAX_REDIRECTS)).body == FEED
    refused(steps(MAX_REDIRECTS + 1), "redirects once more after 5 redirects")
    refused({"/": redirect("/x", 302), "/x": redirect("/#again")}, "redirects in a circle")
    refused(answer(301), r"feed\.example redirects \(301\) without saying where to")


@pytest.mark.parametrize(
    ("to", "why"),
    [
        ("http://10.0.0.1/", r"10\.0\.0\.1 is not a public address \(private\)"),
        ("http://169.254.169.254/latest/meta-data/", "cloud metadata"),
        ("http://[::ffff:127.0.0.1]:{port}/", "IPv4 within IPv6"),
        ("http://[fd00:ec2::254]/", "cloud metadata"),
        ("http://metadata.google.internal/", "cloud metadata"),
        ("//192.168.1.1/feed", "private"),
        ("http://0xa000001/", "private"),
        ("http://167772161/", "private"),
        ("http://10.1/", "private"),
        ("http://012.0.0.1/", "not an address"),
        ("file:///etc/passwd", "must begin with http"),
        ("ftp://feed.example/", "must begin with http"),
        ("javascript:alert(1)", "must begin with http"),
        ("http://editor:secret@feed.example/", "without user name"),
        ("http://feed.example:99999/", "must not use port 99999"),
        ("http://feed.example:0/", "must not use port 0"),
        ("/" + "x" * 2048, "longer than 2048 characters"),
    ],
)
def test_a_redirect_leads_nowhere_that_the_first_address_could_not(to: str, why: str) -> None:
    refused(redirect(to), why)


# --- where connections go ---


class Wires(httpcore.AsyncNetworkBackend):
    """A network on which each address is this machine's ``port``; keeps who was called."""

    def __init__(self, port: int) -> None:
        self.port, self.called = port, list[tuple[str, int]]()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.called.append((host, port))
        return await httpcore.AnyIOBackend().connect_tcp("127.0.0.1", self.port, timeout)


def test_a_name_that_changes_its_mind_leads_only_to_the_address_that_was_judged() -> None:
    asked = []

    async def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return [PUBLIC] if len(asked) == 1 else ["127.0.0.1"]

    async def story() -> list[tuple[str, int]]:
        async with Site({"/": answer(), "/2": redirect("/")}) as site:
            wires = Wires(site.port)
            async with fetcher(allow_loopback=False, resolve=rebinding, network=wires) as one:
                assert (await one.fetch("http://feed.example/")).body == FEED
                assert len(asked) == 1
                with pytest.raises(FetchError, match="loopback"):
                    await one.fetch("http://feed.example/")
                asked.clear()
                with pytest.raises(FetchError, match="loopback"):
                    await one.fetch("http://feed.example/2")
            return wires.called

    assert asyncio.run(story()) == [(PUBLIC, 80), (PUBLIC, 80)]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "0x7f000001", "2130706433", "localhost", "[::1]", "127。0。0。1"]
)
def test_this_machine_is_not_asked_under_any_spelling(host: str) -> None:
    with pytest.raises(FetchError, match="loopback"):
        asyncio.run(fetcher(allow_loopback=False).fetch(f"http://{host}/"))


@pytest.mark.parametrize("url", ["http://feed.example:8080/", "https://feed.example:22/", "http://[::1]:6379/"])
def test_only_the_ports_of_the_web_are_open(url: str) -> None:
    with pytest.raises(FetchError, match="must not use port"):
        asyncio.run(fetcher(allow_loopback=False).fetch(url))


async def nowhere(host: str, port: int) -> list[str]:
    raise OSError(f"no such host: {host}")


@pytest.fixture(scope="module")
def lost() -> Fetcher:
    """One to which no host is known."""
    return fetcher(resolve=nowhere)


_PIECES = st.sampled_from(
    ["http://", "HTTPS://", "feed.example", "xn--", "@", ":", "[", "]", "%", "/", "\\", "?", "#", "1", "."]
)


@given(text=st.text() | st.lists(_PIECES | st.text(max_size=2)).map("".join))
def test_any_text_is_an_address_or_is_refused_in_words(lost: Fetcher, text: str) -> None:
    with pytest.raises(FetchError):
        asyncio.run(lost.fetch(text))


# --- turns ---


def test_feeds_of_one_host_wait_for_each_other_and_the_gap_and_those_of_others_do_not() -> None:
    now, slept = [NOON], []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += timedelta(seconds=seconds)

    async def story() -> None:
        talking, met = 0, asyncio.Event()

        async def alone(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal talking
            talking += 1
            assert talking == 1
            await met.wait()  # until the other host has been asked in the meantime
            talking -= 1
            writer.write(answer())

        async def meeting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            met.set()
            writer.write(answer())

        pages = {"/1": alone, "/2": alone, "/3": alone, "/": meeting}
        async with Site(pages) as site, fetcher(gap_s=2.0, clock=lambda: now[0], sleep=sleep) as one:
            same = [one.fetch(site.url(f"/{number}")) for number in (1, 2, 3)]
            got = await asyncio.gather(*same, one.fetch(site.url(host="other.example")))
        assert [each.body for each in got] == [FEED] * 4

    asyncio.run(story())
    assert slept == [2.0, 2.0]


def test_hosts_that_redirect_to_each_other_do_not_wait_for_ever() -> None:
    async def story() -> list[bytes]:
        pages = {
            "/a": redirect("http://b.example:{port}/feed"),
            "/b": redirect("http://a.example:{port}/feed"),
            "/feed": answer(),
        }
        async with Site(pages) as site, fetcher() as one:
            both = [one.fetch(site.url(f"/{name}", f"{name}.example")) for name in "ab"]
            return [each.body for each in await asyncio.wait_for(asyncio.gather(*both), timeout=30)]

    assert asyncio.run(story()) == [FEED, FEED]
