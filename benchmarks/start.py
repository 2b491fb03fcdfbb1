"""``iscore serve`` from nothing: seconds to the first full list, and resident memory after some scoring."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

ROUNDS = 5


def run() -> None:
    """Print the table, medians over fresh starts."""
    seconds, memory = zip(*(_start() for _ in range(ROUNDS)), strict=True)
    print(f"median of {ROUNDS} fresh starts with an empty state folder\n")
    print("| figure | value |\n|---|---|")
    print(f"| start to first full `/v1/top` | {sorted(seconds)[ROUNDS // 2]:.2f} s |")
    print(f"| resident memory after 2,560 scored headlines | {sorted(memory)[ROUNDS // 2]:.0f} MB |")


def _start() -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as state:
        command = [sys.executable, "-m", "service", "serve", "--port", "0", "--state", state]
        started = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            url = process.stdout.readline().split()[1].rstrip("/")
            rows = len(httpx.get(f"{url}/v1/top").json()["items"])
            seconds = time.perf_counter() - started
            assert rows == 10
            for batch in range(10):
                titles = [f"Storm number {batch} kills {n} in coastal town, officials say" for n in range(256)]
                httpx.post(f"{url}/v1/score", json={"headlines": titles}, timeout=60).raise_for_status()
            status = Path(f"/proc/{process.pid}/status").read_text()
            process.terminate()
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return seconds, int(resident.split()[1]) / 1024
