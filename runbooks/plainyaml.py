"""The corner of YAML in which most front matter is written, read without PyYAML, whose import takes 15 ms.

Keys at the start of a line, each with one text, one whole number or one list of them, in ASCII. All else is left to
:mod:`runbooks.boundedyaml`, which is always right; a test compares the two.
"""

from __future__ import annotations

import re

# Nowhere can two quantifiers share the same blanks: a hostile line costs linear time.
_QUOTED = r"(?:\"[\w @/.,:()'&-]*\"|'[\w @/.,:()&-]*'|[0-9]{1,9}) *"
_TEXT = rf"(?:[A-Za-z/][\w /.,()'&-]*|{_QUOTED})"
_ITEM = rf" *(?:[A-Za-z/][\w /.()'&-]*|{_QUOTED})"
_LINE = re.compile(
    rf"(?:([A-Za-z_][\w-]{{0,60}}):(?: +({_TEXT}|\[{_ITEM}(?:,{_ITEM})*\] *)?)?|( *)- +({_TEXT}))\Z", re.ASCII
)
_ITEMS = re.compile(_ITEM, re.ASCII)
_RESOLVED = frozenset("yes no true false on off null y n".split())
"""Words that YAML does not take for a text."""


def mapping(text: str) -> dict[object, object] | None:
    """The keys and values of a YAML text, or None when it needs a real reader."""
    found: dict[object, object] = {}
    items: list[object] | None = None
    key, indent = "", -1
    for line in filter(None, text.split("\n")):
        match = _LINE.match(line)
        if match is None or (match[1] or "").lower() in _RESOLVED:
            return None
        if match[1] is not None:
            key, value, indent = match[1], match[2] or "", -1
            items = None if value else []
            found[key] = _value(value)
        else:
            # The first item of a list says how far all of them are indented.
            if items is None or indent not in (-1, len(match[3])):
                return None
            indent = len(match[3])
            items.append(_scalar(match[4]))
            found[key] = items
    values = (value for item in found.values() for value in (item if isinstance(item, list) else [item]))
    return None if any(value is _OTHER for value in values) else found


def _value(text: str) -> object:
    if text.startswith("["):
        return [_scalar(item) for item in _ITEMS.findall(text, 1)]
    return _scalar(text) if text else None


_OTHER = object()


def _scalar(text: str) -> object:
    """The text or number, or ``_OTHER`` for what YAML would read as another thing."""
    text = text.strip(" ")
    if text[0] in "\"'":
        return text[1:-1]
    if text.isdigit():
        return int(text) if text[0] != "0" or text == "0" else _OTHER
    return _OTHER if text.lower() in _RESOLVED else text
