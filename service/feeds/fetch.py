"""Feeds fetched politely (conditionally, in turn, under our own name) and safely (see :mod:`service.feeds.addresses`).

Each request has a connection of its own: what a sloppy server sends after the end of one answer never becomes the
beginning of the next. Unpacking is ours too, because httpx unpacks a whole packet at once: 64 KB become 64 MB.
"""

import asyncio
import ssl
import time
import zlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Self

import httpcore
import httpx

from service.errors import FetchError
from service.feeds.addresses import Gate, Resolve, system_resolver
from service.feeds.headers import max_age_s, retry_after_s
from service.feeds.turns import Turns
from service.text import MAX_URL_CHARS

MAX_REDIRECTS = 5
_FOR_GOOD = {301, 308}
_REDIRECTS = {*_FOR_GOOD, 302, 303, 307}
_ENCODINGS = {"identity", "gzip", "x-gzip"}
_HEADERS = {
    "Accept": "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.8",
    "Accept-Encoding": "gzip",
    "Connection": "close",
}


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address answered. Header values are as they were sent, quotes included."""

    status: int
    """The last one, after redirects."""
    body: bytes
    """Unpacked; empty unless the status is 200."""
    content_type: str | None
    etag: str | None
    last_modified: str | None
    url: str
    """The address that answered, after redirects."""
    permanent_url: str | None
    """Where redirects led that were all for good (301, 308)."""
    retry_after_s: int | None
    max_age_s: int | None


class Fetcher:
    """One for all feeds: it keeps one request in flight per host, ``gap_s`` apart.

    ``timeout_s`` covers an exchange with its redirects, not the waiting for one's turn. ``max_bytes`` counts what is
    unpacked. ``allow_loopback`` opens 127.0.0.0/8, ::1 and all ports, for trying things out. Without ``tls``, the
    authorities that browsers trust are trusted. The environment (proxies, .netrc) and cookies play no part.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        allow_loopback: bool = False,
        resolve: Resolve = system_resolver,
        timeout_s: float = 20.0,
        max_bytes: int = 5 << 20,
        gap_s: float = 1.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        network: httpcore.AsyncNetworkBackend | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._user_agent, self._timeout_s, self._max_bytes, self._clock = user_agent, timeout_s, max_bytes, clock
        self._ports = range(1, 1 << 16) if allow_loopback else (80, 443)
        self._gate = partial(Gate, resolve, allow_loopback, network or httpcore.AnyIOBackend())
        self._tls = tls or httpx.create_ssl_context(trust_env=False)
        self._turns = Turns(gap_s, clock, sleep)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Nothing to do: each fetch, a cancelled one too, closes what it opened."""

    async def fetch(self, url: str, etag: str | None = None, last_modified: str | None = None) -> Fetched:
        """What ``url`` answers: 304 while ``etag`` or ``last_modified`` hold. FetchError says why nothing came."""
        validators = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        here, passed, for_good, left_s = self._checked(url), list[httpx.URL](), True, self._timeout_s
        while True:
            async with self._turns.of(here.host):
                began = time.monotonic()
                answer = await self._ask(here, validators, left_s)
                left_s -= time.monotonic() - began
            if answer.status not in _REDIRECTS:
                return self._fetched(answer, str(here), bool(passed) and for_good)
            passed.append(here)
            here = self._next(answer, passed)
            for_good = for_good and answer.status in _FOR_GOOD

    def _fetched(self, answer: "_Answer", url: str, for_good: bool) -> Fetched:
        headers = answer.headers
        return Fetched(
            status=answer.status,
            body=answer.body,
            content_type=headers.get("Content-Type"),
            etag=headers.get("ETag"),
            last_modified=headers.get("Last-Modified"),
            url=url,
            permanent_url=url if for_good else None,
            retry_after_s=retry_after_s(headers.get("Retry-After", ""), headers.get("Date", ""), self._clock()),
            max_age_s=max_age_s(headers.get("Cache-Control", "")),
        )

    def _next(self, answer: "_Answer", passed: list[httpx.URL]) -> httpx.URL:
        host = passed[-1].host
        if not (location := answer.headers.get("Location")):
            raise FetchError(f"{host} redirects ({answer.status}) without saying where to")
        there = self._checked(location.encode("latin-1").decode("utf-8", "replace"), passed[-1])
        if there in passed:
            raise FetchError(f"{host} redirects in a circle, to {there}")
        if len(passed) > MAX_REDIRECTS:
            raise FetchError(f"{host} redirects once more after {MAX_REDIRECTS} redirects, to {there}")
        return there

    def _checked(self, text: str, base: httpx.URL | None = None) -> httpx.URL:
        try:
            url = (base or httpx.URL()).join(text).copy_with(fragment=None)
        except (httpx.InvalidURL, ValueError) as exc:
            raise FetchError(f"{text[:80]!r} is not an address: {exc}") from exc
        if url.scheme not in {"http", "https"} or not url.host:
            raise FetchError(f"{text[:80]!r} must begin with http:// or https:// and name a host")
        if url.userinfo:
            raise FetchError(f"the address at {url.host} must do without user name and password")
        if url.port is not None and url.port not in self._ports:
            raise FetchError(f"the address at {url.host} must not use port {url.port}: feeds come from 80 and 443")
        if len(str(url)) > MAX_URL_CHARS:
            raise FetchError(f"the address at {url.host} is longer than {MAX_URL_CHARS} characters")
        return url

    async def _ask(self, url: httpx.URL, validators: dict[str, str | None], left_s: float) -> "_Answer":
        asked = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        headers = {"Host": url.netloc.decode(), "User-Agent": self._user_agent, **_HEADERS, **validators}
        sent = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items() if value]
        steps_s = {"connect": self._timeout_s / 4, "read": self._timeout_s / 2, "write": self._timeout_s / 4}
        with _explained(url.host, self._timeout_s):
            async with (
                asyncio.timeout(left_s),
                aclosing(self._gate()) as gate,
                httpcore.AsyncHTTPConnection(asked.origin, self._tls, network_backend=gate) as connection,
                connection.stream("GET", asked, headers=sent, extensions={"timeout": steps_s}) as answer,
            ):
                found = httpx.Headers(answer.headers, encoding="latin-1")
                return _Answer(answer.status, found, await self._body(answer, found) if answer.status == 200 else b"")

    async def _body(self, answer: httpcore.Response, headers: httpx.Headers) -> bytes:
        encoding = headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in _ENCODINGS:
            raise FetchError(f"the answer is packed in a way that was not asked for: {encoding[:40]}")
        gunzip = zlib.decompressobj(16 + zlib.MAX_WBITS) if "gzip" in encoding else None
        body = bytearray()
        async for part in answer.aiter_stream():
            body += gunzip.decompress(part, self._max_bytes + 1 - len(body)) if gunzip else part
            if len(body) > self._max_bytes:
                raise FetchError(f"the answer is larger than {self._max_bytes:,} bytes")
            if gunzip and gunzip.eof:
                break
        if gunzip and not gunzip.eof:
            raise FetchError("the answer ends in the middle of its gzip stream")
        return bytes(body)


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: httpx.Headers
    body: bytes


@contextmanager
def _explained(host: str, timeout_s: float) -> Iterator[None]:
    try:
        yield
    except (TimeoutError, httpcore.TimeoutException) as exc:
        raise FetchError(
            f"{host} is too slow: a feed must be there within {timeout_s:g} s, without long pauses"
        ) from exc
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError, zlib.error) as exc:
        raise FetchError(f"{host} gives no proper answer: {str(exc) or 'the connection broke off'}") from exc
