"""A running service to ask: its own state folder and SQLite file, the real model, and a clock that the test moves."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from service.api import state
from service.api.app import Application, create_app
from service.api.state import State
from service.keys import mint
from service.model import ImportanceModel, load
from service.settings import Settings
from service.store.connect import open_store
from service.text import headline_id
from service.types import Headline, Score, ScoredHeadline, Topic

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    """The service's time; stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass(frozen=True)
class Service:
    """A running service with what a test needs to look at it from outside and from inside."""

    app: Application
    client: TestClient
    clock: Clock
    settings: Settings

    @property
    def state(self) -> State:
        return cast(State, self.app.state.service)

    def get(self, address: str, **headers: str) -> Response:
        return self.client.get(address, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def top(self, query: str = "") -> dict[str, Any]:
        """The list as JSON."""
        answer = self.get(f"/v1/top{query}")
        assert answer.status_code == 200, answer.text
        return cast(dict[str, Any], answer.json())

    def titles(self, query: str = "") -> list[str]:
        return [item["title"] for item in self.top(query)["items"]]

    def key(self, *scopes: str) -> dict[str, str]:
        """Headers with a new key."""
        text, key = mint(scopes or ["ingest"], self.clock())
        self.state.store.add_key(key)
        return {"Authorization": f"Bearer {text}"}

    def scored(
        self,
        title: str,
        raw: float,
        minutes_ago: float = 5,
        *,
        url: str | None = None,
        source: str = "Example News",
        published_at: datetime | None = None,
        first_seen_at: datetime | None = None,
        language: str | None = None,
        topic: str | None = None,
        model: str | None = None,
        score_topic: Topic | None = None,
        story: str = "",
        **said: Any,
    ) -> ScoredHeadline:
        """A headline that was published and seen some minutes ago, with a score of the current model.

        ``said`` is what else the score says.
        """
        time = self.clock() - timedelta(minutes=minutes_ago)
        address = url or f"https://news.example/{headline_id(title)}"
        published_at, first_seen_at = published_at or time, first_seen_at or time
        id_ = headline_id(title, address)
        headline = Headline(id_, title, address, source, published_at, first_seen_at, language, topic, story=story)
        return ScoredHeadline(headline, Score(raw, score_topic, **said), model or self.state.model.version)

    def put(self, *scored: ScoredHeadline) -> None:
        """Write headlines as another process would, through a store of its own; the service looks afterwards."""
        self.put_unseen(scored)
        self.state.look()

    def put_unseen(self, scored: Sequence[ScoredHeadline]) -> None:
        """The same, before the service has looked."""
        with closing(open_store(self.settings.store_url(), self.clock)) as other:
            other.put(scored)


@pytest.fixture(scope="session", autouse=True)
def tests_tick_themselves() -> Iterator[None]:
    """No background work between two steps of a test: it would score what the test says is not scored yet."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(state, "_TICK_S", 3600.0)
        yield


@pytest.fixture(scope="session")
def loads() -> Callable[[Path, int], ImportanceModel]:
    """How the services load models: really, but each version of a folder once for all tests."""
    return cache(load)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with nothing but its schema, to copy: migrating a new one takes longer than most tests."""
    path = tmp_path_factory.mktemp("empty") / "iscore.db"
    open_store(f"sqlite:///{path}").close()
    return path


@dataclass(frozen=True)
class Start:
    """Starts services until it is closed."""

    models: Path
    empty_database: Path
    load: Callable[[Path, int], ImportanceModel]
    running: ExitStack

    def __call__(self, folder: Path, **settings: object) -> Service:
        """A service that keeps its state in ``folder``."""
        folder.mkdir()
        shutil.copy(self.empty_database, folder / "iscore.db")
        chosen = {"state": folder, "models": self.models, "threads": 1, "sample": False, "feeds": False, **settings}
        clock, read = Clock(), Settings(**chosen)  # type: ignore[arg-type]
        app = create_app(read, clock, self.load)
        client = self.running.enter_context(TestClient(app, raise_server_exceptions=False))
        return Service(app, client, clock, read)


@pytest.fixture
def start(models_dir: Path, empty_database: Path, loads: Callable[[Path, int], ImportanceModel]) -> Iterator[Start]:
    """Starts services; all stop when the test ends."""
    with ExitStack() as running:
        yield Start(models_dir, empty_database, loads, running)


@pytest.fixture
def service(start: Start, tmp_path: Path) -> Service:
    """A service with an empty store."""
    return start(tmp_path / "state")


@pytest.fixture(scope="session")
def idle(
    tmp_path_factory: pytest.TempPathFactory,
    models_dir: Path,
    empty_database: Path,
    loads: Callable[[Path, int], ImportanceModel],
) -> Iterator[Service]:
    """One service for all tests that change nothing in it."""
    with ExitStack() as running:
        yield Start(models_dir, empty_database, loads, running)(tmp_path_factory.mktemp("idle") / "state")
