"""Runs the list of real commits (``cases.toml``) against mirrors and compares what the product says with the list.

    make crater MIRRORS=dir        (python tests/crater/crater.py --mirrors dir [--only REPO|COMMIT] [--show])

The idea is zizmor's crater: pinned public commits that show an unintended mass change at once. The list holds
repository, commit and expectation; no code. A case says what must be there and what must not; more is allowed.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

from analyzers.git import Repository  # noqa: E402
from analyzers.model import DriftError, FileDiff, FileStatus, Hunk  # noqa: E402
from runbooks import check, workspace  # noqa: E402
from runbooks.config import Config, Selection  # noqa: E402
from runbooks.model import Report, Status, Verdict  # noqa: E402


@dataclass(frozen=True)
class Case:
    """One commit against its parent. Entries of ``contradicted`` are ``path#slug: text of the suggested line`` (the
    text may be left out), of ``suspect`` and ``updated`` ``path#slug``, of ``uncovered`` and ``findings`` rule ids,
    each optionally followed by a blank and the subject. ``comment`` instead adds one comment to that file of the
    commit."""

    repo: str
    commit: str
    runbooks: tuple[str, ...]
    why: str = ""
    full: bool = False
    comment: str = ""
    contradicted: tuple[str, ...] = ()
    suspect: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    uncovered: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    no_findings: tuple[str, ...] = ()
    no_contradiction: bool = False
    silent: bool = False
    no_changes: bool = False


@dataclass
class Outcome:
    """What was missing or too much, in words; empty when the case holds."""

    problems: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)


def cases() -> list[Case]:
    """The list, in file order."""
    table = tomllib.loads((HERE / "cases.toml").read_text(encoding="utf-8"))
    known = table.get("runbooks", {})
    found = []
    for raw in table["case"]:
        fields = {key: tuple(value) if isinstance(value, list) else value for key, value in raw.items()}
        fields.setdefault("runbooks", tuple(known.get(raw["repo"], ())))
        found.append(Case(**fields))
    return found


def commented(repository: Repository, sha: str, path: str) -> FileDiff:
    """A diff that adds one comment line in the middle of a file."""
    data = repository.read(sha, path)
    if data is None:
        raise DriftError(f"{path} is not in {sha}")
    lines = data.split(b"\n")
    marker = {"go": b"// ", "py": b"# ", "yaml": b"# ", "yml": b"# "}[path.rsplit(".", 1)[-1]]
    place = next(i for i in range(len(lines) // 2, len(lines)) if lines[i].strip())
    indent = lines[place][: len(lines[place]) - len(lines[place].lstrip())]
    after = b"\n".join(
        [*lines[:place], indent + marker + b"the port, timeout and retention stay as they are", *lines[place:]]
    )
    return FileDiff(FileStatus.MODIFIED, path, path, data, after, (Hunk(place, 0, place + 1, 1),))


def run(case: Case, mirrors: Path) -> tuple[Report, check.Mapped] | None:
    """The report on a case, or None when its mirror is not there."""
    folder = mirrors / case.repo.replace("/", "+")
    where = folder / "repo" if (folder / "repo" / "HEAD").exists() else folder
    if not (where / "HEAD").exists():
        return None
    repository = Repository.open(str(where), trust_owner=True)
    head = repository.resolve(case.commit)
    base = repository.resolve(f"{case.commit}^")
    inputs = workspace.gather(
        repository, base, head, config=Config(runbooks=Selection(include=case.runbooks)), policy_revision=base,
        as_of=date(2026, 1, 1), library=workspace.Library(), without_doc_changes=not case.full,
    )  # fmt: skip
    if case.comment:
        from dataclasses import replace

        inputs = replace(inputs, diffs=(commented(repository, head, case.comment),), after=inputs.before)
    mapped = check.map_sections(inputs)
    return check.judge(inputs, mapped), mapped


def _place(verdict: Verdict) -> str:
    return f"{verdict.section.path}#{verdict.section.slug}" if verdict.section else ""


def _described(verdict: Verdict) -> str:
    finding = f"{verdict.finding.rule} {verdict.finding.subject}"
    suggestion = f": {verdict.suggestion.after.strip()}" if verdict.suggestion else ""
    return f"{verdict.status} {_place(verdict)} [{finding}] {verdict.score:.2f}{suggestion} ({verdict.reason[:110]})"


def judge(case: Case, report: Report, mapped: check.Mapped) -> Outcome:
    """Compare a report with a case."""
    outcome = Outcome(seen=[_described(verdict) for verdict in report.verdicts])
    outcome.seen += [f"finding {f.rule} {f.subject}: {f.message}" for f in mapped.analysis.findings]
    by_status: dict[Status, list[Verdict]] = {status: [] for status in Status}
    for verdict in report.verdicts:
        by_status[verdict.status].append(verdict)
    for wanted in case.contradicted:
        place, _, text = wanted.partition(": ")
        found = [v for v in by_status[Status.CONTRADICTED] if _place(v) == place]
        if not any(not text or (v.suggestion and text in v.suggestion.after) for v in found):
            outcome.problems.append(f"not contradicted: {wanted}")
    for status, expected in ((Status.SUSPECT, case.suspect), (Status.UPDATED, case.updated)):
        places = {_place(v) for v in by_status[status]}
        outcome.problems += [f"not {status}: {place}" for place in expected if place not in places]
    uncovered = {f"{v.finding.rule} {v.finding.subject}" for v in by_status[Status.UNCOVERED]}
    findings = {f"{f.rule} {f.subject}" for f in mapped.analysis.findings}
    for wanted, known, word in (
        *((w, uncovered, "uncovered") for w in case.uncovered),
        *((w, findings, "found") for w in case.findings),
    ):
        if not any(name == wanted or name.startswith(wanted + " ") for name in known):
            outcome.problems.append(f"not {word}: {wanted}")
    for unwanted in case.no_findings:
        outcome.problems += [f"found: {name}" for name in sorted(findings) if name.startswith(unwanted)]
    if (case.no_contradiction or case.silent) and by_status[Status.CONTRADICTED]:
        outcome.problems += [f"contradicted: {_described(v)}" for v in by_status[Status.CONTRADICTED]]
    if case.silent and (by_status[Status.SUSPECT] or findings):
        outcome.problems += ["not silent", *outcome.seen[:5]]
    if case.no_changes and mapped.analysis.changes:
        outcome.problems.append(f"{len(mapped.analysis.changes)} changes of facts")
    return outcome


def main() -> int:
    """Exit code 0 when every case whose mirror is there holds, 1 when one does not, 2 without any mirror."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mirrors", type=Path, required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--show", action="store_true", help="print everything that was seen")
    arguments = parser.parse_args()
    failed = held = absent = 0
    for case in cases():
        if arguments.only and arguments.only not in f"{case.repo} {case.commit}":
            continue
        result = run(case, arguments.mirrors)
        if result is None:
            absent += 1
            continue
        outcome = judge(case, *result)
        held += not outcome.problems
        failed += bool(outcome.problems)
        mode = "comment" if case.comment else "full" if case.full else "code"
        print(f"{'FAIL' if outcome.problems else 'ok  '} {case.repo} {case.commit} {mode}")
        for line in outcome.problems:
            print(f"       {line}")
        if arguments.show:
            for line in outcome.seen:
                print(f"     . {line}")
    print(f"{held} passed, {failed} failed, {absent} skipped")
    return 1 if failed else 2 if not held else 0


if __name__ == "__main__":
    sys.exit(main())
