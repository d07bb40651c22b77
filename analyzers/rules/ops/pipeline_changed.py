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
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding, Severity
from analyzers.rules.operation import quoted
from analyzers.vocabulary import words

ID = "ops/pipeline-changed"
AREA = Area.OPS
KINDS = frozenset({FactKind.CI_JOB})

_DELIVERING = frozenset(
    "deploy deployment deploys release releases publish rollout rollback promote production prod staging environment "
    "migrate provision terraform apply cd delivery".split()
)
_BUMP = re.compile(r"(?:^|\s)uses\b|@(?:v?\d|[0-9a-f]{40})")


def check(change: Change) -> Iterator[Finding]:
    """A changed job: medium where names speak of delivery, low elsewhere. Version bumps of actions are silent."""
    fact, before, after = change.fact, change.before, change.after
    if before and after and (before.value.text == after.value.text or _bump(before.value.text, after.value.text)):
        return
    delivers = bool(_DELIVERING & (set(words(fact.key)) | set(words(fact.span.path))))
    severity = Severity.MEDIUM if delivers and change.kind is not ChangeKind.ADDED else Severity.LOW
    if before is None:
        message = f"The pipeline has a new part, {fact.key}: {quoted(after)}."
    elif after is None:
        message = f"The pipeline lost {fact.key}; it was {quoted(before)}."
    else:
        message = f"In the pipeline, {fact.key} changed from {quoted(before)} to {quoted(after)}."
    yield from finding(ID, severity, change, message)


def _bump(before: str, after: str) -> bool:
    """Whether two values differ only in the version after an ``@``."""
    return before.partition("@")[0] == after.partition("@")[0] and bool(_BUMP.search(before) and _BUMP.search(after))
