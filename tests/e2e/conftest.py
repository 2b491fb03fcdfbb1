"""A real service in a process of its own, and a real Chromium."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.e2e.paper import A_MOMENT_LATER, COUNT, NOON, Embed, Paper, Wire, printed

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-quic"]


@pytest.fixture(scope="session")
def state_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the service keeps what it writes."""
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="session")
def service_url(state_folder: Path) -> Iterator[str]:
    """Where ``iscore serve`` listens, with the sample loaded."""
    with served(state_folder) as url:
        yield url


@contextmanager
def served(state: Path, *options: str) -> Iterator[str]:
    """A service with a state folder of its own; where it listens."""
    command = [sys.executable, "-m", "service", "serve", "--port", "0", "--state", str(state), "--no-feeds", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        line = process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, line
        yield found[0].rstrip("/")
        process.terminate()
        assert process.wait(timeout=20) == 0


@pytest.fixture
def editor_key(service_url: str, state_folder: Path) -> str:
    """A key of an editor who has done nothing yet."""
    return new_key(state_folder, "editor")


def new_key(state_folder: Path, *scopes: str) -> str:
    """What ``iscore keys create`` prints."""
    command = [sys.executable, "-m", "service", "keys", "create", *(f"--scope={scope}" for scope in scopes)]
    environment = {**os.environ, "ISCORE_STATE": str(state_folder)}
    return subprocess.check_output(command, env=environment, text=True, stderr=subprocess.DEVNULL).strip()


@pytest.fixture(scope="module")  # while it is open, an event loop runs in this thread, and other tests need their own
def browser() -> Iterator[Browser]:
    """The system's Chromium, else the one that Playwright installed."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def wire() -> Wire:
    """What answers the element in the service's place."""
    return Wire()


@pytest.fixture(scope="session")
def paper() -> Iterator[Paper]:
    """A newspaper on another origin than the service."""
    with printed() as paper:
        yield paper


@pytest.fixture
def print_page(browser: Browser, paper: Paper) -> Iterator[Embed]:
    """Opens a page of the paper; the test fails when it logs errors, except bad answers and what is ``expected``."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []
    fine = ["Failed to load resource"]

    def open_(
        html: str,
        policy: str = "",
        routes: Mapping[str, Wire] = MappingProxyType({}),
        expected: str | None = None,
        **options: Any,
    ) -> Page:
        fine.append(expected or fine[0])
        paper.html = f'<!doctype html><html lang="en"><title>Paper</title><main><h1>Paper</h1>{html}</main>'
        paper.policy = policy
        context = browser.new_context(**{"viewport": {"width": 400, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        for address, wire in routes.items():
            page.route(address, wire)
            page.clock.install(time=NOON)
        page.add_init_script(COUNT)
        page.goto(paper.url)
        if routes:
            page.clock.pause_at(A_MOMENT_LATER)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert [one for one in complaints if not any(part in one for part in fine)] == []


@pytest.fixture
def embed(print_page: Embed, service_url: str, wire: Wire) -> Embed:
    """Opens a page with the element in it, at noon, where ``wire`` answers."""

    def open_(attributes: str = "", inside: str = "", around: str = "{}", **options: Any) -> Page:
        element = f'<iscore-top src="{service_url}/v1/top" {attributes}>{inside}</iscore-top>'
        script = f'<script type="module" src="{service_url}/widget/iscore.js"></script>'
        return print_page(script + around.replace("{}", element), routes={f"{service_url}/v1/top?*": wire}, **options)

    return open_
