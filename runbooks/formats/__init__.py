"""The registry of output formats, and what every format is told besides the report.

A format is a module in this folder with one function ``render``; adding one is a file, a line in :data:`REGISTRY` and
a test folder. Formats do not know one another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

from analyzers.model import Severity
from runbooks.model import Report, Section, Status, Verdict

REGISTRY: tuple[str, ...] = ("text", "json", "patch")
"""Every format that ``--format`` takes, in the order of the documentation; each is a module of this package."""


_ORDER = {status: place for place, status in enumerate(Status)}
_SEVERITY = {Severity.HIGH: 0, Severity.MEDIUM: 1, Severity.LOW: 2}


def _no_files(_: str) -> bytes | None:
    return None


@dataclass(frozen=True, slots=True)
class Presentation:
    """What a format may need that is not part of the answer.

    ``colour`` and ``width`` (columns; 0 means unlimited) describe the terminal, ``everything`` lifts the limits on
    what is shown, ``seconds`` is the time the check took (None leaves it out). ``head_text`` gives a file's bytes as
    they are at head, or None where it does not exist.
    """

    colour: bool = False
    width: int = 0
    everything: bool = False
    seconds: float | None = None
    head_text: Callable[[str], bytes | None] = _no_files


class Format(Protocol):
    """What a format module offers."""

    def render(self, report: Report, presentation: Presentation) -> str:
        """The whole output, with a newline at its end unless it is empty. Bytes that are not UTF-8 may stand in it as
        surrogate escapes; the caller encodes."""
        ...


def load(name: str) -> Format:
    """The module of a registered format; ``KeyError`` for any other name."""
    if name not in REGISTRY:
        raise KeyError(name)
    return cast(Format, import_module(f"{__name__}.{name}"))


@dataclass(frozen=True, slots=True)
class Group:
    """The verdicts on one section, worst first; the section's status is that of the first."""

    section: Section
    verdicts: tuple[Verdict, ...]

    @property
    def status(self) -> Status:
        """The worst status among the verdicts."""
        return self.verdicts[0].status


def groups_of(report: Report) -> list[Group]:
    """The report's verdicts by section: worst status first, then the surest, then in the order of the runbooks."""
    by_section: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in report.verdicts:
        if verdict.section is not None:
            by_section.setdefault((verdict.section.path, verdict.section.slug), []).append(verdict)
    groups: list[Group] = []
    for verdicts in by_section.values():
        worst = sorted(verdicts, key=lambda v: (_ORDER[v.status], _SEVERITY[v.finding.severity]))
        section = worst[0].section
        assert section is not None
        groups.append(Group(section, tuple(worst)))
    return sorted(
        groups,
        key=lambda g: (
            _ORDER[g.status],
            -max(v.score for v in g.verdicts),
            g.section.path,
            g.section.span.start_line,
        ),
    )


def printable(text: str) -> str:
    """One line that is safe to show: whatever could steer a terminal or hide from a reader becomes visible.

    Control characters, escapes, bidirectional overrides, zero-width characters and undecodable bytes are written as
    backslash escapes, tabs and exotic blanks as blanks. ``##[`` is broken up, since CI runners read commands behind
    it anywhere in a line.
    """
    if not text.isprintable():
        text = "".join(char if char.isprintable() else _visible(char) for char in text.expandtabs(4))
    return text.replace("##[", "##\\[")


def _visible(char: str) -> str:
    if char.isspace() and char not in "\n\r\v\f\x1c\x1d\x1e\x1f\x85\u2028\u2029":
        return " "
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # an undecodable byte, surrogate-escaped
        code -= 0xDC00
    names = {"\n": "\\n", "\r": "\\r"}
    return names.get(char) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
