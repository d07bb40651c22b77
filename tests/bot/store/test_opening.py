"""Opening the store: migrations, versions, several processes, kills, and databases that cannot be used."""

from __future__ import annotations

import fcntl
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import event, inspect, text

from bot.evidence import verify
from bot.model import BotError
from bot.ports import Unavailable
from bot.store import SqlStore, open_store, opening
from bot.store.schema import metadata
from tests.bot.fakes import REF, item, pull, review
from tests.cases import ROOT

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SECRET = "hunter2secret"


def process(program: str, url: str) -> subprocess.Popen[str]:
    """Another process with ``store`` opened; the address goes by the environment, as in earnest."""
    head = (
        "import os, sys, time\nfrom datetime import UTC, datetime\nfrom bot.store import open_store\n"
        "at = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)\nstore = open_store(os.environ['DATABASE_URL'])\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", head + program], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "DATABASE_URL": url},
    )  # fmt: skip


def killed(program: str, url: str) -> None:
    """Run until the program says so, then kill -9."""
    running = process(program, url)
    try:
        assert running.stdout is not None
        assert running.stdout.readline() == "now\n"
        running.send_signal(signal.SIGKILL)
    finally:
        running.kill()
        running.communicate(timeout=60)


# -- migrations -----------------------------------------------------------------------------------------------------


def test_the_migrations_make_the_tables_of_the_schema(store: SqlStore) -> None:
    with store.writing() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        made = inspect(connection)
        assert {*made.get_table_names()} == {*metadata.tables, "alembic_version"}
        for table in metadata.tables.values():  # Alembic does not compare primary keys
            key = made.get_pk_constraint(table.name)["constrained_columns"]
            assert key == [column.name for column in table.primary_key]


def test_opening_again_keeps_everything(url: str) -> None:
    first = open_store(url)
    first.save_pull(pull(), AT)
    first.close()
    again = open_store(url)
    assert again.pull(REF) == pull()
    again.close()


def test_a_schema_newer_than_the_code_is_refused_and_left_alone(url: str) -> None:
    store = open_store(url)
    store.save_pull(pull(), AT)
    with store.writing() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(BotError, match=r"schema 9999.*used by a newer one") as caught:
        open_store(url)
    assert not isinstance(caught.value, Unavailable)  # trying again is no use
    assert store.pull(REF) == pull()
    store.close()


