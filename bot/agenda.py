"""Who would get what and when, without sending: for ``schedule --next 7d`` and ``GET /api/schedule``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from bot.model import BotError
from bot.reminders.nouns import Due

MOST_DAYS = 90
"""Days that may be looked ahead."""
_SPAN = re.compile(r"(\d{1,3})\s*([dw]?)", re.IGNORECASE)


def days_of(text: str) -> int:
    """``7d``, ``2w`` or ``7`` as days. Raises ``BotError``."""
    found = _SPAN.fullmatch(text.strip())
    days = int(found[1]) * (7 if found[2].lower() == "w" else 1) if found else 0
    if not 1 <= days <= MOST_DAYS:
        raise BotError(f"say how far to look: `7d` or `2w`, at most {MOST_DAYS} days")
    return days


def as_json(planned: Iterable[tuple[datetime, Due]]) -> list[Mapping[str, object]]:
    """Messages in the order in which they would be sent; times in UTC."""
    return [
        {
            "at": at.isoformat(), "to": due.recipient.id, "place": due.recipient.place.value, "kind": due.kind.value,
            "day": due.day.isoformat(), "service": due.subject,
            "entries": [
                {"key": entry.key, "service": entry.service, "phase": entry.phase, "step": entry.step + 1,
                 "of": entry.steps, "new": entry.fresh}
                for entry in due.entries
            ],
        }
        for at, due in planned
    ]  # fmt: skip


def as_text(planned: Iterable[tuple[datetime, Due]]) -> Iterator[str]:
    """One line a message: when (UTC), to whom, what."""
    empty = True
    for at, due in planned:
        empty = False
        what = due.kind.value
        if due.entries:
            counts = Counter(entry.service or "no service" for entry in due.entries)
            fresh = sum(entry.fresh for entry in due.entries)
            services = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
            what += f": {len(due.entries)} ({services}), {fresh} new"
        elif due.subject:
            what += f": {due.subject}"
        yield f"{at:%a %Y-%m-%d %H:%M} UTC  {due.recipient.id:<12}  {what}"
    if empty:
        yield "nothing is due"
