"""Consecutive commits of a history checked in one process, with the functions that ``check`` calls.

    python -m benchmarks.replay --mirror DIR --tip REV [--commits 150] [--out FILE]

Each commit is compared with its first parent, as a pull request would be (``workspace.gather`` and ``check.check``,
its own runbook edits included, written as JSON); runbooks are parsed once per text. Prints one JSON object: how many
commits, how many failed and how, and the seconds of one commit. A commit that fails does not stop the run.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from analyzers.git import Repository
from benchmarks.processes import git
from runbooks import check, formats, workspace
from runbooks.config import Config
from runbooks.shelf import Library

AS_OF = date(2026, 1, 1)
"""A fixed day, so that every run gives the same answers."""


@dataclass(frozen=True)
class Replayed:
    """What a replay found: commits checked, those with a finding, errors by type; seconds of a commit."""

    commits: int
    findings: int
    errors: dict[str, int]
    median: float
    p95: float
    longest: float


def consecutive(mirror: Path, tip: str, count: int) -> list[tuple[str, str]]:
    """Up to ``count`` commits along the first parents of ``tip``, as (parent, commit), oldest first. The root has no
    parent and is left out. Raises ``subprocess.CalledProcessError`` for an unknown revision."""
    lines = git(mirror, "rev-list", "--first-parent", "--parents", f"--max-count={count}", tip).splitlines()
    rows = [line.split() for line in lines]
    return [(row[1], row[0]) for row in reversed(rows) if len(row) > 1]


def replay(mirror: Path, commits: Sequence[tuple[str, str]]) -> Replayed:
    """Check every pair of (base, head) in this process. Raises ``DriftError`` when the mirror cannot be opened."""
    repository = Repository.open(str(mirror), trust_owner=True)
    library = Library()
    seconds: list[float] = []
    errors: Counter[str] = Counter()
    findings = 0
    for base, head in commits:
        started = time.perf_counter()
        try:
            inputs = workspace.gather(
                repository, base, head, config=Config(), policy_revision=base, as_of=AS_OF, library=library
            )
            report = check.check(inputs)
            formats.load("json").render(report, formats.Presentation())
            findings += report.summary.findings > 0
        except Exception as error:
            errors[type(error).__name__] += 1
        seconds.append(time.perf_counter() - started)
    return Replayed(
        len(seconds), findings, dict(errors), statistics.median(seconds or [0.0]), percentile(seconds, 0.95),
        max(seconds, default=0.0),
    )  # fmt: skip


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least ``share`` of them do not exceed (nearest rank); 0 of none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


def main() -> None:
    """Replay one history."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mirror", type=Path, required=True)
    parser.add_argument("--tip", required=True)
    parser.add_argument("--commits", type=int, default=150)
    parser.add_argument("--out", type=Path, help="where to write the figures [default: standard output]")
    arguments = parser.parse_args()
    commits = consecutive(arguments.mirror, arguments.tip, arguments.commits)
    text = json.dumps(asdict(replay(arguments.mirror, commits)))
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
