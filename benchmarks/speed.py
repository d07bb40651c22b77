"""Whole-process times of ``runbook-drift check`` and of comparable tools, as ratios against one floor.

    python -m benchmarks.speed --mirrors DIR [--runs 5] [--peers] [--write]

The floor is a Python process that imports GitPython and tree_sitter, runs the same ``git diff`` and parses both sides
of the changed files, vendored trees left out: what reading a diff with syntax trees costs at least. *Cold* is a check
without a cache of parsed runbooks, *warm* one that finds them, *replay* checks consecutive commits in one process.
``--peers`` installs the tools of ``benchmarks.peers`` and measures them on the same commits. Commands take turns;
printed are medians of wall seconds, their ratios to the floor, the ratios of the least processor time, and peak memory.
``--write`` puts the table into ``benchmarks/README.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import built, peers, replay, report
from benchmarks.processes import Command, Measured, alternate, git, tell
from benchmarks.records import mirror

FLOOR = """
import sys, importlib, git, tree_sitter
repo, *commits = sys.argv[1:]
run = git.Git(repo)
run.update_environment(GIT_DIR=repo, GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0="safe.directory", GIT_CONFIG_VALUE_0="*")
wheels = {"go": "go", "yaml": "yaml", "yml": "yaml", "py": "python", "json": "json", "jsonnet": "jsonnet",
          "libsonnet": "jsonnet", "toml": "toml"}
parsers = {}
for base, head in zip(commits[::2], commits[1::2]):
    run.execute(["git", "diff", "-U0", "-M", base, head], stdout_as_string=False)
    raw = run.execute(["git", "diff", "--raw", "-z", "--abbrev=40", "--no-renames", base, head], stdout_as_string=False)
    entries = raw.split(b"\\0")
    for entry, path in zip(entries[::2], entries[1::2]):
        name = path.decode("utf-8", "replace")
        wheel = wheels.get(name.rsplit(".", 1)[-1])
        if wheel is None or "vendor/" in name:
            continue
        if wheel not in parsers:
            language = importlib.import_module("tree_sitter_" + wheel).language()
            parsers[wheel] = tree_sitter.Parser(tree_sitter.Language(language))
        for blob in entry.decode().split(" ")[2:4]:
            if set(blob) != {"0"}:
                parsers[wheel].parse(run.get_object_data(blob)[3])
