"""The store port and the ledger of reminders, put together from their parts."""

from __future__ import annotations

from sqlalchemy import Engine

from bot.store.decisions import Decisions
from bot.store.drift import DriftPart
from bot.store.known import Known
from bot.store.moves import Moves
from bot.store.pulls import Pulls
from bot.store.reminders import Reminded


class SqlStore(Pulls, Decisions, DriftPart, Known, Reminded, Moves):
    """Everything that is remembered, over an opened and migrated database. Safe to use from several threads."""

    def __init__(self, writes: Engine, reads: Engine) -> None:
        super().__init__(writes, reads)

    def close(self) -> None:
        """Let go of the database."""
        self.writes.dispose()
        self.reads.dispose()
