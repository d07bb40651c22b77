"""Whole-process times of ``runbook-drift check``, as ratios against the floor measured in the same run.

    python -m benchmarks.speed --mirrors DIR [--runs 9]

The floor is a Python process that imports GitPython and tree_sitter, runs the same ``git diff`` and parses both sides
of the changed files: nothing that reads a diff with a syntax tree can be faster. *Cold* is a check without a cache of
parsed runbooks, *warm* one that finds them. Runs take turns, so that a noisy machine slows all of them; printed are
medians of wall seconds, their ratios to the floor, the ratios of the least processor time (which a shared machine
disturbs less), and peak memory (``ru_maxrss`` of the child). Bytecode is compiled beforehand, as an installer does.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FLOOR = """
import sys, git, tree_sitter
import tree_sitter_go, tree_sitter_yaml, tree_sitter_python, tree_sitter_json, tree_sitter_jsonnet
repo, base, head = sys.argv[1:]
run = git.Git(repo)
run.update_environment(GIT_DIR=repo, GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0="safe.directory", GIT_CONFIG_VALUE_0="*")
run.execute(["git", "diff", "-U0", "-M", base, head], stdout_as_string=False)
raw = run.execute(["git", "diff", "--raw", "-z", "--abbrev=40", base, head], stdout_as_string=False).split(b"\\0")
wheels = {"go": tree_sitter_go, "yaml": tree_sitter_yaml, "yml": tree_sitter_yaml, "py": tree_sitter_python,
          "json": tree_sitter_json, "jsonnet": tree_sitter_jsonnet, "libsonnet": tree_sitter_jsonnet}
languages = {}
for entry, path in zip(raw[::2], raw[1::2]):
    suffix = path.decode("utf-8", "replace").rsplit(".", 1)[-1]
    if suffix not in wheels:
        continue
    if suffix not in languages:
        languages[suffix] = tree_sitter.Parser(tree_sitter.Language(wheels[suffix].language()))
    for blob in entry.decode().split(" ")[2:4]:
        if set(blob) != {"0"}:
            languages[suffix].parse(run.get_object_data(blob)[3])
"""


@dataclass(frozen=True)
class Run:
    """One finished process: wall seconds, processor seconds, peak resident megabytes, exit code."""

    seconds: float
    processor: float
    megabytes: float
    code: int


def run(command: Sequence[str], limit: float = 120.0, cache: str = "off") -> Run:
    """Run a command to its end without its output; ``cache`` is where parsed runbooks are kept. Raises TimeoutError
    past the limit (the process is killed)."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"RUNBOOK_DRIFT_CACHE": cache, "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir(), "bytecode"))}
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            seconds = time.perf_counter() - started
            return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, process.returncode)
        if time.perf_counter() - started > limit:
            process.kill()
            process.wait()
            raise TimeoutError(f"{command[:4]} took longer than {limit:g} s")
        time.sleep(0.002)


