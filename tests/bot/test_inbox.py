"""The journal of orders: what was answered for is placed, whatever happens to the process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import pytest

from bot.inbox import Inbox
from bot.ports import Unavailable

ROOT = Path(__file__).parents[2]


def until(found: Callable[[], object], what: str, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline, f"still not: {what}"
        time.sleep(0.005)


@dataclass
class Engine:
    """What places orders; ``broken`` is raised instead, and nothing is placed before ``go_on``."""

    placed: list[tuple[str, ...]] = field(default_factory=list)
    broken: Exception | None = None
    go_on: Event = field(default_factory=Event)

    def __call__(self, *order: str) -> None:
        self.go_on.wait(20)
        if self.broken:
            raise self.broken
        self.placed.append(order)


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine()
    made.go_on.set()
    yield made
    made.go_on.set()


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "inbox"


def test_orders_are_placed_in_their_order_and_then_forgotten(journal: Path, engine: Engine) -> None:
    inbox = Inbox(journal, engine)
    for number in range(50):
        inbox.put("review", f"acme/shop#{number}", "d")
    until(lambda: inbox.waiting == 0, "all placed")
    assert engine.placed == [("review", f"acme/shop#{number}", "d") for number in range(50)]
    assert journal.read_bytes() == b""
    inbox.stop()


def test_an_order_is_in_the_file_before_put_returns(journal: Path, engine: Engine) -> None:
    engine.go_on.clear()
    inbox = Inbox(journal, engine)
    inbox.put("review", "acme/shop#7", "d1")
    assert b'["review", "acme/shop#7", "d1"]\n' in journal.read_bytes()
    engine.go_on.set()
    inbox.stop()


def test_what_stands_in_it_at_a_start_is_placed(journal: Path, engine: Engine) -> None:
    journal.write_bytes(b'\n["review", "acme/shop#7", "d1"]\n\n["refresh", "acme/shop", "d2"]\n')
    Inbox(journal, engine).stop()
    assert engine.placed == [("review", "acme/shop#7", "d1"), ("refresh", "acme/shop", "d2")]
    assert journal.read_bytes() == b""


@pytest.mark.parametrize("torn", [b'\n["revi', b"\n", b'\n["review", "acme/shop#7", "d\xc3', b"\n\x00\x00"])
def test_a_torn_line_hides_no_other(journal: Path, engine: Engine, torn: bytes) -> None:
    journal.write_bytes(b'\n["review", "acme/shop#1", "d1"]\n' + torn)
    engine.go_on.clear()
    inbox = Inbox(journal, engine)
    inbox.put("review", "acme/shop#2", "d2")
    kept = journal.read_bytes()
    engine.go_on.set()
    inbox.stop()
    assert engine.placed == [("review", "acme/shop#1", "d1"), ("review", "acme/shop#2", "d2")]

    journal.write_bytes(kept)  # killed before it was emptied
    engine.placed.clear()
    Inbox(journal, engine).stop()
    assert engine.placed == [("review", "acme/shop#1", "d1"), ("review", "acme/shop#2", "d2")]


class FullDisk:
    """A file on a disk that has room for a few more bytes."""

    def __init__(self, path: Path, room: int) -> None:
        self._file, self._room = path.open("ab", buffering=0), room

    def write(self, data: bytes) -> int:
        if not self._room:
            raise OSError(28, "No space left on device")
        written = self._file.write(data[: self._room])
        self._room -= written
        return written

    def truncate(self, size: int) -> None:
        self._file.truncate(size)

    def close(self) -> None:
        self._file.close()


@pytest.mark.parametrize("room", [0, 1, 20])
def test_on_a_full_disk_an_order_is_not_answered_for(journal: Path, engine: Engine, room: int) -> None:
    engine.go_on.clear()
    inbox = Inbox(journal, engine)
    inbox.put("review", "acme/shop#1", "d1")
    whole, inbox._file = inbox._file, FullDisk(journal, room)  # type: ignore[assignment]
    with pytest.raises(Unavailable, match="could not be kept"):
        inbox.put("review", "acme/shop#2", "d2")
    with pytest.raises(Unavailable, match="No space left"):
        inbox.put("review", "acme/shop#2", "d2")
    inbox._file.close()
    inbox._file = whole
    inbox.put("review", "acme/shop#3", "d3")
    kept = journal.read_bytes()
    engine.go_on.set()
    inbox.stop()
    assert engine.placed == [("review", "acme/shop#1", "d1"), ("review", "acme/shop#3", "d3")]

    journal.write_bytes(kept)
    Inbox(journal, engine).stop()
    assert engine.placed[2:] == engine.placed[:2]


def test_an_engine_that_is_away_is_asked_again(journal: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.inbox.AGAIN_SECONDS", 0.01)
    engine.broken = Unavailable("locked")
    inbox = Inbox(journal, engine)
    inbox.put("review", "acme/shop#7", "d1")
    time.sleep(0.05)
    assert inbox.waiting == 1
    engine.broken = None
    until(lambda: engine.placed, "placed")
    inbox.stop()


def test_what_an_engine_did_not_take_stays_for_the_next_start(journal: Path, engine: Engine) -> None:
    engine.broken = Unavailable("locked")
    inbox = Inbox(journal, engine)
    inbox.put("review", "acme/shop#7", "d1")
    inbox.stop(0.05)
    engine.broken = None
    Inbox(journal, engine).stop()
    assert engine.placed == [("review", "acme/shop#7", "d1")]


def test_an_order_that_is_none_holds_nobody_up(journal: Path, engine: Engine) -> None:
    def place(kind: str, *rest: str) -> None:
        if kind == "of another version":
            raise KeyError(kind)
        engine(kind, *rest)

    journal.write_bytes(b'["of another version"]\n{"a": 1}\n7\n["review", "acme/shop#7", "d1"]\n')
    Inbox(journal, place).stop()
    assert engine.placed[-1] == ("review", "acme/shop#7", "d1")
    assert journal.read_bytes() == b""


def test_an_engine_that_hangs_holds_up_no_stop_and_harms_no_file(journal: Path, engine: Engine) -> None:
    engine.go_on.clear()
    inbox = Inbox(journal, engine)
    inbox.put("review", "acme/shop#7", "d1")
    inbox.stop(0.05)
    with pytest.raises(Unavailable):
        inbox.put("review", "acme/shop#8", "d2")
    kept = journal.read_bytes()
    engine.go_on.set()
    inbox._thread.join(5)
    assert journal.read_bytes() == kept, "a thread that wakes later empties nothing"


def test_nobody_else_may_read_it(journal: Path, engine: Engine) -> None:
    Inbox(journal, engine).stop()
    assert journal.stat().st_mode & 0o777 == 0o600


PROGRAM = """
import os, sys
from pathlib import Path
from bot.inbox import Inbox

