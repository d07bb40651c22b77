"""Golden cases of verdicts: code before and after, the runbook (and its text after the diff), what must be said.

Each ``## title`` of ``tests/runbooks/cases/*.md`` is a case. Fences: ``python before``, ``python after`` (any language
of ``tests/cases.py``), ``runbook`` (``path=`` as in rule cases), ``runbook after`` where the diff edits it, and
``expect`` with a line a verdict: ``contradicted docs/runbooks/payments.md:5 | subject | suggested line``.
``expect all`` also lists suspect and uncovered; ``removed=NAME`` says that the code no longer holds NAME nor a part of
it anywhere, ``kept=PART`` that it still holds that part. A fence ``python same`` is a file that the diff left alone;
a suspect line says which place still states the before value.
``--update`` rewrites the fences.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from analyzers.model import FileDiff
from runbooks.check import Inputs, check
from runbooks.edited import key_of
from runbooks.model import Runbook, Verdict
from runbooks.parse import parse
from runbooks.verdict import Directed
from runbooks.workspace import covered
from tests.cases import Fence, cases_of, fences_of, file_diff

CASES = Path(__file__).parent / "cases"
RUNBOOK = "docs/runbooks/payments.md"


@dataclass(frozen=True)
class Story:
    """A case as inputs of ``check`` and the lines it expects."""

    id: str
    inputs: Inputs
    expect: Fence
    file: Path
    title: str


def _path(fence: Fence) -> str:
    return next((word[5:] for word in fence.words if word.startswith("path=")), RUNBOOK)


def _stories(file: Path) -> list[Story]:
    return [_story(file, case.title, case.fences) for case in cases_of(file)]


def _story(file: Path, title: str, fences: tuple[Fence, ...]) -> Story:
    code: dict[str, dict[str, str]] = {}
    books: dict[str, dict[str, str]] = {}
    same: dict[str, str] = {}
    for fence in fences:
        if fence.words[:1] == ("expect",):
            expect = fence
        elif fence.words[0] == "runbook":
            side = "after" if "after" in fence.words else "before"
            books.setdefault(_path(fence), {})[side] = fence.text
        elif "same" in fence.words:
            same[fence.path] = fence.text
        else:
            side = "after" if "after" in fence.words else "before"
            code.setdefault(fence.path, {})[side] = fence.text
    before = tuple(_runbook(path, sides["before"]) for path, sides in books.items() if "before" in sides)
    edited = any("after" in sides for sides in books.values())
    dropped = {_path(f) for f in fences if f.words[0] == "runbook" and "deleted" in f.words}
    after = tuple(
        _runbook(path, sides.get("after", sides.get("before", "")))
        for path, sides in books.items()
        if path not in dropped
    )
    diffs: tuple[FileDiff, ...] = tuple(file_diff(p, s.get("before"), s.get("after")) for p, s in code.items())
    gone = {word.removeprefix("removed=") for word in expect.words if word.startswith("removed=")}
    kept = {word.removeprefix("kept=") for word in expect.words if word.startswith("kept=")}
    inputs = Inputs(
        base="base", head="head", policy_revision="base", diffs=diffs, before=before,
        after=after if edited else before, as_of=date(2026, 1, 1), suspect_threshold=0.5,
        still_defined=lambda name: name in kept or not any(name.lower() in whole.lower() for whole in gone),
        directives={key_of(s): Directed(s, s.directives) for book in before for s in book.sections if s.directives},
        naming=lambda names: _naming(same, names),
        head_text=lambda path: same[path].encode() if path in same else None,
        claims=lambda section, path: any(covered(book, [path]) for book in before if book.path == section.path),
    )  # fmt: skip
    return Story(f"{file.stem}: {title}", inputs, expect, file, title)


def _runbook(path: str, text: str) -> Runbook:
    return parse(path, text.encode(), revision="head")


def _naming(files: Mapping[str, str], names: Sequence[str]) -> Iterator[tuple[str, int, str]]:
    """What ``Repository.lines_naming`` would find in these files."""
    named = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b")
    for path in sorted(files):
        for number, line in enumerate(files[path].split("\n"), start=1):
            if named.search(line):
                yield path, number, line


def _line(verdict: Verdict) -> str:
    place = "-"
    if verdict.section is not None:
        line = verdict.evidence.span.start_line if verdict.evidence else verdict.section.span.start_line
        place = f"{verdict.section.path}:{line}"
    said = f" | {verdict.suggestion.after.strip()}" if verdict.suggestion else ""
    kept = f" | {verdict.reason.partition(', but ')[2]}" if " still says " in verdict.reason else ""
    return f"{verdict.status} {place} | {verdict.finding.subject}{said}{kept}"


ALL = [story for file in sorted(CASES.glob("*.md")) for story in _stories(file)]


@pytest.mark.parametrize("story", ALL, ids=lambda story: story.id)
def test_verdicts(story: Story, update: bool) -> None:
    """The verdicts of a case are exactly those that it lists; suspects are listed only in cases about them."""
    told = {"contradicted", "updated", "acknowledged", "snoozed"}
    expected = [line.strip() for line in story.expect.text.splitlines() if line.strip()]
    if "all" in story.expect.words:
        told |= {"suspect", "uncovered"}
    lines = [_line(verdict) for verdict in check(story.inputs).verdicts if verdict.status.value in told]
    if update and lines != expected:
        text = story.file.read_text(encoding="utf-8").splitlines()
        fresh = next(case for case in cases_of(story.file) if case.title == story.title)
        fence = next(f for f in fresh.fences if f.words[:1] == ("expect",))
        text[fence.opens + 1 : fence.closes] = lines
        story.file.write_text("".join(f"{line}\n" for line in text), encoding="utf-8")
        return
    assert lines == expected


def test_every_case_file_is_read() -> None:
    """A case file whose fences do not parse would silently hold no cases."""
    for file in CASES.glob("*.md"):
        assert list(fences_of(file.read_text(encoding="utf-8").splitlines())), file
        assert any(story.file == file for story in ALL), file
