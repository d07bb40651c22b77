"""The corner of YAML in which most front matter is written, read without PyYAML, whose import takes 15 ms.

Keys at the start of a line, each with one text, one whole number or one list of texts, in ASCII. All else is left to
:mod:`runbooks.boundedyaml`, which is always right; a test compares the two.
"""

from __future__ import annotations

import re

_TEXT = r"(?:[A-Za-z/][\w /.,()'&-]*|\"[\w @/.,:()'&-]*\"|'[\w @/.,:()&-]*'|[0-9]{1,9}) *"
_LINE = re.compile(rf"(?:([A-Za-z_][\w-]{{0,60}}):(?: +({_TEXT})?)?|( *)- +({_TEXT}))\Z", re.ASCII)
_RESOLVED = frozenset("yes no true false on off null y n".split())
"""Words that YAML does not take for a text."""


def mapping(text: str) -> dict[object, object] | None:
    """The keys and values of a YAML text, or None when it needs a real reader."""
    found: dict[object, object] = {}
    items: list[object] | None = None
    indent = -1
    for line in text.split("\n"):
        if not line:
            continue
        match = _LINE.match(line)
        if match is None:
            return None
        key, value, before, item = match.groups()
        if key is not None:
            if key.lower() in _RESOLVED:
                return None
            items, indent = None if value else [], -1
            found[key] = _scalar(value) if value else None
            last = key
        else:
            # The first item of a list says how far all of them are indented.
            if items is None or indent not in (-1, len(before)):
                return None
            indent = len(before)
            items.append(_scalar(item))
            found[last] = items
        if found[last] is _OTHER or (items and items[-1] is _OTHER):
            return None
    return found


_OTHER = object()


def _scalar(text: str) -> object:
    """The text or number, or ``_OTHER`` for what YAML would read as another thing."""
    text = text.rstrip(" ")
    if text[0] in "\"'":
        return text[1:-1]
    if text.isdigit():
        return int(text) if text[0] != "0" or text == "0" else _OTHER
    return _OTHER if text.lower() in _RESOLVED else text
