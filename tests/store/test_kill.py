"""Acknowledged is durable: a process killed in the middle of its work takes nothing back."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

import service
from service.store.connect import open_store
from service.store.database import Database
from service.types import Score

ROOT = Path(service.__file__).parents[1]
INGEST = Path(__file__).with_name("endless_ingest.py")


@pytest.mark.parametrize("acknowledged_first", [1, 137, 500])
def test_every_acknowledged_headline_survives_a_kill(url: str, acknowledged_first: int) -> None:
    command = [sys.executable, "-W", "error", str(INGEST), url]
    with subprocess.Popen(command, env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True) as ingest:
        assert ingest.stdout is not None
        acknowledged = [ingest.stdout.readline().strip() for _ in range(acknowledged_first)]
        ingest.kill()
        # The kill may cut the last line short: only whole lines are acknowledgements.
        acknowledged += [line.strip() for line in ingest.stdout if line.endswith("\n")]
    assert ingest.returncode == -9
    store = open_store(url)
    for number, name in enumerate(acknowledged):
        found = store.get(name)
        assert found is not None, name
        assert (found[0].title, found[1]) == (f"Headline {number}", {"m1": Score(number % 101)})
    store.close()


def test_a_killed_writer_leaves_whole_batches_and_an_unharmed_database(url: str) -> None:
    command = [sys.executable, "-W", "error", str(INGEST), url]
    with subprocess.Popen(command, env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True) as ingest:
        assert ingest.stdout is not None
        ingest.stdout.readline()
        ingest.kill()
    database = Database(url)
    with database.writing() as connection:
        headlines, scores, revision = connection.execute(
            text("SELECT (SELECT count(*) FROM headlines), (SELECT count(*) FROM scores), revision FROM state")
        ).one()
        assert headlines == scores == 5 * revision
        if url.startswith("sqlite"):
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
    database.close()
