"""What a diff did to the runbooks: which section of base is which of head, and whether an edit made a section true.

*Updated* is earned, not given: by an edit in the block that speaks of the change, and only when the statement that the
change made false is gone and no third value stands in its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise

from analyzers import values
from analyzers.model import Change, ChangeKind, Fact, FactKind, Unit, Value
from analyzers.values import Quantity
from analyzers.vocabulary import leaf
from runbooks.contradiction import Contradiction, StillDefined, contradictions
from runbooks.index import Index
from runbooks.model import Runbook, Section
from runbooks.pages import TOKEN, spellings
from runbooks.query import names_of
from runbooks.terms import joined, terms

RENAMED_AT = 60.0
"""Least likeness (0 to 100, rapidfuzz) of what stands under two headings that makes one section of both; half a page
rewritten under another heading is another section."""

MAX_RENAMED = 60
"""Sections of one side that are compared for a rename; a diff that drops more rewrote the manual."""

MAX_THIRD = 6
"""Values tried per edited section in search of a third one."""

_COMPARED = 2_000
"""Characters of a section's text that are compared."""

SectionKey = tuple[str, str]


def key_of(section: Section) -> SectionKey:
    """What identifies a section within one revision."""
    return (section.path, section.slug)


@dataclass(frozen=True)
class Edition:
    """The runbooks of head by section, as seen from base. ``moved`` maps a base path to its head path where git saw a
    rename, ``renamed`` a section of base to the one of head that has its text under another heading; ``written`` are
    the sections of head that no section of base became."""

    sections: Mapping[SectionKey, Section]
    moved: Mapping[str, str] = field(default_factory=dict)
    renamed: Mapping[SectionKey, SectionKey] = field(default_factory=dict)
    written: frozenset[SectionKey] = frozenset()

    @classmethod
    def of(cls, before: Sequence[Runbook], after: Sequence[Runbook], moved: Mapping[str, str] | None = None) -> Edition:
        """The edition of head."""
        moved = moved or {}
        sections = {key_of(s): s for runbook in after for s in runbook.sections}
        if before is after:
            return cls(sections, moved)
        known = {(moved.get(s.path, s.path), s.slug): s for runbook in before for s in runbook.sections}
        gone = [section for key, section in known.items() if key not in sections]
        come = [section for key, section in sections.items() if key not in known]
        renamed = _renamed(gone, come, moved)
        written = frozenset(key_of(section) for section in come) - set(renamed.values())
        return cls(sections, moved, renamed, written)

    def counterpart(self, section: Section) -> Section | None:
        """The section of head that a section of base became: by path (following a rename) and slug, else the one that
        has its text; None when this diff deleted it."""
        same = self.sections.get((self.moved.get(section.path, section.path), section.slug))
        if same is not None:
            return same
        key = self.renamed.get(key_of(section))
        return self.sections[key] if key else None


def _renamed(
    gone: Sequence[Section], come: Sequence[Section], moved: Mapping[str, str]
) -> dict[SectionKey, SectionKey]:
    """Pairs of a section that is gone and one that is new whose texts are alike, the likest first; a text that went to
    another runbook has to be the same but for a few words."""
    if not gone or not come:
        return {}
    from rapidfuzz import fuzz  # 15 ms that only a diff with a renamed section pays

    pairs: list[tuple[float, int, int]] = []
    bodies = [substance(_body(section))[:_COMPARED] for section in come[:MAX_RENAMED]]
    for i, section in enumerate(gone[:MAX_RENAMED]):
        body, path = substance(_body(section))[:_COMPARED], moved.get(section.path, section.path)
        for j, other in enumerate(bodies):
            likeness = fuzz.ratio(body, other) if body and other else 0.0
            if likeness >= (RENAMED_AT if come[j].path == path else 95.0):
                pairs.append((-likeness, i, j))
    found: dict[SectionKey, SectionKey] = {}
    for _, i, j in sorted(pairs):
        if key_of(gone[i]) not in found and key_of(come[j]) not in found.values():
            found[key_of(gone[i])] = key_of(come[j])
    return found


