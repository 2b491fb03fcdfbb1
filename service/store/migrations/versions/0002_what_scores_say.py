"""Scores say what a headline is about, how sure they are and where they stand among others."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add columns, empty for the scores of earlier versions."""
    for column in ("topic", "doubt"):
        op.add_column("scores", sa.Column(column, sa.Text))
    for column in ("low", "high", "percentile"):
        op.add_column("scores", sa.Column(column, sa.Double))
