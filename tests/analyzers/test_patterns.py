"""A pattern that is compiled late is the same pattern, and none of them is broken."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from analyzers.patterns import _Lazy, regex

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for package in ("analyzers", "runbooks")
    for path in (ROOT / package).rglob("*.py")
    if "import regex" in path.read_text()
)


def test_it_answers_like_a_compiled_one() -> None:
    late, now = regex(r"(?P<a>b+)", re.IGNORECASE), re.compile(r"(?P<a>b+)", re.IGNORECASE)
    for text in ("abBc", "", "bb"):
        assert [m.span("a") for m in late.finditer(text)] == [m.span("a") for m in now.finditer(text)]
        assert late.sub("x", text) == now.sub("x", text)
        assert bool(late.fullmatch(text)) == bool(now.fullmatch(text))
    assert (late.pattern, late.flags, late.groupindex) == (now.pattern, now.flags, now.groupindex)
    assert regex(rb"\d").findall(b"a1b2") == [b"1", b"2"]


def test_it_compiles_at_the_first_use_only() -> None:
    broken = regex("(")
    with pytest.raises(re.error):
        broken.match("")
    late = regex("a")
    assert late.match is late.match


@pytest.mark.parametrize("module", MODULES)
def test_every_late_pattern_compiles(module: str) -> None:
    found = [value for value in vars(import_module(module)).values() if isinstance(value, _Lazy)]
    assert found
    for pattern in found:
        assert pattern.search  # type: ignore[attr-defined]
