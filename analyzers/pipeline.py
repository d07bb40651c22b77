"""The analysis, top to bottom: file diffs → facts on both sides → changes → findings. Pure: no git, no files, no clock
but the per-file time limit.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from analyzers import changes as comparing
from analyzers import context, rules
from analyzers.languages import Reading, Side, language_of, load
from analyzers.model import Change, ChangeKind, Fact, FileDiff, FileStatus, Finding, Hunk, Skipped
from analyzers.scope import marked_generated, set_aside
from analyzers.syntax import Lines


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on hostile input: bytes a side, changed lines a side, files a diff, bytes in one line (minified bundles).

    These are known before the work and give the same answer on every machine. ``max_file_seconds`` is the last resort
    for what they let through: it stops nothing, but says which file is to blame."""

    max_file_bytes: int = 2_000_000
    max_file_seconds: float = 60.0
    max_files: int = 3000
    max_line_bytes: int = 20_000
    max_changed_lines: int = 20_000


@dataclass(frozen=True, slots=True)
class Analysis:
    """What changed. ``diffs`` are those that were compared; ``set_aside`` counts files that cannot change behaviour,
    by reason; ``plain`` lists paths read as plain text; ``muted`` are changes that only rules speak of which are
    switched off: nothing is to be said of them."""

    diffs: tuple[FileDiff, ...]
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]
    skipped: tuple[Skipped, ...]
    set_aside: tuple[tuple[str, int], ...]
    plain: tuple[str, ...]
    muted: tuple[Change, ...] = ()


def analyse(
    diffs: Iterable[FileDiff], limits: Limits | None = None, disabled: frozenset[str] = frozenset()
) -> Analysis:
    """Compare every file that can change behaviour and judge the changes. ``disabled`` holds rule ids."""
    limits = limits or Limits()
    aside: Counter[str] = Counter()
    compared: list[FileDiff] = []
    found: list[Change] = []
    skipped: list[Skipped] = []
    for index, diff in enumerate(diffs):
        # Both paths: a branch must not silence a file by moving it among the tests.
        reason = set_aside(diff.path) if set_aside(diff.old_path) else ""
        if reason:
            aside[reason] += 1
            continue
        if index >= limits.max_files:
            skipped.append(Skipped(diff.path, f"beyond the limit of {limits.max_files} files"))
            continue
        # The before side decides: a branch must not take a file out of the check by writing the mark into it.
        if marked_generated(diff.before if diff.before is not None else diff.after or b""):
            aside["generated"] += 1
            continue
        problem = _unreadable(diff, limits)
        if problem:
            skipped.append(Skipped(diff.path, problem))
            continue
        file_changes, notes = compare_file(diff, limits)
        compared.append(diff)
        found += file_changes
        skipped += notes
    settled = context.with_context(comparing.settle(found), compared)
    judged = rules.judge(settled)
    findings = tuple(finding for finding in judged if finding.rule not in disabled)
    spoken = {id(finding.change) for finding in findings}
    muted = tuple(f.change for f in judged if f.rule in disabled and id(f.change) not in spoken)
    plain = tuple(sorted({d.path for d in compared if language_of(d.path) == "text"}))
    return Analysis(tuple(compared), settled, findings, tuple(skipped), tuple(sorted(aside.items())), plain, muted)


def compare_file(diff: FileDiff, limits: Limits) -> tuple[list[Change], list[Skipped]]:
    """The changes of one file, and notes on what could not be read of it."""
    started = time.monotonic()
    notes: list[Skipped] = []
    before = _read(diff, "before", notes)
    after = _read(diff, "after", notes)
    found = [c for c in comparing.compare(before, after) if c.kind is not ChangeKind.MOVED]
    seconds = time.monotonic() - started
    if seconds > limits.max_file_seconds:
        notes.append(Skipped(diff.path, f"took longer than {limits.max_file_seconds:g} s", partial=True))
    return found, notes


def facts_on(path: str, data: bytes, lines: Lines, revision: str = "after") -> tuple[Fact, ...]:
    """What the given lines of one file state; for a file that the diff left alone. Nothing of a file that a comparison
    would not read either."""
    single = FileDiff(FileStatus.MODIFIED, path, path, data, data, ())
    if set_aside(path) or marked_generated(data) or _unreadable(single, Limits()):
        return ()
    try:
        return load(language_of(path)).read(Side(path, revision, data, lines)).facts
    except RecursionError:
        return ()


def _read(diff: FileDiff, revision: str, notes: list[Skipped]) -> Sequence[Fact]:
    data = diff.before if revision == "before" else diff.after
    if data is None:
        return ()
    path = diff.old_path if revision == "before" else diff.path
    lines = changed_lines(diff.hunks, revision)
    if not lines:
        return ()
    name = language_of(diff.path)
    try:
        reading = load(name).read(Side(path, revision, data, lines))
    except RecursionError:
        reading = Reading((), "nested too deeply to be read")
    if reading.partial:
        note = Skipped(diff.path, reading.partial, partial=True)
        if note not in notes:
            notes.append(note)
    return reading.facts


def changed_lines(hunks: Sequence[Hunk], revision: str) -> Lines:
    """The line ranges of one side that changed, each widened by one line and merged. A side without lines in a hunk
    still gets the lines around the gap."""
    ranges: list[tuple[int, int]] = []
    for hunk in hunks:
        start, count = (
            (hunk.before_start, hunk.before_count) if revision == "before" else (hunk.after_start, hunk.after_count)
        )
        first, last = (start - 1, start + count) if count else (start, start + 1)
        first = max(1, first)
        if ranges and first <= ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], max(last, ranges[-1][1]))
        else:
            ranges.append((first, last))
    return tuple(ranges)


def _unreadable(diff: FileDiff, limits: Limits) -> str:
    changed = max(sum(hunk.before_count for hunk in diff.hunks), sum(hunk.after_count for hunk in diff.hunks))
    if changed > limits.max_changed_lines:
        return f"changes more than {limits.max_changed_lines:,} lines (data or generated)"
    for side in (diff.before, diff.after):
        if side is None:
            continue
        if len(side) > limits.max_file_bytes:
            return f"larger than {limits.max_file_bytes:,} bytes"
        if side[:400_000].count(b"\n") * limits.max_line_bytes < len(side[:400_000]) and _longest(side) > (
            limits.max_line_bytes
        ):
            return f"has a line longer than {limits.max_line_bytes:,} bytes (minified or data)"
    return ""


def _longest(data: bytes) -> int:
    return max((len(line) for line in data.split(b"\n")), default=0)
