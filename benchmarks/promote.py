"""Another version is put live over a million headlines: until lists show it, until all is rescored, and fifty times."""

import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from benchmarks.month import another_version, fill
from benchmarks.top import address_of, half_load
from service.model import load
from service.promotion import LIVE
from service.registry import Registry
from service.settings import Settings

SIZE = 1_000_000
CHANGES = 50
READS_A_SECOND = 50
_HEAD = "| | list shows it after, s | answered after, s | failed reads | p99 of reads, ms |\n|---|---|---|---|---|"
_REASON = {"reason": "measured by python -m benchmarks promote"}


@dataclass
class Reader:
    """Reads the list again and again, and remembers what it saw."""

    url: str
    failed: int = 0
    mixed: int = 0
    waits_ms: list[float] = field(default_factory=list)
    models: list[tuple[float, str]] = field(default_factory=list)
    """When each other model was first seen."""
    raws: dict[tuple[str, str], float] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Read until stopped."""
        with httpx.Client(base_url=self.url, timeout=30) as client:
            while not self.stop.is_set():
                started = time.perf_counter()
                answer = client.get("/v1/top?window=24h&limit=50")
                now = time.perf_counter()
                self.waits_ms.append((now - started) * 1000)
                if answer.status_code == 200:
                    self._look(answer.json(), now)
                else:
                    self.failed += 1
                time.sleep(max(0.0, started + 1 / READS_A_SECOND - now))

    def _look(self, body: dict[str, Any], now: float) -> None:
        model = body["model"]
        if not self.models or self.models[-1][1] != model:
            self.models.append((now, model))
        self.mixed += body["degraded"]
        for item in body["items"]:  # a headline's score under a model is one number for ever
            self.mixed += self.raws.setdefault((item["id"], model), item["i_score_raw"]) != item["i_score_raw"]

    def p99_ms(self) -> float:
        """How long all but one read in a hundred took at most."""
        return sorted(self.waits_ms)[len(self.waits_ms) * 99 // 100]


def run() -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        shipped = Registry(Settings().models)
        first = shipped.path(shipped.current())
        another_version(first, state / "models" / "second-1")
        fill(state / "iscore.db", SIZE, datetime.now(UTC), load(first))
        with _service(state) as (url, key, pid):
            headers = {"Authorization": f"Bearer {key}"}
            with httpx.Client(base_url=url, headers=headers, timeout=600) as client:
                _first(client, url, pid, state / "iscore.db")
                _then(client, url, first, state)
                _often(client, url, pid)


def _first(client: httpx.Client, url: str, pid: int, database: Path) -> None:
    print(_HEAD)
    _change(client, url, "promote, nothing scored before", "second-1")
    with _reading(url) as reader:
        started = time.perf_counter()
        while (left := _unscored(database, "second-1")) > 0:
            time.sleep(2)
        seconds = time.perf_counter() - started
    print(f"\n{SIZE:,} headlines rescored in the background in {seconds:.0f} s ({left} left), meanwhile ", end="")
    print(f"{len(reader.waits_ms):,} reads, {reader.failed} failed, p99 {reader.p99_ms():.0f} ms, {_mb(pid):.0f} MB\n")


def _then(client: httpx.Client, url: str, first: Path, state: Path) -> None:
    # A minute less: the oldest grow too old to be scored while the others are.
    day_ago = int((datetime.now(UTC) - LIVE + timedelta(minutes=1)).timestamp() * 1e6)
    started = time.perf_counter()
    another_version(first, state / "models" / "third-1")
    while _unscored(state / "iscore.db", "third-1", day_ago) > 0:
        time.sleep(0.2)
    print(f"A version that is made now has scored the last day after {time.perf_counter() - started:.0f} s. ", end="")
    started = time.perf_counter()
    assert client.get("/v1/models/third-1/changes").status_code == 200
    print(f"What it would change: {time.perf_counter() - started:.1f} s\n\n{_HEAD}")
    _change(client, url, "promote it", "third-1")
    _change(client, url, "roll back", None)


def _change(client: httpx.Client, url: str, what: str, version: str | None) -> None:
    with _reading(url) as reader:
        time.sleep(1)
        started = time.perf_counter()
        answer = _ask(client, version)
        answered = time.perf_counter() - started
        time.sleep(1)
    _, (seen, after) = reader.models
    assert (after, reader.mixed) == (answer["current"], 0), reader.models
    figures = f"{seen - started:.2f} | {answered:.2f} | {reader.failed} | {reader.p99_ms():.0f}"
    print(f"| {what} | {figures} |", flush=True)


def _often(client: httpx.Client, url: str, pid: int) -> None:
    before = _mb(pid)
    load, _ = half_load(url, 2)
    command = [sys.executable, "-c", f"from benchmarks.top import waits; waits({url!r}, None, {load}, 3600)"]
    seconds: list[float] = []
    with _reading(url) as reader, _running(command):
        for version in ("third-1", None) * CHANGES:
            started = time.perf_counter()
            _ask(client, version)
            seconds.append(time.perf_counter() - started)
    seconds.sort()
    print(f"\n{CHANGES} times live and back while {load:.0f} lists a second are read: ", end="")
    print(f"p50 {seconds[len(seconds) // 2]:.2f} s, ", end="")
    print(f"max {seconds[-1]:.2f} s, {len(reader.models) - 1} changes seen; {len(reader.waits_ms):,} replies checked, ")
    print(f"{reader.failed} failed, {reader.mixed} mixed; memory {before:.0f} MB before, {_mb(pid):.0f} MB after")


def _ask(client: httpx.Client, version: str | None) -> dict[str, Any]:
    path = f"/v1/models/{version}/promote" if version else "/v1/models/rollback"
    answer = client.post(path, json=_REASON)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def _unscored(database: Path, model: str, start: int = 0) -> int:
    """Headlines published after ``start``, in microseconds since 1970, that the model has not scored."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        (known,) = connection.execute("SELECT count(*) FROM headlines WHERE published_at > ?", (start,)).fetchone()
        query = "SELECT count(*) FROM scores WHERE model = ? AND published_at > ?"
        (scored,) = connection.execute(query, (model, start)).fetchone()
    return int(known) - int(scored)


@contextmanager
def _reading(url: str) -> Iterator[Reader]:
    reader = Reader(url)
    thread = threading.Thread(target=reader.run)
    thread.start()
    try:
        yield reader
    finally:
        reader.stop.set()
        thread.join()


@contextmanager
def _service(state: Path) -> Iterator[tuple[str, str, int]]:
    environment = {**os.environ, "ISCORE_STATE": str(state)}
    command = [sys.executable, "-m", "service"]
    scopes = ("--scope", "editor", "--scope", "admin")
    made = subprocess.run([*command, "keys", "create", *scopes], env=environment, capture_output=True, check=True)
    serve = [*command, "serve", "--port", "0", "--no-feeds", "--no-sample"]
    with _running(serve, stdout=subprocess.PIPE, env=environment) as service:
        yield address_of(service), made.stdout.decode().strip(), service.pid


@contextmanager
def _running(command: list[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(command, **options) as process:
        try:
            yield process
        finally:
            process.terminate()


def _mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
