"""Repositories that are away, and who pushed to pull requests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables, empty: what was forgotten before stays so."""
    op.create_table(
        "away", sa.Column("repo", sa.String(250), primary_key=True), sa.Column("at", sa.Float, nullable=False)
    )
    op.create_table(
        "pushers",
        sa.Column("repo", sa.String(250), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("login", sa.String(100), primary_key=True),
        sa.Column("at", sa.Float, nullable=False),
    )
