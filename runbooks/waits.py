"""How long an alert waits before it fires: the one attribute of an alert that prose states as a number.

A section named after the alert says "fires when … for 10 minutes"; the rule now waits 20.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from analyzers import values
from analyzers.model import Change, Confidence, FactKind, Value
from runbooks.index import Index
from runbooks.lines import Contradiction, lines_of
from runbooks.model import Section, Suggestion
from runbooks.terms import joined

_FOR = re.compile(r"\bfor\s+(?:more than |at least |over |longer than |about )?[`*]*$", re.IGNORECASE)
"""What stands right before the time that an alert waits."""


def changed_waits(changes: Sequence[Change], index: Index) -> Iterator[Contradiction]:
    """Lines of a section whose heading is a changed alert, which state how long that alert waited before."""
    for change in changes:
        before, after = change.before, change.after
        if change.fact.kind is not FactKind.ALERT or before is None or after is None:
            continue
        if Confidence.LOW in (before.confidence, after.confidence):
            continue
        waited, waits = (values.parse_value(side.attribute("for")) for side in (before, after))
        if waited.number is None or waits.number is None or values.same(waited, waits):
            continue
        for place in index.by_name.get(joined(before.key), []):
            if joined(before.key) in index.sections[place].heading_names:
                yield from _lines(change, waited, waits, index.sections[place].section)


def _lines(change: Change, waited: Value, waits: Value, section: Section) -> Iterator[Contradiction]:
    for line in lines_of(section):
        found = values.quantities(line.text)
        if any(values.same(quantity.value, waits) for quantity in found):
            continue
        for quantity in found:
            if not values.same(quantity.value, waited) or not _FOR.search(line.text[: quantity.start]):
                continue
            rendered = values.render_like(quantity.text, waits)
            reason = f"the line says {quantity.text}; the alert now waits {rendered or waits.text}"
            suggestion = None
            if rendered:
                corrected = line.text[: quantity.start] + rendered + line.text[quantity.end :]
                suggestion = Suggestion(section.path, line.number, line.text, corrected)
            yield Contradiction(change, section, line.number, line.text.strip(), reason, suggestion)
            break
