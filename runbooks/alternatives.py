"""Values beside one another: a line that gives a name several of a kind says what it may be, not what it is."""

from __future__ import annotations

import re
from collections.abc import Sequence

from analyzers import values
from analyzers.patterns import regex
from analyzers.values import Quantity
from runbooks.lines import Line
from runbooks.statements import Stated

CLOSED = regex(r"[`'\"*_)\]}]*")
"""Markup and brackets that close behind a value."""
_OTHER = regex(
    r"\s*\(?(?:,|/|\||;|→|⇒|->|=>|–|—|-|…|\.{2,3}|±|\+/?-|~|(?:,\s*)?\b(?:or|and|to|through|vs)\b)\s*[`'\"*_({\[]*",
    re.I,
)
_SWITCH = regex(r"(?:true|false|on|off|yes|no|enabled|disabled|none|null)\b", re.IGNORECASE)
_TIED = regex(r"[`'\"*_]*\s*(?:[:=]|\(|(?:is|are|was|has|defaults?|becomes)\b)", re.IGNORECASE)
_SPAN = regex(r"[\w./:@-]{1,60}")
_MORE = regex(r"[\w-]{2,30}(?:,\s*(?:(?:or|and)\s+)?[\w-]{2,30})*(?:\s+(?:or|and)\s+[\w-]{2,30})?[.)\s]*\Z")


def alternative(line: Line, found: Sequence[Quantity], value: Stated) -> bool:
    """Whether another value of the same kind stands right behind this one: a range, a change, a list of what may be.
    ``found`` are the line's quantities."""
    text = line.text
    closed = CLOSED.match(text, value.end)
    end = closed.end() if closed else value.end
    if line.kind == "row" and re.match(r"\s*(?<!\\)\|", text[end:]):
        return False
    after = _OTHER.match(text, end)
    if after is None:
        return False
    rest = text[after.end() : after.end() + 200]
    if value.value is not None:
        other = next((q for q in found if q.start == after.end()), None)
        return other is not None and not values.same(other.value, value.value) and "respectively" not in rest
    switch = _SWITCH.match(rest)
    if switch:
        return _TIED.match(rest, switch.end()) is None
    word = _SPAN.match(rest)
    if word is None or _TIED.match(rest, word.end()):
        return False
    if re.search(r"\b(?:or|vs)\b|[/|→⇒>]", after.group(), re.IGNORECASE):
        return True
    if text.startswith(("`", '"', "'"), value.end):  # a list of values is written in one dress
        return text[after.end() - 1] == text[value.end]
    return _MORE.match(re.split(r"[.;)]", rest)[0]) is not None and "," in after.group()
