"""A setting has another default or another configured value.

## Why the reader of a runbook cares

"By default it keeps ten" is what people plan with at night. After the change the same steps have another effect, and a
value that somebody sets by hand during an incident may be the default already, or no longer be.

## Before

```toml
[ingester]
write_mode = "sync"
```

## After

```toml
[ingester]
write_mode = "async"
```

## What to write

> The write-ahead log is asynchronous: after a crash the last second of writes may be missing.

instead of

> The write-ahead log is safe.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding, Severity
from analyzers.rules.operation import difference, is_default_constant, is_knob, quoted, silent_text, told

ID = "ops/setting-default-changed"
AREA = Area.OPS
KINDS = frozenset({FactKind.SETTING})

_LONG = 60
"""Characters from which only the words that differ are shown."""


def check(change: Change) -> Iterator[Finding]:
    """A changed value, or a changed configuration key of the same field; low for a constant of a program."""
    before, after = change.before, change.after
    if change.kind is not ChangeKind.MODIFIED or before is None or after is None:
        return
    knob = is_knob(before) and is_knob(after)
    if not knob and not (is_default_constant(before) and is_default_constant(after)):
        return
    severity = Severity.MEDIUM if knob else Severity.LOW
    if before.attribute("tag") != after.attribute("tag"):
        message = f"{after.key} is now configured as {after.attribute('tag') or 'nothing'}"
        yield from finding(ID, severity, change, f"{message} instead of {before.attribute('tag') or 'nothing'}.")
    elif not silent_text(before.value.text, after.value.text):
        yield from finding(ID, severity, change, _message(change))


def _message(change: Change) -> str:
    before, after = change.before, change.after
    if before is None or after is None or min(len(before.value.text), len(after.value.text)) < _LONG:
        return told(change)
    was, now = difference(before.value.text, after.value.text)
    if len(was) + len(now) > 160:
        return f"{after.key} changed; it begins with {quoted(after)}."
    return f"{after.key} changed: {was or 'nothing'} became {now or 'nothing'}."
