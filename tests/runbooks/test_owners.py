"""Owners come from the first source that knows, and say which it was."""

from __future__ import annotations

import time

import pytest

from runbooks.handles import as_owner
from runbooks.model import Owner, OwnerKind, Runbook, Service
from runbooks.owners import OwnerContext, codeowners_text, owners_for

SRE = Owner("@org/sre", OwnerKind.TEAM, "configuration")
SERVICE = Service("queue", ("services/queue/**",), ("docs/runbooks/queue.md",), (SRE,), source="configuration")


def runbook(path: str = "docs/runbooks/queue.md", owners: tuple[Owner, ...] = (), service: str = "") -> Runbook:
    return Runbook(path, "Queue", service, owners, None, None, (), ())


def handles(text: str, path: str = "docs/runbooks/queue.md") -> list[str]:
    return [o.handle for o in owners_for(runbook(path), None, OwnerContext(text))]


def test_front_matter_beats_codeowners_beats_the_catalogue_beats_nobody() -> None:
    written = as_owner("@jane", "front matter")
    everything = OwnerContext("* @org/all\n", (SERVICE,))
    assert owners_for(runbook(owners=(written,)), None, everything) == (written,)
    assert owners_for(runbook(), None, everything) == (Owner("@org/all", OwnerKind.TEAM, "CODEOWNERS"),)
    assert owners_for(runbook(), None, OwnerContext("", (SERVICE,))) == (SRE,)
    assert owners_for(runbook("other.md"), None, OwnerContext("", (SERVICE,))) == ()


def test_the_last_matching_line_wins_also_when_it_names_nobody() -> None:
    text = "* @org/all\n/docs/ @org/docs @jane\n/docs/runbooks/secret.md\n"
    assert handles(text) == ["@org/docs", "@jane"]
    assert handles(text, "docs/runbooks/secret.md") == []
    assert handles(text, "README.md") == ["@org/all"]


def test_patterns_follow_github() -> None:
    assert handles("docs/* @a\n") == []
    assert handles("docs/** @a\n") == ["@a"]
    assert handles("*.md a@b.example\n") == ["a@b.example"]
    assert handles("runbooks/ @a # the team @b\n") == ["@a"]
    assert handles("# * @a\n") == []


def test_bad_lines_do_not_break_the_file() -> None:
    assert handles("* @org/all\n[z-a @x\n!docs/ @y\n\\\n docs/[ab @z\n" + "*" * 200 + " @w\n") == ["@org/all"]


def test_a_hostile_pattern_costs_no_time() -> None:
    start = time.process_time()
    handles("**/" * 60 + "x @a\n" + "*a" * 60 + "b @b\n", "a/" * 60 + "a" * 200 + ".md")
    assert time.process_time() - start < 1


def test_the_first_existing_codeowners_file_counts() -> None:
    files = {"CODEOWNERS": b"* @root\n", "docs/CODEOWNERS": b"* @docs\n"}
    assert codeowners_text(lambda path: files.get(path)) == "* @root\n"
    files[".github/CODEOWNERS"] = b"\xef\xbb\xbf* @gh\n"
    assert codeowners_text(lambda path: files.get(path)) == "* @gh\n"
    assert codeowners_text(lambda _: None) == ""
    assert codeowners_text(lambda _: b"x" * 3_000_001) == ""


@pytest.mark.parametrize(
    ("handle", "kind", "name"),
    [
        ("@jane", OwnerKind.USER, "@jane"),
        ("@org/sre", OwnerKind.TEAM, "@org/sre"),
        ("jane@example.com", OwnerKind.EMAIL, "jane@example.com"),
        ("payments-oncall", OwnerKind.TEAM, "payments-oncall"),
        ("user:default/jane", OwnerKind.USER, "@jane"),
        ("group:sre", OwnerKind.TEAM, "sre"),
    ],
)
def test_handles(handle: str, kind: OwnerKind, name: str) -> None:
    assert as_owner(handle, "x") == Owner(name, kind, "x")
