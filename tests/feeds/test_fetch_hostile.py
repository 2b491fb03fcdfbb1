"""Servers that lie, stall, flood or break off get what they deserve: an error in words, soon."""

import asyncio
import gzip
import socket
import ssl
import threading
import tracemalloc
import zlib
from contextlib import suppress
from pathlib import Path

import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import FetchError
from service.feeds.addresses import system_resolver
from service.feeds.fetch import Fetched
from tests.feeds.site import FEED, Handler, Site, answer, fetched, fetcher, redirect, refused

CERTIFICATE = Path(__file__).with_name("feed_example.pem")  # of feed.example, signed by itself, with its key


# --- TLS ---


def over_tls(host: str, tls: ssl.SSLContext | None = None) -> tuple[list[str | None], Fetched]:
    """The names that a TLS server was called by, and what was fetched from it by one who trusts as ``tls`` says."""
    names: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    context.sni_callback = lambda _socket, name, _context: names.append(name)

    async def story() -> Fetched:
        async with Site({"/": answer()}, context) as site, fetcher(tls=tls) as one:
            return await one.fetch(site.url(host=host))

    return names, asyncio.run(story())


def test_tls_is_spoken_with_the_name_in_the_address_and_not_with_the_number_connected_to() -> None:
    names, got = over_tls("feed.example", ssl.create_default_context(cafile=CERTIFICATE))
    assert names == ["feed.example"]
    assert got.body == FEED


def test_a_certificate_of_an_unknown_authority_or_another_name_is_refused() -> None:
    with pytest.raises(FetchError, match=r"feed\.example gives no proper answer: .*certificate verify failed"):
        over_tls("feed.example")  # trusting those that browsers trust
    with pytest.raises(FetchError, match="Hostname mismatch"):
        over_tls("other.example", ssl.create_default_context(cafile=CERTIFICATE))


async def listening(handler: Handler) -> tuple[asyncio.Server, str]:
    """A server that does not wait for a request, and its https address."""
    server = await asyncio.start_server(handler, "127.0.0.1", 0)
    return server, f"https://feed.example:{server.sockets[0].getsockname()[1]}/"


def test_a_server_that_does_not_speak_tls_is_refused_in_words() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(400))
        writer.close()

    async def story() -> None:
        server, url = await listening(plain)
        async with server, fetcher() as one:
            await one.fetch(url)

    with pytest.raises(FetchError, match=r"gives no proper answer: .*SSL"):
        asyncio.run(story())


def test_a_fetch_that_is_given_up_in_the_handshake_hangs_up() -> None:
    async def story() -> None:
        hello, hung_up = asyncio.Event(), asyncio.Event()

        async def waiting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            hello.set()
            while await reader.read(4096):
                pass
            hung_up.set()
            writer.close()

        server, url = await listening(waiting)
        async with server, fetcher() as one:
            fetching = asyncio.create_task(one.fetch(url))
            await hello.wait()
            fetching.cancel()
            await asyncio.wait_for(hung_up.wait(), timeout=30)
            with pytest.raises(asyncio.CancelledError):
                await fetching

    asyncio.run(story())


# --- servers that misbehave ---


def gzipped(size: int) -> bytes:
    pack = zlib.compressobj(9, wbits=31)
    zeros = bytes(1 << 20)
    return b"".join(pack.compress(zeros) for _ in range(size >> 20)) + pack.flush()


@pytest.mark.parametrize("name", ["gzip", "GZIP", "x-gzip"])
def test_a_packed_answer_is_unpacked(name: str) -> None:
    assert fetched(answer(200, gzip.compress(FEED), Content_Encoding=name)).body == FEED


def test_an_answer_may_fill_the_limit_but_not_pass_it() -> None:
    more = FEED + b" "
    assert fetched(answer(), max_bytes=57).body == FEED
    assert fetched(answer(200, gzip.compress(FEED), Content_Encoding="gzip"), max_bytes=57).body == FEED
    refused(answer(200, more), "larger than 57 bytes", max_bytes=57)
    refused(answer(200, gzip.compress(more), Content_Encoding="gzip"), "larger than 57 bytes", max_bytes=57)


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(answer(200, b""))
    while True:
        writer.write(bytes(1 << 16))
        await writer.drain()