def alternate(commands: dict[str, Sequence[str]], runs: int) -> dict[str, list[Run]]:
    """Each command ``runs`` times after one warm-up, taking turns. The one named ``warm`` has a cache."""
    found: dict[str, list[Run]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as folder:
        caches = {name: folder if name == "warm" else "off" for name in commands}
        for name, command in commands.items():
            run(command, cache=caches[name])
        for _ in range(runs):
            for name, command in commands.items():
                found[name].append(run(command, cache=caches[name]))
    return found


def least(runs: Sequence[Run]) -> float:
    """Least processor seconds."""
    return min(r.processor for r in runs)


def median(runs: Sequence[Run]) -> float:
    """Median wall seconds."""
    return statistics.median(r.seconds for r in runs)


def peak(runs: Sequence[Run]) -> float:
    """Largest peak in megabytes."""
    return max(r.megabytes for r in runs)


def check(repo: Path, base: str, head: str, *more: str) -> list[str]:
    """The command line of a check."""
    return [sys.executable, "-m", "runbooks.cli", "check", "--repo", str(repo), "--base", base, "--head", head,
            "--trust-owner", "--format", "json", *more]  # fmt: skip


def git(repo: Path, *arguments: str) -> str:
    """Output of git in a repository that the benchmark made or a mirror."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | {
        "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*",
        "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@example.com",
    }  # fmt: skip
    if not (repo / ".git").exists():
        environment["GIT_DIR"] = str(repo)
    return subprocess.run(
        ["git", *arguments], cwd=repo, env=environment, check=True, capture_output=True, text=True
    ).stdout.strip()


def real(mirror: Path, commit: str, runs: int) -> str:
    """The row of one real commit: floor; seconds, wall and processor ratio of a cold and of a warm check; memory."""
    base, head = git(mirror, "rev-parse", f"{commit}^"), git(mirror, "rev-parse", commit)
    files = len(git(mirror, "diff", "--name-only", base, head).splitlines())
    own = check(mirror, base, head, "--without-doc-changes")
    found = alternate({"floor": [sys.executable, "-c", FLOOR, str(mirror), base, head], "cold": own, "warm": own}, runs)
    floor, bare = median(found["floor"]), least(found["floor"])
    cells = [commit, str(files), f"{floor:.2f}"]
    for name in ("cold", "warm"):
        took = median(found[name])
        cells += [f"{took:.2f}", f"{took / floor:.2f}", f"{least(found[name]) / bare:.2f}"]
    return "| " + " | ".join([*cells, f"{max(peak(found['cold']), peak(found['warm'])):.0f}"]) + " |"


def grown(runs: int) -> str:
    """The same diff in a repository of 300 and of 3,000 files."""
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        for count in (300, 3000):
            repo = Path(folder, str(count))
            _made(repo, count)
            rows[count] = check(repo, "HEAD~1", "HEAD")
        found = alternate({str(count): command for count, command in rows.items()}, runs)
    small, large = median(found["300"]), median(found["3000"])
    return f"| 300 files {small:.2f} s | 3,000 files {large:.2f} s | ratio {large / small:.2f} |"


def _made(repo: Path, count: int) -> None:
    repo.mkdir()
    git_init(repo)
    rng = random.Random(7)
    for number in range(count):
        place = repo / f"pkg{number % 40}" / f"module{number}.py"
        place.parent.mkdir(exist_ok=True)
        lines = [f"VALUE_{number}_{i} = {rng.randrange(1000)}" for i in range(60)]
        place.write_text("\n".join(lines) + "\n", encoding="utf-8")
    runbook = repo / "docs" / "runbooks" / "values.md"
    runbook.parent.mkdir(parents=True)
    runbook.write_text("# Values\n\n## Module\n\nThe default of `VALUE_7_3` is 5.\n", encoding="utf-8")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "before")
    changed = repo / "pkg7" / "module7.py"
    changed.write_text(changed.read_text(encoding="utf-8") + "VALUE_NEW_SETTING = 3\n", encoding="utf-8")
    git(repo, "commit", "-q", "-am", "after")


def git_init(repo: Path) -> None:
    """A new repository on branch main."""
    git_dir = subprocess.run(["git", "init", "-q", "-b", "main", str(repo)], check=True, capture_output=True)
    del git_dir


def heavy() -> list[str]:
    """Inputs that must be skipped or handled within the time limit: seconds and exit code of each."""
    rows = []
    contents = {
        "5 MB generated Python": ("big.py", "".join(f"SETTING_{i} = {i}\n" for i in range(260_000))),
        "200,000-line JSON": ("big.json", json.dumps({f"key_{i}": i for i in range(200_000)}, indent=0)),
        "YAML below the limit": ("big.yaml", "".join(f"key_{i}:\n  child: {i}\n" for i in range(70_000))),
        "minified bundle": ("app.bundle.js", "var a=1;" * 220_000),
    }
    for name, (path, text) in contents.items():
        with tempfile.TemporaryDirectory() as folder:
            repo = Path(folder)
            git_init(repo)
            (repo / "docs" / "runbooks").mkdir(parents=True)
            (repo / "docs" / "runbooks" / "a.md").write_text("# A\n\n`SETTING_1` is 1.\n", encoding="utf-8")
            (repo / path).write_text("x = 1\n" if path.endswith("py") else "{}\n", encoding="utf-8")
            git(repo, "add", "-A")
            git(repo, "commit", "-q", "-m", "before")
            (repo / path).write_text(text, encoding="utf-8")
            git(repo, "commit", "-q", "-am", "after")
            done = run(check(repo, "HEAD~1", "HEAD"))
            rows.append(
                f"| {name} ({len(text) / 1e6:.1f} MB) | {done.seconds:.2f} | {done.megabytes:.0f} | {done.code} |"
            )
    return rows


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mirrors", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=9)
    arguments = parser.parse_args()
    tempo = arguments.mirrors / "grafana+tempo"
    tempo = tempo / "repo" if (tempo / "repo").exists() else tempo
    print("| commit | files | floor s | cold s | ratio | cpu ratio | warm s | ratio | cpu ratio | peak MB |")
    print("| --- " * 10 + "|")
    for commit in ("86c8131f29", "49c0d6357d", "97941594d2"):
        print(real(tempo, commit, arguments.runs), flush=True)
    print()
    print(grown(arguments.runs))
    print("\n| input | seconds | peak MB | exit code |\n| --- | --- | --- | --- |")
    for row in heavy():
        print(row, flush=True)


if __name__ == "__main__":
    main()
