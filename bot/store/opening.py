"""Opening the store: connect, take the lock, bring the schema up to date, refuse one that is newer than this code."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from bot.model import BotError
from bot.ports import Unavailable
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
        raise Unavailable(f"the database cannot be used: {reason_of(problem)}", 5) from None
    except BaseException:
        engine.dispose()
        raise
    return SqlStore(engine, _reader(engine))


def reason_of(problem: DBAPIError) -> str:
    """What the driver says, in one line, without addresses: an address may hold a password."""
    said = " ".join(str(problem.orig).split())[:300]
    return re.sub(r"\S+://\S+|password\S*", "…", said) or type(problem.orig).__name__


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(re.sub(r"^postgres(?:ql)?:", "postgresql+psycopg:", url))
        if parsed.get_backend_name() == "sqlite":
            engine = create_engine(parsed, connect_args={"timeout": BUSY_MS / 1000}, pool_pre_ping=False)
            event.listen(engine, "connect", _write_ahead)
            event.listen(engine, "begin", _begin)
            return engine
        if parsed.get_backend_name() == "postgresql":
            return create_engine(
                parsed, pool_pre_ping=True, pool_size=10, max_overflow=20, connect_args={"connect_timeout": 10}
            )
    except (ArgumentError, NoSuchModuleError, ValueError):
        pass
    raise BotError("DATABASE_URL must be postgresql://… or sqlite:///path")


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
    file = engine.url.database
    if not file or file == ":memory:":
        yield
        return
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
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
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
    head = script.get_current_head()
    if current == head:
        return

    def steps(revision: str, _context: object) -> object:
        return script._upgrade_revs(head or "head", revision)

    with EnvironmentContext(config, script, fn=steps, destination_rev=head):
        script.run_env()
    connection.commit()
