"""Patterns of ``.gitignore`` kind: what they match (as git and pathspec have it), and that no path makes one slow."""

from __future__ import annotations

import time

import pytest

from runbooks.globs import Patterns, compiled


@pytest.mark.parametrize(
    ("pattern", "matched", "other"),
    [
        ("a.md", ["a.md", "docs/a.md", "a.md/inside"], ["b.md", "aa.md"]),
        ("/a.md", ["a.md"], ["docs/a.md"]),
        ("docs/*.md", ["docs/a.md"], ["docs/deep/a.md", "x/docs/a.md"]),
        ("docs/**", ["docs/a.md", "docs/deep/a.md"], ["docs", "x/docs/a.md"]),
        ("**/run/*.md", ["run/a.md", "x/y/run/a.md"], ["run/x/a.md"]),
        ("a/**/b", ["a/b", "a/x/y/b", "a/b/inside"], ["a/x", "b"]),
        ("drafts/", ["drafts/a.md", "docs/drafts/a.md"], ["drafts", "docs/drafts"]),
        ("**", ["a", "a/b"], []),
        ("**/", ["a/b"], ["a"]),
        ("[ab]?.md", ["ax.md", "x/by.md"], ["a.md", "cx.md"]),
        ("[!a].md", ["b.md"], ["a.md"]),
        ("[^a].md", ["b.md"], ["a.md"]),
        (r"\*.md", ["*.md"], ["a.md"]),
        (r"\#x", ["#x"], ["x"]),
        ("# a comment", [], ["# a comment"]),
        ("a ", ["a"], ["a "]),
    ],
)
def test_what_a_pattern_matches(pattern: str, matched: list[str], other: list[str]) -> None:
    ready = compiled((pattern,))
    assert [path for path in (*matched, *other) if ready.match(path)] == matched


def test_the_last_pattern_that_matches_decides() -> None:
    ready = Patterns(["docs/", "!docs/keep.md"])
    assert ready.match("docs/a.md")
    assert not ready.match("docs/keep.md")


@pytest.mark.parametrize("pattern", ["!", "/", "//", "a\\"])
def test_what_is_no_pattern(pattern: str) -> None:
    with pytest.raises(ValueError, match="is no pattern"):
        compiled((pattern,))


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("a*a*a*a*a*a*a*a*b", "a" * 50_000),
        ("**/a*a*a*a*a*a*b/**/c", "/".join(["a" * 200] * 500)),
        ("**/a/**/a/**/a/**/a/**/b", "/".join(["a"] * 10_000)),
        ("*" * 500, "a" * 50_000),
    ],
)
def test_a_long_path_is_matched_at_once(pattern: str, path: str) -> None:
    """Generous: the expressions of a library would take longer than the universe has been there."""
    started = time.monotonic()
    compiled((pattern,)).match(path)
    assert time.monotonic() - started < 5
