"""Opening the store: connect, take the lock, bring the schema up to date, refuse one that is newer than this code."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from bot.model import BotError
from bot.ports import Unavailable
from bot.store.reasons import reason_of
from bot.store.sql import SqlStore

LOCK = 0x72756E62
"""The advisory lock under which one process at a time migrates."""
BUSY_MS = 10_000
"""How long SQLite waits for another writer."""


def open_store(url: str) -> SqlStore:
    """The store at that address, migrated. Raises ``BotError`` for an address that cannot be used or a schema that is
    newer than this code, and ``Unavailable`` while the database is away."""
    engine = _engine(url)
    try:
        with _alone(engine), engine.connect() as connection:
            _migrate(connection)
    except DBAPIError as problem:
        engine.dispose()
        raise Unavailable(f"the database cannot be used: {reason_of(problem, engine.url)}", 5) from None
    except BaseException:
        engine.dispose()
        raise
    return SqlStore(engine, _reader(engine))


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(re.sub(r"^postgres(?:ql)?:", "postgresql+psycopg:", url))
        if _usable(parsed):
            if parsed.get_backend_name() == "postgresql":
                return create_engine(
                    parsed, pool_pre_ping=True, pool_size=10, max_overflow=20, connect_args={"connect_timeout": 10}
                )
            engine = create_engine(parsed, connect_args={"timeout": BUSY_MS / 1000})
            event.listen(engine, "connect", _write_ahead)
            event.listen(engine, "begin", _begin)
            return engine
    except (ArgumentError, NoSuchModuleError, ValueError):
        pass
    raise BotError(
        "DATABASE_URL must be postgresql://user:password@host/name or sqlite:///path; "
        "write @, / and : in a password as %40, %2F and %3A"
    )


def _usable(url: URL) -> bool:
    """An @ in the host is the end of a password that was not escaped: libpq would quote it in its errors. SQLite needs
    a file: one in memory belongs to one connection."""
    if url.get_backend_name() == "postgresql":
        return "@" not in (url.host or "") and "@" not in (url.database or "")
    return url.get_backend_name() == "sqlite" and bool(url.database) and url.database != ":memory:"


def _reader(engine: Engine) -> Engine:
    """The engine for reading: on SQLite one that takes no place among writers."""
    if engine.dialect.name != "sqlite":
        return engine
    reader = create_engine(engine.url, connect_args={"timeout": BUSY_MS / 1000})
    event.listen(reader, "connect", _write_ahead)
    return reader


def _write_ahead(connection: object, _record: object) -> None:
    """Readers never wait for the writer, and what is committed survives a killed process."""
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", f"busy_timeout={BUSY_MS}", "foreign_keys=ON"):
        cursor.execute(f"pragma {pragma}")
    cursor.close()
    connection.isolation_level = None  # type: ignore[attr-defined]  # we say BEGIN ourselves


def _begin(connection: Connection) -> None:
    """Take the writer's place at once: a transaction that reads first and writes later would fail, not wait."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    """One process at a time: a file lock beside a SQLite file, an advisory lock in PostgreSQL."""
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            connection.execute(text("select pg_advisory_lock(:lock)"), {"lock": LOCK})
            connection.commit()
            try:
                yield
            finally:
                connection.execute(text("select pg_advisory_unlock(:lock)"), {"lock": LOCK})
                connection.commit()
        return
    file = str(engine.url.database)
    try:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(f"{file}.migrating", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as problem:
        raise Unavailable(f"the database cannot be used: {problem.strerror}", 5) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _migrate(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    script = ScriptDirectory.from_config(config)
    known = {step.revision for step in script.walk_revisions()}
    current = MigrationContext.configure(connection).get_current_revision()
    connection.rollback()
    if current is not None and current not in known:
        raise BotError(
            f"the database has schema {current[:40]}, which this version does not know: it was used by a newer one. "
            "Run that version, or restore a backup from before."
        )
    if current != script.get_current_head():
        command.upgrade(config, "head")  # runs migrations/env.py on this connection
        connection.commit()