def _body(section: Section) -> str:
    return "\n".join(block.text for block in section.blocks if block.kind != "heading")


# -- what an edit is ----------------------------------------------------------------------------------------------

_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_DATE = re.compile(
    r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b"
    r"|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? \d{1,2},? \d{4}\b",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"[*_`~>#|\\]+|<!--.*?-->|https?://\S+", re.DOTALL)


def substance(text: str) -> str:
    """What a block says, without white space, markup, link targets and dates: the part whose change is an update."""
    text = _LINK.sub(r"\1", text)
    text = _MARKUP.sub(" ", _DATE.sub(" ", text))
    return " ".join(text.split())


def earned_update(before: Section, after: Section | None, names: frozenset[str]) -> bool:
    """Whether the diff edited the block that holds a matched anchor. ``names`` are the joined names that tie section
    and diff; without any, each block of the section counts. A deleted section earns nothing, and neither does another
    heading over the same text."""
    if after is None:
        return False
    if before is after or before.text == after.text:
        return False
    kept = {substance(block.text) for block in after.blocks}
    holding = [block for block in before.blocks if block.kind != "heading" and (not names or holds(block.text, names))]
    if not holding:
        was = {substance(block.text) for block in before.blocks}
        return any(holds(b.text, names) for b in after.blocks if b.kind != "heading" and substance(b.text) not in was)
    return any(substance(block.text) not in kept for block in holding)


def holds(text: str, names: frozenset[str]) -> bool:
    """Whether a text states one of the joined names."""
    found, _ = terms(text)
    return any(name in names for name in found)


# -- whether the edit is right ------------------------------------------------------------------------------------


def still_stands(found: Contradiction, after: Section) -> bool:
    """Whether the line that was false at base stands in the section of head, word for word."""
    said = substance(found.quote)
    return any(substance(line) == said for line in after.text.split("\n"))


def _rewrapped(found: Contradiction, after: Section) -> bool:
    """Whether the block that held the false line says the same, broken into other lines."""
    said = next((b for b in found.section.blocks if b.start_line <= found.line <= b.end_line), None)
    return said is not None and substance(said.text) in {substance(block.text) for block in after.blocks}


def after_edit(found: Contradiction, section: Section | None, edition: Edition) -> str:
    """Why the edit of a section, whose line ``found`` was false at base and which has no false line now, leaves doubt;
    empty when it does not. ``section`` is that of head, or None when it was deleted: rightly so only with the thing
    that it named, or when this diff wrote another one for the name that the thing has now."""
    change = found.change
    if section is None:
        now = change.after.key if change.kind is ChangeKind.RENAMED and change.after else ""
        wrote = now and any(_mentions(edition.sections[key], now) for key in sorted(edition.written))
        return "" if change.after is None or wrote else "this diff deleted the section"
    if still_stands(found, section) or _rewrapped(found, section):
        return "this diff edited the section and left the line"
    before, after = change.before, change.after
    if before is None or after is None:
        return ""
    if change.kind is ChangeKind.RENAMED and values.same(before.value, after.value):
        return (
            ""
            if _mentions(section, after.key) or not _mentions(section, before.key)
            else (f"this diff edited the line, and the section still names {before.key}")
        )
    doubt = misstated((change,), found.section, section) or _restated(change, edited_lines(found.section, section))
    return "this diff edited the line, but not to what the code now says" if doubt else ""


def _restated(change: Change, written: Iterable[str]) -> bool:
    """Whether an edited line says the after value and, in brackets behind it, still the one from before."""
    assert change.before is not None
    assert change.after is not None
    before, after = change.before.value, change.after.value
    for line in written:
        found = values.quantities(line)
        for first, second in pairwise(found):
            between = line[first.end : second.start]
            if between.strip() == "(" and values.same(first.value, after) and values.same(second.value, before):
                return True
    return False


