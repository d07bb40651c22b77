"""The JSON contract: what the schema says, the same bytes every time, and readable by any JSON reader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from analyzers.model import Skipped
from runbooks.formats import Presentation
from runbooks.formats.json import render
from runbooks.model import Report, Status
from tests.runbooks import reports
from tests.runbooks.formats.test_text import hostile_report

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "schema" / "report-1.json").read_text())


def rendered(report: Report) -> Any:
    text = render(report, Presentation())
    assert text.endswith("}\n")
    data = json.loads(text)
    jsonschema.Draft202012Validator(SCHEMA).validate(data)
    return data


def full_report() -> Report:
    return reports.report(
        reports.uncovered(),
        reports.suspect(),
        reports.contradicted(),
        *(reports.passed(status) for status in (Status.UPDATED, Status.ACKNOWLEDGED, Status.SNOOZED)),
        skipped=(Skipped("b.bin", "binary"), Skipped("a.py", "syntax error", True)),
    )


def test_the_schema_is_itself_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_keys_are_those_of_the_contract_and_in_its_order() -> None:
    data = rendered(full_report())
    assert list(data) == SCHEMA["required"]
    keys = list(SCHEMA["$defs"]["verdict"]["properties"])
    assert list(data["verdicts"][0]) == keys
    optional = {"values_hash", "section_hash"}
    assert [key for key in keys if key not in optional] == SCHEMA["$defs"]["verdict"]["required"]


def test_a_contradicted_verdict_in_full() -> None:
    verdict = reports.contradicted()
    assert rendered(reports.report(verdict))["verdicts"] == [
        {
            "status": "contradicted",
            "fingerprint": verdict.fingerprint,
            "values_hash": verdict.values_hash,
            "section_hash": verdict.section_hash,
            "rule": "auth/credential-lifetime-changed",
            "area": "auth",
            "severity": "high",
            "confidence": "high",
            "code": {
                "before": {"path": "app/settings.py", "line": 12, "quote": "SESSION_TTL = 3600"},
                "after": {"path": "app/settings.py", "line": 12, "quote": "SESSION_TTL = 300"},
            },
            "runbook": {
                "path": "docs/runbooks/sessions.md",
                "headings": ["Sessions", "Everyone is logged out"],
                "line": 12,
                "quote": "Sessions end after 1 hour.",
            },
            "score": 1.0,
            "reasons": ["the line says 1 hour, the code says 5 minutes", "SESSION_TTL changed."],
            "owners": [{"handle": "@payments-oncall", "source": "front matter"}],
            "suggestion": {
                "path": "docs/runbooks/sessions.md",
                "line": 12,
                "before": "Sessions end after 1 hour.",
                "after": "Sessions end after 5 minutes.",
            },
        }
    ]


def test_an_uncovered_verdict_has_no_runbook_and_a_removed_line_no_after() -> None:
    (verdict,) = rendered(reports.report(reports.uncovered()))["verdicts"]
    assert verdict["runbook"] is None
    assert verdict["section_hash"] is None
    assert verdict["suggestion"] is None
    assert verdict["code"]["after"] is None
    assert verdict["code"]["before"]["line"] == 20


def test_a_suspect_without_a_quoted_line_points_at_its_heading() -> None:
    (verdict,) = rendered(reports.report(reports.suspect()))["verdicts"]
    assert (verdict["runbook"]["line"], verdict["runbook"]["quote"]) == (30, "## Rotate the keys")


def test_lists_are_sorted_whatever_the_order_of_the_report() -> None:
    report = full_report()
    mirrored = report.__class__(
        report.base, report.head, report.policy_revision, tuple(reversed(report.verdicts)), report.outcomes,
        tuple(reversed(report.skipped)), report.summary, report.complete,
    )  # fmt: skip
    assert render(mirrored, Presentation()) == render(report, Presentation())
    data = rendered(report)
    assert [verdict["status"] for verdict in data["verdicts"]] == [status.value for status in Status]
    assert [skipped["path"] for skipped in data["skipped"]] == ["a.py", "b.bin"]


def test_every_status_is_counted() -> None:
    assert rendered(reports.report())["summary"]["counts"] == dict.fromkeys((s.value for s in Status), 0)


def test_presentation_changes_no_byte() -> None:
    report = full_report()
    loud = Presentation(colour=True, width=40, everything=True, seconds=1.5)
    assert render(report, loud) == render(report, Presentation())


def test_hostile_content_is_valid_ascii_json_without_lone_surrogates() -> None:
    text = render(hostile_report(), Presentation())
    assert text.isascii()
    assert "##[" not in text
    data = rendered(hostile_report())
    quote = data["verdicts"][0]["suggestion"]["before"]
    assert "##[add-mask]" in quote
    assert "\\xff" in quote
    json.dumps(data, ensure_ascii=False).encode("utf-8")


@pytest.mark.parametrize("text", ["\ud800", "a\udcffb\ud800", "é\udce9"])
def test_any_surrogate_is_written_as_text(text: str) -> None:
    data = rendered(reports.report(skipped=(Skipped(text, "why"),)))
    json.dumps(data, ensure_ascii=False).encode("utf-8")
