"""What editors judge and adjust, training runs, who changed what, and who holds a key."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """New, empty tables; the keys made so far have no name."""
    op.add_column("state", sa.Column("listed", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("api_keys", sa.Column("name", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "label_events",
        sa.Column("number", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text),
        sa.Column("titles", sa.JSON),
        sa.Column("i_score", sa.Double),
        sa.Column("best", sa.Integer),
        sa.Column("worst", sa.Integer),
        sa.Column("reason", sa.Text),
        sa.Column("undoes", sa.Text),
        sa.Column("replaces", sa.Text),
        sa.Column("repeat", sa.Boolean, nullable=False),
        sa.Column("seconds", sa.Double),
        sa.Column("model", sa.Text),
        sa.Column("shown", sa.Boolean, nullable=False),
        sa.Column("about", sa.String(64)),
        sa.PrimaryKeyConstraint("number", name="pk_label_events"),
        sa.CheckConstraint(
            "(kind IS NULL) <> (undoes IS NULL) AND (undoes IS NULL OR replaces IS NULL)",
            name="ck_label_events_one_of_both",
        ),
        sa.CheckConstraint(
            "kind <> 'score' OR (i_score IS NOT NULL AND i_score >= 0 AND i_score <= 100)",
            name="ck_label_events_i_score",
        ),
    )
    op.create_index("ix_label_events_id", "label_events", ["id"], unique=True)
    for column in ("undoes", "replaces", "about"):
        op.create_index(f"ix_label_events_{column}", "label_events", [column])
    op.create_table(
        "adjustments",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("headline_id", sa.Text, nullable=False),
        sa.Column("story", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("points", sa.Double, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_adjustments"),
        sa.CheckConstraint("points >= -100 AND points <= 100", name="ck_adjustments_points"),
    )
    op.create_index("ix_adjustments_expires_at", "adjustments", ["expires_at"])
    op.create_table(
        "runs",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("labels", sa.Integer, nullable=False),
        sa.Column("labels_sha256", sa.String(64), nullable=False),
        sa.Column("champion", sa.Text, nullable=False),
        sa.Column("candidate", sa.Text),
        sa.Column("progress", sa.Double, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("verdict", sa.LargeBinary),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )
    op.create_table(
        "audit",
        sa.Column("number", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit"),
    )
    op.create_index("ix_audit_by_number", "audit", ["by", "number"])
    op.create_index("ix_audit_action_number", "audit", ["action", "number"])
