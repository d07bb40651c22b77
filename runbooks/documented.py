"""Something that a runbook names behaves differently now, and no rule had a word for it.

This is not a rule: rules judge code alone, and such a change is worth a word only because a runbook section names the
changed thing. The mapping asks for it last. Its area is ops, its severity low.

## Why the reader of a runbook cares

The section explains how `rediscover_blocks` recovers after a crash; its body changed, so the explanation may be wrong.

## What to write

"`rediscover_blocks` keeps incomplete blocks of the last hour" instead of "`rediscover_blocks` finds the blocks".
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding, shown
from analyzers.model import Change, ChangeKind, Fact, FactKind, Finding, Severity

ID = "ops/documented-behaviour-changed"


def on_mention(change: Change) -> Iterator[Finding]:
    """The finding for a change that a section names; none when no line can be quoted."""
    fact = change.fact
    kind = fact.kind.value.replace("_", " ")
    subject = fact.key if fact.key != "<module>" else fact.span.path
    if fact.kind is FactKind.TEXT and change.kind in {ChangeKind.ADDED, ChangeKind.REMOVED}:
        message = f"A line with the text {subject} was {change.kind}."
    elif fact.kind is FactKind.BEHAVIOUR and change.kind is ChangeKind.MODIFIED:
        message = f"{subject} works differently."
    elif change.kind is ChangeKind.MODIFIED and change.before and change.before.value == fact.value:
        message = f"The {kind} {subject} changed: {_facet(change.before, fact)}."
    elif change.kind is ChangeKind.MODIFIED:
        message = f"The {kind} {subject} changed from {shown(change.before)} to {shown(change.after)}."
    elif change.kind is ChangeKind.RENAMED and change.before:
        message = f"The {kind} {change.before.key} is now called {subject}."
    else:
        message = f"The {kind} {subject} was {change.kind}."
    yield from finding(ID, Severity.LOW, change, message, subject=subject)


def _facet(before: Fact, after: Fact) -> str:
    """The first attribute in which two facts of equal value differ, in words."""
    for name in sorted({key for key, _ in (*before.attributes, *after.attributes)}):
        was, now = before.attribute(name), after.attribute(name)
        if was != now:
            return f"{name.replace('_', ' ')} {was or 'nothing'} is now {now or 'nothing'}"[:160]
    return "it is stated another way"
