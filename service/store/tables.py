"""The tables, as the newest migration leaves them."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """An aware time as whole microseconds since 1970: the same order and precision in every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Refuse a naive time with a TypeError, which is a caller's bug."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Answer in UTC, whatever zone the time came in."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class Key(TypeDecorator[str]):
    """Text by which rows are looked up, often as a stranger typed it into an address.

    PostgreSQL refuses NUL and no database takes half a surrogate pair; both are looked up as
    characters that are in no key, so that such a request finds nothing instead of failing.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Pass every key that can be stored through unchanged."""
        return None if value is None else value.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


# Names for constraints, so that a later migration can name what it changes, on SQLite too.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

headlines = Table(
    "headlines",
    metadata,
    Column("id", Key, primary_key=True),
    Column("title", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("published_at", Moment, nullable=False),
    Column("first_seen_at", Moment, nullable=False),
    Column("language", Text),
    Column("topic", Text),
    Column("publisher", Text),
    Column("date_source", Text, nullable=False),
    Column("story", Key, nullable=False),
    Column("since", BigInteger, nullable=False),
    Index(None, "published_at", "since"),
    Index(None, "story"),
)

scores = Table(
    "scores",
    metadata,
    Column("headline_id", Key, ForeignKey("headlines.id", ondelete="CASCADE"), primary_key=True),
    Column("model", Key, primary_key=True),
    Column("raw", Double, nullable=False),
    Column("scored_at", Moment, nullable=False),
    Column("topic", Text),
    Column("doubt", Text),
    Column("low", Double),
    Column("high", Double),
    Column("percentile", Double),
    # What the headline says of itself, again: a list finds its best rows in one index, without looking at a headline.
    Column("published_at", Moment, nullable=False),
    Column("story", Key, nullable=False),
    Column("since", BigInteger, nullable=False),
    Index("ix_scores_listed", "model", "published_at", "raw", "story", "since", "headline_id"),
    # Holds back NaN as well: PostgreSQL orders it above every number, SQLite stores it as NULL.
    CheckConstraint("raw >= 0 AND raw <= 100", name="raw"),
    sqlite_with_rowid=False,
)

# What headlines and scores were, from one revision to the one before another: lists of the past are made of both.
former_headlines = Table(
    "former_headlines",
    metadata,
    *(Column(c.name, c.type, nullable=c.nullable, primary_key=c.primary_key) for c in headlines.c),
    Column("until", BigInteger, primary_key=True),
    Index(None, "published_at", "until"),
)
former_scores = Table(
    "former_scores",
    metadata,
    *(Column(c.name, c.type, nullable=c.nullable, primary_key=c.primary_key) for c in scores.c),
    Column("until", BigInteger, primary_key=True),
    Index(None, "model", "published_at", "until"),
)

revisions = Table(
    "revisions",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Index(None, "at"),
)

# From which revision on which model's scores are listed.
reigns = Table(
    "reigns",
    metadata,
    Column("since", BigInteger, primary_key=True, autoincrement=False),
    Column("model", Key, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Key, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("last_used_at", Moment),
    Column("revoked_at", Moment),
)

replies = Table(
    "replies",
    metadata,
    Column("key_id", Key, primary_key=True),
    Column("idempotency_key", Key, primary_key=True),
    Column("request", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("stored_at", Moment, nullable=False),
    Index(None, "stored_at"),
)

feeds = Table(
    "feeds",
    metadata,
    Column("url", Key, primary_key=True),
    Column("name", Text, nullable=False),
    Column("home", Text, nullable=False),
    Column("publisher", Text, nullable=False),
    Column("topic", Text),
    Column("language", Text),
    Column("next_at", Moment, nullable=False),
    # Rows that are "removed" stay, so that a feed which the program ships does not come back by itself.
    Column("status", Text, nullable=False),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("interval_s", Integer, nullable=False),
    Column("checked_at", Moment),
    Column("succeeded_at", Moment),
    Column("failures", Integer, nullable=False),
    Column("error", Text),
    Column("moved", Integer, nullable=False),
    Column("entries", Integer, nullable=False),
    Index(None, "status", "next_at"),
)

# One row, put there by the first migration.
state = Table(
    "state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("revision", BigInteger, nullable=False),
    Column("secret", String(64)),
    CheckConstraint("id = 1", name="one_row"),
)
