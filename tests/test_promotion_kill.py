"""A process that is killed while versions change leaves lists of one version, and the next one goes on from there."""

import random
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import service
from service.api.state import State
from service.lists import Lists
from service.ranking import ListQuery
from service.registry import Registry
from service.settings import Settings
from service.store.connect import open_store
from service.store.sql import SqlStore
from tests.tiny_models import write_version

ROOT = Path(service.__file__).parents[1]
PROMOTIONS = Path(__file__).with_name("endless_promotion.py")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = ListQuery(timedelta(hours=24), limit=100, collapse="none")
KILLS = 8


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """tiny-1 is shipped and serves, tiny-2 was made here; a word's number is its score, or what is left to 100."""
    write_version(tmp_path / "shipped" / "tiny-1")
    write_version(tmp_path / "models" / "tiny-2", upside_down=True)
    Registry(tmp_path / "shipped").use("tiny-1")
    return Settings(state=tmp_path, models=tmp_path / "shipped", threads=1, sample=False, feeds=False)


def changed_and_killed(folder: Path, turn: int, draw: random.Random) -> str:
    """Kill it at a moment of chance; the version that it said last, or nothing."""
    command = [sys.executable, "-W", "error", str(PROMOTIONS), str(folder), str(turn)]
    with subprocess.Popen(command, env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(draw.randrange(1, 6))]
        sum(range(draw.randrange(300_000)))  # some hundredths of a second, to die anywhere in the next change
        process.kill()
        said += [line for line in process.stdout if line.endswith("\n")]
    assert process.returncode == -9
    return said[-1].strip()


def check(store: SqlStore) -> str:
    """A list bears the scores of the version that it names, all of them, and nothing else; which version that is."""
    page = Lists(store, lambda: NOON).page("none", DAY)
    assert page.unscored == 0
    for row in page.ranking.rows:
        number = int(row.scored.headline.title.removeprefix("w"))
        assert row.scored.raw == (number if page.model == "tiny-1" else 100 - number)
    return page.model


def reigned(store: SqlStore) -> list[str]:
    """The versions in the order in which they reigned, as the log has it: without gaps, each from the one before."""
    log = store.audit.entries(10_000)[::-1]
    assert [one.number for one in log] == list(range(1, len(log) + 1))
    found = ["tiny-1", *(one.entry.subject for one in log)]
    assert [one.entry.details["before"] for one in log] == found[:-1]
    return found


def test_whenever_it_is_killed_no_list_mixes_versions_and_the_next_start_agrees_with_the_choice(
    settings: Settings,
) -> None:
    draw = random.Random(5)
    for kill in range(KILLS):
        said = changed_and_killed(settings.state, 1000 * kill, draw)
        with closing(open_store(settings.store_url(), lambda: NOON)) as store:
            before = check(store)
            assert reigned(store)[-1] == before
            assert said in reigned(store)[-2:]  # what was acknowledged stands, unless the next change has been made
            state = State(settings, store, lambda: NOON)
            assert state.model.version == state.registry.current() == check(store) == reigned(store)[-1]
