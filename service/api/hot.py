"""Ready answers for ``/v1/top``: encoded once, served in front of the framework until something changes."""

import gzip
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

MAX_KEPT = 512
"""Answers kept; the least recently used goes first."""
PREFIX = "/v1/top"
_READS = frozenset(("GET", "HEAD"))
_SMALL = 500  # bytes below which gzip gains nothing
_PUBLIC = (
    (b"cache-control", b"public, max-age=30, stale-while-revalidate=60, stale-if-error=3600"),
    (b"vary", b"Accept-Encoding"),
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"ETag, Link"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"timing-allow-origin", b"*"),
    (b"x-content-type-options", b"nosniff"),
)

Headers = list[tuple[bytes, bytes]]


class ReadyAnswer(Response):
    """A GET answer in all its encodings; an ASGI application that also knows 304 (RFC 9110)."""

    def __init__(self, body: bytes, media_type: str, version: str, changed_at: datetime, link: str | None) -> None:
        self.version = version
        self.background = None
        self._etag = f'W/"{version}"'.encode()
        self._changed_at = changed_at.replace(microsecond=0)
        shared: Headers = [
            (b"etag", self._etag),
            (b"last-modified", format_datetime(self._changed_at, usegmt=True).encode()),
            *_PUBLIC,
        ]
        if link:
            shared.append((b"link", f'<{link}>; rel="next"'.encode()))
        packed = gzip.compress(body, 6, mtime=0) if len(body) > _SMALL else body
        typed: Headers = [*shared, (b"content-type", media_type.encode())]
        self._plain = ([*typed, (b"content-length", str(len(body)).encode())], body)
        self._gzip = self._plain
        if len(packed) < len(body):
            sizes = [(b"content-encoding", b"gzip"), (b"content-length", str(len(packed)).encode())]
            self._gzip = ([*typed, *sizes], packed)
        self._unchanged: tuple[Headers, bytes] = (shared, b"")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the encoding that the request accepts, or 304 when the client has it."""
        asked = _Conditions(scope["headers"])
        status = 304 if asked.is_met_by(self._etag, self._changed_at) else 200
        headers, body = self._unchanged if status == 304 else self._gzip if asked.gzip else self._plain
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


class _Conditions:
    __slots__ = ("gzip", "none_match", "since")

    def __init__(self, headers: Headers) -> None:
        self.gzip = False
        self.none_match: bytes | None = None
        self.since: bytes | None = None
        for name, value in headers:
            if name == b"accept-encoding":
                self.gzip = accepts_gzip(value)
            elif name == b"if-none-match":
                self.none_match = value
            elif name == b"if-modified-since":
                self.since = value

    def is_met_by(self, etag: bytes, changed_at: datetime) -> bool:
        if self.none_match is not None:  # weak comparison; If-Modified-Since does not count then
            tags = [tag.strip().removeprefix(b"W/") for tag in self.none_match.split(b",")]
            return b"*" in tags or etag.removeprefix(b"W/") in tags
        if self.since is None:
            return False
        try:
            return changed_at <= parsedate_to_datetime(self.since.decode("latin-1"))
        except (ValueError, TypeError):  # not a date, or one without a zone
            return False


def accepts_gzip(value: bytes) -> bool:
    """Whether an Accept-Encoding header allows gzip (RFC 9110, 12.5.3)."""
    wanted: dict[bytes, bool] = {}
    for part in value.lower().split(b","):
        name, _, weight = part.replace(b" ", b"").partition(b";q=")
        wanted[name] = weight.rstrip(b"0.") != b"" if weight else True
    return wanted.get(b"gzip", wanted.get(b"*", False))


@dataclass(slots=True)
class _Kept:
    answer: ReadyAnswer
    mark: tuple[int, str]
    expires_at: datetime | None


class HotLists:
    """Answers by path and query string. All calls come from the event loop but ``mark``, which any thread may call."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._mark = (-1, "")
        self._kept: OrderedDict[tuple[str, bytes], _Kept] = OrderedDict()

    def mark(self, revision: int, model: str) -> None:
        """Say what the store and the model are now; answers made under another mark are not served any more."""
        self._mark = (revision, model)

    @property
    def now(self) -> tuple[int, str]:
        """The mark to ``keep`` an answer under; read it before the answer's data."""
        return self._mark

    def find(self, path: str, query: bytes) -> ReadyAnswer | None:
        """A ready answer that is still true."""
        kept = self._kept.get((path, query))
        if kept is None or kept.mark != self._mark or self.is_over(kept.expires_at):
            return None
        self._kept.move_to_end((path, query))
        return kept.answer

    def is_over(self, expires_at: datetime | None) -> bool:
        """Whether a row has grown too old since a list was made."""
        return expires_at is not None and expires_at <= self._clock()

    def keep(
        self, path: str, query: bytes, answer: ReadyAnswer, mark: tuple[int, str], expires_at: datetime | None
    ) -> ReadyAnswer:
        """Keep an answer; when it says the same as the one before, the old one (with its times) stays."""
        before = self._kept.get((path, query))
        if before and before.answer.version == answer.version:
            answer = before.answer
        self._kept[path, query] = _Kept(answer, mark, expires_at)
        self._kept.move_to_end((path, query))
        while len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        return answer

    def answer(self, scope: Scope) -> ReadyAnswer | None:
        """A ready answer to a request, if it asks for a list."""
        if scope["method"] in _READS and scope["path"].startswith(PREFIX):
            return self.find(scope["path"], scope["query_string"])
        return None
