"""All that is remembered: SQLAlchemy Core on SQLite (WAL) or PostgreSQL, one code path for both."""

from __future__ import annotations

from bot.store.opening import open_store
from bot.store.sql import SqlStore

__all__ = ["SqlStore", "open_store"]
