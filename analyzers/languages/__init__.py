"""The registry of languages and formats: which module reads a path. A new one is a line here, a ``.py`` and a
``.scm``. Modules are imported on first use, so a check pays only for the grammars it needs.

A language is a module that implements :class:`Language` (the idea of a protocol implemented by modules is
pre-commit's).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from typing import Protocol, cast

from analyzers.model import Fact
from analyzers.syntax import Lines


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a changed file: its bytes and the line ranges that changed (widened by one line each way, so that a
    pure insertion still shows the unchanged neighbours on both sides)."""

    path: str
    revision: str
    data: bytes
    lines: Lines


@dataclass(frozen=True, slots=True)
class Reading:
    """What a language read: the facts, and why the reading is partial (empty when it is not)."""

    facts: tuple[Fact, ...]
    partial: str = ""


class Language(Protocol):
    """What a language module offers."""

    def read(self, side: Side) -> Reading:
        """The facts that the changed lines of one side state. Never raises for hostile content."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """A registered language: its module's name and the paths it reads."""

    name: str
    pattern: re.Pattern[str]


def _entry(name: str, pattern: str) -> Entry:
    return Entry(name, re.compile(pattern))


REGISTRY: tuple[Entry, ...] = (
    _entry("python", r"\.pyi?$"),
    _entry("go", r"\.go$"),
    _entry("jsonnet", r"\.(?:jsonnet|libsonnet)$"),
    _entry("yaml", r"\.ya?ml(?:\.(?:tpl|tmpl|gotmpl|j2|erb|template))?$"),
    _entry("json", r"\.(?:json|json5|jsonc)$"),
    _entry("toml", r"\.toml$"),
    _entry("dockerfile", r"(?:^|/)(?:[^/]*\.)?(?:Dockerfile|Containerfile)(?:\.[^/]*)?$|\.dockerfile$"),
    _entry(
        "properties",
        r"\.(?:ini|cfg|conf|properties|env)$|(?:^|/)\.env[^/]*$"
        r"|(?:^|/)env(?:\.(?:sample|example|template|dist|local|test|dev\w*|prod\w*|stag\w*))?$",
    ),
)
"""In order; the first pattern that finds the path decides. Everything else is read as plain text."""


@lru_cache(maxsize=10_000)
def language_of(path: str) -> str:
    """The registered name for a path, or ``text``."""
    return next((entry.name for entry in REGISTRY if entry.pattern.search(path)), "text")


@cache
def load(name: str) -> Language:
    """The language module of that registered name (``text`` included)."""
    return cast(Language, import_module(f"analyzers.languages.{name}"))
