"""Working days and working hours of a place: pure arithmetic over ``zoneinfo`` and the ``holidays`` library.

Working days are Monday to Friday without public holidays and days off. Instants are aware datetimes in UTC, days are
dates of somebody's calendar. Asked 20,000 times a tick, so spans and holidays are kept, and counting is arithmetic.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.reminders.nouns import Availability

MAX_DAYS = 800
"""Days that :func:`next_moment` looks ahead from now or from the end of the silence."""
_YEARS = range(1970, 2101)
"""Years whose holidays count; outside (a damaged row) only weekends do."""
_HOURS = (time(9), time(17))
_DAY = timedelta(days=1)


@lru_cache(maxsize=1024)
def zone(name: str) -> tzinfo:
    """The time zone of a name; UTC for one that nobody knows (see :func:`problem`)."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # also a folder of the database, or a path out of it
        return UTC


def known_zone(name: str) -> bool:
    """Whether the name is that of a time zone."""
    return name == "UTC" or zone(name) is not UTC


@lru_cache(maxsize=4096)
def _holidays(code: str, year: int) -> frozenset[int]:
    """Ordinals of the public holidays of a country (``DE``) or a part of one (``DE-BY``) in a year; none of a place
    that the library does not know."""
    if not code:
        return frozenset()
    from holidays import country_holidays  # 100 ms that only configured holidays cost

    country, _, part = code.partition("-")
    try:
        return frozenset(day.toordinal() for day in country_holidays(country, subdiv=part or None, years=year))
    except NotImplementedError:
        return frozenset()


@lru_cache(maxsize=1024)
def problem(timezone: str, holidays: str) -> str:
    """What is wrong with a time zone or a country, for whoever may mend it; empty when both are known."""
    found = []
    if not known_zone(timezone):
        found.append(f"the time zone {timezone[:60]!r} is not known, UTC is used")
    if holidays:
        from holidays import country_holidays

        country, _, part = holidays.partition("-")
        try:
            country_holidays(country, subdiv=part or None, years=2026)
        except NotImplementedError:
            found.append(f"the holidays of {holidays[:60]!r} are not known, none are kept")
    return "; ".join(found)


class WorkDays:
    """The working days of a country with its days off. Get one from :func:`work_days`, which keeps them."""

    def __init__(self, holidays: str, days_off: tuple[date, ...]) -> None:
        self._country = holidays
        self._extra = frozenset(day.toordinal() for day in days_off)
        self._low, self._high = 2026, 2025  # no year is known yet
        self._off: list[int] = []  # days off that are no weekends, in order, and the same as a set
        self._out: frozenset[int] = frozenset()
        self._later: dict[tuple[date, int], date] = {}

    def is_working(self, day: date) -> bool:
        """Whether people work on a day."""
        self._know(day.year, day.year)
        return day.weekday() < 5 and day.toordinal() not in self._out

    def between(self, start: date, end: date) -> int:
        """How many working days lie after ``start`` up to and with ``end``; 0 when ``end`` is not after ``start``."""
        if end <= start:
            return 0
        self._know(start.year, end.year)
        return self._index(end.toordinal()) - self._index(start.toordinal())

    def after(self, start: date, days: int) -> date:
        """The ``days``-th working day after a day (at least the first). Ends after ten years in which nobody works."""
        if (start, days) not in self._later:
            if len(self._later) > 10_000:
                self._later.clear()
            self._later[start, days] = self._after(start, days)
        return self._later[start, days]

    def _after(self, start: date, days: int) -> date:
        wanted, day = max(days, 1), start
        for _ in range(3660 + 2 * wanted):
            day += _DAY
            wanted -= self.is_working(day)
            if not wanted:
                break
        return day

    def _index(self, ordinal: int) -> int:
        """Working days since the year 1, which began on a Monday: whole weeks, the rest of one, less what is off."""
        weeks, rest = divmod(ordinal, 7)
        return weeks * 5 + min(rest, 5) - bisect_right(self._off, ordinal)

    def _know(self, first: int, last: int) -> None:
        """Make sure that days off of these years and all between are counted."""
        if self._low <= first and last <= self._high:
            return
        low, high = (first, last) if self._low > self._high else (min(first, self._low), max(last, self._high))
        off = {
            day
            for year in range(max(low, _YEARS.start), min(high + 1, _YEARS.stop))
            for day in _holidays(self._country, year)
        }
        self._out = frozenset(day for day in off | self._extra if day % 7 not in (6, 0))
        self._off = sorted(self._out)
        self._low, self._high = low, high


