"""Repositories that the speed benchmark makes: many files with one changed line, and inputs near or above the limits.

Each has one runbook and two commits; the second holds the change.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.processes import git, new_repository


def _commit(repo: Path, message: str) -> None:
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", message)


def _runbook(repo: Path, text: str) -> None:
    place = repo / "docs" / "runbooks" / "values.md"
    place.parent.mkdir(parents=True)
    place.write_text(text, encoding="utf-8")


def modules(repo: Path, count: int) -> None:
    """A repository of ``count`` Python modules (at least 8) with 60 settings each; the second commit adds one line."""
    new_repository(repo)
    rng = random.Random(7)
    for number in range(count):
        place = repo / f"pkg{number % 40}" / f"module{number}.py"
        place.parent.mkdir(exist_ok=True)
        lines = [f"VALUE_{number}_{i} = {rng.randrange(1000)}" for i in range(60)]
        place.write_text("\n".join(lines) + "\n", encoding="utf-8")
    _runbook(repo, "# Values\n\n## Module\n\nThe default of `VALUE_7_3` is 5.\n")
    _commit(repo, "before")
    changed = repo / "pkg7" / "module7.py"
    changed.write_text(changed.read_text(encoding="utf-8") + "VALUE_NEW_SETTING = 3\n", encoding="utf-8")
    _commit(repo, "after")


def heavy() -> Iterator[tuple[str, Path]]:
    """Name and repository of each heavy input; a repository is gone when the next one is asked for."""
    contents = {
        "5 MB generated Python": ("big.py", "".join(f"SETTING_{i} = {i}\n" for i in range(260_000))),
        "200,000-line JSON": ("big.json", json.dumps({f"key_{i}": i for i in range(200_000)}, indent=0)),
        "140,000-line YAML": ("big.yaml", "".join(f"key_{i}:\n  child: {i}\n" for i in range(70_000))),
        "7,800-line YAML": ("long.yaml", "".join(f"key_{i}:\n  child: {i}\n" for i in range(3_900))),
        "minified bundle": ("app.bundle.js", "var a=1;" * 220_000),
    }
    for name, (path, text) in contents.items():
        with tempfile.TemporaryDirectory() as folder:
            repo = Path(folder).resolve()
            new_repository(repo)
            _runbook(repo, "# A\n\n`SETTING_1` is 1.\n")
            (repo / path).write_text("x = 1\n" if path.endswith("py") else "{}\n", encoding="utf-8")
            _commit(repo, "before")
            (repo / path).write_text(text, encoding="utf-8")
            _commit(repo, "after")
            yield f"{name} ({len(text) / 1e6:.1f} MB)", repo
