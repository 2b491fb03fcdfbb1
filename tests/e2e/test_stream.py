"""Event streams of a real service in a process of its own."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

SERVICE = [sys.executable, "-m", "service"]
Start = Callable[[], tuple[subprocess.Popen[str], str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts services without sample and feeds on one state folder; answers the process and its address."""
    command = [*SERVICE, "serve", "--port", "0", "--no-sample", "--no-feeds"]

    def begin() -> tuple[subprocess.Popen[str], str]:
        process = running.enter_context(
            subprocess.Popen(
                command, stdout=subprocess.PIPE, text=True, env={**os.environ, "ISCORE_STATE": str(tmp_path)}
            )
        )
        running.callback(process.terminate)
        assert process.stdout
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found
        return process, found[0].rstrip("/")

    with ExitStack() as running:
        yield begin


def events(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    """Blocks of ``name: value`` lines."""
    found: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if name:
            found[name] = value
        elif found:
            yield found
            found = {}


def test_a_reader_gets_the_list_and_what_comes_in_and_after_a_restart_what_it_missed(
    start: Start, tmp_path: Path
) -> None:
    environment = {**os.environ, "ISCORE_STATE": str(tmp_path)}
    key = subprocess.check_output([*SERVICE, "keys", "create", "--scope", "ingest"], env=environment, text=True).strip()
    process, url = start()
    with httpx.stream("GET", f"{url}/v1/top/stream", timeout=60) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        told = events(answer.iter_lines())
        first = next(told)
        assert (first["event"], json.loads(first["data"])["items"]) == ("snapshot", [])
        item = {"title": "Dam bursts above valley town, thousands flee", "url": "https://news.example/dam"}
        headers = {"Authorization": f"Bearer {key}"}
        httpx.post(f"{url}/v1/headlines", json=[item], headers=headers, timeout=60).raise_for_status()
        second = next(told)
        assert (second["event"], json.loads(second["data"])["title"]) == ("enter", item["title"])
        process.terminate()
        assert list(told) == []  # an open stream does not keep a service from stopping
    assert process.wait(timeout=20) == 0
    _, url = start()
    with httpx.stream("GET", f"{url}/v1/top/stream", headers={"Last-Event-ID": first["id"]}, timeout=60) as answer:
        missed = next(events(answer.iter_lines()))
    assert (missed["event"], missed["data"]) == ("enter", second["data"])
