"""The documents stay true: blocks that quote the program are fresh, links lead somewhere, every option is named.

``pytest --update tests/test_docs.py`` rewrites the quoted blocks.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from runbooks.cli import main
from runbooks.parse import parse

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.md")],
    key=lambda path: path.as_posix(),
)
_LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)")


def quoted(name: str) -> str:
    """The text between the marks of a block in the README, without its fence."""
    block = re.search(rf"<!-- begin: {name} -->\n(.*?)<!-- end: {name} -->", README.read_text(), re.DOTALL)
    assert block, f"the README has no block {name!r}"
    return re.sub(r"^```\w*\n", "", block[1], flags=re.MULTILINE)


def fresh(name: str, text: str, update: bool) -> None:
    """Hold a block against the text, or rewrite it with ``--update``."""
    if update:
        begin, end = f"<!-- begin: {name} -->\n", f"<!-- end: {name} -->"
        before, _, rest = README.read_text().partition(begin)
        README.write_text(f"{before}{begin}```\n{text}```\n{end}{rest.partition(end)[2]}")
    assert quoted(name) == text


def test_the_help_of_the_readme_is_what_the_program_prints(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, update: bool
) -> None:
    monkeypatch.setenv("COLUMNS", "98")
    text = ""
    for command in ([], ["check"]):
        assert main([*command, "--help"]) == 0
        text += f"$ {' '.join(['runbook-drift', *command, '--help'])}\n{capsys.readouterr().out}\n"
    fresh("help", text.rstrip("\n") + "\n", update)


def test_the_demo_of_the_readme_is_what_the_program_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], update: bool
) -> None:
    shop = tmp_path / "shop"
    subprocess.run([sys.executable, ROOT / "demo" / "build.py", shop], check=True, capture_output=True)
    assert main(["check", "--repo", str(shop)]) == 1
    # Time differs, and commit ids do where git writes another object format.
    text = re.sub(r"[0-9a-f]{10} → worktree; \d+\.\d\d s", "64d4eb0f5a → worktree; 0.30 s", capsys.readouterr().out)
    fresh("demo", f"$ runbook-drift check\n{text}", update)


def test_the_demo_refuses_to_replace_what_is_not_a_demo(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    build = [sys.executable, ROOT / "demo" / "build.py", tmp_path / "mine"]
    assert subprocess.run(build, check=False, capture_output=True).returncode == 2
    assert (tmp_path / "mine").exists()


def test_every_command_and_option_is_in_the_readme(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--help"])
    commands = re.findall(r"^  ([a-z]+)  ", capsys.readouterr().out.partition("Commands:")[2], re.MULTILINE)
    assert commands == ["check", "rules", "explain", "anchors", "status"]
    text = README.read_text()
    for command in commands:
        assert f"runbook-drift {command}" in text
        main([command, "--help"])
        for option in re.findall(r"^\s+(?:-\w, )?(--[a-z-]+)", capsys.readouterr().out, re.MULTILINE):
            assert option in text


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(document: Path) -> None:
    text = re.sub(r"^```.*?^```", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)
    for target in _LINK.findall(re.sub(r"`[^`\n]*`", "", text)):
        if re.match(r"[a-z]+:", target):
            assert target.startswith("https://"), target
            continue
        path, _, slug = target.partition("#")
        place = Path(os.path.normpath(document.parent / path)) if path else document
        assert place.exists(), target
        if slug:
            page = parse(place.name, place.read_bytes(), revision="worktree")
            assert slug in {section.slug for section in page.sections}, target


def test_the_readme_begins_with_the_two_commands() -> None:
    blocks = re.findall(r"^```\w*\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)
    assert blocks[0] == "make demo\nmake test\n"


def test_our_own_runbooks_are_found_and_have_an_owner() -> None:
    from runbooks import config
    from runbooks.discovery import discover

    settings = config.load((ROOT / ".runbook-drift.toml").read_text())
    files = [path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/**/*.md")]
    found = list(discover(files, settings))
    assert found == sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/runbooks/*.md"))
    assert settings.services[0].owners


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs" / "decisions").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))
