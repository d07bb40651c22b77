"""``runbook-drift status``: how services stand by one revision, in words or as JSON. Pure; a survey goes in.

Open drift lives where pull requests do, so only the bot can tell of it; dead references wait for an audit.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date

from analyzers.model import DriftError
from runbooks.formats import printable
from runbooks.model import Owner, Service
from runbooks.survey import Kept, Survey

NOT_AUDITED = "not audited yet"


def chosen(survey: Survey, name: str | None) -> tuple[Service, ...]:
    """The services that were asked for: all, or the one of that name. Raises ``DriftError`` with the nearest names."""
    if name is None:
        return survey.services
    found = tuple(service for service in survey.services if service.name.casefold() == name.strip().casefold())
    if found:
        return found
    if not survey.services:
        raise DriftError("no service is described here: see `[services.NAME]` in docs/configuration.md")
    from rapidfuzz import fuzz, process

    near = [hit[0] for hit in process.extract(name, [s.name for s in survey.services], scorer=fuzz.WRatio, limit=3)]
    raise DriftError(f"there is no service {name!r}; the nearest are {', '.join(near)}")


def as_text(survey: Survey, services: Sequence[Service], as_of: date, *, everything: bool) -> str:
    """Each service with its owners and runbooks; with ``everything`` also the runbooks of no known service."""
    lines: list[str] = []
    for service in services:
        channel = f", {service.channel}" if service.channel else ""
        lines += ["", f"{service.name} ({service.source}): {_owned(service.owners)}{channel}"]
        lines += [_line(kept, as_of) for kept in survey.of(service)] or ["  no runbook"]
    homeless = [kept for kept in survey.kept if kept.service is None]
    if everything and homeless:
        lines += ["", "runbooks of no known service", *(_line(kept, as_of) for kept in homeless)]
    if everything:
        lines += ["", *(f"not read: {skipped.path}: {skipped.reason}" for skipped in survey.skipped)]
        due = sum(_overdue(kept, as_of) for kept in survey.kept)
        lines.append(f"{len(services)} services, {len(survey.kept)} runbooks, {due} due for review")
    lines.append(f"dead references and alerts without a section: {NOT_AUDITED}")
    return "".join(f"{printable(line)}\n" for line in lines).lstrip("\n")


def as_json(survey: Survey, services: Sequence[Service], as_of: date, *, everything: bool) -> str:
    """The same as JSON, keys in a fixed order."""
    homeless = [kept for kept in survey.kept if kept.service is None] if everything else []
    shown = {
        "schema": 1,
        "revision": survey.revision,
        "services": [
            {
                "name": service.name,
                "source": service.source,
                "owners": _handles(service.owners),
                "channel": service.channel,
                "paths": list(service.paths),
                "runbooks": [_runbook(kept, as_of) for kept in survey.of(service)],
            }
            for service in services
        ],
        "unowned_runbooks": [_runbook(kept, as_of) for kept in homeless],
        "skipped": [{"path": skipped.path, "reason": skipped.reason} for skipped in survey.skipped],
        "dead_references": NOT_AUDITED,
        "alerts_without_a_section": NOT_AUDITED,
    }
    return json.dumps(shown, indent=2, ensure_ascii=True) + "\n"


def _line(kept: Kept, as_of: date) -> str:
    runbook = kept.runbook
    parts = [f"  {runbook.path}: {_owned(kept.owners)}", _sections(len(runbook.sections))]
    due = kept.due(as_of)
    if runbook.last_reviewed:
        parts.append(f"last reviewed {runbook.last_reviewed}")
    if due:
        parts.append(f"review {'was ' if due <= as_of else ''}due {due}" if runbook.last_reviewed else "never reviewed")
    return ", ".join(parts)


def _sections(count: int) -> str:
    return "1 section" if count == 1 else f"{count} sections"


def _overdue(kept: Kept, as_of: date) -> bool:
    due = kept.due(as_of)
    return due is not None and due <= as_of


def _owned(owners: Sequence[Owner]) -> str:
    if not owners:
        return "owner unknown"
    names = " ".join(owner.handle for owner in owners)
    return f"{names} ({', '.join(dict.fromkeys(owner.source for owner in owners))})"


def _handles(owners: Sequence[Owner]) -> list[dict[str, str]]:
    return [{"handle": owner.handle, "source": owner.source} for owner in owners]


def _runbook(kept: Kept, as_of: date) -> dict[str, object]:
    runbook = kept.runbook
    due = kept.due(as_of)
    return {
        "path": runbook.path,
        "title": runbook.title,
        "owners": _handles(kept.owners),
        "sections": len(runbook.sections),
        "last_reviewed": runbook.last_reviewed.isoformat() if runbook.last_reviewed else None,
        "due": due.isoformat() if due else None,
    }
