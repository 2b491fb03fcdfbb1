"""Headlines belong to stories, and what lists said in the past can be told again."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_NEW_HEADLINE: list[sa.Column[Any]] = [
    sa.Column("publisher", sa.Text),
    sa.Column("date_source", sa.Text, nullable=False, server_default="published"),
    sa.Column("story", sa.Text, nullable=False, server_default=""),
    sa.Column("since", sa.BigInteger, nullable=False, server_default="0"),
]
_NEW_SCORE: list[sa.Column[Any]] = [
    sa.Column("published_at", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("story", sa.Text, nullable=False, server_default=""),
    sa.Column("since", sa.BigInteger, nullable=False, server_default="0"),
]


def upgrade() -> None:
    """Every headline kept so far is a story of its own, known since ever."""
    for column in _NEW_HEADLINE:
        op.add_column("headlines", column)
    for column in _NEW_SCORE:
        op.add_column("scores", column)
    published = "(SELECT published_at FROM headlines WHERE headlines.id = scores.headline_id)"
    op.execute(f"UPDATE scores SET story = headline_id, published_at = {published}")  # noqa: S608
    op.drop_index("ix_headlines_published_at", "headlines")
    op.create_index("ix_headlines_published_at_since", "headlines", ["published_at", "since"])
    op.create_index("ix_headlines_story", "headlines", ["story"])
    listed = ["model", "published_at", "raw", "story", "since", "headline_id"]
    op.create_index("ix_scores_listed", "scores", listed)
    op.create_table(
        "former_headlines",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("published_at", sa.BigInteger, nullable=False),
        sa.Column("first_seen_at", sa.BigInteger, nullable=False),
        sa.Column("language", sa.Text),
        sa.Column("topic", sa.Text),
        sa.Column("publisher", sa.Text),
        sa.Column("date_source", sa.Text, nullable=False),
        sa.Column("story", sa.Text, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", "until", name="pk_former_headlines"),
    )
    op.create_index("ix_former_headlines_published_at_until", "former_headlines", ["published_at", "until"])
    op.create_table(
        "former_scores",
        sa.Column("headline_id", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("raw", sa.Double, nullable=False),
        sa.Column("scored_at", sa.BigInteger, nullable=False),
        sa.Column("topic", sa.Text),
        sa.Column("doubt", sa.Text),
        sa.Column("low", sa.Double),
        sa.Column("high", sa.Double),
        sa.Column("percentile", sa.Double),
        sa.Column("published_at", sa.BigInteger, nullable=False),
        sa.Column("story", sa.Text, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("headline_id", "model", "until", name="pk_former_scores"),
    )
    former = ["model", "published_at", "until"]
    op.create_index("ix_former_scores_model_published_at_until", "former_scores", former)
    op.create_table(
        "revisions",
        sa.Column("number", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_revisions"),
    )
    op.create_index("ix_revisions_at", "revisions", ["at"])
    op.create_table(
        "reigns",
        sa.Column("since", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("since", name="pk_reigns"),
    )
