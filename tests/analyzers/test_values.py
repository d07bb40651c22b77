"""Values are normalised alike in code and in prose, compared with care, and written back in the prose's own style."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.model import Unit, Value
from analyzers.values import incompatible, is_quantity, parse_value, quantities, render_like, same

S, B, C, P, N = Unit.SECONDS, Unit.BYTES, Unit.COUNT, Unit.PERCENT, Unit.NONE


@pytest.mark.parametrize(
    ("text", "number", "unit"),
    [
        ("3600", 3600, N), ("1_000", 1000, N), ("1,000", 1000, N), ("0x1F", 31, N), ("-1", -1, N), ("1e3", 1000, N),
        ("0.95", 0.95, N), (".5", 0.5, N), ("10L", 10, N), ("30u64", 30, N), ("0b101", 5, N),
        ("10 * 60", 600, N), ("60 * 60 * 24", 86400, N), ("1024*1024*1024", 2**30, N), ("1 << 20", 2**20, N),
        ("2 ** 10", 1024, N), ("(2 + 3) * 4", 20, N), ("100 / 8", 12.5, N),
        ("24 * time.Hour", 86400, S), ("5*time.Minute", 300, S), ("time.Hour", 3600, S),
        ("time.Duration(5) * time.Second", 5, S), ("time.Hour + 30*time.Minute", 5400, S),
        ("timedelta(minutes=5)", 300, S), ("datetime.timedelta(days=30)", 2592000, S),
        ("timedelta(days=1, hours=2)", 93600, S), ("timedelta(2)", 172800, S), ("timedelta(hours=12) * 2", 86400, S),
        ("int(timedelta(minutes=5).total_seconds())", 300, S),
        ("Duration.ofMinutes(5)", 300, S), ("Duration.ofMillis(250)", 0.25, S),
        ("TimeUnit.HOURS.toMillis(2)", 7200, S),
        ("Duration::from_secs(30)", 30, S), ("TimeSpan.FromMinutes(5)", 300, S), ("5.minutes", 300, S),
        ("1.hour", 3600, S), ("2.megabytes", 2 * 2**20, B),
        ("15m", 900, S), ("1h30m", 5400, S), ("500ms", 0.5, S), ("30d", 2592000, S), ("2w", 1209600, S),
        ("PT15M", 900, S),
        ("P1DT12H", 129600, S), ("30 seconds", 30, S), ("an hour", 3600, S), ("two days", 172800, S),
        ("30-day", 2592000, S), ("1 hour 30 minutes", 5400, S), ("1 hour and 30 minutes", 5400, S),
        ("500 ms", 0.5, S),
        ("1GiB", 2**30, B), ("10Mi", 10 * 2**20, B), ("512MB", 512e6, B), ("5 MB", 5e6, B), ("64 bytes", 64, B),
        ("95%", 95, P), ("95 %", 95, P), ("99.9 percent", 99.9, P), ("3 retries", 3, C), ("three times", 3, C),
        ("100k", 100_000, N),
    ],
)  # fmt: skip
def test_reads(text: str, number: float, unit: Unit) -> None:
    value = parse_value(text)
    assert value.number == pytest.approx(number)
    assert value.unit is unit
    assert is_quantity(value)


@pytest.mark.parametrize(
    ("text", "key", "number", "unit"),
    [
        ("30", "timeout_seconds", 30, S), ("30", "timeoutSecs", 30, S), ("30", "lock-timeout-s", 30, S),
        ("5000", "poll.interval.ms", 5, S), ("5000", "requestTimeoutMillis", 5, S),
        ("5", "RETENTION_DAYS", 432000, S),
        ("2", "max_age_hours", 7200, S), ("10", "lockout_minutes", 600, S), ("10 * 60", "ttl_seconds", 600, S),
        ("1024", "max_bytes", 1024, B), ("64", "cache_mb", 64e6, B), ("64", "heapSizeMiB", 64 * 2**20, B),
        ("80", "disk_percent", 80, P), ("0.8", "sample_ratio", 80, P),
        ("3600", "session_ttl", 3600, N), ("3600", "timeout", 3600, N), ("5m", "timeout_seconds", 300, S),
        ("500m", "cpu", 0.5, C), ("500m", "resources.limits.cpu", 0.5, C),
        ("512m", "mem_limit", 512e6, B), ("10m", "cache_ttl", 600, S), ("10m", "body_timeout", 600, S),
        ("60", "requests_per_minute", 60, C), ("60", "limitPerSecond", 60, C),
        ("3", "backup_hour", 3, N), ("30", "minute", 30, N),
    ],
)  # fmt: skip
def test_the_name_gives_a_bare_number_its_unit(text: str, key: str, number: float, unit: Unit) -> None:
    value = parse_value(text, key)
    assert value.number == pytest.approx(number)
    assert value.unit is unit


@pytest.mark.parametrize(
    "text",
    [
        "", "true", "admin", "v1.4", "1.2.3", "10.0.0.1", "10.0.0.0/8", "2024-01-15", "0 3 * * *", "*/5 * * * *",
        "24/7",
        "5-10", "0644", "123abc", "10:30", "f(3)", "timedelta(days=N)", "a * 3", "5 *", "((3)", "1 / 0", "10 ** 400",
        "1 << 2000", "time.Hour * time.Hour", "10 Mb", "12 months", "98765432109876543210",
    ],
)  # fmt: skip
def test_is_no_quantity(text: str) -> None:
    assert parse_value(text).number is None


def test_cron_that_reads_as_arithmetic_is_no_number_where_the_name_says_schedule() -> None:
    assert parse_value("5 * 3 * 2", "cleanup_schedule").number is None


def test_text_is_canonical() -> None:
    assert parse_value("  'read   only' ").text == "read only"
    assert parse_value('"1h"') == Value("1h", 3600.0, S)
    assert parse_value('"a" + "b"').text == '"a" + "b"'


def test_long_text_is_returned_as_it_is() -> None:
    text = "1 + " * 200 + "1"
    assert parse_value(text) == Value(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1h", "60m"), ("1h", "3600"), ("60 * 60", "timedelta(hours=1)"), ("0.95", "95 %"), ("True", "true"),
        ("'a'", '"a"'), ("a  b", "a b"), ("an hour", "PT1H"), ("1GiB", "1024 MiB"), ("3 retries", "3"),
    ],
)  # fmt: skip
def test_same(one: str, other: str) -> None:
    assert same(parse_value(one), parse_value(other))
    assert same(parse_value(other), parse_value(one))
    assert not incompatible(parse_value(one), parse_value(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [("1h", "61m"), ("5 minutes", "5 MB"), ("5 retries", "5 s"), ("admin", "Admin"), ("5", "five"), ("1 GB", "1 GiB")],
)
def test_not_same(one: str, other: str) -> None:
    assert not same(parse_value(one), parse_value(other))


@pytest.mark.parametrize(
    ("stated", "after"),
    [
        ("60 minutes", "5m"), ("3600", "300"), ("1 GiB", "2 GiB"), ("95 %", "0.9"), ("3 retries", "5"),
        ("true", "false"),
        ("sha1", "sha256"), ("admin", "owner"), ("60 minutes", "300"), ("0 3 * * *", "0 4 * * *"),
    ],
)  # fmt: skip
def test_incompatible(stated: str, after: str) -> None:
    assert incompatible(parse_value(stated), parse_value(after))


@pytest.mark.parametrize(
    ("stated", "after"),
    [
        ("1 GB", "1GiB"), ("1 TB", "1.05 TB"), ("5 minutes", "5 MB"), ("3 retries", "10s"), ("5", "five"),
        ("admin", "os.environ['ROLE']"), ("", "admin"), ("admin", ""), ("5 minutes", "settings.TTL"),
        ("Admin", "admin"),
        ("95 %", "0.95"), ("90m", "1h30m"),
    ],
)  # fmt: skip
def test_unsure_is_not_incompatible(stated: str, after: str) -> None:
    assert not incompatible(parse_value(stated), parse_value(after))


def found(line: str) -> list[tuple[str, object, Unit]]:
    """Text, number and unit of each quantity; the ranges must fit the line."""
    read = quantities(line)
    assert all(line[q.start : q.end] == q.text for q in read)
    return [(q.text, q.value.number, q.value.unit) for q in read]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Sessions last 15 minutes.", [("15 minutes", 900, S)]),
        ("Tokens live for an hour, links for two days", [("an hour", 3600, S), ("two days", 172800, S)]),
        ("waits half an hour", [("half an hour", 1800, S)]),
        ("a 30-day retention", [("30-day", 2592000, S)]),
        ("The alert fires after `10m`", [("10m", 600, S)]),
        ("runs every 5 minutes, with 3 retries", [("5 minutes", 300, S), ("3 retries", 3, C)]),
        ("gives up after three attempts", [("three attempts", 3, C)]),
        ("at 95 % of 1.5 GiB or 5 MB", [("95 %", 95, P), ("1.5 GiB", 1.5 * 2**30, B), ("5 MB", 5e6, B)]),
        ("| `SESSION_TTL` | 3600 | seconds |", [("3600", 3600, N)]),
        ("SESSION_TTL=3600 --retries=5 --wait 30s", [("3600", 3600, N), ("5", 5, N), ("30s", 30, S)]),
        ("timeout: 30", [("30", 30, N)]),
        ("${WAIT:-30} seconds at most", [("30", 30, N)]),
        ("set it to -1", [("-1", -1, N)]),
        ("listens on port 3100", [("3100", 3100, C)]),
        ("port: `3100`", [("3100", 3100, C)]),
        ("curl http://localhost:3100/api/v1/2024/7?n=9", [("3100", 3100, C)]),
        ("open localhost:8080", [("8080", 8080, C)]),
        ("binds `:9090`", [("9090", 9090, C)]),
        ("nc 10.1.2.3:5432", [("5432", 5432, C)]),
        ("docker run -p 8080:80 web", [("8080", 8080, C), ("80", 80, C)]),
        ("1. Wait 5 minutes", [("5 minutes", 300, S)]),
        ("## 3. Wait 5 minutes", [("5 minutes", 300, S)]),
        ("takes 1 hour 30 minutes", [("1 hour 30 minutes", 5400, S)]),
        ("1,000 requests", [("1,000 requests", 1000, C)]),
        ("PT15M", [("PT15M", 900, S)]),
        ("the limit is 5.", [("5", 5, N)]),
    ],
)
def test_quantities_of_a_line(line: str, expected: list[tuple[str, float, Unit]]) -> None:
    assert found(line) == [(text, pytest.approx(number), unit) for text, number, unit in expected]


@pytest.mark.parametrize(
    "line",
    [
        "on 2024-01-15 at 10:30", "on January 15, 2024", "15 Jan 2024", "version 2.3, v1.4 and 1.2.3",
        "PostgreSQL 15", "1.x",
        "from 10.0.0.1 to 10.0.0.0/8", "1. ", "see #123 and PR 456", "p99 s3 http2 sha256 us-east-1 ipv6",
        "## 3.1 Restart",
        "`0 3 * * *`", "*/5 * * * *", "main.go:120", "image redis:7", "see [there](../a/12-b.md#L40)", "5-10 minutes",
        "5 to 10 minutes", "between 5 and 10 minutes", "24/7", "step 3", "RFC 6749", "HTTP 500", "a second replica",
        "twice a day", "[1]", "https://example.org/a/12/b", "550e8400-e29b-41d4-a716-446655440000",
        "an hour and a half",
        "3rd", "one of them", "release-1.20", "CVE-2021-1234", "9 AM", "$100", "an 8th",
    ],
)  # fmt: skip
def test_looks_like_a_quantity_and_is_none(line: str) -> None:
    assert found(line) == []


@pytest.mark.parametrize(
    ("written", "value", "expected"),
    [
        ("15 minutes", "1800s", "30 minutes"), ("1 hour", "7200s", "2 hours"), ("1h", "5400s", "90m"),
        ("15m", "3600s", "60m"), ("3600 seconds", "30m", "1800 seconds"), ("3600s", "1d", "86400s"),
        ("an hour", "7200s", "2 hours"), ("60 minutes", "300s", "5 minutes"), ("1 hour", "300s", "5 minutes"),
        ("2 hours", "1h", "1 hour"), ("1 minute", "30s", "30 seconds"), ("30-day", "60d", "60-day"),
        ("15 min", "1h", "60 min"), ("5 minutes", "30d", "30 days"), ("15 minutes", "90s", "90 seconds"),
        ("1h30m", "2h", "2h"), ("1h30m", "135m", "2h15m"), ("PT15M", "1h", "PT1H"), ("500ms", "1.5s", "1500ms"),
        ("95 %", "0.9", "90 %"), ("95%", "99.5%", "99.5%"), ("3600", "300s", "300"), ("0.5", "0.25", "0.25"),
        ("10,000", "20000", "20,000"), ("0.95", "90%", "0.9"), ("three retries", "5", "5 retries"),
        ("3 retries", "1", "1 retry"), ("1 GiB", "2GiB", "2 GiB"), ("1GiB", "512MiB", "512MiB"),
        ("1 GB", "2GiB", "2 GB"),
        ("1Gi", "1536Mi", "1536Mi"), ("64kB", "128kB", "128kB"), ("2 megabytes", "1MB", "1 megabyte"),
    ],
)  # fmt: skip
def test_is_written_as_the_prose_has_it(written: str, value: str, expected: str) -> None:
    assert render_like(written, parse_value(value)) == expected


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("15 minutes", "5MB"), ("15 minutes", "0"), ("15 minutes", "-1"), ("1 GiB", "0"), ("admin", "5"),
        ("5", "owner"),
        ("3 times", "1"), ("95 %", "1"), ("15 minutes", "5 retries"),
    ],
)  # fmt: skip
def test_cannot_be_written(written: str, value: str) -> None:
    assert render_like(written, parse_value(value)) is None


_TIMES = ["ms", "s", "m", "h", "d", " minutes", " hours", "-day"]
_DURATIONS = st.builds(lambda n, unit: f"{n}{unit}", st.integers(1, 999), st.sampled_from(_TIMES))
_SIZES = st.builds(
    lambda n, unit: f"{n}{unit}", st.integers(1, 999), st.sampled_from(["kB", "MB", " GB", "MiB", " GiB", "Mi", "Gi"])
)


@given(_DURATIONS, _DURATIONS)
def test_durations_survive_the_round_trip(written: str, other: str) -> None:
    value = parse_value(other)
    shown = render_like(written, value)
    assert shown is not None
    assert same(parse_value(shown), value)
    assert [q.text for q in quantities(f"it lasts {shown} here")] == [shown]


@given(_SIZES, _SIZES)
def test_sizes_survive_the_round_trip_within_what_people_call_a_gigabyte(written: str, other: str) -> None:
    value = parse_value(other)
    shown = render_like(written, value)
    assert shown is None or not incompatible(parse_value(shown), value)


@given(st.integers(-(10**9), 10**9), st.sampled_from(["5", "10,000", "1_000"]))
def test_numbers_survive_the_round_trip(number: int, written: str) -> None:
    shown = render_like(written, Value(str(number), float(number)))
    assert shown is not None
    assert parse_value(shown).number == number


@given(st.text(max_size=600), st.sampled_from(["", "ttl", "cpu", "size_mb"]))
def test_no_text_is_too_strange(text: str, key: str) -> None:
    value = parse_value(text, key)
    assert same(value, value)
    assert not incompatible(value, value)
    render_like(text, Value("5m", 300.0, S))
    found(text)


@given(st.lists(st.sampled_from("0 1 9 . , - : / * % m h s minutes hour and a ( ) to v # ` x".split()), max_size=60))
def test_no_line_is_too_strange(pieces: list[str]) -> None:
    found("".join(pieces))
    found(" ".join(pieces))
    parse_value(" ".join(pieces))


@pytest.mark.parametrize(
    "piece", ["1", "1m", "1 ", "1,111", "1.", "1-", "1:", "a.", "* ", "1 hour, ", "::a", "(", "-", "1_", "x:80", "one "]
)
def test_time_grows_with_length_only(piece: str) -> None:
    line = piece * (2000 // len(piece))
    begin = time.perf_counter()
    quantities(line)
    parse_value(line[:500])
    assert time.perf_counter() - begin < 0.5
