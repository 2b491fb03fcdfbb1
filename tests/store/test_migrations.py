"""A store of an earlier version keeps what it holds when this version opens it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from service.store.connect import open_store
from service.store.contract import ApiKey, Census, Span
from service.store.database import Database
from service.types import Headline, Score, ScoredHeadline

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MICROS = int(NOON.timestamp() * 1_000_000)


@contextmanager
def _of_version(url: str, number: str) -> Iterator[Connection]:
    """A database as migrations up to ``number`` leave it."""
    database = Database(url)
    config = Config()
    config.set_main_option("script_location", "service.store:migrations")
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, number)
    with database.writing() as connection:
        yield connection
    database.close()


def test_headlines_without_stories_are_stories_of_their_own_and_were_always_there(url: str) -> None:
    with _of_version(url, "0002") as connection:
        for key in ("a", "b"):
            values = {"key": key, "time": MICROS}
            connection.execute(
                text(
                    "INSERT INTO headlines VALUES (:key, 'Title', 'https://a.example/', 'A', :time, :time, NULL, NULL)"
                ),
                values,
            )
        score = "INSERT INTO scores (headline_id, model, raw, scored_at) VALUES ('a', 'm1', 60, :time)"
        connection.execute(text(score), {"time": MICROS})
        connection.execute(text("UPDATE state SET revision = 7"))
    store = open_store(url, lambda: NOON)
    headline = Headline("a", "Title", "https://a.example/", "A", NOON, NOON)
    span = Span("m1", NOON - timedelta(hours=1), NOON)
    assert store.window(span) == store.best(span, 9) == [ScoredHeadline(headline, Score(60.0), "m1")]
    assert store.census(span) == Census(1, 1, 1, NOON)
    assert [one.id for one in store.story("b")] == ["b"]
    assert store.revision() == 7
    store.put([ScoredHeadline(headline, Score(60.0), "m1"), ScoredHeadline(headline, Score(50.0), "m2")])
    assert (store.revision(), store.revision_at(NOON), store.revision_at(NOON - timedelta(days=1))) == (8, 8, 0)
    assert store.census(Span("m1", *(NOON - timedelta(hours=1), NOON), at=0)) == Census(1, 1, 1, NOON)
    store.close()


def test_keys_without_names_open_what_they_did_and_editors_begin_with_nothing(url: str) -> None:
    key = ApiKey("k1", "0" * 64, ("ingest", "editor"), NOON, None, NOON)
    with _of_version(url, "0004") as connection:
        old = "INSERT INTO api_keys VALUES ('k1', :digest, '[\"ingest\", \"editor\"]', :time, NULL, :time)"
        connection.execute(text(old), {"digest": key.digest, "time": MICROS})
    store = open_store(url)
    assert store.keys() == [key]
    store.add_key(replace(key, id="k2", name="Ann, night desk"))
    assert [one.name for one in store.keys()] == ["", "Ann, night desk"]
    assert store.labels.events() == store.runs.newest(9) == store.adjustments.newest(9) == store.audit.entries(9) == []
    store.close()
