"""Quantities that a line of prose, Markdown or configuration states, and numbers that only look like one.

What is masked before reading: dates, times of day, versions, addresses, image tags, cron expressions, link targets,
the paths of URLs and places in source files. What is left out after reading: list and heading numbers, ends of ranges,
ordinals and labels ("step 3", "RFC 6749", "PostgreSQL 15"), frequencies ("twice a day").
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from analyzers.literals import NUMBER, parse_value
from analyzers.model import Unit, Value
from analyzers.patterns import regex
from analyzers.units import COUNTED, SPELLED, TIME_WORDS

MAX_LINE = 2000
"""Characters of a line that are read; a longer one is a data blob."""

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?"
_MASKS = regex(
    r"(?P<link>\]\([^()\s]*\))"
    r"|\b(?P<url>[a-z][a-z0-9+]{1,10}://[^\s/?#`'\"<>|)\]]*)(?P<path>[/?#][^\s`'\"<>|)\]]*)?"
    r"|(?P<cron>(?<![^\s`'\"(])(?:[\d*][\d*/,-]* ){4}[\d*][\d*/,-]*(?![^\s`'\").,;|]))"
    r"|(?P<date>\b\d{4}[-/]\d{1,2}[-/]\d{1,2}(?:[T ]\d{2}:\d{2}(?::\d{2})?(?:\.\d+)?Z?)?\b"
    r"|\b\d{1,2}[/.]\d{1,2}[/.]\d{4}\b"
    rf"|\b{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?\b|\b\d{{1,2}}\.? {_MONTH}(?: \d{{4}})?\b"
    rf"|\b{_MONTH} \d{{4}}\b)"
    r"|(?P<clock>\b\d{1,2}:\d{2}(?::\d{2})?\b(?!:)|\b\d{1,2} ?[AaPp]\.?[Mm]\b)"
    r"|(?P<address>\b\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?\b)"
    r"|(?P<version>\bv\d[\w.-]*|\b\d+(?:\.\d+){2,}[\w.+-]*|\b\d+(?:\.\d+)*\.[xX]\b)"
    r"|(?P<place>[\w./-]+\.(?:go|py|js|jsx|ts|tsx|java|kt|rb|rs|cs|php|sh|ya?ml|jsonn?e?t?|libsonnet|toml|md|tf|sql|c|h|cc|cpp"
    r"|conf|cfg|ini|txt|log|proto|html?)(?::\d+|#L\d+)?)"
)

_SPELLED = "|".join(sorted(SPELLED, key=len, reverse=True))
_TIME = "|".join(sorted(TIME_WORDS, key=len, reverse=True))
_QUANTITY = regex(
    r"(?:(?<![\w.#/$@&%+-])|(?<=:-))(?<!\d[:,])(?:"
    rf"(?P<half>half an hour)(?!\w)"
    rf"|(?P<worded>(?:{NUMBER}|{_SPELLED})[ -]?(?:{_TIME})s?"
    rf"(?:(?:,? and |, | ){NUMBER} (?:{_TIME})s?){{0,3}})(?![\w-]|/\w)"
    rf"|(?P<percent>{NUMBER}(?: ?%|[ ]percent\b))"
    rf"|(?P<size>{NUMBER}[ -]?(?:[kKMGTP]i?B|[KMGTP]i|[kmgtp]i?b|B"
    r"|(?:kilo|mega|giga|tera|kibi|mebi|gibi|tebi)?bytes?))(?!\w)"
    r"|(?P<iso>(?-i:PT?\d[\dDTHMSW.]*))(?!\w)"
    r"|(?P<short>(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h|d|w|y))+|\d+(?:\.\d+)? (?:ns|us|µs|ms|s|h))(?![\w/-])"
    rf"|(?P<count>(?:{NUMBER}|{_SPELLED}) (?:{COUNTED}))(?![\w-])"
    rf"|(?P<bare>(?<!\w)(?:(?<!:)-)?{NUMBER})(?![\w%]|\.\w|[-/:]\d)"
    r")",
    re.IGNORECASE,
)
_PORT = regex(
    r"(?P<host>\[[0-9a-fA-F:]+\]|[A-Za-z0-9][\w.-]{0,100}|(?<![\w\]}\")]))?:(?P<port>\d{2,5})(?![\w:.]*[\w:])"
)
_MAPPED = regex(r"(?<![\w.:/-])(\d{3,5}):(\d{2,5})(?![\w:.]*[\w:])")
_PORT_WORD = regex(r"\bports?\b[^\w\d]{0,4}(?:(?:is|to|of|number|=|:)\s*[`'\"]?)?\Z", re.IGNORECASE)
_MARKER = regex(r"\s*(?:>\s*)*(?:[-*+]\s+)?(?:\d+[.)](?=\s|$)|#{1,6}\s+\d+(?:\.\d+)*[.):]?(?=\s))")
_LABEL = regex(
    r"(?:\b(?:steps?|rfc|lines?|chapter|section|figure|table|issue|pr|ticket|phase|part|version|release|appendix|"
    r"page|note|question|option|sev|severity|level|tier|layer|stage|day|week|year|http|status|code|error|python|java|"
    r"node|nodejs|ruby|php|ubuntu|debian|fedora|centos|rhel|alpine|postgres|postgresql|mysql|mariadb|mongodb|redis|"
    r"kafka|elasticsearch|kubernetes|k8s|go|golang|terraform|django|rails|ipv|shard|pod|signal|kill|mode|uid|pid|id)"
    r"[ #:]{1,2}|\[\^?)\Z",
    re.IGNORECASE,
)
_RANGE_BEFORE = regex(r"\d[\d.]*\s?[a-zA-Zµ%]{0,12}\s?(?:-|–|—|\.\.|to)\s?\Z|\d or \Z")
_RANGE_AFTER = regex(r"\s?(?:-|–|—|\.\.)\s?\d|\sto \d")
_CHOICE_AFTER = regex(r" or \d")
_BETWEEN = regex(r"\bbetween\s+(?:\d[\d.]*\s?[a-zA-Z%]{0,12}\s+and\s+)?\Z", re.IGNORECASE)
_OF_DURATION = regex(
    r"(?:\b(?:after|for|of|within|in|every|to|is|lasts?|than|about|by|least|most|over|under|or|until|takes?|"
    r"approximately|roughly|around|exactly|wait|waits|sleep|sleeps|default|defaults)|[(=:|~<>`\"'])\s*\Z",
    re.IGNORECASE,
)
_TIMES = r"(?:ns|us|µs|ms|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)"
_MORE_AFTER = regex(rf" \d+(?:\.\d+)? ?{_TIMES}\b(?!/)", re.IGNORECASE)
_MORE_BEFORE = regex(rf"(?<![\w.])\d+(?:\.\d+)? ?{_TIMES} \Z", re.IGNORECASE)
"""The other parts of a duration in several words ("1 h 0 min") that is not read as one."""
_GROUP_AFTER = regex(r"[ \u00a0\u2009\u202f]\d{3}(?!\d|\.\d)")
_GROUP_BEFORE = regex(r"(?<![\d.])\d{1,3}(?:[ \u00a0\u2009\u202f]\d{3})*[ \u00a0\u2009\u202f]\Z")
"""The other digits of a number with blanks between its thousands ("3 600")."""
_AND_A_HALF = regex(r"\s+and a half\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity in a line: its range of characters (end exclusive), the text there, and the value it states."""

    start: int
    end: int
    text: str
    value: Value


