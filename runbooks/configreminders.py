"""``[reminders]`` and ``[services.NAME.reminders]``: when owners are reminded, and who hears of it after how long.

The values stay as they are written; ``bot.reminders.policy`` makes a policy of them. Errors say what to write.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from runbooks.configchecks import check_timezone

AUDIENCES = ("author", "owner", "channel", "escalation")
"""Who may hear of a step; the author only before the merge, since afterwards the debt is the service's."""
MAX_STEPS = 10
MAX_WORKING_DAYS = 250
"""The longest wait of a step: a year of working days."""
HOURS = "09:00-17:00"
OPEN = ("author 1d", "owner 1d", "author 5d", "owner 5d")
CONTRADICTED = ("owner 1d", "owner 3d", "channel 5d", "escalation 10d")
GATHER = "7d"
"""For how long after a digest suspects and reviews gather. Half a year of a busy public repository brought its first
owner a digest on every working day (``benchmarks/bot.md``); a week leaves one."""
SUSPECT = ("owner 2d", "owner 7d", "channel 12d", "escalation 20d")

_PERIODS = {"d": 1, "w": 7, "m": 30, "y": 365}


@dataclass(frozen=True, slots=True)
class Reminders:
    """``[reminders]``: whether and when owners are reminded. ``working_hours`` is ``HH:MM-HH:MM`` in ``timezone``,
    ``holidays`` a country or a part of one, ``review_every`` and ``gather`` periods, the ladders lists of steps
    (``"owner 1d"``).
    A service's own table is one of these too: what it does not say is as the repository's says."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    enabled: bool = True
    timezone: str = "UTC"
    working_hours: str = HOURS
    holidays: str = ""
    days_off: tuple[date, ...] = ()
    review_every: str = ""
    open: tuple[str, ...] = OPEN
    contradicted: tuple[str, ...] = CONTRADICTED
    suspect: tuple[str, ...] = SUSPECT
    gather: str = GATHER

    def __post_init__(self) -> None:
        _check(self)


def _check(table: Reminders) -> None:
    """Refuse, with ValueError, what no calendar or ladder can be made of. Defaults are not looked at again."""
    if table.working_hours != HOURS:
        _check_hours(table.working_hours)
    if table.timezone != "UTC":
        check_timezone(table.timezone)
    if table.holidays and not re.fullmatch(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", table.holidays):
        raise ValueError(f"`holidays` is {table.holidays[:40]!r}; write a country or a part of one: `DE` or `DE-BY`")
    if table.review_every:
        period_days(table.review_every)
    if table.gather != GATHER:
        period_days(table.gather, "gather")
    for key, ladder, default in (
        ("open", table.open, OPEN),
        ("contradicted", table.contradicted, CONTRADICTED),
        ("suspect", table.suspect, SUSPECT),
    ):
        if ladder is not default:
            _check_ladder(key, ladder)


def _check_hours(hours: str) -> None:
    start, _, end = hours.partition("-")
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d", hours, re.ASCII) or start >= end:
        raise ValueError("`working_hours` must be a span of one day such as `09:00-17:00`")


def _check_ladder(key: str, ladder: Sequence[str]) -> None:
    """At most ten steps, days that do not decrease, no author after the merge."""
    if len(ladder) > MAX_STEPS:
        raise ValueError(f"`{key}` has {len(ladder)} steps; {MAX_STEPS} are allowed")
    reached = 0
    for text in ladder:
        audience, days = step_of(text, key)
        if audience == "author" and key != "open":
            raise ValueError(f"`{key}` has {text!r}; the author is told in `open` only, before the merge")
        if days < reached:
            raise ValueError(f"`{key}` has {text!r} after a later step; write the steps in the order of their days")
        reached = days


def step_of(text: str, key: str = "open") -> tuple[str, int]:
    """Audience and working days of a step such as ``"owner 3d"``. Raises ValueError, which names the key."""
    audience, _, wait = text.partition(" ")
    found = re.fullmatch(r" *(\d{1,4})d", wait, re.ASCII)
    if not found or audience not in AUDIENCES:
        raise ValueError(
            f"`{key}` has the step {text[:40]!r}; write who and after how many working days, such as `owner 3d`; "
            f"who is {', '.join(f'`{name}`' for name in AUDIENCES)}"
        )
    if not 1 <= int(found[1]) <= MAX_WORKING_DAYS:
        raise ValueError(
            f"`{key}` has the step {text[:40]!r}; between 1 and {MAX_WORKING_DAYS} working days are allowed"
        )
    return audience, int(found[1])


def period_days(text: str, key: str = "review_every") -> int:
    """A period such as ``90d``, ``12w``, ``3m`` (30 days each) or ``1y`` in days, as front matter counts it. Raises
    ValueError, which names the key."""
    found = re.fullmatch(r"(\d{1,5})\s*([dwmy])", text.strip(), re.ASCII)
    days = int(found[1]) * _PERIODS[found[2]] if found else 0
    if not 1 <= days <= 36_500:
        raise ValueError(f"`{key}` is {text[:40]!r}; write a period such as `90d` or `12w`")
    return days


EVERYWHERE = Reminders()
"""What holds where nothing is configured."""
