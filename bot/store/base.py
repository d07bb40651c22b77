"""What the parts of the store share: transactions, upserts, times, errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from bot.ports import Unavailable


class Part:
    """A part of the store over two engines: ``writes`` takes the writer's place at once, ``reads`` never waits."""

    def __init__(self, writes: Engine, reads: Engine) -> None:
        self.writes, self.reads = writes, reads

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction. Raises ``Unavailable`` when the database is locked, full or away."""
        try:
            with self.writes.begin() as connection:
                yield connection
        except DBAPIError as problem:
            raise _away(problem) from None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A look at what is committed."""
        try:
            with self.reads.connect() as connection:
                yield connection
        except DBAPIError as problem:
            raise _away(problem) from None

    def put(self, connection: Connection, table: Table, row: Mapping[str, object], keep: Sequence[str] = ()) -> None:
        """Insert a row, or replace what its primary key has but for the columns in ``keep``."""
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        statement = dialect.insert(table).values(**row)
        key = [column.name for column in table.primary_key]
        fresh = {name: statement.excluded[name] for name in row if name not in key and name not in keep}
        connection.execute(statement.on_conflict_do_update(index_elements=key, set_=fresh))

    def put_once(self, connection: Connection, table: Table, row: Mapping[str, object]) -> bool:
        """Insert a row; False when its primary key was there already."""
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        return connection.execute(dialect.insert(table).values(**row).on_conflict_do_nothing()).rowcount == 1


def seconds(at: datetime) -> float:
    """An aware time as seconds since 1970, to the microsecond."""
    return round(at.timestamp(), 6)


def moment(at: float) -> datetime:
    """The reverse of ``seconds``."""
    return datetime.fromtimestamp(at, UTC)


def clipped(text: str, most: int) -> str:
    """Text that fits a column."""
    return text.replace("\0", "\ufffd")[:most]


def _away(problem: DBAPIError) -> Unavailable:
    from bot.store.opening import reason_of

    return Unavailable(f"the database cannot be used: {reason_of(problem)}", 1)
