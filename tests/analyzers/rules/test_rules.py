"""Every golden case, every rule's page, and what all rules say about all cases."""

from __future__ import annotations

import pytest

from analyzers.findings import Rule
from analyzers.pipeline import analyse
from analyzers.rules import all_rules
from tests.cases import EVERYTHING, Case, all_cases, analysed, file_diff, line_of, update_expect
from tests.rule_pages import PAGES, SECTIONS, page_of, pages

CASES = all_cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, update: bool) -> None:
    found = [line_of(finding) for finding in analysed(case).findings if finding.rule == case.rule]
    if update:
        update_expect(case, found)
    else:
        assert found == case.expected


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.ID)
def test_the_page_of_a_rule_is_complete_and_its_example_is_found(rule: Rule) -> None:
    page = page_of(rule)
    assert page.summary.endswith("."), "the first line is one sentence"
    assert tuple(page.sections) == SECTIONS
    assert page.sections["What to write"].lower().count("instead of") >= 1, "a good and a bad sentence"
    before, after = page.fence("Before"), page.fence("After")
    assert before.path == after.path
    found = analyse([file_diff(before.path, before.text, after.text)])
    assert not found.skipped
    assert rule.ID in {finding.rule for finding in found.findings}


def test_messages_are_one_plain_sentence() -> None:
    for case in CASES:
        for finding in analysed(case).findings:
            message = finding.message
            assert message[0].isupper() or message[0].isalnum() or message.startswith(finding.subject[0]), message
            assert message.endswith("."), f"{finding.rule}: {message}"
            assert "\n" not in message, message
            assert len(message) <= 300, f"{finding.rule}: {message}"


def test_everything_all_rules_say_about_all_cases(update: bool) -> None:
    """A change of a rule or a new one shows here what it does to everybody's cases."""
    blocks = []
    for case in CASES:
        lines = [line_of(finding) for finding in analysed(case).findings]
        blocks.append("\n".join([f"# {case.id}", *lines]) + "\n")
    text = "\n".join(blocks)
    if update:
        EVERYTHING.write_text(text, encoding="utf-8")
    assert EVERYTHING.read_text(encoding="utf-8") == text


def test_pages_are_fresh(update: bool) -> None:
    wanted = pages()
    if update:
        for path, text in wanted.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    written = {path: path.read_text(encoding="utf-8") for path in PAGES.rglob("*.md")}
    assert written == wanted
