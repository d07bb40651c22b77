"""What people ask: how a service stands, whose what is. Answers come from the store alone, in milliseconds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from rapidfuzz import fuzz, process

from bot.context import Bot
from bot.model import Drift, RunbookStatus, ServiceStatus, plain

NOT_AUDITED = "not audited yet"
"""What stands for dead references and alerts without a section until an audit exists."""


@dataclass(frozen=True, slots=True)
class Found:
    """The descriptions of one service (one per repository that describes it), or the nearest names."""

    services: tuple[ServiceStatus, ...]
    nearest: tuple[str, ...] = ()


def find_service(bot: Bot, name: str) -> Found:
    """A service by name, whatever its case; else the three nearest names."""
    wanted = name.strip().casefold()
    known = bot.store.service_names()
    alike = [other for other in known if other.casefold() == wanted[:250]] if wanted else []
    found = tuple(one for one in bot.store.services(alike) if one.name.casefold() == wanted) if alike else ()
    return Found(found) if found else Found((), nearest(name, known))


def leading_service(bot: Bot, text: str) -> str:
    """The longest beginning of a text, in whole words, that is a service's name, as it is written there; else empty."""
    words, known = text[:250].split(" "), {name.casefold() for name in bot.store.service_names()}
    heads = (" ".join(words[:count]) for count in range(len(words), 0, -1))
    return next((head for head in heads if head.casefold() in known), "")


def nearest(name: str, names: Sequence[str], limit: int = 3) -> tuple[str, ...]:
    """The names most like one that is not known, best first."""
    known = sorted({other for other in names if other})
    found = process.extract(name[:100], known, scorer=fuzz.WRatio, limit=limit, score_cutoff=40)
    return tuple(choice for choice, _, _ in found)


def due(runbook: RunbookStatus, today: date) -> date | None:
    """The day by which a runbook is to be reviewed again; None where it sets no interval."""
    if runbook.review_every is None:
        return None
    if runbook.last_reviewed is None:
        return today
    return runbook.last_reviewed + timedelta(days=runbook.review_every)


def open_drift(bot: Bot, services: Sequence[ServiceStatus]) -> tuple[Drift, ...]:
    """The open drift of a service in all its repositories."""
    repos = {service.repo for service in services}
    names = {service.name for service in services}
    return tuple(d for name in names for d in bot.store.drift(service=name) if d.repo in repos)


def service_json(bot: Bot, name: str) -> dict[str, object]:
    """A service for the API."""
    found = find_service(bot, name).services
    return _described(found, open_drift(bot, found), bot.clock.now().date())


def services_json(bot: Bot) -> list[dict[str, object]]:
    """All services for the API, in the order of their names; the store is read once."""
    today = bot.clock.now().date()
    named: defaultdict[str, list[ServiceStatus]] = defaultdict(list)
    for service in bot.store.services():
        named[service.name.strip().casefold()].append(service)
    waiting: defaultdict[tuple[str, str], list[Drift]] = defaultdict(list)
    for drift in bot.store.drift():
        waiting[drift.repo, drift.item.service].append(drift)
    return [
        _described(found, [d for key in dict.fromkeys((s.repo, s.name) for s in found) for d in waiting[key]], today)
        for found in named.values()
    ]


def _described(found: Sequence[ServiceStatus], drifts: Sequence[Drift], today: date) -> dict[str, object]:
    return {
        "name": found[0].name,
        "repositories": [service.repo for service in found],
        "source": [service.source for service in found],
        "channel": next((service.channel for service in found if service.channel), ""),
        "owners": [plain(owner) for service in found for owner in service.owners],
        "runbooks": [
            {
                "repository": service.repo, "path": runbook.path, "title": runbook.title,
                "owners": [plain(owner) for owner in runbook.owners],
                "last_reviewed": _iso(runbook.last_reviewed), "due": _iso(due(runbook, today)),
            }
            for service in found for runbook in service.runbooks
        ],
        "open_drift": [
            {
                "pull": drift.ref.key, "since": drift.opened_at.isoformat(), "merged": drift.merged,
                "merged_at": drift.merged_at.isoformat() if drift.merged_at else None, "assignee": drift.assignee,
                "snoozed_until": _iso(drift.snoozed_until), "snoozes": drift.snoozes, **plain(drift.item),
            }
            for drift in drifts
        ],
        "dead_references": NOT_AUDITED,
        "alerts_without_a_section": NOT_AUDITED,
    }  # fmt: skip


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
