"""A command, make target or container entry point runs something else, or is gone.

## Why the reader of a runbook cares

"Run make restore" has to do what the section says it does.

## Before

```dockerfile
FROM alpine:3.20
ENTRYPOINT ["/bin/api"]
```

## After

```dockerfile
FROM alpine:3.20
ENTRYPOINT ["/bin/api", "serve"]
```

## What to write

> To open a shell: docker run --entrypoint sh api (the entry point is /bin/api serve).

instead of

> docker run api serve
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding, Severity
from analyzers.rules.operation import is_aside, quoted
from analyzers.vocabulary import words

ID = "ops/entry-point-changed"
AREA = Area.OPS
KINDS = frozenset({FactKind.TARGET})

_RUNS = frozenset("start serve server worker migrate deploy release rollback production prod run".split())
"""Words of the package scripts that run something in operation; the others build, test and format."""


def check(change: Change) -> Iterator[Finding]:
    """A changed, renamed or removed command; low for a new one."""
    fact, before, after = change.fact, change.before, change.after
    if fact.span.path.endswith("package.json"):
        if not _RUNS & set(words(fact.key)):
            return
    elif is_aside(fact):
        return
    where = f" of {fact.scope}" if fact.scope else ""
    if before is None:
        yield from finding(ID, Severity.LOW, change, f"The command {fact.key}{where} is new: {quoted(after)}.")
    elif after is None:
        message = f"The command {fact.key}{where} is gone; it ran {quoted(before)}."
        yield from finding(ID, Severity.MEDIUM, change, message)
    elif change.kind is ChangeKind.RENAMED:
        message = f"The command {before.key} is now called {after.key}."
        yield from finding(ID, Severity.MEDIUM, change, message, subject=before.key)
    elif before.value.text != after.value.text:
        message = f"The command {after.key}{where} runs {quoted(after)} instead of {quoted(before)}."
        yield from finding(ID, Severity.MEDIUM, change, message)
