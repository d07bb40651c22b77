"""The chain of evidence: each record's hash covers its fields and the hash before, so that nothing can be changed, left
out or slipped in unseen. The last hash is kept apart, so that cutting the end off is seen too.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from bot.model import BotError, Evidence

GENESIS = "0" * 64
"""What the first record names as the one before it."""


def sealed(number: int, at: datetime, kind: str, repo: str, subject: str, body: str, previous: str) -> Evidence:
    """A record with its hash."""
    record = Evidence(number, at, kind, repo, subject, body, previous, "")
    return replace(record, hash=digest_of(record))


def digest_of(record: Evidence) -> str:
    """SHA-256 over the canonical JSON of all fields but the hash."""
    fields = [
        record.number, f"{record.at.astimezone(UTC).timestamp():.6f}", record.kind, record.repo, record.subject,
        record.body, record.previous,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(fields, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()


def verify(records: Iterable[Evidence], anchor: tuple[int, str] | None) -> list[str]:
    """What is wrong with the whole chain, in words; empty when nothing is. ``anchor`` is number and hash of the last
    record as kept apart, None for an empty chain."""
    problems: list[str] = []
    previous, expected = GENESIS, 1
    for record in records:
        if record.number < expected:
            problems.append(f"record {record.number} is out of order: it stands after record {expected - 1}")
            continue
        if record.number != expected:
            problems.append(f"record {expected} is missing: the next one is {record.number}")
            expected = record.number
        elif record.previous != previous:
            problems.append(f"record {record.number} does not follow the one before it")
        if digest_of(record) != record.hash:
            problems.append(f"record {record.number} was altered")
        previous, expected = record.hash, expected + 1
    last = (expected - 1, previous) if expected > 1 else None
    if anchor != last:
        kept = f"record {anchor[0]}" if anchor else "no record"
        problems.append(f"the chain ends at record {expected - 1}, but {kept} was the last one written")
    return problems


def export(records: Iterable[Evidence], form: str) -> Iterator[str]:
    """The records as lines of JSON (``jsonl``) or CSV (``csv``), each with its hashes. Raises ``BotError`` for another
    form."""
    if form not in {"jsonl", "csv"}:
        raise BotError(f"evidence is written as jsonl or csv, not as {form[:20]}")
    if form == "csv":
        yield _row(["number", "at", "kind", "repo", "subject", "body", "previous", "hash"])
        for record in records:
            yield _row([_cell(value) for value in _values(record)])
        return
    for record in records:
        names = ("number", "at", "kind", "repo", "subject", "body", "previous", "hash")
        shown = dict(zip(names, _values(record), strict=True))
        shown["body"] = _parsed(record.body)
        yield json.dumps(shown, ensure_ascii=True) + "\n"


def _values(record: Evidence) -> list[object]:
    return [
        record.number, record.at.astimezone(UTC).isoformat(), record.kind, record.repo, record.subject, record.body,
        record.previous, record.hash,
    ]  # fmt: skip


def _parsed(body: str) -> object:
    """A body as JSON; one that somebody damaged as the text that it is, so that the rest can still be exported."""
    try:
        return json.loads(body)
    except ValueError:
        return body


def _cell(value: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" else value


def _row(values: list[object]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(values)
    return out.getvalue()
