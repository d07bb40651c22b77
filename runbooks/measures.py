"""What a number on a line counts: "5 %", "5 seconds" and "5 per minute" are no value of a setting that counts retries.

A setting without a unit agrees with any number that equals its own, so the line's unit has to be one that the setting's
name (or the remark behind its value) gives. What is not known to fit makes the line doubtful, never false.
"""

from __future__ import annotations

from analyzers.model import Fact, FactKind, Unit
from analyzers.patterns import regex
from analyzers.units import hinted
from analyzers.vocabulary import words
from runbooks import columns
from runbooks.lines import Line
from runbooks.phrases import JOINING, is_trigger
from runbooks.query import names_of
from runbooks.statements import Stated
from runbooks.terms import singular

_TIMED = frozenset(
    "ttl timeout interval duration period age wait delay retention expiry expires expire expired expiration lifetime "
    "time deadline cooldown cool backoff poll polling grace keepalive heartbeat window frequency refresh rotation idle "
    "drain sleep freshness latency elapsed validity uptime cadence debounce lease s sec second minute hour day week "
    "millisecond m ms h d".split()
)
_SIZED = frozenset(
    "size memory mem heap xmx xms xmn shm disk storage buffer body payload ram volume capacity length byte kb mb gb tb "
    "kib mib gib bandwidth max limit quota".split()
)
_SHARED = frozenset(
    "percent percentage pct ratio fraction rate threshold probability sample sampling utilization utilisation usage "
    "share quota rollout weight target watermark".split()
)
_NAMED = {
    Unit.SECONDS: _TIMED,
    Unit.BYTES: _SIZED,
    Unit.PERCENT: _SHARED,
}
"""Words of names, in the singular, that may be of a duration, a size or a share."""
_KINDS = {Unit.SECONDS: frozenset({FactKind.CREDENTIAL_LIFETIME, FactKind.RETENTION})}
_RATED = frozenset("rate per rps rpm qps limit quota throughput throttle burst frequency".split())
_ALIKE = (
    frozenset("retry attempt try time".split()),
    frozenset("replica instance pod copy".split()),
    frozenset("connection conn pool".split()),
    frozenset("failure error".split()),
    frozenset("length size character char".split()),
    frozenset("worker process concurrency".split()),
)
"""Nouns that count one thing under several names."""
_GENERAL = frozenset("default now currently today presently always again exactly respectively total overall".split())
_VERBS = frozenset("is are was were has have means controls sets defines bounds limits caps applies says".split())
_NOUN = regex(r"[`'\"*_)\]]{0,4}[ -](?P<word>[A-Za-z][A-Za-z]*)|[`'\"*_)\]]{0,4}\s?(?P<sign>[%‰°])")
_PER = regex(
    r"[`'\"*_)\]]{0,4}(?:\s*/\s*|\s+(?:[A-Za-z]+\s+)?(?:per|an?|each|every)\s+)"
    r"(?:ms|s|sec|second|min|minute|m|h|hr|hour|d|day|week|month|year)s?\b"
)


def measured_otherwise(fact: Fact, line: Line, said: Stated) -> bool:
    """Whether the line counts something with the value ``said`` of which the changed setting's name knows nothing: its
    unit, its rate or the noun right behind it."""
    if said.value is None:
        return False
    parts = frozenset(singular(word) for name in names_of(fact) for word in words(name))
    unit = said.value.unit
    if fact.value.unit is Unit.NONE:
        if unit is Unit.NONE and line.kind == "row":
            unit = hinted(1.0, f"x_{columns.unit_of(line.header, line.text, said.start)}")[1]
        if not _gives(fact, parts, unit):
            return True
    rest = line.text[said.end : said.end + 80]
    if _PER.match(rest) and not (parts & _RATED):
        return True
    if unit is Unit.COUNT and " " in said.text:
        return not _counts(said.text.split()[-1], parts)
    if not said.text[-1].isdigit() or line.kind == "fence":
        return False
    behind = _NOUN.match(rest)
    if behind is None:
        return False
    return behind["word"] is None or not _fits(behind["word"].lower(), fact, parts)


def _gives(fact: Fact, parts: frozenset[str], unit: Unit) -> bool:
    """Whether a setting without a unit may be measured in ``unit``, by the words of its name, its kind or the remark
    behind its value (``GRACE = 30  # seconds``)."""
    if unit not in _NAMED:
        return True
    if unit is Unit.PERCENT and fact.value.number is not None and 0 < fact.value.number < 1:
        return True
    if fact.kind in _KINDS.get(unit, ()) or parts & _NAMED[unit]:
        return True
    value = fact.quote.rfind(fact.value.text)
    remark = fact.quote[value + len(fact.value.text) :] if value >= 0 else ""
    return any(hinted(1.0, f"x_{word}")[1] is unit for word in words(remark)[:8])


def _counts(noun: str, parts: frozenset[str]) -> bool:
    """Whether a noun is a word of the setting, or counts the same thing as one."""
    one = singular(noun.lower())
    return one in parts or any(one in alike and parts & alike for alike in _ALIKE)


def _fits(word: str, fact: Fact, parts: frozenset[str]) -> bool:
    """Whether the word right behind a bare number leaves it the setting's: a unit or a noun of the setting, or a word
    that goes on with the sentence."""
    if is_trigger(word) or word in JOINING or word in _GENERAL or word in _VERBS or word in {"or", "by", "per", "each"}:
        return True
    unit = hinted(1.0, f"x_{word if word.endswith('s') else word + 's'}")[1]
    if unit is not Unit.NONE:
        return fact.value.unit is unit or (fact.value.unit is Unit.NONE and _gives(fact, parts, unit))
    return fact.value.unit not in _NAMED and _counts(word, parts)
