"""What reminders remember, and what they read of drift without decoding it."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, add the columns, and fill these in for what is there."""
    op.add_column("pulls", sa.Column("author", sa.String(100), nullable=False, server_default=sa.text("''")))
    op.add_column("drifts", sa.Column("merged_at", sa.Float))
    op.add_column("drifts", sa.Column("snoozed_until", sa.String(10), nullable=False, server_default=sa.text("''")))
    op.add_column("drifts", sa.Column("snoozes", sa.Integer, nullable=False, server_default="0"))
    op.add_column("drifts", sa.Column("handles", sa.Text, nullable=False, server_default="[]"))
    op.drop_index("ix_drifts_service", "drifts")
    op.create_index("ix_drifts_life", "drifts", ["service", "opened_at", "closed_at"])
    _messages()
    _people()
    _fill(op.get_bind())


def _messages() -> None:
    op.create_table(
        "told",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("repo", sa.String(250), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("phase", sa.String(20), nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_index("ix_told_item", "told", ["repo", "fingerprint"])
    op.create_table(
        "sendings",
        sa.Column("key", sa.String(400), primary_key=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("claimed_at", sa.Float, nullable=False),
        sa.Column("ended_at", sa.Float),
        sa.Column("content", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("ix_sendings_state", "sendings", ["state", "day"])
    op.create_index("ix_sendings_day", "sendings", ["day"])
    op.create_table(
        "latest",
        sa.Column("kind", sa.String(20), primary_key=True),
        sa.Column("series", sa.String(400), primary_key=True),
        sa.Column("key", sa.String(400), nullable=False),
        sa.Column("claimed_at", sa.Float, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )


def _people() -> None:
    op.create_table(
        "availability",
        sa.Column("slack", sa.String(30), primary_key=True),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "quiet",
        sa.Column("slack", sa.String(30), primary_key=True),
        sa.Column("until", sa.Float, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_table(
        "reviewed",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("repo", sa.String(250), nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("by", sa.String(300), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )


def _fill(connection: sa.Connection) -> None:
    """When debt was merged was not kept before: it counts from its opening. Drift that is closed needs no owners."""
    connection.execute(sa.text("update drifts set merged_at = opened_at where merged"))
    drifts = sa.text("select repo, fingerprint, item from drifts where closed_at is null")
    rows = [
        {"repo": repo, "fingerprint": name, "handles": _handles(item)}
        for repo, name, item in connection.execute(drifts)
    ]
    if rows:
        owners = "update drifts set handles = :handles where repo = :repo and fingerprint = :fingerprint"
        connection.execute(sa.text(owners), rows)
    pulls = sa.text("select repo, number, body from pulls")
    rows = [
        {"repo": repo, "number": number, "author": str(_read(body).get("author", ""))[:100]}
        for repo, number, body in connection.execute(pulls)
    ]
    if rows:
        author = "update pulls set author = :author where repo = :repo and number = :number"
        connection.execute(sa.text(author), rows)


def _handles(item: str) -> str:
    owners = _read(item).get("owners")
    found = [owner.get("handle") for owner in owners if isinstance(owner, dict)] if isinstance(owners, list) else []
    return json.dumps(list(dict.fromkeys(handle for handle in found if isinstance(handle, str) and handle)))


def _read(body: str) -> dict[str, object]:
    """A noun's JSON; nothing, where a row was damaged: that is not for a migration to stop at."""
    try:
        read = json.loads(body)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
