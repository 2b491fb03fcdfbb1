"""Headlines with their scores, API keys, stored replies and the one row of state."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "headlines",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("published_at", sa.BigInteger, nullable=False),
        sa.Column("first_seen_at", sa.BigInteger, nullable=False),
        sa.Column("language", sa.Text),
        sa.Column("topic", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_headlines"),
    )
    op.create_index("ix_headlines_published_at", "headlines", ["published_at"])
    op.create_table(
        "scores",
        sa.Column("headline_id", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("raw", sa.Double, nullable=False),
        sa.Column("scored_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("headline_id", "model", name="pk_scores"),
        sa.ForeignKeyConstraint(["headline_id"], ["headlines.id"], name="fk_scores_headline_id", ondelete="CASCADE"),
        sa.CheckConstraint("raw >= 0 AND raw <= 100", name=op.f("ck_scores_raw")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("last_used_at", sa.BigInteger),
        sa.Column("revoked_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
    )
    op.create_table(
        "replies",
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("idempotency_key", sa.Text, nullable=False),
        sa.Column("request", sa.String(64), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("stored_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("key_id", "idempotency_key", name="pk_replies"),
    )
    op.create_index("ix_replies_stored_at", "replies", ["stored_at"])
    state = op.create_table(
        "state",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("secret", sa.String(64)),
        sa.PrimaryKeyConstraint("id", name="pk_state"),
        sa.CheckConstraint("id = 1", name=op.f("ck_state_one_row")),
    )
    op.bulk_insert(state, [{"id": 1, "revision": 0}])
