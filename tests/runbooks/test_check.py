"""The main flow without git: decisions, directives, outcomes, and what ties a diff to a section."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from analyzers.model import FileDiff
from runbooks.check import MAX_SUSPECTS, Inputs, check, map_sections
from runbooks.edited import key_of
from runbooks.model import Decision, Report, Status, Verdict
from runbooks.parse import parse
from runbooks.verdict import Directed
from tests.cases import file_diff

RUNBOOK = (
    "# Payments\n\n## Sessions\n\nThe default of `SESSION_TTL_MINUTES` is 60 minutes.\n\n## Weather\n\nIt rains.\n"
)


def inputs(*diffs: FileDiff, runbook: str = RUNBOOK, **more: object) -> Inputs:
    """Inputs with one runbook and these diffs; the runbook is the same on both sides."""
    book = parse("docs/runbooks/payments.md", runbook.encode(), revision="head")
    directives = {key_of(s): Directed(s, s.directives) for s in book.sections if s.directives}
    made = Inputs(
        base="base", head="head", policy_revision="base", diffs=diffs, before=(book,), after=(book,),
        as_of=date(2026, 1, 1), directives=directives,
    )  # fmt: skip
    made = replace(made, after=made.before)
    return replace(made, **more)  # type: ignore[arg-type]


def shortened(before: int, after: int) -> FileDiff:
    """A diff that changes the session's minutes."""
    return file_diff("app/settings.py", f"SESSION_TTL_MINUTES = {before}\n", f"SESSION_TTL_MINUTES = {after}\n")


def only(report: Report, status: Status) -> Verdict:
    """The single verdict of that status."""
    found = [verdict for verdict in report.verdicts if verdict.status is status]
    assert len(found) == 1, [(v.status, v.reason) for v in report.verdicts]
    return found[0]


def decision_on(verdict: Verdict, **changes: object) -> Decision:
    """An acknowledgement of a verdict by its owner."""
    made = Decision(
        verdict.fingerprint, verdict.values_hash, verdict.section_hash, Status.ACKNOWLEDGED, "@ann", "checked", None
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_an_acknowledgement_covers_the_values_it_was_given_for() -> None:
    given = only(check(inputs(shortened(60, 30))), Status.CONTRADICTED)
    again = check(inputs(shortened(60, 30)), [decision_on(given)])
    assert only(again, Status.ACKNOWLEDGED).reason == "acknowledged by @ann: checked"

    later = check(inputs(shortened(60, 5)), [decision_on(given)])
    assert only(later, Status.CONTRADICTED)


def test_an_acknowledgement_ends_when_the_section_is_rewritten() -> None:
    given = only(check(inputs(shortened(60, 30))), Status.CONTRADICTED)
    rewritten = RUNBOOK.replace("The default of", "In all regions the default of")
    report = check(inputs(shortened(60, 30), runbook=rewritten), [decision_on(given)])
    assert only(report, Status.CONTRADICTED)


@pytest.mark.parametrize(
    ("until", "status"),
    [(date(2025, 12, 31), Status.CONTRADICTED), (date(2026, 1, 1), Status.SNOOZED), (None, Status.SNOOZED)],
)
def test_a_snooze_ends_after_its_day(until: date | None, status: Status) -> None:
    given = only(check(inputs(shortened(60, 30))), Status.CONTRADICTED)
    decision = decision_on(given, kind=Status.SNOOZED, until=until)
    assert only(check(inputs(shortened(60, 30)), [decision]), status)


def test_a_directive_speaks_for_its_section() -> None:
    marked = RUNBOOK.replace("## Sessions\n", "## Sessions\n\n<!-- drift: ignore reason=rewritten next week -->\n")
    verdict = only(check(inputs(shortened(60, 30), runbook=marked)), Status.ACKNOWLEDGED)
    assert "rewritten next week" in verdict.reason


def test_the_fingerprint_survives_moved_lines() -> None:
    first = only(check(inputs(shortened(60, 30))), Status.CONTRADICTED)
    moved = RUNBOOK.replace("# Payments\n", "# Payments\n\nHow to keep payments alive.\n")
    second = only(check(inputs(shortened(60, 30), runbook=moved)), Status.CONTRADICTED)
    assert first.evidence != second.evidence
    assert first.fingerprint == second.fingerprint


def test_a_comment_asks_nothing() -> None:
    diff = file_diff("app/settings.py", "SESSION_TTL_MINUTES = 60\n", "# minutes\nSESSION_TTL_MINUTES = 60\n")
    mapped = map_sections(inputs(diff))
    assert not mapped.analysis.changes
    assert not mapped.ranked
    assert check(inputs(diff)).verdicts == ()


def test_plain_text_is_suspect_at_most() -> None:
    """A language without a grammar: the value in the section is false, but nobody parsed the code."""
    diff = file_diff("app/settings.rb", "SESSION_TTL_MINUTES = 60\n", "SESSION_TTL_MINUTES = 5\n")
    report = check(inputs(diff, suspect_threshold=0.01))
    assert Status.CONTRADICTED not in {verdict.status for verdict in report.verdicts}
    assert any("plain text" in note for note in report.notes)


def test_suspects_are_few() -> None:
    names = [f"PAYMENT_SETTING_NUMBER_{number}" for number in range(60)]
    runbook = "# Settings\n\n" + "".join(f"## About {n.lower()}\n\nSee `{n}`.\n\n" for n in names)
    before, after = ("".join(f"{n} = {value}\n" for n in names) for value in (3, 4))
    report = check(inputs(file_diff("app/settings.py", before, after), runbook=runbook, suspect_threshold=0.01))
    suspects = {v.section.slug for v in report.verdicts if v.status is Status.SUSPECT and v.section}
    assert 0 < len(suspects) <= MAX_SUSPECTS


def test_covers_makes_the_best_section_suspect_and_not_the_whole_runbook() -> None:
    diff = file_diff("app/ledger.py", "def post(entry):\n    return 1\n", "def post(entry):\n    return 2\n")
    runbook = "# Ledger\n\n## Posting entries\n\nHow a ledger entry is posted.\n\n## Phone numbers\n\nAsk Ann.\n"
    claimed = inputs(diff, runbook=runbook, covers=lambda book, paths: "app/ledger.py", suspect_threshold=0.9)
    suspects = [v.section.title for v in check(claimed).verdicts if v.section]
    assert suspects == ["Posting entries"]


def test_outcomes_say_what_holds() -> None:
    answers = {outcome.name: outcome.answer for outcome in check(inputs(shortened(60, 30))).outcomes}
    assert answers == {
        "authorization enforced and tested": "not applicable",
        "logs without raw inputs and payloads": "not applicable",
        "runbooks updated when behaviour changes": "fails",
    }


def test_a_lost_guard_fails_its_outcome() -> None:
    before = "@login_required\ndef delete_user(request):\n    return 1\n"
    diff = file_diff("app/views.py", before, before.split("\n", 1)[1])
    answers = {outcome.name: outcome.answer for outcome in check(inputs(diff)).outcomes}
    assert answers["authorization enforced and tested"] == "fails"
