"""Real servers on this machine with something to say at each path, and fetchers that may talk to them."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Self

import pytest

from service.errors import FetchError
from service.feeds.addresses import system_resolver
from service.feeds.fetch import Fetched, Fetcher

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FEED = b"<rss><channel><title>Example News</title></channel></rss>"

TRUSTING_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def answer(status: int = 200, body: bytes = FEED, **headers: str) -> bytes:
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([f"HTTP/1.1 {status} Said", *lines, "", ""]).encode("latin-1") + body


def redirect(to: str, status: int = 301) -> bytes:
    return answer(status, b"", Location=to)


class Site:
    """A real server on 127.0.0.1 with something to say at each path, which keeps what it was asked.

    ``{port}`` in what it says is its own port.
    """

    def __init__(self, pages: Mapping[str, bytes | Handler], tls: ssl.SSLContext | None = None) -> None:
        self.pages, self.tls = pages, tls
        self.asked: list[str] = []

    async def __aenter__(self) -> Self:
        self.server = await asyncio.start_server(self._talk, "127.0.0.1", 0, ssl=self.tls)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.server.close()
        await self.server.wait_closed()

    def url(self, path: str = "/", host: str = "feed.example") -> str:
        return f"http{'s' if self.tls else ''}://{host}:{self.port}{path}"

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.asked.append(head)
            page = self.pages[head.split()[1]]
            if isinstance(page, bytes):
                writer.write(page.replace(b"{port}", str(self.port).encode()))
                await writer.drain()
            else:
                await page(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the fetcher has hung up
        finally:
            writer.close()


async def local(host: str, port: int) -> list[str]:
    """All names lead to this machine; numbers are what they are."""
    return ["127.0.0.1"] if host.endswith(".example") else await system_resolver(host, port)


async def at_once(seconds: float) -> None:
    """Sleep without sleeping."""


def fetcher(**options: Any) -> Fetcher:
    """One that may talk to this machine, does not pause, and trusts no authority: reading them all takes a while."""
    seams = {"resolve": local, "sleep": at_once, "clock": lambda: NOON, "tls": TRUSTING_NOBODY}
    return Fetcher(**{"user_agent": "iscore-test/1", "allow_loopback": True, **seams, **options})


def fetched(pages: bytes | Mapping[str, bytes | Handler], path: str = "/", **options: Any) -> Fetched:
    """What one fetch from a site with these pages gives; of bytes: with this one page."""

    async def story() -> Fetched:
        async with Site({"/": pages} if isinstance(pages, bytes) else pages) as site, fetcher(**options) as one:
            return await one.fetch(site.url(path))

    return asyncio.run(story())


def refused(pages: bytes | Mapping[str, bytes | Handler], why: str, **options: Any) -> None:
    with pytest.raises(FetchError, match=why):
        fetched(pages, **options)
