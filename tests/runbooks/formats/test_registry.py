"""The registry of formats and what all formats share."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbooks import formats
from runbooks.cli import FormatName

FOLDER = Path(formats.__file__).parent


def test_folder_registry_command_line_and_tests_agree() -> None:
    modules = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    tests = {path.stem.removeprefix("test_") for path in Path(__file__).parent.glob("test_*.py")} - {"registry"}
    assert modules == set(formats.REGISTRY) == tests
    assert [name.value for name in FormatName] == list(formats.REGISTRY)


@pytest.mark.parametrize("name", formats.REGISTRY)
def test_a_format_renders(name: str) -> None:
    assert callable(formats.load(name).render)


def test_other_names_are_refused() -> None:
    with pytest.raises(KeyError):
        formats.load("os")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("plain – text ü 会", "plain – text ü 会"),
        ("a\tb", "a   b"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\nb\rc", "a\\nb\\rc"),
        ("\x9b", "\\x9b"),
        ("\u202e", "\\u202e"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("\u2028", "\\u2028"),
        ("no\u00a0break", "no break"),
        ("\udcff", "\\xff"),
        ("##[group]", "##\\[group]"),
    ],
)
def test_printable(text: str, wanted: str) -> None:
    assert formats.printable(text) == wanted
