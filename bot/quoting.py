"""Hostile text in the forge's Markdown: shown as it is, and nothing of it is markup, a mention or a link."""

from __future__ import annotations

import re

QUOTE = 300
"""Characters of one quoted text."""

_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|~$:=^])")
_ZERO = "\N{ZERO WIDTH SPACE}"


def line(value: str, most: int = 2 * QUOTE) -> str:
    """One line without control and direction marks, cut."""
    shown = "".join(c if c.isprintable() else " " for c in value)
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def source(value: str) -> str:
    """A line as it is to be written: tabs stay."""
    return "\t".join(line(part) for part in value.split("\t"))


def code(value: str) -> str:
    """A text as a code span: no markup, mention or link works in one."""
    shown = line(value).strip()
    shown = shown if len(shown) <= QUOTE else shown[: QUOTE - 1] + "…"
    ticks = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") or not shown else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def cell(value: str) -> str:
    """A code span in a table, where a pipe ends the cell even in code unless it is escaped; and where a backslash
    before it would undo that."""
    return code(value.replace("\\|", f"\\{_ZERO}|")).replace("|", "\\|")


def text(value: str, most: int = QUOTE) -> str:
    """A text in running Markdown, cut: markup escaped, HTML shown as it is, and nobody mentioned, no issue or address
    linked."""
    shown = line(value, 2 * most).strip()
    shown = shown if len(shown) <= most else shown[: most - 1] + "…"
    shown = shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    shown = _MARKUP.sub(r"\\\1", shown)
    shown = re.sub(r"(?i)(@|#|\bgh\\?-|:|www)", lambda found: found[0] + _ZERO, shown)
    return re.sub(r"\b([0-9a-f]{4})([0-9a-f]{3,60})\b", rf"\1{_ZERO}\2", shown)  # looks like a commit
