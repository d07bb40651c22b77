"""Ground-truth manifests and the mirrors they speak of: reading records, runbook patterns and cached runbooks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

KINDS = ("cochange", "risk", "cosmetic", "ordinary")


@dataclass(frozen=True)
class Record:
    """One commit of a manifest. ``raw`` is the manifest's own object: labels live there and nothing here reads them
    before a prediction is written."""

    kind: str
    repo: str
    sha: str
    parent: str
    raw: dict[str, object] = field(hash=False)


def records(manifests: Path, kinds: tuple[str, ...], repos: frozenset[str] = frozenset()) -> Iterator[Record]:
    """The records of the named manifests, in file order; only the given repositories when there are any."""
    for kind in kinds:
        path = manifests / f"{kind}.jsonl"
        if not path.exists():
            continue
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip():
                raw = json.loads(line)
                if not repos or raw["repo"] in repos:
                    yield Record(kind, raw["repo"], raw["sha"], raw["parent"], raw)


@dataclass(frozen=True)
class Patterns:
    """Which paths of a repository count as its runbooks, by the manifest's regular expressions."""

    include: re.Pattern[str]
    exclude: re.Pattern[str]

    def match(self, path: str) -> bool:
        """Whether the path is a Markdown file that the patterns take."""
        lowered = path.lower().endswith((".md", ".mdx", ".markdown"))
        return lowered and bool(self.include.search(path)) and not self.exclude.search(path)


def runbook_patterns(manifests: Path) -> dict[str, Patterns]:
    """The patterns by repository, from ``repos.json``."""
    table = json.loads((manifests / "repos.json").read_text(encoding="utf-8")).get("runbook_paths", {})
    return {
        repo: Patterns(re.compile(entry["include"]), re.compile(entry.get("exclude") or r"(?!)"))
        for repo, entry in table.items()
    }


def mirror(mirrors: Path, repo: str) -> Path | None:
    """The bare git directory of a repository among the mirrors (``owner+name/repo`` or ``owner+name``), or None."""
    folder = mirrors / repo.replace("/", "+")
    for candidate in (folder / "repo", folder):
        if (candidate / "HEAD").exists():
            return candidate
    return None
