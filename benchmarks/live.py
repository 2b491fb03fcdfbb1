"""Ten thousand headlines a minute come in while the list is read at half load and 2,000 streams are open."""

import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from benchmarks.top import address_of, half_load

STREAMS = 2000
CHANGES = 20
BATCHES, BATCH = 100, 100
_MINUTE_S = 60.0


def run() -> None:
    """Print both tables."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 2 * STREAMS + 200)), hard))
    with tempfile.TemporaryDirectory() as state:
        environment = {**os.environ, "ISCORE_STATE": state}
        command = [sys.executable, "-m", "service"]
        key = subprocess.run(
            [*command, "keys", "create", "--scope", "ingest"],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        serve = [*command, "serve", "--port", "0", "--no-feeds", "--no-sample"]
        with subprocess.Popen(serve, stdout=subprocess.PIPE, env=environment) as service:
            url = address_of(service)
            headers = {"Authorization": f"Bearer {key}"}
            with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
                _ingest(client, url, service.pid)
                asyncio.run(_streams(client, url, service.pid))
            service.terminate()


def _ingest(client: httpx.Client, url: str, pid: int) -> None:
    """The list is read by a process of its own, as fast as it is asked for."""
    _send(client, range(BATCH))
    reading = subprocess.Popen([sys.executable, "-c", f"from benchmarks.live import read; read({url!r})"])
    started, waits = time.perf_counter(), []
    for number in range(1, BATCHES + 1):
        begun = time.perf_counter()
        _send(client, range(number * BATCH, (number + 1) * BATCH))
        waits.append(time.perf_counter() - begun)
        time.sleep(max(0.0, started + number * _MINUTE_S / BATCHES - time.perf_counter()))
    seconds = time.perf_counter() - started
    total = client.get("/v1/top?window=24h&collapse=none").json()["total"]
    reading.wait()
    print(f"\n| headlines sent in {seconds:.0f} s | in the list | a batch of {BATCH}: p50, p99, ms | memory, MB |")
    print("|---|---|---|---|")
    cuts = statistics.quantiles(waits, n=100)
    figures = f"{statistics.median(waits) * 1000:.0f}, {cuts[98] * 1000:.0f}"
    print(f"| {BATCHES * BATCH + BATCH:,} | {total:,} | {figures} | {_memory_mb(pid):.0f} |\n")


def read(url: str) -> None:
    """Read the list at half of the rate at which it can be read, for a minute, and print how it went."""
    load, wait = half_load(url, _MINUTE_S - 10)
    print(f"meanwhile {load:.0f} lists a second were read, p99 {wait * 1000:.1f} ms", flush=True)


async def _streams(client: httpx.Client, url: str, pid: int) -> None:
    """Every stream is to get every change; late is how long the last of them waits for it."""
    before = _memory_mb(pid)
    place = urlsplit(url)
    streams = [await asyncio.open_connection(place.hostname, place.port) for _ in range(STREAMS)]
    for _, writer in streams:
        writer.write(b"GET /v1/top/stream?limit=30&collapse=none HTTP/1.1\r\nHost: x\r\n\r\n")
    await asyncio.gather(*(reader.readuntil(b"event: snapshot") for reader, _ in streams))
    late = []
    for number in range(CHANGES):
        title = f"Volcano {number} erupts near the capital, {9000 + number:,} feared dead"
        item = {"title": title, "url": f"https://news.example/volcano/{number}"}
        started = time.perf_counter()
        await asyncio.to_thread(client.post, "/v1/headlines", json=[item])
        # It belongs to the first thirty, and is a row of its own
        await asyncio.gather(*(reader.readuntil(b"/volcano/%d" % number) for reader, _ in streams))
        late.append((time.perf_counter() - started) * 1000)
    memory = _memory_mb(pid) - before
    for _, writer in streams:
        writer.close()
    print("| open streams | changes | each got every one | sent to last received, p50, max, ms | memory for them, MB |")
    print("|---|---|---|---|---|")
    print(f"| {STREAMS:,} | {CHANGES} | yes | {statistics.median(late):.0f}, {max(late):.0f} | {memory:.0f} |")


def _send(client: httpx.Client, numbers: range) -> None:
    rows = [
        {
            "title": f"Report number {n} says {n % 977} things about {_WORDS[n % len(_WORDS)]}",
            "url": f"https://news.example/{n}",
        }
        for n in numbers
    ]
    counts = client.post("/v1/headlines", content=json.dumps(rows)).json()["counts"]
    assert counts["created"] == len(rows), counts


def _memory_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


_WORDS = (
    "harbours",
    "glaciers",
    "elections",
    "orchards",
    "railways",
    "vaccines",
    "bridges",
    "taxes",
    "rivers",
    "choirs",
)
