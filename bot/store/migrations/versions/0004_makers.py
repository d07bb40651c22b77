"""Decisions are kept by person: what one of them said stays where another said something too. And how many items a
review leaves unsettled, so that nobody reads those that leave none; 1 where it is not known."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_COLUMNS = ("repo", "fingerprint", "values_hash", "section_hash", "until", "at", "body")


def upgrade() -> None:
    """Another key needs another table; who decided stands in each decision."""
    op.add_column("reviews", sa.Column("open", sa.Integer, nullable=False, server_default="1"))
    op.add_column("pushers", sa.Column("account", sa.BigInteger, nullable=False, server_default="0"))
    made = op.create_table(
        "rulings_by_maker",
        sa.Column("repo", sa.String(250), primary_key=True),
        sa.Column("fingerprint", sa.String(64), primary_key=True),
        sa.Column("values_hash", sa.String(64), primary_key=True),
        sa.Column("section_hash", sa.String(64), primary_key=True),
        sa.Column("maker", sa.String(100), primary_key=True),
        sa.Column("until", sa.String(10), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("snoozes", sa.Integer, nullable=False),
    )
    before = sa.table("rulings", *(sa.column(name) for name in _COLUMNS))
    rows = [dict(row._mapping) for row in op.get_bind().execute(sa.select(before))]
    for first in range(0, len(rows), 500):
        some = rows[first : first + 500]
        fresh = [{**row, "maker": _maker(row["body"]), "snoozes": int(row["until"] != "")} for row in some]
        op.bulk_insert(made, fresh)
    op.drop_table("rulings")
    op.rename_table("rulings_by_maker", "rulings")


def _maker(body: str) -> str:
    """Who decided; nobody for a row that is damaged, which stops no start."""
    try:
        return str(json.loads(body)["by"]).casefold()[:100]
    except (ValueError, KeyError, TypeError):
        return ""
