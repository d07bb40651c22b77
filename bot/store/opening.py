"""Opening the store: connect, take the lock, bring the schema up to date, refuse one that is newer than this code. Or
only look at it: the doctor and who reads the evidence change nothing.
"""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

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


def open_existing(url: str) -> SqlStore:
    """The store at that address as it stands: nothing is made and nothing is migrated. Raises ``BotError`` where there
    is none or its schema is not this version's, and ``Unavailable`` while the database is away."""
    engine = _engine(url)
    current, head = _standing(engine)
    if current is None:
        where = engine.url.database if engine.dialect.name == "sqlite" else "DATABASE_URL"
        raise BotError(
            f"there is no database of the bot at {where}: run this where the bot runs, with the same settings "
            "(STATE_DIR, DATABASE_URL)"
        )
    if current != head:
        raise BotError(f"the database has schema {current[:40]}, older than this version's: start the bot once")
    return SqlStore(engine, _reader(engine))


def look(url: str) -> str:
    """What the next start does to the database at that address, in words; empty when there is nothing to do. Changes
    nothing. Raises ``BotError`` for an address that cannot be used, a schema that is newer than this code, or a lack
    of rights, and ``Unavailable`` while the database is away or its file cannot be written."""
    engine = _engine(url)
    if engine.dialect.name == "sqlite":
        _writable(Path(str(engine.url.database)))
    current, head = _standing(engine)
    if current == head:
        return ""
    if engine.dialect.name == "postgresql":
        _may_make_tables(engine)
    if current is None:
        return "made at the first start"
    return f"has schema {current[:40]}, older than this version's {head}: brought up to date at the next start"


def _standing(engine: Engine) -> tuple[str | None, str]:
    """The schema of the database, None where there is none, and the schema of this code. A missing SQLite file is not
    made: its mode says so to the driver, which removes what it put beside it."""
    head = str(_script().get_current_head())
    looking = engine
    if engine.dialect.name == "sqlite":
        file = os.path.abspath(str(engine.url.database))
        if not os.path.exists(file):
            return None, head
        address = f"file:{quote(file)}?mode=rw"
        looking = create_engine(
            "sqlite://", creator=lambda: sqlite3.connect(address, uri=True, timeout=BUSY_MS / 1000)
        )  # fmt: skip
    try:
        with looking.connect() as connection:
            return _revision(connection), head
    except DBAPIError as problem:
        raise Unavailable(f"the database cannot be used: {reason_of(problem, engine.url)}", 5) from None
    finally:
        looking.dispose()


def _writable(file: Path) -> None:
    """Raise ``Unavailable`` unless a SQLite file, or its directory, could be written or made."""
    place = file if file.exists() else file.parent
    while not place.exists() and place != place.parent:
        place = place.parent
    fits = place.is_file() if place == file else place.is_dir()
    if not fits or not os.access(place, os.W_OK) or not os.access(place if place.is_dir() else place.parent, os.W_OK):
        raise Unavailable(f"the database cannot be used: {place} cannot be written", 5)


def _may_make_tables(engine: Engine) -> None:
    """Raise ``BotError`` where the user of the database may not make our tables, or not the schema of the jobs."""
    tables = "has_schema_privilege(current_schema(), 'CREATE')"
    jobs = "has_database_privilege(current_database(), 'CREATE')"
    try:
        with engine.connect() as connection:
            may = connection.scalar(text(f"select {tables} and {jobs}"))
    except DBAPIError as problem:
        raise Unavailable(f"the database cannot be used: {reason_of(problem, engine.url)}", 5) from None
    finally:
        engine.dispose()
    if not may:
        raise BotError("the user of the database may not make tables in it: make it the owner of the database")


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
        _private(Path(file))
        descriptor = os.open(f"{file}.migrating", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as problem:
        raise Unavailable(f"the database cannot be used: {problem.strerror}", 5) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _private(file: Path) -> None:
    """Make the file of a database, where there is none, for its owner alone, and so its directory: it quotes code of
    private repositories. SQLite gives the files beside it the same mode. Who made it otherwise may have a reason, so
    what is there stays as it is; it is not even opened, since closing it would drop the locks of this process."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _revision(connection: Connection) -> str | None:
    """The schema of the database. Raises ``BotError`` for one that this code does not know."""
    current = MigrationContext.configure(connection).get_current_revision()
    connection.rollback()
    if current is not None and current not in {step.revision for step in _script().walk_revisions()}:
        raise BotError(
            f"the database has schema {current[:40]}, which this version does not know: it was used by a newer one. "
            "Run that version, or restore a backup from before."
        )
    return current


def _migrate(connection: Connection) -> None:
    if _revision(connection) == _script().get_current_head():
        return
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")  # runs migrations/env.py on this connection
    connection.commit()
