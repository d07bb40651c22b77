"""What the parts of the store share: transactions, upserts, times, errors."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, Table, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.ports import Unavailable
from bot.store.reasons import reason_of

_SPACE = 0x72756E62
"""The first key of our two-key advisory locks; the second is a hash of what is held."""


class _Joined(threading.local):
    """The transaction that this thread's calls join; None where each is its own."""

    connection: Connection | None = None


class Part:
    """A part of the store over two engines: ``writes`` takes the writer's place at once, ``reads`` never waits."""

    def __init__(self, writes: Engine, reads: Engine) -> None:
        self.writes, self.reads = writes, reads
        self._joined = _Joined()

    @contextmanager
    def together(self, alone: str = "") -> Iterator[None]:
        """One transaction of all calls of this thread within: all of it is kept, or nothing. Others wait meanwhile, so
        nobody outside is asked in it; where a record is appended, that comes last (replicas lock in that order).
        ``alone`` names what is read before it is written, as for ``writing``: a pull request's key for its review."""
        if self._joined.connection is not None:
            _hold(self._joined.connection, alone)
            yield
            return
        with self.writing(alone) as connection:
            self._joined.connection = connection
            try:
                yield
            finally:
                self._joined.connection = None

    @contextmanager
    def writing(self, alone: str = "") -> Iterator[Connection]:
        """One transaction. ``alone`` names what it reads before it writes: one transaction at a time per name, in all
        processes (SQLite has one writer anyway). Raises ``Unavailable`` when the database is locked, full or away."""
        joined = self._joined.connection
        try:
            if joined is not None:
                _hold(joined, alone)
                yield joined
                return
            with self.writes.begin() as connection:
                _hold(connection, alone)
                yield connection
        except (DBAPIError, PoolTimeout) as problem:
            raise self._away(problem) from None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A look at what is committed, and within ``together`` at what was written there."""
        if self._joined.connection is not None:
            yield self._joined.connection
            return
        try:
            with self.reads.connect() as connection:
                yield connection
        except (DBAPIError, PoolTimeout) as problem:
            raise self._away(problem) from None

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """One look at one moment, however many queries it takes."""
        if self._joined.connection is not None:
            yield self._joined.connection
            return
        try:
            with self.reads.connect() as connection:
                if connection.dialect.name == "postgresql":
                    connection = connection.execution_options(isolation_level="REPEATABLE READ")
                else:
                    connection.exec_driver_sql("BEGIN")  # ended by the rollback of the pool
                yield connection
        except (DBAPIError, PoolTimeout) as problem:
            raise self._away(problem) from None

    def put(self, connection: Connection, table: Table, *rows: Mapping[str, object]) -> None:
        """Insert rows, or replace those whose primary key is there already. All rows have the same columns."""
        if not rows:
            return
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        statement = dialect.insert(table)
        key = [column.name for column in table.primary_key]
        fresh = {name: statement.excluded[name] for name in rows[0] if name not in key}
        connection.execute(statement.on_conflict_do_update(index_elements=key, set_=fresh), [dict(row) for row in rows])

    def put_once(self, connection: Connection, table: Table, row: Mapping[str, object]) -> bool:
        """Insert a row; False when its primary key was there already."""
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        statement = dialect.insert(table).values(**row).on_conflict_do_nothing()
        # Without the option the count of an INSERT is lost (-1) on PostgreSQL, where the cursor is closed by then.
        return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount == 1

    def _away(self, problem: DBAPIError | PoolTimeout) -> Unavailable:
        return Unavailable(f"the database cannot be used: {reason_of(problem, self.writes.url)}", 1)


def _hold(connection: Connection, name: str) -> None:
    if name and connection.dialect.name == "postgresql":
        held = {"space": _SPACE, "name": name}
        connection.execute(text("select pg_advisory_xact_lock(:space, hashtext(:name))"), held)


def seconds(at: datetime) -> float:
    """An aware time as seconds since 1970, to the microsecond."""
    return round(at.timestamp(), 6)


def moment(at: float) -> datetime:
    """The reverse of ``seconds``."""
    return datetime.fromtimestamp(at, UTC)


def clipped(given: str, most: int) -> str:
    """Text that fits a column: no NUL (PostgreSQL refuses it) and no half of a surrogate pair (no encoding has it)."""
    return given.replace("\0", "\ufffd").encode("utf-8", "replace").decode()[:most]