def quantities(line: str) -> tuple[Quantity, ...]:
    """The quantities of one line, in order and apart. A number without a unit has ``Unit.NONE``; ports, and numbers
    of things such as retries, have ``Unit.COUNT``."""
    line = line[:MAX_LINE]
    if not any(c.isdigit() for c in line) and not _QUANTITY.search(line):
        return ()
    text = _masked(line)
    found = {match.start("port"): _port(match) for match in _PORT.finditer(text) if _is_port(match)}
    for match in _MAPPED.finditer(text):
        if int(match[1]) >= 1024:
            for group in (1, 2):
                number = match[group]
                found[match.start(group)] = Quantity(
                    match.start(group), match.end(group), number, Value(number, float(number), Unit.COUNT)
                )
    marker = _MARKER.match(text)
    begin = marker.end() if marker else 0
    while piece := _QUANTITY.search(text, begin):
        start, begin = piece.span()
        if start not in found and _is_statement(piece, text):
            found[start] = _quantity(piece, text)
            begin = found[start].end  # of several times in a row only the first was read
    kept: list[Quantity] = []
    for start in sorted(found):
        if found[start].value.number is not None and (not kept or kept[-1].end <= start):
            kept.append(found[start])
    return tuple(kept)


def _masked(line: str) -> str:
    """The line with what only looks like quantities blanked out, of the same length."""
    return _MASKS.sub(_blank, line) if any(c.isdigit() for c in line) else line


