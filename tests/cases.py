"""Golden cases: Markdown files that say which findings a change has, and which it has not.

A file ``tests/analyzers/rules/<area>/<rule_name>/<language>.md`` holds the cases of one rule in one language. Each
``## title`` is a case; prose between the fences is free. The info string of a fence says what it is::

    ```python before              one side of the language's default path
    ```yaml after path=ops/x.yml  one side of another path; several paths make a diff of several files
    ```expect                     one line a finding: ``auth/guard-removed high | subject | message``

A path with only a ``before`` is deleted, with only an ``after`` it is added. An empty ``expect`` must stay silent.
A case lists only the findings of its own rule; ``everything.txt`` holds those of all rules on all cases, so that a
rule shows what it does to the cases of the others. ``pytest --update`` rewrites both (read the diff!).
Cases as data in readable files are an idea of mypy's test suite.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from analyzers.model import FileDiff, FileStatus, Finding, Hunk
from analyzers.pipeline import Analysis, analyse

ROOT = Path(__file__).resolve().parent.parent
RULE_CASES = ROOT / "tests" / "analyzers" / "rules"
EVERYTHING = RULE_CASES / "everything.txt"

DEFAULT_PATHS = {
    "python": "app/service.py",
    "go": "pkg/service.go",
    "yaml": "deploy/app.yaml",
    "jsonnet": "mixin/alerts.libsonnet",
    "json": "config.json",
    "dockerfile": "Dockerfile",
    "toml": "config.toml",
    "ini": "config.ini",
    "properties": "config.properties",
    "env": ".env",
    "text": "notes.conf.tmpl",
    "javascript": "src/service.js",
    "typescript": "src/service.ts",
    "ruby": "app/service.rb",
    "java": "src/main/java/Service.java",
    "kotlin": "src/main/kotlin/Service.kt",
    "rust": "src/service.rs",
    "csharp": "src/Service.cs",
    "php": "src/Service.php",
    "bash": "bin/run.sh",
    "hcl": "infra/main.tf",
    "sql": "db/change.sql",
    "make": "Makefile",
}
"""Path of a fence that names none, by the fence's language."""

_FENCE = re.compile(r"^(?P<ticks>`{3,})(?P<info>[^`]*)$")


@dataclass(frozen=True)
class Fence:
    """A fenced block: the words of its info string, its text, and the 0-based lines of its opening and closing."""

    words: tuple[str, ...]
    text: str
    opens: int
    closes: int

    @property
    def path(self) -> str:
        """The path it names, or the default one of its language."""
        named = next((word[5:] for word in self.words if word.startswith("path=")), "")
        return named or DEFAULT_PATHS[self.words[0]]


@dataclass(frozen=True)
class Case:
    """One case: where it stands, and the fences it is made of. ``language`` is the file's name without ending."""

    file: Path
    title: str
    fences: tuple[Fence, ...]

    @property
    def id(self) -> str:
        """``auth/guard_removed/python: title``."""
        return f"{self.file.relative_to(RULE_CASES).with_suffix('').as_posix()}: {self.title}"

    @property
    def rule(self) -> str:
        """The id of the rule whose folder it lies in."""
        return self.file.parent.relative_to(RULE_CASES).as_posix().replace("_", "-")

    @property
    def language(self) -> str:
        """The language of its file."""
        return self.file.stem

    @property
    def diffs(self) -> tuple[FileDiff, ...]:
        """The change it describes."""
        sides: dict[str, dict[str, str]] = {}
        for fence in self.fences:
            for side in ("before", "after"):
                if side in fence.words:
                    assert side not in sides.setdefault(fence.path, {}), f"{self.id}: two {side} of {fence.path}"
                    sides[fence.path][side] = fence.text
        assert sides, f"{self.id}: no before and no after"
        return tuple(file_diff(path, side.get("before"), side.get("after")) for path, side in sides.items())

    @property
    def expect(self) -> Fence:
        """The fence of what is expected; a case without one is a mistake."""
        found = [fence for fence in self.fences if fence.words[:1] == ("expect",)]
        assert len(found) == 1, f"{self.id}: {len(found)} expect fences"
        return found[0]

    @property
    def expected(self) -> list[str]:
        """The expected lines."""
        return [line.strip() for line in self.expect.text.splitlines() if line.strip()]


def fences_of(lines: Sequence[str]) -> Iterator[Fence]:
    """The fenced blocks of Markdown lines; an unclosed one is an error."""
    opened: tuple[int, str, str] | None = None
    for number, line in enumerate(lines):
        found = _FENCE.match(line)
        if opened is None:
            if found:
                opened = (number, found["ticks"], found["info"])
        elif found and not found["info"].strip() and len(found["ticks"]) >= len(opened[1]):
            body = "".join(f"{text}\n" for text in lines[opened[0] + 1 : number])
            yield Fence(tuple(opened[2].split()), body, opened[0], number)
            opened = None
    assert opened is None, f"the fence in line {opened[0] + 1 if opened else 0} is never closed"


def cases_of(file: Path) -> list[Case]:
    """The cases of one file, in order. Titles are unique within it."""
    lines = file.read_text(encoding="utf-8").splitlines()
    fences = list(fences_of(lines))
    inside = {number for fence in fences for number in range(fence.opens, fence.closes + 1)}
    heads = [n for n, line in enumerate(lines) if line.startswith("## ") and n not in inside]
    found: list[Case] = []
    for head, following in zip(heads, [*heads[1:], len(lines)], strict=True):
        own = tuple(fence for fence in fences if head < fence.opens < following)
        found.append(Case(file, lines[head][3:].strip(), own))
    titles = [case.title for case in found]
    assert len(set(titles)) == len(titles), f"{file}: a title is used twice"
    return found


def all_cases() -> list[Case]:
    """Every golden case of every rule, sorted by id."""
    return sorted((case for file in RULE_CASES.rglob("*.md") for case in cases_of(file)), key=lambda case: case.id)


def file_diff(path: str, before: str | None, after: str | None) -> FileDiff:
    """The diff of two texts of one path, hunks in git's convention without context lines; None: no such side."""
    status = FileStatus.ADDED if before is None else FileStatus.DELETED if after is None else FileStatus.MODIFIED
    matcher = SequenceMatcher(None, (before or "").splitlines(), (after or "").splitlines(), autojunk=False)
    hunks = tuple(
        Hunk(start + (end > start), end - start, after_start + (after_end > after_start), after_end - after_start)
        for tag, start, end, after_start, after_end in matcher.get_opcodes()
        if tag != "equal"
    )
    before_bytes, after_bytes = (None if text is None else text.encode() for text in (before, after))
    return FileDiff(status, path, path, before_bytes, after_bytes, hunks)


def analysed(case: Case) -> Analysis:
    """What the analysis says about a case; a case with a file that cannot be read is a mistake."""
    analysis = analyse(case.diffs)
    assert not analysis.skipped, f"{case.id}: not read: {[f'{s.path}: {s.reason}' for s in analysis.skipped]}"
    return analysis


def line_of(finding: Finding) -> str:
    """A finding as an ``expect`` fence writes it."""
    return f"{finding.rule} {finding.severity} | {finding.subject} | {finding.message}"


def update_expect(case: Case, lines: Sequence[str]) -> None:
    """Write the lines into the case's ``expect`` fence (the file is read anew: other cases may have moved it)."""
    fence = next(fresh for fresh in cases_of(case.file) if fresh.title == case.title).expect
    text = case.file.read_text(encoding="utf-8").splitlines()
    text[fence.opens + 1 : fence.closes] = lines
    case.file.write_text("".join(f"{line}\n" for line in text), encoding="utf-8")
