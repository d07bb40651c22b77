"""The tables. What is queried is a column; the noun lies beside it as JSON, so that a new field needs no migration.

Times are seconds since 1970 in UTC as floats: both databases compare them alike, and no driver turns them into local
time; days are ISO text. ``migrations/`` makes these tables; a test compares the two. Columns that came later have
defaults, so that a replica of the version before still writes while it is replaced. What people or repositories name
without bound (``told.key``, ``reviewed.path``) is no key: a hash of it is, because an index entry of PostgreSQL ends at
2,704 bytes.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, MetaData, String, Table, Text, text

metadata = MetaData()

deliveries = Table(
    "deliveries", metadata,
    Column("id", String(200), primary_key=True),
    Column("event", String(100), nullable=False),
    Column("at", Float, nullable=False, index=True),
)  # fmt: skip

pulls = Table(
    "pulls", metadata,
    Column("repo", String(250), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("state", String(20), nullable=False),
    Column("head", String(64), nullable=False),
    Column("at", Float, nullable=False),
    Column("body", Text, nullable=False),
    Column("author", String(100), nullable=False, server_default=text("''")),
)  # fmt: skip

reviews = Table(
    "reviews", metadata,
    Column("repo", String(250), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("head", String(64), nullable=False),
    Column("at", Float, nullable=False),
    Column("body", Text, nullable=False),
    Column("open", Integer, nullable=False, server_default="1"),
)  # fmt: skip

alerts = Table(
    "alerts", metadata,
    Column("repo", String(250), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("body", Text, nullable=False),
)  # fmt: skip

rulings = Table(
    "rulings", metadata,
    Column("repo", String(250), primary_key=True),
    Column("fingerprint", String(64), primary_key=True),
    Column("values_hash", String(64), primary_key=True),
    Column("section_hash", String(64), primary_key=True),
    Column("maker", String(100), primary_key=True),
    Column("until", String(10), nullable=False),
    Column("at", Float, nullable=False),
    Column("body", Text, nullable=False),
    Column("snoozes", Integer, nullable=False),
)  # fmt: skip

drifts = Table(
    "drifts", metadata,
    Column("repo", String(250), primary_key=True),
    Column("fingerprint", String(64), primary_key=True),
    Column("number", Integer, nullable=False),
    Column("service", String(250), nullable=False),
    Column("assignee", String(100), nullable=False),
    Column("merged", Boolean, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("opened_at", Float, nullable=False),
    Column("closed_at", Float),
    Column("closed_by", String(300), nullable=False),
    Column("item", Text, nullable=False),
    Column("merged_at", Float),
    Column("snoozed_until", String(10), nullable=False, server_default=text("''")),
    Column("snoozes", Integer, nullable=False, server_default="0"),
    Column("handles", Text, nullable=False, server_default="[]"),
    Index("ix_drifts_open", "closed_at", "rank", "opened_at"),
    Index("ix_drifts_life", "service", "opened_at", "closed_at"),
    Index("ix_drifts_pull", "repo", "number"),
)  # fmt: skip

told = Table(
    "told", metadata,
    Column("id", String(64), primary_key=True),
    Column("repo", String(250), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("key", Text, nullable=False),
    Column("phase", String(20), nullable=False),
    Column("step", Integer, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("at", Float, nullable=False),
    Index("ix_told_item", "repo", "fingerprint"),
)  # fmt: skip

sendings = Table(
    "sendings", metadata,
    Column("key", String(400), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("day", String(10), nullable=False),
    Column("claimed_at", Float, nullable=False),
    Column("ended_at", Float),
    Column("content", String(64), nullable=False),
    Column("reason", String(300), nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_sendings_state", "state", "day"),
    Index("ix_sendings_day", "day"),
)  # fmt: skip

latest = Table(
    "latest", metadata,
    Column("kind", String(20), primary_key=True),
    Column("series", String(400), primary_key=True),
    Column("key", String(400), nullable=False),
    Column("claimed_at", Float, nullable=False),
    Column("body", Text, nullable=False),
)  # fmt: skip

availability = Table(
    "availability", metadata,
    Column("slack", String(30), primary_key=True),
    Column("at", Float, nullable=False),
    Column("body", Text, nullable=False),
)  # fmt: skip

quiet = Table(
    "quiet", metadata,
    Column("slack", String(30), primary_key=True),
    Column("until", Float, nullable=False),
    Column("at", Float, nullable=False),
)  # fmt: skip

reviewed = Table(
    "reviewed", metadata,
    Column("id", String(64), primary_key=True),
    Column("repo", String(250), nullable=False),
    Column("path", Text, nullable=False),
    Column("day", String(10), nullable=False),
    Column("by", String(300), nullable=False),
    Column("at", Float, nullable=False),
)  # fmt: skip

services = Table(
    "services", metadata,
    Column("repo", String(250), primary_key=True),
    Column("name", String(250), primary_key=True),
    Column("place", Integer, nullable=False),
    Column("at", Float, nullable=False),
    Column("body", Text, nullable=False),
)  # fmt: skip

people = Table(
    "people", metadata,
    Column("login", String(100), primary_key=True),
    Column("slack", String(30), nullable=False),
    Column("proof", String(20), nullable=False),
    Column("at", Float, nullable=False),
)  # fmt: skip

evidence = Table(
    "evidence", metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("at", Float, nullable=False, index=True),
    Column("kind", String(40), nullable=False),
    Column("repo", String(250), nullable=False),
    Column("subject", String(300), nullable=False),
    Column("body", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)  # fmt: skip

anchor = Table(
    "anchor", metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
    Column("hash", String(64), nullable=False),
)  # fmt: skip

away = Table(
    "away", metadata,
    Column("repo", String(250), primary_key=True),
    Column("at", Float, nullable=False),
)  # fmt: skip

pushers = Table(
    "pushers", metadata,
    Column("repo", String(250), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("login", String(100), primary_key=True),
    Column("at", Float, nullable=False),
    Column("account", BigInteger, nullable=False, server_default="0"),
)  # fmt: skip
