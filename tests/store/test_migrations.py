"""A store of an earlier version keeps what it holds when this version opens it."""

from datetime import UTC, datetime, timedelta

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from service.store.connect import open_store
from service.store.contract import Census, Span
from service.store.database import Database
from service.types import Headline, Score, ScoredHeadline

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MICROS = int(NOON.timestamp() * 1_000_000)


def test_headlines_without_stories_are_stories_of_their_own_and_were_always_there(url: str) -> None:
    database = Database(url)
    config = Config()
    config.set_main_option("script_location", "service.store:migrations")
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
    with database.writing() as connection:
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
    database.close()
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
