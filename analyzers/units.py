"""Units of time and size: what their spellings are worth, and which unit a name gives to a bare number.

Sources: Go's ``time.ParseDuration``, Prometheus' and systemd's durations, ISO 8601, the IEC and SI prefixes, and the
Kubernetes quantity format.
"""

from __future__ import annotations

from analyzers.model import Unit
from analyzers.vocabulary import words

SHORT_TIMES = {
    "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0,
    "y": 31536000.0,
}  # fmt: skip
"""Suffixes of durations such as ``1h30m``, in seconds. A year is 365 days, as in Prometheus."""

TIME_WORDS = {
    "nanosecond": 1e-9, "nano": 1e-9, "microsecond": 1e-6, "micro": 1e-6, "millisecond": 1e-3, "milli": 1e-3,
    "msec": 1e-3, "second": 1.0, "sec": 1.0, "minute": 60.0, "min": 60.0, "hour": 3600.0, "hr": 3600.0,
    "day": 86400.0, "week": 604800.0, "year": 31536000.0,
}  # fmt: skip
"""Names of units of time in the singular, in seconds. Months are missing: their length is not known."""

BYTE_UNITS = {
    "b": 1.0, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "pb": 1e15,
    "ki": 2.0**10, "kib": 2.0**10, "mi": 2.0**20, "mib": 2.0**20, "gi": 2.0**30, "gib": 2.0**30,
    "ti": 2.0**40, "tib": 2.0**40, "pi": 2.0**50, "pib": 2.0**50,
}  # fmt: skip
"""Suffixes of sizes, folded to lower case, in bytes."""

BYTE_WORDS = {
    "byte": 1.0, "kilobyte": 1e3, "megabyte": 1e6, "gigabyte": 1e9, "terabyte": 1e12, "kibibyte": 2.0**10,
    "mebibyte": 2.0**20, "gibibyte": 2.0**30, "tebibyte": 2.0**40,
}  # fmt: skip
"""Names of sizes in the singular, in bytes."""

MULTIPLES = {"k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}
"""Suffixes that are sizes only where the name says so (``mem_limit: 512m``)."""

SPELLED = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "sixty": 60,
    "ninety": 90,
}  # fmt: skip
"""Numbers as words."""

COUNTED = (
    "times|retry|retries|attempts?|tries|replicas?|workers?|threads?|connections?|instances?|partitions?|shards?|"
    "requests?|failures?"
)
"""Nouns whose number is a count, as an alternation. ``time`` alone is left out: "one time password"."""

_KEY_TIMES = {
    "seconds": 1.0, "secs": 1.0, "sec": 1.0, "s": 1.0, "ms": 1e-3, "msec": 1e-3, "msecs": 1e-3, "millis": 1e-3,
    "milliseconds": 1e-3, "us": 1e-6, "micros": 1e-6, "microseconds": 1e-6, "ns": 1e-9, "nanos": 1e-9,
    "nanoseconds": 1e-9, "minutes": 60.0, "mins": 60.0, "hours": 3600.0, "hrs": 3600.0, "days": 86400.0,
    "weeks": 604800.0, "years": 31536000.0,
}  # fmt: skip
# Singular hour, minute and day are not here: they are times of day and dates in schedules (`backup_hour = 3`).
_KEY_BYTES = {
    "bytes": 1.0, "kilobytes": 1e3, "megabytes": 1e6, "gigabytes": 1e9, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12,
    "kib": 2.0**10, "mib": 2.0**20, "gib": 2.0**30, "tib": 2.0**40,
}  # fmt: skip
_KEY_PERCENT = frozenset({"percent", "percentage", "pct"})
_KEY_RATIO = frozenset({"ratio", "fraction"})
_SIZED = frozenset(
    "memory mem heap size sizes xmx xms xmn shm disk storage buffer buffers body ram bytes volume".split()
)
_TIMED = frozenset("ttl timeout interval duration period age wait delay retention expiry lifetime time".split())


def hinted(number: float, key: str) -> tuple[float, Unit]:
    """A bare number with the unit that the last word of its name says: ``("30", "timeout_ms")`` is 0.03 s.

    ``requests_per_minute`` is a rate, so the number stays as it is and counts. A ratio becomes a percentage.
    """
    found = words(key) if key else ()
    last = found[-1] if found else ""
    if last == "b" and len(found) > 1:
        last = found[-2] + last  # `heapSizeMiB` falls into `heap size mi b`
    if len(found) > 1 and found[-2] == "per":
        return number, Unit.COUNT
    if last in _KEY_TIMES:
        return number * _KEY_TIMES[last], Unit.SECONDS
    if last in _KEY_BYTES:
        return number * _KEY_BYTES[last], Unit.BYTES
    if last in _KEY_PERCENT:
        return number, Unit.PERCENT
    if last in _KEY_RATIO and 0 <= number <= 1:
        return number * 100, Unit.PERCENT
    return number, Unit.NONE


def is_sized(key: str) -> bool:
    """Whether the name is one of a size, so that ``512m`` after it is a size and not a duration."""
    found = words(key)
    return not _SIZED.isdisjoint(found) and _TIMED.isdisjoint(found)


def is_cpu(key: str) -> bool:
    """Whether the name is one of a share of processors, where Kubernetes writes ``500m`` for a half."""
    return "cpu" in words(key)
