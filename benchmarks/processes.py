"""Whole processes and what they cost: wall seconds, processor seconds, peak memory, in turns.

Runs take turns, so that a noisy machine slows all of them alike. Figures come from the operating system's account of
the child (``wait4``): its processor time and that of its own children, and the largest resident set among them.
"""

from __future__ import annotations

import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Command:
    """A command line, where and with which variables it runs, and the exit codes that mean it did its work."""

    argv: Sequence[str]
    folder: Path | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    accepted: frozenset[int] = frozenset({0})


@dataclass(frozen=True)
class Run:
    """One finished process: wall seconds, processor seconds, peak resident megabytes, exit code, last of its stderr."""

    seconds: float
    processor: float
    megabytes: float
    code: int
    said: str = ""


@dataclass(frozen=True)
class Measured:
    """The runs of one command, or why there are none: then ``runs`` is empty."""

    runs: tuple[Run, ...]
    problem: str = ""

    @property
    def seconds(self) -> float:
        """Median wall seconds."""
        return statistics.median(run.seconds for run in self.runs)

    @property
    def processor(self) -> float:
        """Least processor seconds: a shared machine disturbs them less than wall time, and only ever adds."""
        return min(run.processor for run in self.runs)

    @property
    def megabytes(self) -> float:
        """Largest peak of all runs."""
        return max(run.megabytes for run in self.runs)


LAUNCHER = """
import os, sys, time
out, *argv = sys.argv[1:]
started = time.perf_counter()
_, status, usage = os.wait4(os.posix_spawnp(argv[0], argv, os.environ), 0)
seconds = time.perf_counter() - started
figures = seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, os.waitstatus_to_exitcode(status)
with open(out, "w") as file:
    file.write(" ".join(map(repr, figures)))
"""
"""Starts the measured process and writes what it cost. A process's peak counts from before its ``exec``, when it still
had its parent's memory: this parent has some 9 MB, the benchmark itself ten times as many."""


def run(command: Command, limit: float = 300.0) -> Run:
    """Run a command to its end without its output. Past ``limit`` seconds it and its children are killed, and
    ``TimeoutError`` is raised; ``OSError`` when it cannot be started."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | dict(command.variables)
    if shutil.which(command.argv[0], path=environment.get("PATH")) is None:
        raise FileNotFoundError(command.argv[0])
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as errors:
        out = Path(folder, "figures")
        launcher = [sys.executable, "-I", "-S", "-c", LAUNCHER, str(out), *command.argv]
        process = subprocess.Popen(
            launcher, cwd=command.folder, env=environment, start_new_session=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=errors,
        )  # fmt: skip
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise TimeoutError(f"longer than {limit:g} s") from None
        errors.seek(max(0, errors.seek(0, os.SEEK_END) - 2000))
        said = errors.read().decode("utf-8", "replace").strip()
        if not out.exists():
            raise OSError(f"the launcher ended with {process.returncode}: {said}")
        seconds, processor, peak, code = out.read_text().split()
    megabytes = int(peak) / (1024 * 1024 if sys.platform == "darwin" else 1024)
    return Run(float(seconds), float(processor), megabytes, int(code), said)


def alternate(
    commands: Mapping[str, Command], runs: int, limit: float = 300.0, budget: float = 120.0
) -> dict[str, Measured]:
    """Each command ``runs`` times after one warm-up, taking turns. One that fails is left out from then on, and one
    whose runs took more than ``budget`` seconds together gets no further ones (one whose warm-up took that long keeps
    it as its only run); the rest goes on."""
    found: dict[str, list[Run]] = {name: [] for name in commands}
    problems: dict[str, str] = {}
    for turn in range(runs + 1):
        for name, command in commands.items():
            if name in problems or sum(done.seconds for done in found[name]) > budget:
                continue
            try:
                done = run(command, limit)
            except (OSError, TimeoutError) as error:  # a TimeoutError is an OSError, and says how long
                problems[name] = str(error) if isinstance(error, TimeoutError) else "cannot be started"
                continue
            if done.code not in command.accepted:
                problems[name] = f"exit code {done.code}"
                tell(f"{name}: exit code {done.code}: {done.said}")
            elif turn or done.seconds > budget:  # too slow for a warm-up: that was its one run
                found[name].append(done)
    return {name: Measured(() if name in problems else tuple(found[name]), problems.get(name, "")) for name in commands}


def git(repo: Path, *arguments: str, data: str | None = None) -> str:
    """Output of git in a repository that the benchmark made or a mirror; ``data`` is its standard input. Raises
    ``subprocess.CalledProcessError``."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | git_variables()
    if not (repo / ".git").exists():
        environment["GIT_DIR"] = str(repo)
    return subprocess.run(
        ["git", *arguments], cwd=repo, env=environment, check=True, capture_output=True, text=True, input=data,
        errors="surrogateescape",
    ).stdout.strip()  # fmt: skip


def new_repository(repo: Path) -> None:
    """An empty repository on branch main, its folder made if need be."""
    repo.mkdir(parents=True, exist_ok=True)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | git_variables()
    subprocess.run(["git", "init", "-q", "-b", "main", str(repo)], env=environment, check=True, capture_output=True)


def git_variables() -> dict[str, str]:
    """What git needs to commit without anybody's configuration and to read a repository of another user."""
    return {
        "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*",
        "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.com",
        "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.com",
    }  # fmt: skip


def tell(text: str) -> None:
    """A line for whoever runs the benchmark; tables hold no text of other programs."""
    print(text, file=sys.stderr, flush=True)
