"""How long, in people's words: ``2 days``, ``1 week``, ``3 hours``, ``until 2026-12-24``. Strict, with an answer that
says how to write it: a misread snooze is silence that nobody asked for."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from bot.model import BotError
from bot.reminders.calendar import zone

MAX_SPAN = timedelta(days=90)
"""The longest silence; as long as that of a snooze (``decide.MAX_SNOOZE``)."""

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
"""By the first letter of their names."""
_SPAN = re.compile(r"(?:for )?([0-9]{1,4}) ?(h|hours?|d|days?|w|weeks?)", re.IGNORECASE)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UNTIL = re.compile(r"until (\S{1,40})", re.IGNORECASE)
_DATED = re.compile(r"(?:^|(?<= ))until (?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})(?= |$)", re.IGNORECASE)
_FIRST = re.compile(
    r"(?:until (?P<day>\S{1,40})|(?:for )?(?P<count>[0-9]{1,4}) ?(?P<unit>d|days?|w|weeks?))(?= |$)", re.IGNORECASE
)


def silence(text: str, today: date) -> date | timedelta | None:
    """What somebody wants silence for: the last silent day, a length, or None for ``off``. Raises ``BotError`` with
    what can be written."""
    said = " ".join(text.split())
    if said.casefold() == "off":
        return None
    if found := _SPAN.fullmatch(said):
        length = int(found.group(1)) * _UNITS[found.group(2)[0].lower()]
        if not timedelta() < length <= MAX_SPAN:
            raise BotError(f"between 1 hour and {MAX_SPAN.days} days, please")
        return length
    if found := _UNTIL.fullmatch(said):
        return _within(_day(found.group(1), today), today)
    raise BotError(f"{_quoted(said)}say for how long: `2 days`, `1 week`, `3 hours`, `{_example(today)}` or `off`")


def ends(asked: date | timedelta, timezone: str, now: datetime) -> datetime:
    """The instant at which silence ends for somebody in a time zone: hours from now; days and dates at the end of
    their last day, so that ``2 days`` said today means that nothing comes today, tomorrow and the day after."""
    here = zone(timezone)
    if isinstance(asked, timedelta):
        if asked % timedelta(days=1):
            return now + asked
        asked = now.astimezone(here).date() + asked
    return datetime.combine(asked + timedelta(days=1), time(), here).astimezone(now.tzinfo)


def split(text: str, today: date) -> tuple[date | None, str]:
    """``until 2026-12-24 waits for the dashboard`` as the last silent day (None: not said) and why. A day may stand
    behind the reason too; a length only in front of it, as in a reason it is about something else (``the vendor answers
    within 3 days``). Raises ``BotError`` for a day that is none or lies outside."""
    said = " ".join(text[:1000].split())
    found = _DATED.search(said) or _FIRST.match(said)
    if found is None:
        return None, said
    if day := found.group("day"):
        end = _day(day, today)
    else:
        end = today + int(found.group("count")) * _UNITS[found.group("unit")[0].lower()]
    return _within(end, today), f"{said[: found.start()].strip()} {said[found.end() :].strip()}".strip()


def _day(text: str, today: date) -> date:
    try:
        if _DAY.fullmatch(text):  # the library also reads week dates and days without dashes
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise BotError(f"“{text}” is no day: write `{_example(today)}`")


def _within(day: date, today: date) -> date:
    if not today < day <= today + MAX_SPAN:
        raise BotError(f"a day between {today + timedelta(days=1)} and {today + MAX_SPAN}, please")
    return day


def _example(today: date) -> str:
    return f"until {today + timedelta(weeks=1)}"


def _quoted(text: str) -> str:
    return f"“{text[:60]}” is not understood; " if text else ""
