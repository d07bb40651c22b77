"""The tables of the first release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(200), primary_key=True),
        sa.Column("event", sa.String(100), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_index("ix_deliveries_at", "deliveries", ["at"])
    _of_pulls("pulls", sa.Column("state", sa.String(20), nullable=False), *_head())
    _of_pulls("reviews", *_head())
    _of_pulls("alerts")
    op.create_table(
        "rulings",
        sa.Column("repo", sa.String(250), primary_key=True),
        sa.Column("fingerprint", sa.String(64), primary_key=True),
        sa.Column("values_hash", sa.String(64), primary_key=True),
        sa.Column("section_hash", sa.String(64), primary_key=True),
        sa.Column("until", sa.String(10), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    _drifts()
    op.create_table(
        "services",
        sa.Column("repo", sa.String(250), primary_key=True),
        sa.Column("name", sa.String(250), primary_key=True),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "people",
        sa.Column("login", sa.String(100), primary_key=True),
        sa.Column("slack", sa.String(30), nullable=False),
        sa.Column("proof", sa.String(20), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    _evidence()


def _of_pulls(name: str, *more: sa.Column[str] | sa.Column[float]) -> None:
    op.create_table(
        name,
        sa.Column("repo", sa.String(250), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        *more,
        sa.Column("body", sa.Text, nullable=False),
    )


def _head() -> tuple[sa.Column[str], sa.Column[float]]:
    return (sa.Column("head", sa.String(64), nullable=False), sa.Column("at", sa.Float, nullable=False))


def _drifts() -> None:
    op.create_table(
        "drifts",
        sa.Column("repo", sa.String(250), primary_key=True),
        sa.Column("fingerprint", sa.String(64), primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("service", sa.String(250), nullable=False),
        sa.Column("assignee", sa.String(100), nullable=False),
        sa.Column("merged", sa.Boolean, nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("opened_at", sa.Float, nullable=False),
        sa.Column("closed_at", sa.Float),
        sa.Column("closed_by", sa.String(300), nullable=False),
        sa.Column("item", sa.Text, nullable=False),
    )
    op.create_index("ix_drifts_open", "drifts", ["closed_at", "rank", "opened_at"])
    op.create_index("ix_drifts_service", "drifts", ["service"])
    op.create_index("ix_drifts_pull", "drifts", ["repo", "number"])


def _evidence() -> None:
    op.create_table(
        "evidence",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("repo", sa.String(250), nullable=False),
        sa.Column("subject", sa.String(300), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_index("ix_evidence_at", "evidence", ["at"])
    op.create_table(
        "anchor",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", _NUMBER, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
