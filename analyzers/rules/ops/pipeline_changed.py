"""A build or deployment pipeline runs on other events, in another place, or with other steps.

## Why the reader of a runbook cares

Rollbacks, hotfixes and manual releases go through the pipeline. A job that is renamed, waits for an approval or takes
another input breaks the step in the runbook that starts it.

## Before

```yaml path=.github/workflows/deploy.yml
name: deploy
on:
  push:
    branches: [main]
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment: production
    steps:
      - run: ./deploy.sh
```

## After

```yaml path=.github/workflows/deploy.yml
name: deploy
on:
  workflow_dispatch:
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment: production
    steps:
      - run: ./deploy.sh
```

## What to write

> Start the deploy workflow by hand; a merge deploys nothing.

instead of

> A merge to main deploys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, FactKind, Finding, Severity
from analyzers.rules.operation import cut, delivers, difference, is_aside, quoted

ID = "ops/pipeline-changed"
AREA = Area.OPS
KINDS = frozenset({FactKind.CI_JOB})

_LONG = 70
"""Characters from which only the words that differ are shown."""

_TOOL = re.compile(
    r"\buses (?:actions/|\S*(?:setup|cache|checkout|artifact|login)\S*)|(?:-version|_version|displayName|name)$"
)
_BUMP = re.compile(r"\buses \S+$")


def check(change: Change) -> Iterator[Finding]:
    """A changed part of a pipeline that releases or deploys; low for a new one. Other pipelines are silent, and so are
    the versions of actions and tools."""
    fact, before, after = change.fact, change.before, change.after
    if not delivers(fact) or _TOOL.search(fact.key) or is_aside(fact):
        return
    if before and after and (before.value.text == after.value.text or _BUMP.search(fact.key)):
        return
    severity = Severity.LOW if before is None else Severity.MEDIUM
    if before is None:
        now = f": {quoted(after)}" if fact.value.text else ""
        message = f"The pipeline has a new part, {fact.key}{now}."
    elif after is None:
        was = f"; it was {quoted(before)}" if fact.value.text else ""
        message = f"The pipeline lost {fact.key}{was}."
    else:
        was, now = _sides(before.value.text, after.value.text)
        message = f"In the pipeline, {fact.key} changed from {was} to {now}."
    yield from finding(ID, severity, change, message)


def _sides(before: str, after: str) -> tuple[str, str]:
    """The two values, or of long ones only the words that differ."""
    if len(before) > _LONG or len(after) > _LONG:
        before, after = difference(before, after)
    return cut(before, _LONG) or "nothing", cut(after, _LONG) or "nothing"
