"""The text output: short, worst first, and safe to show whatever the repository holds."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from analyzers.model import Severity, Skipped
from runbooks.formats import Presentation
from runbooks.formats.text import render
from runbooks.model import Owner, OwnerKind, Report, Status
from tests.runbooks import reports

HOSTILE = "\x1b]0;owned\x07\x1b[31mred\r\u202egnp\u200b\udcff"


def shown(report: Report, **options: object) -> str:
    return render(report, Presentation(**options))  # type: ignore[arg-type]


def test_a_contradicted_section_reads_top_down_code_runbook_why_whom() -> None:
    assert shown(reports.report(reports.contradicted()), seconds=0.421) == (
        """\
CONTRADICTED  docs/runbooks/sessions.md › Sessions › Everyone is logged out
  change   SESSION_TTL changed  [auth/credential-lifetime-changed]
           app/settings.py:12
             - SESSION_TTL = 3600
             + SESSION_TTL = 300
  runbook  docs/runbooks/sessions.md:12
             - Sessions end after 1 hour.
             + Sessions end after 5 minutes.
  why      the line says 1 hour, the code says 5 minutes
  owner    @payments-oncall (front matter)

1 contradicted  (3 files, 7 changes, 1 finding; 2 runbooks, 9 sections; aaaaaaaaaa → bbbbbbbbbb; 0.42 s)
"""
    )


def test_without_a_suggestion_the_line_is_quoted() -> None:
    text = shown(reports.report(reports.contradicted(instead=None)))
    assert "docs/runbooks/sessions.md:12\n             | Sessions end after 1 hour.\n" in text


def test_a_line_that_reads_the_same_on_both_sides_is_shown_once() -> None:
    found = reports.finding(before="@route", after="@route")
    assert "app/settings.py:12\n             | @route\n  runbook" in shown(reports.report(reports.suspect(found=found)))


def test_a_suspect_section_without_a_quote_is_named_by_its_line() -> None:
    text = shown(reports.report(reports.suspect()))
    assert "SUSPECT       docs/runbooks/sessions.md › Sessions › Rotate the keys\n" in text
    assert "  runbook  docs/runbooks/sessions.md:30\n  why      the section names" in text
    assert "  owner    unknown\n" in text


def test_contradicted_stands_before_suspect_and_the_surer_before_the_unsure() -> None:
    text = shown(
        reports.report(
            reports.suspect(reports.section("Low"), score=0.6),
            reports.suspect(reports.section("High"), score=0.9),
            reports.contradicted(),
        )
    )
    assert text.index("Everyone") < text.index("High") < text.index("Low")


def test_changes_of_one_section_are_grouped_and_nothing_is_said_twice() -> None:
    where = reports.section()
    other = reports.finding("IDLE_TTL", "IDLE_TTL = 60", "IDLE_TTL = 30", severity=Severity.LOW)
    text = shown(reports.report(reports.suspect(where, found=other), reports.suspect(where), reports.suspect(where)))
    assert text.count("SUSPECT") == 1
    assert text.count("SESSION_TTL changed") == 1
    assert text.index("SESSION_TTL changed") < text.index("IDLE_TTL changed")
    assert text.count("  why ") == 1
    assert text.count("  owner ") == 1


def test_code_that_was_quoted_is_not_repeated_under_the_next_suspect_section() -> None:
    report = reports.report(reports.suspect(reports.section("A")), reports.suspect(reports.section("B", line=40)))
    assert shown(report).count("SESSION_TTL changed  [") == 2
    assert shown(report).count("SESSION_TTL = 300\n") == 1
    assert shown(report, everything=True).count("SESSION_TTL = 300\n") == 2
    both = reports.report(reports.contradicted(), reports.contradicted(where=reports.section("B", line=40)))
    assert shown(both).count("SESSION_TTL = 300\n") == 2


def test_a_crowd_of_owners_is_cut() -> None:
    verdict = reports.contradicted()
    crowd = tuple(Owner(f"@o{n}", OwnerKind.USER, "CODEOWNERS") for n in range(6))
    verdict = replace(verdict, owners=crowd)
    assert "  owner    @o0, @o1, @o2, @o3 and 2 more (CODEOWNERS)\n" in shown(reports.report(verdict))
    assert "@o4, @o5 (CODEOWNERS)\n" in shown(reports.report(verdict), everything=True)


def test_only_ten_sections_are_shown_unless_all_are_asked_for() -> None:
    report = reports.report(*(reports.suspect(reports.section(f"Section {n}", line=n + 1)) for n in range(13)))
    assert shown(report).count("SUSPECT") == 10
    assert "and 3 more sections (--all shows them)" in shown(report)
    assert shown(report, everything=True).count("SUSPECT") == 13


def test_all_prints_what_a_decision_needs() -> None:
    verdict = reports.contradicted()
    line = f'fingerprint = "{verdict.fingerprint}", values_hash = "{verdict.values_hash}", section_hash = '
    assert line in shown(reports.report(verdict), everything=True)
    assert line not in shown(reports.report(verdict))


def test_uncovered_changes_are_one_line_each_and_at_most_five() -> None:
    report = reports.report(
        *(reports.uncovered(reports.finding(f"guard_{n}", "@admin", None, path=f"app/v{n}.py")) for n in range(7))
    )
    text = shown(report)
    assert "UNCOVERED     changed, and no runbook speaks of it\n  app/v0.py:12  guard_0 changed  [auth/" in text
    assert text.count("app/v") == 5
    assert "  and 2 more (--all shows them)\n" in text


def test_a_deleted_folder_does_not_push_out_the_worst_of_the_others() -> None:
    paths = [*(f"billing/src/v{n}/app.py" for n in range(9)), "deploy/a.py", "deploy/b.py", "top.py"]
    report = reports.report(
        *(reports.uncovered(reports.finding(f"guard_{n}", "@admin", None, path=p)) for n, p in enumerate(paths))
    )
    text = shown(report)
    assert [line.split(":")[0].strip() for line in text.splitlines() if ".py:12" in line] == [
        "billing/src/v0/app.py", "billing/src/v1/app.py", "billing/src/v2/app.py", "deploy/a.py", "deploy/b.py",
    ]  # fmt: skip
    assert "  and 7 more: 6 in billing/src/, 1 in ./ (--all shows them)\n" in text
    assert shown(report, everything=True).count(".py:12") == 12


@pytest.mark.parametrize("status", [Status.UPDATED, Status.ACKNOWLEDGED, Status.SNOOZED])
def test_what_passes_is_one_line(status: Status) -> None:
    text = shown(reports.report(reports.passed(status)))
    assert f"{status.value:<12}  docs/runbooks/sessions.md › Rotate the keys  ({status.value} for the test)\n" in text
    assert "No drift: 1 " in text


def test_what_was_not_read_is_said() -> None:
    report = reports.report(skipped=(Skipped("big.json", "larger than 2 MB"), Skipped("a.py", "syntax error", True)))
    text = shown(report)
    assert "not read      big.json: larger than 2 MB\n" in text
    assert "read in part  a.py: syntax error\n" in text
    assert "No drift; incomplete  (" in text


def test_notes_are_shown() -> None:
    assert "note          read as plain text: 1 (a.swift)\n" in shown(
        reports.report(notes=("read as plain text: 1 (a.swift)",))
    )


def test_no_drift_is_one_line() -> None:
    assert shown(reports.report()) == (
        "No drift  (3 files, 7 changes, 0 findings; 2 runbooks, 9 sections; aaaaaaaaaa → bbbbbbbbbb)\n"
    )


def hostile_report() -> Report:
    found = reports.finding(f"NAME{HOSTILE}", f"x = {HOSTILE}", f"y = {HOSTILE}", path=f"dir\n::error::{HOSTILE}/a.py")
    where = reports.section(f"Head {HOSTILE}", path=f"docs/{HOSTILE}.md", text=f"## Head\n\n{HOSTILE}")
    verdict = reports.contradicted(found, where, says=f"says {HOSTILE} ##[add-mask]x", instead=f"says {HOSTILE}!")
    verdict = verdict.__class__(
        verdict.status, verdict.finding, verdict.section, f"because {HOSTILE}",
        (Owner(HOSTILE, OwnerKind.TEAM, HOSTILE),), verdict.evidence, verdict.suggestion, 1.0,
    )  # fmt: skip
    return reports.report(
        verdict, reports.uncovered(found), skipped=(Skipped(f"p\n::error::{HOSTILE}", HOSTILE),), notes=(HOSTILE,)
    )


@pytest.mark.parametrize("everything", [False, True])
def test_nothing_of_the_repository_reaches_the_terminal_unescaped(everything: bool) -> None:
    text = shown(hostile_report(), everything=everything)
    assert all(line.isprintable() for line in text.split("\n"))
    assert "##[" not in text
    assert not re.search(r"^\s*::", text, re.MULTILINE)
    text.encode("utf-8")


def test_colour_changes_no_word_and_cuts_lines_to_the_width() -> None:
    report = reports.report(reports.contradicted(), reports.suspect(), reports.uncovered())
    coloured = shown(report, colour=True, width=500)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == shown(report)
    wide = reports.report(reports.contradicted(says="会話 " * 60))
    narrow = re.sub(r"\x1b\[[0-9;]*m", "", shown(wide, colour=True, width=60))
    assert all(sum(2 if ord(char) > 0x2E80 else 1 for char in line) <= 60 for line in narrow.split("\n"))


def test_long_sentences_go_on_under_their_beginning() -> None:
    coloured = shown(reports.report(reports.contradicted()), colour=True, width=60, seconds=0.4)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", coloured).split("\n")
    assert "           [auth/credential-lifetime-changed]" in lines
    assert not [line for line in lines if line != line.rstrip()]


def test_the_difference_of_long_lines_is_in_view() -> None:
    says, instead = f"{'long ' * 50}is 1 hour {'tail ' * 30}", f"{'long ' * 50}is 5 minutes {'tail ' * 30}"
    for width in (0, 80):
        text = shown(reports.report(reports.contradicted(says=says, instead=instead)), width=width)
        assert re.search(r"- ….*is 1 hour tail .*…\n", text)
        assert re.search(r"\+ ….*is 5 minutes tail .*…\n", text)


def test_in_colour_too_only_our_own_escapes_are_printed() -> None:
    coloured = shown(hostile_report(), colour=True, width=100)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured).replace("\n", "").isprintable()


def test_long_quotes_are_cut() -> None:
    text = shown(reports.report(reports.contradicted(says="x" * 1000, instead="y" * 1000)))
    assert max(len(line) for line in text.split("\n")) < 200


def test_a_preamble_has_no_heading() -> None:
    where = reports.section()
    preamble = where.__class__(where.path, (), "", where.span, "text", (), (), ())
    assert "docs/runbooks/sessions.md › (before the first heading)" in shown(reports.report(reports.suspect(preamble)))