def _mentions(section: Section, name: str) -> bool:
    return re.search(r"(?<![\w.-])-{0,2}" + re.escape(name) + r"(?![\w-])", section.text) is not None


def third_value(
    found: Contradiction, before: Section, after: Section, index: Index, still_defined: StillDefined
) -> Contradiction | None:
    """The line of an edited section that gives the changed thing a value which is neither that of base nor that of
    head. The predicate is that of every contradiction, asked whether the line would be false had the code said so."""
    for stated in islice(_third_values(found.change, before, after), MAX_THIRD):
        assumed = _assumed(found.change, stated)
        if assumed is None:
            return None
        for line in contradictions((assumed,), index, still_defined):
            if not line.doubt and key_of(line.section) == key_of(after):
                return replace(line, change=found.change)
    return None


def _assumed(change: Change, stated: Quantity) -> Change | None:
    """The change as it would be had the code said ``stated`` before; None for what is stated in another way."""
    before, after = change.before, change.after
    if before is None or after is None:
        return None
    if not values.same(before.value, after.value):
        if before.kind is FactKind.ALERT or before.value.number is None:
            return None
        value = stated.value
        if value.unit is Unit.NONE:  # a bare number is in the unit of the setting's name, there as here
            value = values.parse_value(stated.text, leaf(before.key))
        return replace(change, before=replace(before, value=value))
    facets = tuple((k, stated.text if k == "for" else v) for k, v in before.attributes)
    return replace(change, before=replace(before, attributes=facets)) if before.attribute("for") else None


def _third_values(change: Change, before: Section, after: Section) -> Iterator[Quantity]:
    """The quantities of the edited lines that neither side of the code states, each once."""
    sides = [value for fact in (change.before, change.after) if fact for value in _values(fact)]
    seen: set[tuple[float | None, Unit]] = set()
    for line in edited_lines(before, after):
        for quantity in values.quantities(line):
            known = (quantity.value.number, quantity.value.unit)
            if known not in seen and not any(values.same(quantity.value, value) for value in sides):
                seen.add(known)
                yield quantity


def _values(fact: Fact) -> tuple[Value, ...]:
    """What a fact states: its value, and of an alert how long it waits."""
    waits = fact.attribute("for")
    return (fact.value, values.parse_value(waits)) if waits else (fact.value,)


def edited_lines(before: Section, after: Section) -> list[str]:
    """The lines of a section that its counterpart at base had not, blind to what :func:`substance` is blind to."""
    was = {substance(line) for line in before.text.split("\n")}
    return [line for line in after.text.split("\n") if line.strip() and substance(line) not in was]


def misstated(changes: Iterable[Change], before: Section, after: Section) -> bool:
    """Whether an edit left doubt: a line that gave a changed thing its before value was edited, what stands there now
    states a comparable value, and none of the edited lines states the after value."""
    written = edited_lines(before, after)
    erased = edited_lines(after, before)
    if not written or not erased:
        return False
    now = [quantity.value for line in written for quantity in values.quantities(line)]
    was = [(line, values.quantities(line)) for line in erased]
    for change in changes:
        if change.kind is ChangeKind.MOVED or change.before is None or change.after is None:
            continue
        for value, wanted in zip(_values(change.before), _values(change.after), strict=False):
            if value.number is None or values.same(value, wanted):
                continue
            stated = any(values.same(q.value, value) for line, found in was if _names(change, line) for q in found)
            if stated and not _settled(now, wanted):
                return True
    return False


def _settled(now: Sequence[Value], wanted: Value) -> bool:
    """Whether what is written now states the wanted value, or nothing that could be taken for it."""
    if any(values.same(value, wanted) for value in now):
        return True
    comparable = (Unit.NONE, wanted.unit) if wanted.unit is not Unit.NONE else tuple(Unit)
    return not any(value.unit in comparable for value in now)


def _names(change: Change, line: str) -> bool:
    own = {joined(name) for fact in (change.before, change.after) if fact for name in names_of(fact)}
    return any(name in own for token in TOKEN.findall(line) for name in spellings(token))
