"""The tables, as the newest migration leaves them."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
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


def storable(text: str | None) -> str | None:
    """Every text that can be stored unchanged; PostgreSQL refuses NUL, and no database takes half a surrogate pair."""
    return None if text is None else text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


class Key(TypeDecorator[str]):
    """Text by which rows are looked up, often as a stranger typed it into an address, or what people wrote freely.

    What cannot be stored is looked up as characters that are in no key, so that such a request finds nothing instead
    of failing.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Pass every key that can be stored through unchanged."""
        return storable(value)


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
    Column("name", Key, nullable=False),
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

label_events = Table(
    "label_events",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Key, nullable=False),
    Column("by", Key, nullable=False),
    Column("at", Moment, nullable=False),
    Column("kind", Text),
    # As JSON they stay as they are, with characters that columns of text refuse.
    Column("titles", JSON(none_as_null=True)),
    Column("i_score", Double),
    Column("best", Integer),
    Column("worst", Integer),
    Column("reason", Key),
    Column("undoes", Key),
    Column("replaces", Key),
    Column("repeat", Boolean, nullable=False),
    Column("seconds", Double),
    Column("model", Key),
    Column("shown", Boolean, nullable=False),
    # Whose judgement of which titles, as a digest.
    Column("about", String(64)),
    Index(None, "id", unique=True),
    Index(None, "undoes"),
    Index(None, "replaces"),
    Index(None, "about"),
    CheckConstraint("(kind IS NULL) <> (undoes IS NULL) AND (undoes IS NULL OR replaces IS NULL)", name="one_of_both"),
    CheckConstraint("kind <> 'score' OR (i_score IS NOT NULL AND i_score >= 0 AND i_score <= 100)", name="i_score"),
)

adjustments = Table(
    "adjustments",
    metadata,
    Column("id", Key, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("headline_id", Key, nullable=False),
    Column("story", Key, nullable=False),
    Column("reason", Key, nullable=False),
    Column("by", Key, nullable=False),
    Column("since", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("points", Double, nullable=False),
    Column("ended_at", Moment),
    Index(None, "expires_at"),
    CheckConstraint("points >= -100 AND points <= 100", name="points"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Key, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("by", Key, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("labels", Integer, nullable=False),
    Column("labels_sha256", String(64), nullable=False),
    Column("champion", Key, nullable=False),
    Column("candidate", Key),
    Column("progress", Double, nullable=False),
    Column("message", Key, nullable=False),
    Column("verdict", LargeBinary),
)

audit = Table(
    "audit",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("by", Key, nullable=False),
    Column("action", Key, nullable=False),
    Column("subject", Key, nullable=False),
    Column("details", JSON, nullable=False),
    Index(None, "by", "number"),
    Index(None, "action", "number"),
)

# One row, put there by the first migration.
state = Table(
    "state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("revision", BigInteger, nullable=False),
    Column("listed", BigInteger, nullable=False, server_default="0"),
    Column("secret", String(64)),
    CheckConstraint("id = 1", name="one_row"),
)
