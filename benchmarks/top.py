"""``GET /v1/top`` against a bare Starlette route with the same bytes on the same server, at full and at half load."""

import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx

CONNECTIONS = 8
REQUESTS = 4000
ROUNDS = 5
_HALF_LOAD_S = 5
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_BARE = """
import sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
body = sys.stdin.buffer.read()
async def top(request):
    return Response(body, media_type="application/json")
class Server(uvicorn.Server):
    async def startup(self, sockets=None):
        await super().startup(sockets)
        print("bare:", "http://127.0.0.1:%d/" % self.servers[0].sockets[0].getsockname()[1], flush=True)
app = Starlette(routes=[Route("/v1/top", top)])
Server(uvicorn.Config(app, port=0, access_log=False, log_level="warning")).run()
"""


def run() -> None:
    """Print the table: requests/s, median of rounds in turn."""
    with tempfile.TemporaryDirectory() as state:
        serve = [sys.executable, "-m", "service", "serve", "--port", "0", "--no-feeds", "--state", state]
        with subprocess.Popen(serve, stdout=subprocess.PIPE) as ours:
            url = address_of(ours)
            body = httpx.get(f"{url}/v1/top", headers={"Accept-Encoding": "identity"}).content
            with subprocess.Popen([sys.executable, "-c", _BARE], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as bare:
                assert bare.stdin
                bare.stdin.write(body)
                bare.stdin.close()
                peer = address_of(bare)
                pairs = [(_rate(url, len(body)), _rate(peer, len(body))) for _ in range(ROUNDS)]
                mine, theirs = (sorted(column)[ROUNDS // 2] for column in zip(*pairs, strict=True))
                # Both at half of what the slower one can do, in turn
                load = min(mine, theirs) / 2
                late = [(waits(url, len(body), load), waits(peer, len(body), load)) for _ in range(ROUNDS)]
                bare.terminate()
            ours.terminate()
    ours_ms, bare_ms = (sorted(column)[ROUNDS // 2] * 1000 for column in zip(*late, strict=True))
    ratio = sorted(a / b for a, b in pairs)[ROUNDS // 2]
    print(
        f"{len(body)} bytes, {CONNECTIONS} connections, {REQUESTS} requests a round, {ROUNDS} rounds in turn, median\n"
    )
    print(f"| | requests/s | ratio | p99 at {load:.0f} a second, ms |\n|---|---|---|---|")
    print(f"| bare Starlette route, same bytes | {theirs:.0f} | 1.00 | {bare_ms:.1f} |")
    print(f"| `GET /v1/top` | {mine:.0f} | {ratio:.2f} | {ours_ms:.1f} |")


def half_load(url: str, seconds: float) -> tuple[float, float]:
    """Requests a second at half of what can be had, and the 99th percentile of seconds until they were answered."""
    body = len(httpx.get(f"{url}/v1/top", headers={"Accept-Encoding": "identity"}).content)
    load = _rate(url, body) / 2
    return load, waits(url, None, load, seconds)


def address_of(process: subprocess.Popen[bytes]) -> str:
    """Where a service that has just been started says it listens."""
    assert process.stdout
    return process.stdout.readline().split()[1].decode().rstrip("/")


def _rate(url: str, body: int) -> float:
    """Requests a second, each connection asking as soon as it is answered."""

    def ask(_: int) -> None:
        with _Connection(url, body) as connection:
            for _ in range(REQUESTS // CONNECTIONS):
                connection.ask()

    started = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(ask, range(CONNECTIONS)))
    return REQUESTS / (time.perf_counter() - started)


def waits(url: str, body: int | None, load: float, seconds: float = _HALF_LOAD_S) -> float:
    """99th percentile of the seconds from when a request was due (Poisson arrivals) until it was answered."""

    def ask(seed: int) -> list[float]:
        draw, late = random.Random(seed), []
        with _Connection(url, body) as connection:
            due = started = time.perf_counter()
            while due < started + seconds:
                due += draw.expovariate(load / CONNECTIONS)
                time.sleep(max(0.0, due - time.perf_counter()))
                connection.ask()
                late.append(time.perf_counter() - due)
        return late

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        found = sorted(wait for waits in pool.map(ask, range(CONNECTIONS)) for wait in waits)
    return found[len(found) * 99 // 100]


class _Connection:
    """Asks over a plain socket: a full client would cost more than what is measured."""

    def __init__(self, url: str, body: int | None) -> None:
        address = (urlsplit(url).hostname or "", urlsplit(url).port or 0)
        self._request = f"GET /v1/top HTTP/1.1\r\nHost: {address[0]}\r\n\r\n".encode()
        self._socket = socket.create_connection(address)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray(1 << 16)
        self._body = body

    def ask(self) -> None:
        self._socket.sendall(self._request)
        received = self._socket.recv_into(self._buffer)
        head = self._buffer.index(b"\r\n\r\n") + 4
        size = head + (self._body or int(_LENGTH.search(self._buffer, 0, head)[1]))  # type: ignore[index]
        while received < size:
            received += self._socket.recv_into(self._buffer)
        assert received == size

    def __enter__(self) -> "_Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