placed = open(sys.argv[2], "ab", buffering=0)

def place(*order):
    placed.write((order[1] + "\\n").encode())

inbox = Inbox(Path(sys.argv[1]), place)
number = int(sys.argv[3])
while True:
    inbox.put("review", f"k{number}", "d")
    os.write(1, f"k{number}\\n".encode())  # the answer
    number += 1
"""


def test_killed_at_any_moment_nothing_that_was_answered_is_lost(tmp_path: Path) -> None:
    """A real process that is killed with -9 while it keeps and places, started again, killed again."""
    program, journal, placed = tmp_path / "program.py", tmp_path / "inbox", tmp_path / "placed"
    program.write_text(PROGRAM)
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    answered: set[str] = set()
    for number in range(5):
        command = [sys.executable, str(program), str(journal), str(placed), str(number * 1_000_000)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
        assert process.stdout is not None
        first = process.stdout.readline().decode()
        time.sleep(0.003 * number)
        process.send_signal(signal.SIGKILL)
        *whole, _torn = (first + process.communicate()[0].decode()).split("\n")
        answered.update(whole)
        if number == 2:
            with journal.open("ab") as file:
                file.write(b'\n["review", "k')
    last = Engine()
    last.go_on.set()
    Inbox(journal, last).stop()
    done = set(placed.read_text().splitlines()) | {order[1] for order in last.placed}
    assert answered
    assert answered <= done
