"""A PostgreSQL server for tests: made in a directory of its own, on a loopback port, gone when the tests end.

Import both fixtures in a ``conftest.py``: ``from tests.bot.postgres import postgres_server, postgres_url``. Tests that
use them are marked ``integration``. Where the server's programs are absent they fail; they are never skipped.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

PATIENCE = 60.0
"""Seconds that a server may take to start or stop on a busy machine."""


@dataclass(frozen=True)
class Server:
    """A running server; ``url`` is that of a database on it."""

    port: int
    password: str

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/{database}"

    def fresh(self) -> str:
        """The address of a new, empty database."""
        name = f"t{secrets.token_hex(8)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        return self.url(name)

    def drop(self, url: str) -> None:
        """Remove a database, also from under those that still use it."""
        name = url.rpartition("/")[2]
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """One server for all tests of a process."""
    with running() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: Server) -> Iterator[str]:
    """The address of an empty database, for one test."""
    url = postgres_server.fresh()
    yield url
    postgres_server.drop(url)


@contextmanager
def running() -> Iterator[Server]:
    """A server while the block lasts."""
    programs = _programs()
    # Not in tmp_path: root may not run the server, and nobody else may enter root's directories.
    home = Path(tempfile.mkdtemp(prefix="postgres-"))
    try:
        who = _somebody_else(home)
        server = Server(_free_port(), secrets.token_hex(16))
        (home / "password").write_text(server.password)
        (home / "password").chmod(0o600)
        if who:
            shutil.chown(home / "password", *who)
        _initialise(programs, home, who)
        process = _start(programs, home, who, server.port)
        try:
            _wait(process, server, home)
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # the fast way to stop: nobody is waited for
            process.wait(PATIENCE)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _programs() -> Path:
    """The directory of ``initdb`` and ``postgres``; they stand beside each other, often outside the search path."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: float(p.parent.name), reverse=True)
    found = shutil.which("initdb")
    for place in [*versions, *([Path(found).resolve().parent] if found else [])]:
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    pytest.fail("the PostgreSQL server is needed (initdb and postgres; on Debian: apt-get install postgresql)")


def _somebody_else(home: Path) -> tuple[str, str] | None:
    """The server refuses to run as root: then it runs as ``postgres`` or ``nobody``, who gets the directory."""
    if os.geteuid() != 0:
        return None
    import grp
    import pwd

    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    account = names.get("postgres") or names["nobody"]
    who = (account.pw_name, grp.getgrgid(account.pw_gid).gr_name)
    shutil.chown(home, *who)
    return who


def _initialise(programs: Path, home: Path, who: tuple[str, str] | None) -> None:
    told = ["--username=postgres", f"--pwfile={home}/password", "--auth=scram-sha-256", "--no-sync", "--locale=C"]
    done = subprocess.run(
        [programs / "initdb", "-D", home / "data", "--encoding=UTF8", *told],
        cwd=home, capture_output=True, text=True, check=False, **_as(who),
    )  # fmt: skip
    if done.returncode:
        pytest.fail(f"initdb failed: {done.stderr[-2000:]}")


def _start(programs: Path, home: Path, who: tuple[str, str] | None, port: int) -> subprocess.Popen[bytes]:
    settings = {
        "listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": home, "fsync": "off",
        "max_connections": 60, "shared_buffers": "32MB",
    }  # fmt: skip
    told = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with (home / "log").open("wb") as log:
        return subprocess.Popen(
            [programs / "postgres", "-D", home / "data", *told], cwd=home, stdout=log, stderr=log, **_as(who)
        )


def _as(who: tuple[str, str] | None) -> dict[str, Any]:
    return {"user": who[0], "group": who[1], "extra_groups": []} if who else {}


def _wait(process: subprocess.Popen[bytes], server: Server, home: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            psycopg.connect(server.url(), connect_timeout=5).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"PostgreSQL did not start: {(home / 'log').read_text(errors='replace')[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
