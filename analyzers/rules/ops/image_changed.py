"""A container runs another image or tag, or is built in another way.

## Why the reader of a runbook cares

Which tools are in the container, which shell, which user and which version: the steps in a runbook that open a shell in
it lean on that.

## Before

```dockerfile
FROM python:3.11-slim
```

## After

```dockerfile
FROM python:3.13-alpine
```

## What to write

> kubectl exec -it deploy/api -- sh (there is no bash in the image).

instead of

> kubectl exec -it deploy/api -- bash
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, Fact, FactKind, Finding, Severity
from analyzers.rules.operation import is_aside, quoted

ID = "ops/image-changed"
AREA = Area.OPS
KINDS = frozenset({FactKind.BEHAVIOUR, FactKind.IMAGE})

_VERSION = re.compile(r"v?(\d+)(?:\.(\d+))?(?:\.\d+)*(.*)$")
_DOCKERFILE = re.compile(r"(?:^|/)(?:[^/]*\.)?(?:Dockerfile|Containerfile)(?:\.[^/]*)?$|\.dockerfile$")
_STEPS = frozenset({"RUN", "COPY", "ADD", "SHELL", "ONBUILD"})


def check(change: Change) -> Iterator[Finding]:
    """Another repository is medium, another tag low. A digest or a patch version alone is silent, and so is the minor
    version of a Dockerfile's base. A changed build step of a Dockerfile is low and stated once a file."""
    fact, before, after = change.fact, change.before, change.after
    if is_aside(fact):
        return
    if fact.kind is FactKind.BEHAVIOUR:
        if fact.key in _STEPS and _DOCKERFILE.search(fact.span.path):
            message = f"The image of {fact.span.path} is built differently: a {fact.key} step changed."
            yield from finding(ID, Severity.LOW, change, message, subject=fact.span.path)
        return
    where = f" for {fact.scope}" if fact.scope else ""
    if before is None:
        yield from finding(ID, Severity.LOW, change, f"The image {_named(fact)} is new{where}.")
    elif after is None:
        yield from finding(ID, Severity.LOW, change, f"The image {_named(fact)} is not used anymore{where}.")
    elif before.key != after.key:
        message = f"The image{where} is {_named(after)} instead of {_named(before)}."
        yield from finding(ID, Severity.MEDIUM, change, message, subject=before.key)
    elif not _same_release(before.value.text, after.value.text, minor=bool(_DOCKERFILE.search(fact.span.path))):
        message = f"The image {after.key}{where} has the tag {quoted(after)} instead of {quoted(before)}."
        yield from finding(ID, Severity.LOW, change, message)


def _named(fact: Fact) -> str:
    return f"{fact.key}:{quoted(fact)}" if fact.value.text else fact.key


def _same_release(before: str, after: str, *, minor: bool) -> bool:
    """Whether two tags differ in the digest or the patch version only; ``minor`` lets the minor version differ too."""
    was, now = before.split("@")[0], after.split("@")[0]
    if was == now or (was.startswith("sha256:") and now.startswith("sha256:")):
        return True
    left, right = _VERSION.match(was), _VERSION.match(now)
    if left is None or right is None or left[3] != right[3] or left[1] != right[1]:
        return False
    return minor or left[2] == right[2]