def _blank(match: re.Match[str]) -> str:
    if match["url"]:
        port = re.search(r":\d{2,5}\Z", match["url"])
        host = match["url"]
        # Keep the port, and a letter before it so that it is still read as the port of a host.
        kept = f"{'x' * (len(host) - len(port.group()))}{port.group()}" if port else "\x01" * len(host)
        return kept + "\x01" * len(match["path"] or "")
    if match["address"]:
        return "x" * len(match.group())
    if match["clock"] and int(match["clock"].split(":")[0][:2].strip("aApP. ")) > 24:
        return match.group()
    return "\x01" * len(match.group())


def _is_port(match: re.Match[str]) -> bool:
    """``localhost:3100`` and ``:3100`` are ports; ``redis:7`` is an image, ``retries:5`` a setting."""
    host, port = match["host"] or "", int(match["port"])
    if port > 65535 or host.isdigit():
        return False
    if not host or host == "localhost" or "." in host or host.startswith(("[", "xx")):
        return port >= 80
    return port >= 1024 or port in {80, 443}


def _port(match: re.Match[str]) -> Quantity:
    text = match["port"]
    return Quantity(match.start("port"), match.end("port"), text, Value(text, float(text), Unit.COUNT))


def _is_statement(match: re.Match[str], text: str) -> bool:
    """Whether what looks like a quantity is stated as one; the second half of this module's docstring."""
    before, after = text[max(0, match.start() - 40) : match.start()], text[match.end() : match.end() + 16]
    if _RANGE_AFTER.match(after) or _RANGE_BEFORE.search(before) or _BETWEEN.search(before):
        return False
    kind = match.lastgroup
    digits = re.match(r"\d+", match.group())
    if digits and len(digits.group()) == 3 and _GROUP_BEFORE.search(before):
        return False
    if kind in {"short", "worded"} and (_MORE_AFTER.match(after) or _MORE_BEFORE.search(before)):
        return False
    if kind == "bare" and digits and len(digits.group()) <= 3 and _GROUP_AFTER.match(text, match.end()):
        return False
    if kind == "bare":
        return not _LABEL.search(before) and not _CHOICE_AFTER.match(after)
    if kind == "worded":
        if _AND_A_HALF.match(after):
            return False
        first = match.group().split(" ", 1)[0].lower()
        if first in {"a", "an"}:  # "twice a day" is a frequency
            return match.group().lower() != "a second" and bool(not before.strip() or _OF_DURATION.search(before))
    return True


def _quantity(match: re.Match[str], text: str) -> Quantity:
    start, end = match.span()
    written = match.group()
    value = parse_value(written)
    if value.number is None and " " in written and match.lastgroup == "worded":
        # `1 hour, 5 hours`: no clauses of one duration, so only the first is read here.
        shorter = re.match(rf"{NUMBER}[ -]?[A-Za-z]+", written)
        if shorter:
            end, written = start + shorter.end(), shorter.group()
            value = parse_value(written)
    if match.lastgroup == "bare" and _PORT_WORD.search(text[max(0, start - 24) : start]):
        value = replace(value, unit=Unit.COUNT)
    return Quantity(start, end, written, value)
