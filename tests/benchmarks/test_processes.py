"""Runs of whole processes: what they cost, and what happens to one that fails."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from benchmarks.processes import Command, Measured, Run, alternate, run


def python(code: str, accepted: frozenset[int] = frozenset({0}), folder: Path | None = None) -> Command:
    return Command([sys.executable, "-S", "-c", code], folder, accepted=accepted)


def test_a_run_counts_its_processor_time_memory_and_words() -> None:
    done = run(python("import sys; b = bytearray(80_000_000); print('oh', file=sys.stderr); sys.exit(3)"))
    assert (done.code, done.said) == (3, "oh")
    assert done.megabytes > 70
    assert done.processor > 0
    assert done.seconds > 0


def test_the_memory_of_the_benchmark_itself_does_not_count() -> None:
    held = bytearray(b"x" * 200_000_000)
    assert run(python("pass")).megabytes < 50
    del held


def gone(process: str) -> bool:
    """Whether a process has ended (a zombie has), within ten seconds: a kill is not carried out at once."""
    state = Path(f"/proc/{process}/stat")
    for _ in range(100):
        try:
            if state.read_text().rsplit(")", 1)[1].split()[0] in {"Z", "X"}:
                return True
        except OSError:
            return True
        time.sleep(0.1)
    return False


def test_a_run_past_its_limit_takes_its_children_with_it(tmp_path: Path) -> None:
    code = "import os, time; child = os.fork(); child and open('child', 'w').write(str(child)); time.sleep(60)"
    with pytest.raises(TimeoutError, match="longer than 3 s"):
        run(python(code, folder=tmp_path), limit=3)
    assert gone((tmp_path / "child").read_text())


def test_commands_take_turns_after_one_warm_up(tmp_path: Path) -> None:
    log = tmp_path / "log"
    commands = {name: python(f"open({os.fspath(log)!r}, 'a').write('{name}')") for name in "ab"}
    found = alternate(commands, 2)
    assert log.read_text() == "ab" * 3
    assert [len(found[name].runs) for name in "ab"] == [2, 2]


def test_one_that_fails_is_named_and_the_others_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    commands = {
        "broken": python("import sys; sys.exit('no such option')"),
        "absent": Command(["there-is-no-such-program"]),
        "slow": python("import time; time.sleep(60)"),
        "drift": python("import sys; sys.exit(1)", accepted=frozenset({0, 1})),
    }
    found = alternate(commands, 1, limit=3)
    assert found["broken"] == Measured((), "exit code 1")
    assert found["absent"] == Measured((), "cannot be started")
    assert found["slow"] == Measured((), "longer than 3 s")
    assert len(found["drift"].runs) == 1
    assert "no such option" in capsys.readouterr().err


def test_one_that_used_up_its_budget_gets_no_further_run(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = f"open({os.fspath(log)!r}, 'a').write('x'); import time; time.sleep(0.3)"
    assert len(alternate({"a": python(code)}, 5, budget=0.0)["a"].runs) == 1
    assert log.read_text() == "x", "a warm-up that took too long is the one run"
    assert len(alternate({"a": python("pass")}, 5, budget=60.0)["a"].runs) == 5


def test_figures_are_median_seconds_least_processor_time_largest_peak() -> None:
    measured = Measured((Run(3, 0.5, 10, 0), Run(1, 0.7, 30, 0), Run(2, 0.9, 20, 0)))
    assert (measured.seconds, measured.processor, measured.megabytes) == (2, 0.5, 30)