"""

BEGIN, END = "<!-- begin: speed -->", "<!-- end: speed -->"


@dataclass(frozen=True)
class Case:
    """A real commit, by how large its diff is."""

    size: str
    repo: str
    commit: str


CASES = (
    Case("small", "grafana/tempo", "86c8131f29"),
    Case("small", "grafana/tempo", "49c0d6357d"),
    Case("medium", "grafana/tempo", "97941594d2"),
    Case("large", "element-hq/synapse", "fc244bb592"),
)

HISTORIES = (("grafana/tempo", "86c8131f29"), ("element-hq/synapse", "a58ad44eb0"))
"""Repository and last commit of each replay; its first parents are followed, so a newer mirror gives the same list."""

HISTORY_RUNS = 3
"""Replays at most: each is a mean over many commits already."""


@dataclass(frozen=True)
class Row:
    """One line of the table: input, tool, what it took, the floor of that input, and anything else to say."""

    input: str
    tool: str
    took: Measured
    floor: Measured | None = None
    note: str = ""

    def cells(self, runs: int) -> list[str]:
        """The cells as text; a dash where there is nothing to state, and the reason in the last. That also tells where
        there were not ``runs`` runs."""
        if not self.took.runs:
            return [self.input, self.tool, *"––––", f"not measured: {self.took.problem}"]
        ratio = processor = "–"
        if self.floor is not None and self.floor.runs:
            ratio = f"{self.took.seconds / self.floor.seconds:.2f}"
            processor = f"{self.took.processor / self.floor.processor:.2f}"
        count = len(self.took.runs)
        said = [self.note, f"runs: {count}" if count != runs else ""]
        return [self.input, self.tool, f"{self.took.seconds:.2f}", ratio, processor,
                f"{self.took.megabytes:.0f}", "; ".join(filter(None, said))]  # fmt: skip


HEADER = ("input", "tool", "seconds", "× floor", "processor × floor", "peak MB", "")


def table(rows: Sequence[Row], runs: int) -> str:
    """All rows as one Markdown table; ``runs`` is how often each should have run."""
    lines = [HEADER, ("---",) * len(HEADER), *(row.cells(runs) for row in rows)]
    return "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in line) + " |" for line in lines)


def own(argv: Sequence[str], cache: Path | None = None, accepted: Sequence[int] = (0,)) -> Command:
    """A Python process of this environment; bytecode is kept aside, as an installer leaves it compiled."""
    kept = {"RUNBOOK_DRIFT_CACHE": str(cache) if cache else "off",
            "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir(), "bytecode"))}  # fmt: skip
    return Command([sys.executable, *argv], Path(__file__).parent.parent, kept, frozenset(accepted))


def check(repo: Path, base: str, head: str, *more: str, cache: Path | None = None) -> Command:
    """A check between two revisions. Exit code 1 means that it found something."""
    argv = ["-m", "runbooks.cli", "check", "--repo", str(repo.resolve()), "--base", base, "--head", head,
            "--trust-owner", "--format", "json", *more]  # fmt: skip
    return own(argv, cache, accepted=(0, 1))


def floor(git_directory: Path, *commits: str) -> Command:
    """The floor for pairs of base and head."""
    return own(["-c", FLOOR, str(git_directory.resolve()), *commits])


def real(case: Case, runs: int, installed: Sequence[peers.Peer], where: Path) -> Iterator[Row]:
    """Rows of one real commit: floor, cold, warm, peers."""
    base, head = git(where, "rev-parse", f"{case.commit}^"), git(where, "rev-parse", case.commit)
    files = len(git(where, "diff", "--name-only", base, head).splitlines())
    name = f"{case.size}: {case.repo} {case.commit}, {files} files"
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder).resolve()
        others = peers.commands(where, base, head, place, installed)
        commands = {
            "floor": floor(where, base, head),
            "check, cold": check(where, base, head, "--without-doc-changes"),
            "check, warm": check(where, base, head, "--without-doc-changes", cache=place / "cache"),
        } | {title: command for title, command in others.items() if isinstance(command, Command)}
        found = alternate(commands, runs)
    unable = {title: Measured((), reason) for title, reason in others.items() if isinstance(reason, str)}
    for tool, took in (found | unable).items():
        yield Row(name, tool, took, found["floor"])


def replayed(repo: str, tip: str, runs: int, count: int, where: Path) -> Iterator[Row]:
    """Rows of one history: floor and replay over the same commits, each in one process."""
    commits = replay.consecutive(where, tip, count)
    name = f"history: {repo}, {len(commits)} commits to {tip}"
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder).resolve() / "figures.json"
        argv = ["-m", "benchmarks.replay", "--mirror", str(where.resolve()), "--tip", tip,
                "--commits", str(count), "--out", str(out)]  # fmt: skip
        commands = {"floor": floor(where, *(sha for pair in commits for sha in pair)), "replay": own(argv)}
        found = alternate(commands, min(runs, HISTORY_RUNS), limit=1800.0, budget=1800.0)
        figures = json.loads(out.read_text(encoding="utf-8")) if found["replay"].runs else {}
    yield Row(name, "floor", found["floor"], found["floor"])
    yield Row(name, "replay", found["replay"], found["floor"], pace(figures, found["replay"]))


def pace(figures: Mapping[str, Any], took: Measured) -> str:
    """Commits per second and core of a replay, by processor time of the whole process; seconds of one; failures."""
    if not took.runs:
        return ""
    failed = f"; failed: {figures['errors']}" if figures["errors"] else ""
    return (
        f"**{figures['commits'] / took.processor:.1f} commits per second and core**; a commit: median "
        f"{figures['median']:.2f} s, p95 {figures['p95']:.2f} s, longest {figures['longest']:.2f} s{failed}"
    )


def growth(runs: int) -> Iterator[Row]:
    """Rows of the same diff in a repository of 300 and of 3,000 files."""
    with tempfile.TemporaryDirectory() as folder:
        commands = {}
        for count in (300, 3000):
            repo = Path(folder).resolve() / str(count)
            built.modules(repo, count)
            commands[f"floor {count}"] = floor(repo / ".git", "HEAD~1", "HEAD")
            commands[f"check {count}"] = check(repo, "HEAD~1", "HEAD")
        found = alternate(commands, runs)
    few, many = found["check 300"], found["check 3000"]
    grown = f"{many.seconds / few.seconds:.2f} times the time among 300" if few.runs and many.runs else ""
    yield Row("one added line among 300 files", "check, cold", few, found["floor 300"])
    yield Row("one added line among 3,000 files", "check, cold", many, found["floor 3000"], grown)


def heavy(runs: int) -> Iterator[Row]:
    """Rows of inputs that must be skipped or handled in time, and which of the two it was."""
    for name, repo in built.heavy():
        command = check(repo, "HEAD~1", "HEAD")
        took = alternate({"check": command}, runs)["check"]
        yield Row(name, "check, cold", took, note=_read(command) if took.runs else "")


def _read(command: Command) -> str:
    """Whether a check read the one changed file, or the reason that its report gives for leaving it out."""
    done = subprocess.run(command.argv, cwd=command.folder, capture_output=True, text=True)
    skipped = json.loads(done.stdout)["skipped"]
    return f"left out: {skipped[0]['reason']}" if skipped else "read"


def measure(arguments: argparse.Namespace) -> list[Row]:
    """Every row, in the order of the table."""
    rows: list[Row] = []
    runs = arguments.runs
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder).resolve()
        installed = [peers.install(name, place) for name in peers.PEERS] if arguments.peers else []
        for case in CASES:
            rows += _among(arguments.mirrors, case.repo, case.commit, partial(real, case, runs, installed))
    for repo, tip in HISTORIES:
        rows += _among(arguments.mirrors, repo, tip, partial(replayed, repo, tip, runs, arguments.commits))
    return [*rows, *growth(runs), *heavy(runs)]


def _among(mirrors: Path, repo: str, commit: str, rows: Callable[[Path], Iterable[Row]]) -> list[Row]:
    """The rows of a real commit, or one that says that it is not among the mirrors."""
    where = mirror(mirrors, repo)
    tell(f"{repo} {commit}")
    try:
        if where is not None:
            git(where, "cat-file", "-e", f"{commit}^{{commit}}")
            return list(rows(where))
        problem = "no mirror"
    except subprocess.CalledProcessError as error:
        tell(f"{error}: {error.stderr}")
        problem = f"git {error.cmd[1]} failed"
    return [Row(f"{repo} {commit}", "check", Measured((), problem))]


def circumstances(runs: int, load: float) -> str:
    """When, at which commit and on what it was measured; ``load`` is the load average before the run. A load above the
    number of cores, before or after it, says that others used the machine too."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    commit = git(Path(__file__).parent.parent, "rev-parse", "--short=10", "HEAD")
    return (
        f"{datetime.now(UTC).date()}, at {commit}, Python {platform.python_version()}, {cores} cores "
        f"(load {load:.1f} before the run, {os.getloadavg()[0]:.1f} after it), medians of {runs} runs:"
    )


def main() -> None:
    """Print the table, or write it too."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mirrors", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--commits", type=int, default=150, help="commits of each replayed history")
    parser.add_argument("--peers", action="store_true", help="install comparable tools and measure them too")
    parser.add_argument("--write", action="store_true", help="put the table into benchmarks/README.md")
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    figures = table(measure(arguments), arguments.runs)
    text = f"{circumstances(arguments.runs, load)}\n\n{figures}"
    if arguments.write:
        page = report.README.read_text(encoding="utf-8")
        report.README.write_text(report.between(page, BEGIN, END, text), encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
