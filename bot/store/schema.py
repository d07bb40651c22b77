"""The tables. What is queried is a column; the noun lies beside it as JSON, so that a new field needs no migration.

Times are seconds since 1970 in UTC as floats: both databases compare them alike, and no driver turns them into local
time. ``migrations/`` makes these tables; a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, MetaData, String, Table, Text

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
)  # fmt: skip

reviews = Table(
    "reviews", metadata,
    Column("repo", String(250), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("head", String(64), nullable=False),
    Column("at", Float, nullable=False),
    Column("body", Text, nullable=False),
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
    Column("until", String(10), nullable=False),
    Column("at", Float, nullable=False),
    Column("body", Text, nullable=False),
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
    Index("ix_drifts_open", "closed_at", "rank", "opened_at"),
    Index("ix_drifts_service", "service"),
    Index("ix_drifts_pull", "repo", "number"),
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