def test_a_migration_that_fails_leaves_nothing_behind(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic import op

    real = op.create_index

    def fail(name: str, *given: object, **more: object) -> None:
        if name == "ix_evidence_at":
            raise RuntimeError("half way")
        real(name, *given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(op, "create_index", fail)
    with pytest.raises(RuntimeError, match="half way"):
        open_store(url)
    monkeypatch.undo()
    store = open_store(url)
    assert store.services() == ()
    store.close()


def test_processes_that_start_at_once_migrate_once_and_make_one_chain(url: str) -> None:
    work = "for n in range(25): store.append('review', '', 'x', {'n': n}, at)"
    running = [process(work, url) for _ in range(3)]
    for one in running:
        _, errors = one.communicate(timeout=120)
        assert (one.returncode, errors) == (0, "")
    store = open_store(url)
    assert [record.number for record in store.evidence()] == list(range(1, 76))
    with store.chain() as (records, kept):
        assert verify(records, kept) == []
    store.close()


@contextmanager
def another_process_migrates(url: str) -> Iterator[None]:
    """Its lock is held while the block lasts."""
    if url.startswith("sqlite"):
        with open(f"{url.removeprefix('sqlite:///')}.migrating", "w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield
    else:
        with psycopg.connect(url, autocommit=True) as session:
            session.execute("select pg_advisory_lock(%s)", (opening.LOCK,))
            yield


def test_who_opens_while_another_process_migrates_waits(url: str) -> None:
    opened: list[SqlStore] = []
    waiting = threading.Thread(target=lambda: opened.append(open_store(url)))
    with another_process_migrates(url):
        waiting.start()
        waiting.join(0.5)
        assert waiting.is_alive()
    waiting.join(60)
    assert opened[0].services() == ()
    opened[0].close()


# -- looking ---------------------------------------------------------------------------------------------------------


def revised(store: SqlStore, revision: str) -> None:
    with store.writing() as connection:
        connection.execute(text("update alembic_version set version_num = :revision"), {"revision": revision})


def test_looking_says_what_the_next_start_does_and_changes_nothing(url: str, tmp_path: Path) -> None:
    assert opening.look(url) == "made at the first start"
    with pytest.raises(BotError, match=r"there is no database .*STATE_DIR, DATABASE_URL"):
        opening.open_existing(url)
    assert list(tmp_path.iterdir()) == []
    store = open_store(url)
    store.close()
    before = sorted(tmp_path.iterdir())
    assert opening.look(url) == ""
    assert sorted(tmp_path.iterdir()) == before


def test_looking_tells_an_older_schema_from_a_newer_one(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(url)
    revised(store, "9999")
    for looked in (opening.look, opening.open_existing):
        with pytest.raises(BotError, match=r"schema 9999.*used by a newer one"):
            looked(url)
    revised(store, "0001")
    monkeypatch.setattr(opening.ScriptDirectory, "get_current_head", lambda _: "0099")
    assert opening.look(url) == "has schema 0001, older than this version's 0099: brought up to date at the next start"
    with pytest.raises(BotError, match=r"schema 0001, older.*start the bot once"):
        opening.open_existing(url)
    store.close()


def test_an_existing_store_is_opened_as_it_is(url: str) -> None:
    store = open_store(url)
    store.append("review", "", "x", {}, AT)
    again = opening.open_existing(url)
    with again.chain() as (records, kept):
        assert verify(records, kept) == []
    again.close()
    store.close()


@pytest.mark.parametrize("place", ["text", "text/below.db", "", "text/deep/er.db"])
def test_looking_at_what_can_be_no_database(tmp_path: Path, place: str) -> None:
    (tmp_path / "text").write_text("no database " * 200)
    with pytest.raises(Unavailable, match="the database cannot be used"):
        opening.look(f"sqlite:///{tmp_path}/{place}")


def test_an_empty_file_and_a_strange_database_are_none_of_the_bots(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("create table t (x)")
    other.close()
    for name in ("empty.db", "other.db"):
        assert opening.look(f"sqlite:///{tmp_path}/{name}") == "made at the first start"
        with pytest.raises(BotError, match="there is no database of the bot"):
            opening.open_existing(f"sqlite:///{tmp_path}/{name}")
    assert (tmp_path / "empty.db").stat().st_size == 0


def test_only_the_owner_reads_the_files_and_the_directory(tmp_path: Path) -> None:
    previous = os.umask(0o022)
    try:
        store = open_store(f"sqlite:///{tmp_path}/state/bot.db")
    finally:
        os.umask(previous)
    store.save_pull(pull(), AT)
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (tmp_path / "state").iterdir()}
    assert set(modes) >= {"bot.db", "bot.db-wal", "bot.db-shm"}
    assert set(modes.values()) == {"0o600"}
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    store.close()


def test_a_file_that_is_there_keeps_its_mode(file: Path) -> None:
    open_store(f"sqlite:///{file}").close()
    file.chmod(0o640)
    open_store(f"sqlite:///{file}").close()
    assert file.stat().st_mode & 0o777 == 0o640


@pytest.mark.integration
def test_a_user_of_postgresql_who_may_make_no_tables_is_told(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as session:
        session.execute("drop role if exists reader")
        session.execute("create role reader login password 'reader'")
        try:
            rest = postgres_url.partition("@")[2]
            with pytest.raises(BotError, match="may not make tables"):
                opening.look(f"postgresql://reader:reader@{rest}")
        finally:
            session.execute("drop role reader")


# -- kills ----------------------------------------------------------------------------------------------------------


def test_a_kill_in_the_middle_of_a_transaction_leaves_nothing_of_it(url: str) -> None:
    store = open_store(url)
    found = review(item(), item(fingerprint="f2"))
    store.save_pull(pull(), AT)
    store.open_drift(found, AT)
    store.append("review", "", "before", {}, AT)
    killed(
        "from bot.store.schema import anchor, drifts, evidence\n"
        "with store.writing() as connection:\n"
        "    connection.execute(drifts.delete())\n"
        "    connection.execute(evidence.delete())\n"
        "    connection.execute(anchor.update().values(hash='x'))\n"
        "    print('now', flush=True)\n"
        "    time.sleep(60)\n",
        url,
    )
    assert len(store.drift()) == 2
    store.append("review", "", "after", {}, AT)  # the place of the writer is free
    with store.chain() as (records, kept):
        assert verify(records, kept) == []
    store.close()


def test_a_kill_while_records_are_appended_leaves_a_whole_chain_with_all_that_was_said_to_be_there(url: str) -> None:
    killed(
        "for n in range(100000):\n"
        "    store.append('review', '', 'x', {'n': n}, at)\n"
        "    if n == 50: print('now', flush=True)\n",
        url,
    )
    store = open_store(url)
    with store.chain() as (records, kept):
        assert verify(records, kept) == []
    assert len(list(store.evidence())) >= 51
    store.close()


# -- databases that cannot be used ----------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "bot.db"


def test_a_locked_database_is_unavailable_to_writers_only(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "BUSY_MS", 50)
    store = open_store(f"sqlite:///{file}")
    store.save_pull(pull(), AT)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("begin immediate")
    with pytest.raises(Unavailable, match="locked"):
        store.save_pull(pull(title="x"), AT)
    assert store.pull(REF) == pull()
    other.execute("rollback")
    other.close()
    store.save_pull(pull(title="x"), AT)
    store.close()


def test_a_full_disk_is_unavailable_and_loses_nothing(file: Path) -> None:
    store = open_store(f"sqlite:///{file}")
    store.save_pull(pull(), AT)
    store.writes.dispose()
    full = lambda connection, _record: connection.execute("pragma max_page_count = 1")  # noqa: E731 - no page more
    event.listen(store.writes, "connect", full)
    with pytest.raises(Unavailable, match="full"):
        store.save_pull(pull(title="x" * 1_000_000), AT)
    assert store.pull(REF) == pull()
    event.remove(store.writes, "connect", full)
    store.writes.dispose()
    store.save_pull(pull(title="room again"), AT)
    store.close()


def test_sqlite_writes_ahead_and_waits(file: Path) -> None:
    store = open_store(f"sqlite:///{file}")
    for engine in (store.writes, store.reads):
        with engine.connect() as connection:
            names = ("journal_mode", "busy_timeout", "foreign_keys")
            found = [connection.exec_driver_sql(f"pragma {name}").scalar() for name in names]
            assert found == ["wal", opening.BUSY_MS, 1]
    store.close()


def test_the_directory_of_the_file_is_made(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path}/a 100%/b/bot.db").close()
    assert (tmp_path / "a 100%" / "b" / "bot.db").exists()


def test_what_is_no_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database " * 200)
    for place in ("text", "text/below.db", ""):
        with pytest.raises(Unavailable, match="the database cannot be used"):
            open_store(f"sqlite:///{tmp_path}/{place}")


@pytest.mark.parametrize(
    "url", ["", "nonsense", "mysql://u:{0}@h/x", "sqlite://", "sqlite:///:memory:", "postgresql://u:{0}@h:port/x",
            "postgresql://u:a@{0}@127.0.0.1:1/x"],
)  # fmt: skip
def test_an_address_that_cannot_be_used_is_refused_in_words(url: str) -> None:
    with pytest.raises(BotError, match="DATABASE_URL must be") as caught:
        open_store(url.format(SECRET))
    assert SECRET not in "".join(_told(caught.value))


@pytest.mark.parametrize(
    "url", ["postgresql://u:{0}@127.0.0.1:1/x", "postgres://u:{0}@127.0.0.1:1/x",
            "postgresql+psycopg://u:{0}@127.0.0.1:1/x", "postgresql://u:{0}@127.0.0.1:1/x?sslmode={0}",
            "postgresql://u@127.0.0.1:1/x?password={0}&sslmode={0}"],
)  # fmt: skip
def test_a_database_that_is_away_is_unavailable_and_no_secret_is_told(url: str) -> None:
    with pytest.raises(Unavailable, match="the database cannot be used") as caught:
        open_store(url.format(SECRET))
    assert SECRET not in "".join(_told(caught.value))


def _told(problem: BaseException) -> list[str]:
    """All that a traceback would show."""
    import traceback

    return traceback.format_exception(problem)


# -- PostgreSQL only ------------------------------------------------------------------------------------------------


@pytest.mark.integration
def test_a_wrong_password_is_told_without_it(postgres_url: str) -> None:
    start, _, rest = postgres_url.partition("@")
    with pytest.raises(Unavailable, match="authentication failed") as caught:
        open_store(f"{start.rpartition(':')[0]}:{SECRET}@{rest}")
    assert SECRET not in "".join(_told(caught.value))


@pytest.mark.integration
def test_connections_that_the_server_ended_are_made_anew(postgres_url: str) -> None:
    store = open_store(postgres_url)
    ending = text("select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() "
                  "and datname = current_database()")  # fmt: skip
    ended = open_store(postgres_url)

    def write_while_the_server_ends_it() -> None:
        with store.writing() as connection:
            connection.execute(text("delete from pulls"))
            with ended.writing() as other:
                other.execute(ending)
            connection.execute(text("delete from pulls"))

    with pytest.raises(Unavailable, match="the database cannot be used"):
        write_while_the_server_ends_it()
    store.save_pull(pull(), AT)
    with ended.writing() as other:
        other.execute(ending)
    assert store.pull(REF) == pull()
    store.close()
    ended.close()