def test_an_endless_answer_is_left_at_the_limit() -> None:
    refused({"/": endless}, "larger than 1,048,576 bytes", max_bytes=1 << 20)


def test_a_gzip_bomb_does_not_go_off() -> None:
    bomb = answer(200, gzipped(64 << 20), Content_Encoding="gzip")
    tracemalloc.start()
    try:
        refused(bomb, "larger than 1,048,576 bytes", max_bytes=1 << 20)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 << 20


BROKEN = [
    (answer(Content_Length="999"), "without sending complete message body"),
    (answer(200, b"5\r\nab", Transfer_Encoding="chunked"), "without sending complete message body"),
    (answer(200, b"xyz\r\nab", Transfer_Encoding="chunked"), "illegal chunk header"),
    (answer(Content_Length="-1"), "bad Content-Length"),
    (answer(200, gzip.compress(FEED)[:-9], Content_Encoding="gzip"), "middle of its gzip stream"),
    (answer(Content_Encoding="gzip"), "incorrect header check"),
    (answer(Content_Encoding="br"), "not asked for: br"),
    (answer(Content_Encoding="gzip, gzip"), "not asked for: gzip, gzip"),
    (answer(X=200_000 * "x"), "no proper answer"),
    (b"SSH-2.0-OpenSSH_9.9\r\n", "no proper answer"),
    (b"", "disconnected without sending a response"),
]


@pytest.mark.parametrize(("said", "why"), BROKEN, ids=[why for _, why in BROKEN])
def test_a_broken_answer_is_refused_in_words(said: bytes, why: str) -> None:
    refused(said, why)


def test_what_follows_the_end_of_an_answer_is_no_part_of_the_next() -> None:
    async def story() -> list[bytes]:
        said = answer(200, b"short" + answer(200, b"smuggled"), Content_Length="5")
        async with Site({"/": said, "/next": answer()}) as site, fetcher() as one:
            return [(await one.fetch(site.url(path))).body for path in ("/", "/next")]

    assert asyncio.run(story()) == [b"short", FEED]


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(answer(200, b""))
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0)


@pytest.mark.parametrize("handler", [silent, dripping])
def test_patience_ends_with_a_silent_server_and_with_one_that_drips(handler: Handler) -> None:
    refused({"/": handler}, r"feed\.example is too slow: a feed must be there within 0\.2 s", timeout_s=0.2)


def test_redirects_do_not_stretch_the_time_there_is() -> None:
    def hesitating(page: bytes) -> Handler:
        async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(0.08)  # as long as one step may take; three are more than there is for all
            writer.write(page)

        return answering

    pages = {"/": redirect("/x"), "/x": redirect("/xx"), "/xx": answer()}
    refused({path: hesitating(page) for path, page in pages.items()}, "too slow", timeout_s=0.2)


def test_a_name_server_that_does_not_answer_holds_up_neither_the_fetch_nor_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answered = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: answered.wait() and [])
    try:
        with pytest.raises(FetchError, match="too slow"):
            asyncio.run(fetcher(resolve=system_resolver, timeout_s=0.05).fetch("http://feed.example/"))
    finally:
        answered.set()


def test_a_closed_port_is_named() -> None:
    async def story() -> None:
        async with Site({}) as site:
            url = site.url()
        async with fetcher() as one:
            await one.fetch(url)

    with pytest.raises(FetchError, match=r"feed\.example gives no proper answer: .*connect"):
        asyncio.run(story())


_SAID = st.sampled_from(
    [b"HTTP/1.1 ", b"200 OK", b"301 ", b"304 ", b"\r\n", b"Location: /", b"Content-Encoding: gzip\r\n"]
) | (
    st.sampled_from(
        [b"Transfer-Encoding: chunked\r\n", b"Content-Length: 5\r\n", b"Retry-After: ", b"\x00", b"5\r\nabcde"]
    )
)


@given(st.lists(_SAID | st.binary(max_size=9), max_size=12))
def test_whatever_bytes_a_server_sends_there_is_an_answer_or_a_reason(said: list[bytes]) -> None:
    one = fetcher(network=httpcore.AsyncMockBackend([b"HTTP/1.1 200 OK\r\n", *said]))
    with suppress(FetchError):
        assert isinstance(asyncio.run(one.fetch("http://feed.example/")), Fetched)
