"""Building findings: evidence from facts, in one place, so that rules only judge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from analyzers.model import Area, Change, Confidence, Evidence, Fact, FactKind, Finding, Severity


class Rule(Protocol):
    """What a rule module offers. Its docstring is its page; ``ID`` is ``area/name`` and the file's path."""

    ID: str
    AREA: Area
    KINDS: frozenset[FactKind]

    def check(self, change: Change) -> Iterator[Finding]:
        """The findings of this rule on one change of a fact whose kind is in ``KINDS``."""
        ...


def evidence_of(change: Change) -> tuple[Evidence, ...]:
    """The places that prove a change: the before line and the after line, as far as they exist and are not blank."""
    sides: list[Evidence] = []
    for fact in (change.before, change.after):
        if fact is not None and fact.quote.strip():
            sides.append(Evidence(fact.span, fact.quote))
    return tuple(sides)


def finding(
    rule: str,
    severity: Severity,
    change: Change,
    message: str,
    *,
    subject: str = "",
    confidence: Confidence | None = None,
) -> Iterator[Finding]:
    """One finding (or none where no line can be quoted). ``subject`` defaults to the fact's key, ``confidence`` to the
    weakest side's."""
    evidence = evidence_of(change)
    if not evidence:
        return
    fact = change.fact
    if confidence is None:
        confidence = _weakest(change)
    area = Area(rule.split("/", 1)[0])
    yield Finding(rule, area, severity, confidence, subject or fact.key, change, message, evidence)


def _weakest(change: Change) -> Confidence:
    order = (Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH)
    sides = [side.confidence for side in (change.before, change.after) if side is not None]
    return min(sides, key=order.index)


def shown(fact: Fact | None, limit: int = 80) -> str:
    """A fact's value for a message: its text, cut; ``nothing`` when the side does not exist."""
    if fact is None:
        return "nothing"
    text = " ".join(fact.value.text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"
