"""Texts of YAML scalars as written: quotes, escapes, folding and block indentation resolved (YAML 1.2, chapters 7, 8),
the layout of template actions folded."""

from __future__ import annotations

import re

from analyzers.documents.templates import tidy

_ESCAPES = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "0": "\0",
    "e": "\x1b",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "v": "\v",
    "_": " ",
}
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(\n[ \t]*)|(.))", re.DOTALL)


def plain(text: str) -> str:
    """A plain scalar."""
    return tidy(_folded(text).strip())


def single_quoted(text: str) -> str:
    """A scalar in single quotes."""
    return tidy(_folded(text[1:-1]).replace("''", "'"))


def double_quoted(text: str) -> str:
    """A scalar in double quotes."""
    return tidy(_unescaped(_folded(text[1:-1])))


def _folded(text: str) -> str:
    """Line folding of flow scalars: a line break is a blank, an empty line a line break."""
    if "\n" not in text:
        return text
    lines = [line.strip() for line in text.split("\n")]
    folded = lines[0]
    breaks = 0
    for line in lines[1:]:
        if not line:
            breaks += 1
            continue
        glue = "\n" * breaks if breaks else ("" if folded.endswith("\\") else " ")
        folded = (folded[:-1] if folded.endswith("\\") and not breaks else folded) + glue + line
        breaks = 0
    return folded


def _unescaped(text: str) -> str:
    def replace(found: re.Match[str]) -> str:
        code = found.group(1) or found.group(2) or found.group(3)
        if code:
            number = int(code, 16)
            return chr(number) if number < 0x110000 else "\ufffd"
        if found.group(4):
            return ""
        return _ESCAPES.get(found.group(5), found.group(5))

    return _ESCAPE.sub(replace, text) if "\\" in text else text


def dedented(lines: list[str]) -> list[str]:
    """The lines without the indentation of the first that is not blank (YAML's rule for block scalars)."""
    indent = next((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), 0)
    return [line[indent:] if not line[:indent].strip() else line.lstrip(" ") for line in lines]


def block_text(text: str) -> str:
    """The content of a block scalar, its header line included in ``text``; trailing line breaks do not count."""
    header, _, body = text.partition("\n")
    lines = [line.rstrip("\r") for line in dedented(body.split("\n"))]
    if header.startswith("|"):
        return tidy("\n".join(lines).rstrip("\n"))
    folded = ""
    for index, line in enumerate(lines):
        follows_text = index > 0 and lines[index - 1].strip() and not lines[index - 1].startswith(" ")
        if index and follows_text and line.strip() and not line.startswith(" "):
            folded += " "
        elif index and (line.strip() == "" or line.startswith(" ") or not folded.endswith("\n")):
            folded += "\n"
        folded += line
    return tidy(folded.rstrip("\n"))
