"""Rule pages: a rule module's docstring is its page, and ``docs/rules`` is written from it (``pytest --update``)."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from pathlib import Path

from analyzers.findings import Rule
from analyzers.rules import all_rules
from tests.cases import ROOT, Fence, fences_of

PAGES = ROOT / "docs" / "rules"
SECTIONS = ("Why the reader of a runbook cares", "Before", "After", "What to write")
"""The sections every page has, in this order."""


@dataclass(frozen=True)
class Page:
    """A rule's page: its first line, and the text of each section by title."""

    rule: str
    summary: str
    sections: dict[str, str]
    text: str

    def fence(self, section: str) -> Fence:
        """The one code block of that section."""
        found = list(fences_of(self.sections[section].splitlines()))
        assert len(found) == 1, f"{self.rule}: {len(found)} code blocks under {section!r}"
        return found[0]


def page_of(rule: Rule) -> Page:
    """The page in a rule's docstring."""
    text = inspect.getdoc(rule) or ""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    sections = {title.strip(): body.strip("\n") for title, body in zip(parts[1::2], parts[2::2], strict=True)}
    return Page(rule.ID, text.split("\n", 1)[0].strip(), sections, text)


def pages() -> dict[Path, str]:
    """Every file that belongs under ``docs/rules``, with its content."""
    written = {
        PAGES / f"{page.rule}.md": f"# {page.rule}\n\n{page.text.rstrip()}\n" for page in map(page_of, all_rules())
    }
    rows = "".join(f"| [{p.rule}]({p.rule}.md) | {p.summary} |\n" for p in map(page_of, all_rules()))
    intro = (
        "# Rules\n\nWhat each rule sees. Written from the rules' docstrings by `pytest --update`; do not edit here.\n\n"
    )
    written[PAGES / "README.md"] = f"{intro}| rule | a change is reported when |\n| --- | --- |\n{rows}"
    return written
