"""Prometheus rules, in any format and at any depth: rule files, PrometheusRule objects, Helm templates, mixins.

A change anywhere inside a rule is a change of the rule, so the whole rule is read when one of its lines changed.
Annotations other than the link to the runbook are texts for people and do not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from analyzers import values
from analyzers.documents.entries import Context, Item, Kind
from analyzers.model import Fact, FactKind, Unit, Value

RUNBOOK_LINKS = ("runbook_url", "runbook", "runbook_uri", "runbookUrl", "runbookURL")
"""Annotations that link an alert to its runbook (the first is the mixins' convention)."""

_TOKEN = re.compile(
    r"""
    (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)
  | (?P<comment>\#[^\n]*)
  | (?P<word>\{\{[^{}]{0,500}\}\}|%\([^()\n]{0,200}\)[a-z]|%[sdfg]\b|[\w:.$]+)
  | (?P<operator>=~|!~|!=|==|>=|<=|[-+*/%^<>=@])
  | (?P<open>[(\[{])
  | (?P<close>[)\]}])
  | (?P<comma>,)
  | (?P<space>\s+)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_SPACED = frozenset("by without on ignoring group_left group_right and or unless bool offset atan2 limitk".split())
"""PromQL words that are set off by blanks, also before a parenthesis."""

MAX_EXPRESSION = 20_000
"""Characters of an expression that are read token by token."""


def folded(expression: str) -> str:
    """A PromQL (or LogQL) expression with its layout and comments folded, so that two ways to write it are equal."""
    if len(expression) > MAX_EXPRESSION:
        return re.sub(r"\s+", " ", expression).strip()
    text, braces, previous = "", 0, ""
    for token in _TOKEN.finditer(expression):
        kind, written = token.lastgroup or "other", token.group()
        if kind in {"space", "comment"}:
            continue
        if kind == "string" and written[0] == "'" and '"' not in written and "\\" not in written:
            written = f'"{written[1:-1]}"'
        glued = (
            not text or previous == "open" or kind in {"close", "comma"} or (written == "[" and previous != "operator")
        )
        if kind == "open" and previous == "word" and written in "({":
            last = re.split(r"[^\w]", text)[-1].lower()
            glued = last not in _SPACED
        if braces and (kind == "operator" or previous == "operator"):
            glued = True
        text += written if glued else f" {written}"
        braces += {"{": 1, "}": -1}.get(written, 0) if kind in {"open", "close"} else 0
        previous = kind
    return text


def duration(text: str) -> str:
    """A duration in one spelling: ``60m`` and ``3600s`` become ``1h``. Anything else comes back as it is."""
    value = values.parse_value(text, "for")
    if value.number is None or value.unit is not Unit.SECONDS or value.number != int(value.number):
        return text
    seconds = int(value.number)
    parts: list[str] = []
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "m"), (1, "s")):
        if seconds >= size:
            parts.append(f"{seconds // size}{unit}")
            seconds %= size
    return "".join(parts) or "0s"


def rules(item: Item, context: Context) -> Iterable[Fact] | None:
    """An alerting or recording rule: a mapping with ``alert`` or ``record`` and ``expr``."""
    if item.key == "name" and item.parent is not None and item.parent.get("rules") is not None:
        return ()  # how rules are grouped says nothing
    if item.kind is not Kind.MAPPING:
        return None
    expression = item.get("expr")
    if expression is None:
        return None
    for name, read in (("alert", _alert), ("record", _recording)):
        subject = item.get(name)
        if subject is not None and subject.text:
            return read(item, subject, expression)
    return None


def _alert(item: Item, subject: Item, expression: Item) -> Iterator[Fact]:
    labels = item.get("labels")
    severity = item.scalar("labels", "severity") or item.scalar("labels", "priority")
    attributes = {
        "for": duration(item.scalar("for")),
        "keep_firing_for": duration(item.scalar("keep_firing_for")),
        "severity": severity,
        "runbook_url": next((link for name in RUNBOOK_LINKS if (link := item.scalar("annotations", name))), ""),
        "labels": _labels(labels),
    }
    value = Value(folded(expression.text))
    yield item.fact(FactKind.ALERT, subject.text, value, scope="", attributes=attributes, quote=subject.quote)


def _recording(item: Item, subject: Item, expression: Item) -> Iterator[Fact]:
    labels = item.get("labels")
    names = ",".join(sorted(child.key for child in labels.children())) if labels is not None else ""
    attributes = {"expr": folded(expression.text), "labels": names}
    yield item.fact(
        FactKind.METRIC, subject.text, Value("recording"), scope="", attributes=attributes, quote=subject.quote
    )


def _labels(labels: Item | None) -> str:
    if labels is None or labels.kind is not Kind.MAPPING:
        return labels.text if labels is not None else ""
    pairs = (f"{child.key}={child.text}" for child in labels.children() if child.key not in {"severity", "priority"})
    return ", ".join(sorted(pairs))