@lru_cache(maxsize=4096)
def work_days(holidays: str, days_off: tuple[date, ...]) -> WorkDays:
    """The working days of a country, less further days off."""
    return WorkDays(holidays, days_off)


@lru_cache(maxsize=1024)
def _hours(text: str) -> tuple[time, time]:
    """Start and end of ``HH:MM-HH:MM``; nine to five when it is none."""
    start, _, end = text.partition("-")
    try:
        first, last = time.fromisoformat(start), time.fromisoformat(end)
    except ValueError:
        return _HOURS
    return (first, last) if first < last and first.tzinfo is last.tzinfo is None else _HOURS


@lru_cache(maxsize=16384)
def span(timezone: str, working_hours: str, day: date) -> tuple[datetime, datetime]:
    """The working hours of a day as instants, the end excluded; empty (both the same) on a day that a zone left out,
    as Apia did with 2011-12-30."""
    start, end = _hours(working_hours)
    place = zone(timezone)
    return _first(place, datetime.combine(day, start)), _first(place, datetime.combine(day, end))


def _first(place: tzinfo, wall: datetime) -> datetime:
    """The first instant at which a clock on the wall shows this time or a later one.

    A time that comes twice is meant the first time; for one that is skipped, the moment of the change counts."""
    found = wall.replace(tzinfo=place).astimezone(UTC)
    if found.astimezone(place).replace(tzinfo=None) == wall:
        return found
    low, high = wall.replace(tzinfo=place, fold=1).astimezone(UTC) - timedelta(seconds=1), found
    while high - low > timedelta(seconds=1):  # 17 turns for a whole day that is skipped
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=1) // 2)
        low, high = (low, middle) if middle.astimezone(place).replace(tzinfo=None) >= wall else (middle, high)
    return high


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time (UTC, the end excluded) in which somebody may be written to: the day in their calendar, and
    when their working hours began on it (``morning``), which may be before the stretch."""

    day: date
    morning: datetime
    start: datetime
    end: datetime


def windows(person: Availability, day: date) -> Iterator[Window]:
    """The stretches of a day in which somebody may be written to: working hours of a working day, less silence and
    do-not-disturb; none, one, or two around a do-not-disturb in the middle."""
    if not work_days(person.holidays, person.days_off).is_working(day):
        return
    morning, end = span(person.timezone, person.working_hours, day)
    start = max(morning, person.quiet_until) if person.quiet_until else morning
    pieces = [(start, end)]
    if person.dnd and person.dnd[0] < person.dnd[1]:
        pieces = [(start, min(end, person.dnd[0])), (max(start, person.dnd[1]), end)]
    for first, last in pieces:
        if first < last:
            yield Window(day, morning, first, last)


def local_day(timezone: str, now: datetime) -> date:
    """Which day it is somewhere."""
    return now.astimezone(zone(timezone)).date()


def window(person: Availability, now: datetime) -> Window | None:
    """The stretch in which ``now`` lies; None when somebody may not be written to now."""
    found = windows(person, local_day(person.timezone, now))
    return next((piece for piece in found if piece.start <= now < piece.end), None)


def next_moment(person: Availability, now: datetime) -> datetime | None:
    """The first moment from ``now`` on at which somebody may be written to; None when there is none in the next two
    years (``MAX_DAYS``), or the person is gone."""
    if person.gone:
        return None
    start = max(now, person.quiet_until) if person.quiet_until else now
    try:
        first = local_day(person.timezone, start)
        for ahead in range(MAX_DAYS):
            for piece in windows(person, first + ahead * _DAY):
                if piece.end > now:
                    return max(piece.start, now)
    except OverflowError:  # quiet until the end of time
        pass
    return None
