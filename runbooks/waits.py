"""How long an alert waits before it fires, as a section named after the alert states it.

The section says "fires when … for 10 minutes" or "fires after 10 minutes"; the rule now waits 20.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from analyzers import values
from analyzers.model import Change, Confidence, FactKind, Value
from analyzers.patterns import regex
from runbooks.corrections import contradiction, edits_of
from runbooks.index import Index, SectionTerms
from runbooks.lines import Contradiction
from runbooks.pages import Page, Pages
from runbooks.scoped import elsewhere
from runbooks.statements import Stated
from runbooks.subjects import of_another_alert
from runbooks.terms import joined

_ABOUT = r"(?:more than |at least |over |longer than |about |a full )?[`*_]*\Z"
_FOR = regex(rf"\bfor\s+{_ABOUT}", re.IGNORECASE)
_AFTER = regex(
    r"\b(?:fires?|fired|firing|triggers?|triggered|pages?|paged|alerts?|goes off|is raised|raises)\b[^.;]{0,80}"
    rf"\bafter\s+{_ABOUT}",
    re.IGNORECASE,
)
_WAITS = regex(
    rf"(?:\A\W*|\b(?:alert|rule|it|this)\s+|[`*_]\s*)(?:waits|is pending|stays pending)\s+(?:for\s+)?{_ABOUT}",
    re.IGNORECASE,
)
_PENDING = regex(rf"\bpending\s+(?:for\s+|period\s+(?:is|of)\s+|time\s+(?:is|of)\s+)?{_ABOUT}", re.IGNORECASE)
_TOLD = regex(
    r"(?:\A\W*(?:\d+\W+)?|[,;:.]\s+|\b(?:and|then|or|to|please|can|should|must)\s+)"
    r"(?:wait|silence|mute|snooze|pause|sleep|leave|keep|monitor|watch|observe|run|let|stop|hold|give|check|disable|scale|"
    r"restart|retry|ignore|inhibit|drain|block|look|cordon|set)\b[^.;]*\Z",
    re.IGNORECASE,
)
"""An instruction: the time after it is what somebody has to wait, not what the alert waits."""


def changed_waits(changes: Sequence[Change], index: Index, pages: Pages) -> Iterator[Contradiction]:
    """Lines of a section whose heading is a changed alert, which state how long that alert waited before."""
    for change, waited, waits in _waiting(changes):
        for terms in headed(change, index):
            yield from _lines(change, waited, waits, pages.of(terms.section))


def headed(change: Change, index: Index) -> Iterator[SectionTerms]:
    """The sections whose heading is the alert of a change."""
    assert change.before is not None
    name = joined(change.before.key)
    for place in index.by_name.get(name, []):
        if name in index.sections[place].heading_names:
            yield index.sections[place]


def _waiting(changes: Sequence[Change]) -> Iterator[tuple[Change, Value, Value]]:
    """The alerts that now wait longer or shorter, those of several files with one answer once; an alert that changes
    from or to more than one time says nothing."""
    found: dict[str, dict[tuple[str, str], tuple[Change, Value, Value]]] = {}
    for change in changes:
        before, after = change.before, change.after
        if change.fact.kind is not FactKind.ALERT or before is None or after is None:
            continue
        if Confidence.LOW in (before.confidence, after.confidence):
            continue
        waited, waits = (values.parse_value(side.attribute("for")) for side in (before, after))
        if waited.number is None or waits.number is None or values.same(waited, waits):
            continue
        found.setdefault(before.key, {}).setdefault((waited.text, waits.text), (change, waited, waits))
    for pairs in found.values():
        if len(pairs) == 1:
            yield from pairs.values()


def _lines(change: Change, waited: Value, waits: Value, page: Page) -> Iterator[Contradiction]:
    for place, line in enumerate(page.lines):
        found = page.quantities(place)
        if any(values.same(quantity.value, waits) for quantity in found):
            continue
        for quantity in found:
            if not values.same(quantity.value, waited) or not _waits(line.text[: quantity.start]):
                continue
            if elsewhere(change.fact, line, page.section) or of_another_alert(change.fact, line, quantity.start):
                break
            stated = Stated(quantity.start, quantity.end, quantity.text, quantity.value, "")
            now = values.render_like(quantity.text, waits)
            reason = f"the line says {quantity.text}; the alert now waits {now or waits.text}"
            yield contradiction(
                change, page.section, line, reason, edits_of(line, (quantity,), (stated,), waits, waited)
            )
            break


def _waits(before: str) -> bool:
    """Whether what stands before a time in its sentence says that an alert waits that long."""
    sentence = re.split(r"[.!?]\s", before)[-1]
    if any(pattern.search(sentence) for pattern in (_AFTER, _WAITS, _PENDING)):
        return True
    return _FOR.search(sentence) is not None and _TOLD.search(sentence) is None
