"""Building findings: evidence from facts, in one place, so that rules only judge."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

from analyzers.model import Area, Change, Confidence, Evidence, Fact, FactKind, Finding, Severity, Value
from analyzers.vocabulary import leaf, words


class Rule(Protocol):
    """What a rule module offers. Its docstring is its page; ``ID`` is ``area/name`` and the file's path."""

    ID: str
    AREA: Area
    KINDS: frozenset[FactKind]

    def check(self, change: Change) -> Iterator[Finding]:
        """The findings of this rule on one change of a fact whose kind is in ``KINDS``."""
        ...


_SECRET = frozenset("secret secrets password passwords passwd passphrase token tokens apikey".split())
_KEY_OF = frozenset("api private secret access encryption encrypt signing sign auth hmac jwt ssh master crypto".split())
_ABOUT_SECRET = frozenset(
    "path file dir name id url uri algorithm type size length bits rounds version count ttl lifetime expiry".split()
)
_SWITCHES = frozenset("true false yes no on off none null nil".split())
_REFERENCE = re.compile(
    r"^(?:\$\{?\w+\}?|.*\{\{.*\}\}.*|\w+(?:\.\w+)*[(\[].*|(?:env|vault|ssm|arn|secret|secrets|file|gcp|azure|op)[:./]"
    r"[\w./:@ -]+|[a-z0-9.-]{1,60}/[a-z0-9._/-]{1,100}|[A-Za-z_]\w*(?:\.\w+)+)$",
    re.DOTALL,
)
"""What stands for a secret: a variable, a template, a call, a scheme of a secret store, ``name/key`` in small letters
(what is encoded has capitals)."""


def is_reference(value: Value) -> bool:
    """Whether a value reads as a reference to a secret (``vault:path/key``, ``payments-db/password``), not as one."""
    return bool(_REFERENCE.match(value.text[:200]))


def confidential(fact: Fact | None) -> bool:
    """Whether a value may be a secret itself, by its name (``encryption_key``, not ``key_path``): numbers, switches and
    references are none. Findings travel to chats, so such a value is never repeated."""
    if fact is None or fact.value.number is not None or not fact.value.text:
        return False
    if fact.kind in _NOT_VALUES or fact.value.text.casefold() in _SWITCHES or is_reference(fact.value):
        return False
    return _secret_named(fact)


def _secret_named(fact: Fact) -> bool:
    parts = words(leaf(fact.key))
    if fact.kind in _NOT_VALUES or not parts or parts[-1] in _ABOUT_SECRET:
        return False
    is_key = bool({"key", "keys"} & set(parts)) and bool(_KEY_OF & set(parts))
    return fact.kind is FactKind.SECRET or is_key or bool(_SECRET & set(parts))


_NOT_VALUES = frozenset(
    {
        FactKind.GUARD, FactKind.ROUTE, FactKind.ROLE_GRANT, FactKind.TABLE, FactKind.COLUMN, FactKind.INDEX,
        FactKind.CONSTRAINT, FactKind.DESTRUCTIVE, FactKind.LOG_CALL, FactKind.ERROR, FactKind.METRIC, FactKind.ALERT,
        FactKind.IMAGE, FactKind.TARGET, FactKind.SYMBOL, FactKind.BEHAVIOUR,
    }
)  # fmt: skip
"""Kinds whose value is code or a name, never what a setting holds."""


def _quote(fact: Fact) -> str:
    """The fact's line, without a value that may be a secret."""
    if confidential(fact) and fact.value.text in fact.quote:
        return fact.quote.replace(fact.value.text, "(not shown)")
    if _secret_named(fact):
        # The language kept the value out of the fact, the line may still hold it.
        return _LITERAL.sub(_covered, fact.quote)
    return fact.quote


_LITERAL = re.compile(r"([\"'`])([^\"'`\n]{6,200})\1")


def _covered(found: re.Match[str]) -> str:
    return found[0] if _harmless(found[2]) else f"{found[1]}(not shown){found[1]}"


def _harmless(text: str) -> bool:
    """Whether a literal beside a secret's name is a variable's name, a reference, a path or words."""
    return bool(re.fullmatch(r"[A-Z][A-Z0-9_]*|[a-z_.-]+|[/.\w-]*/[/.\w-]*|.* .*", text)) or is_reference(Value(text))


def evidence_of(change: Change) -> tuple[Evidence, ...]:
    """The places that prove a change: the before line and the after line, as far as they exist and are not blank.
    A value that may be a secret is taken out of the line."""
    sides: list[Evidence] = []
    for fact in (change.before, change.after):
        if fact is not None and fact.quote.strip():
            sides.append(Evidence(fact.span, _quote(fact)))
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
    """A fact's value for a message: its text, cut; ``nothing`` when the side does not exist, ``(not shown)`` when it
    may be a secret."""
    if fact is None:
        return "nothing"
    if confidential(fact):
        return "(not shown)"
    text = " ".join(fact.value.text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"
