"""``GET /v1/top`` against a bare Starlette route that returns the same bytes on the same server."""

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
        serve = [sys.executable, "-m", "service", "serve", "--port", "0", "--state", state]
        with subprocess.Popen(serve, stdout=subprocess.PIPE) as ours:
            url = _url(ours)
            body = httpx.get(f"{url}/v1/top", headers={"Accept-Encoding": "identity"}).content
            with subprocess.Popen([sys.executable, "-c", _BARE], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as bare:
                assert bare.stdin
                bare.stdin.write(body)
                bare.stdin.close()
                peer = _url(bare)
                pairs = [(_rate(url, len(body)), _rate(peer, len(body))) for _ in range(ROUNDS)]
                bare.terminate()
            ours.terminate()
    mine, theirs = (sorted(column)[ROUNDS // 2] for column in zip(*pairs, strict=True))
    ratio = sorted(a / b for a, b in pairs)[ROUNDS // 2]
    print(
        f"{len(body)} bytes, {CONNECTIONS} connections, {REQUESTS} requests a round, {ROUNDS} rounds in turn, median\n"
    )
    print("| | requests/s | ratio |\n|---|---|---|")
    print(f"| bare Starlette route, same bytes | {theirs:.0f} | 1.00 |\n| `GET /v1/top` | {mine:.0f} | {ratio:.2f} |")


def _url(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout
    return process.stdout.readline().split()[1].decode().rstrip("/")


def _rate(url: str, body: int) -> float:
    """Requests a second over plain sockets: a full client would cost more than what is measured."""
    address = (urlsplit(url).hostname or "", urlsplit(url).port or 0)
    request = f"GET /v1/top HTTP/1.1\r\nHost: {address[0]}\r\n\r\n".encode()

    def ask(_: int) -> None:
        with socket.create_connection(address) as connection:
            buffer = bytearray(1 << 16)
            for _ in range(REQUESTS // CONNECTIONS):
                connection.sendall(request)
                received = connection.recv_into(buffer)
                size = buffer.index(b"\r\n\r\n") + 4 + body
                while received < size:
                    received += connection.recv_into(buffer)
                assert received == size

    started = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(ask, range(CONNECTIONS)))
    return REQUESTS / (time.perf_counter() - started)
