"""Prometheus and OpenTelemetry metrics that Go code declares, with the full name that an alert or a runbook uses.

Name assembly follows ``prometheus.BuildFQName``: namespace, subsystem and name joined by ``_``, empty parts left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers.languages.go_names import Link
from analyzers.languages.go_source import GoSource
from analyzers.languages.go_structs import fields_of
from analyzers.model import Fact, FactKind, Value
from analyzers.syntax import Node
from analyzers.vocabulary import words

_OPTIONS = re.compile(r"^(?:\w+\.)?(Counter|Gauge|Histogram|Summary|Untyped|Timing)?(?:Vec)?Opts$")
_CONSTRUCTOR = re.compile(r"^(?:Must)?New\w*?(Counter|Gauge|Histogram|Summary|Untyped)(?:Vec|Func)?\w*$")
_INSTRUMENT = re.compile(r"^(?:Int64|Float64)?(?:Observable)?(Counter|UpDownCounter|Histogram|Gauge)$")


def metric_options(go: GoSource, literal: Node) -> Iterator[Fact]:
    """The metric of ``prometheus.CounterOpts{Namespace: …, Subsystem: …, Name: …}``; labels and type are also taken
    from the call that it is an argument of."""
    options = _OPTIONS.match(go.text(literal.child_by_field_name("type")))
    if options is None:
        return
    given = fields_of(go, literal)
    if "Name" not in given or not ({"Help", "Namespace", "Subsystem"} & given.keys() or options.group(1)):
        return
    name, aliases = _full_name(go, [given.get("Namespace"), given.get("Subsystem"), given["Name"]])
    if not name:
        return
    call = _call_around(literal)
    kind = (options.group(1) or "").lower()
    labels = ""
    if call is not None:
        constructor = _CONSTRUCTOR.match(go.callee(call).rsplit(".", 1)[-1])
        kind = constructor.group(1).lower() if constructor else kind
        labels = _labels(go, [arg for arg in go.args(call) if arg.id != literal.id])
    place = given["Name"]
    yield go.source.fact(
        FactKind.METRIC, name, Value(kind), node=call or literal, scope="", aliases=aliases, anchor=place,
        attributes={"labels": labels},
    )  # fmt: skip


def metric_call(go: GoSource, call: Node, links: list[Link]) -> Iterator[Fact]:
    """``prometheus.NewDesc(…)``, an OpenTelemetry instrument, or a constructor around an options literal (of which only
    the labels may have changed)."""
    link = links[-1]
    args = link.args
    if link.name == "NewDesc" and len(args) >= 3:
        name, aliases = _described(go, args[0])
        if name:
            labels = _labels(go, list(args[2:3]))
            yield go.source.fact(
                FactKind.METRIC, name, node=call, scope="", aliases=aliases, attributes={"labels": labels},
                anchor=args[0],
            )  # fmt: skip
        return
    instrument = _INSTRUMENT.match(link.name)
    if instrument and args and (link.name.startswith(("Int64", "Float64")) or "meter" in link.path.lower()):
        constant = go.constant(args[0])
        if constant:
            kind = {"UpDownCounter": "gauge"}.get(instrument.group(1), instrument.group(1).lower())
            aliases = [constant.replace(".", "_").replace("-", "_")]
            yield go.source.fact(FactKind.METRIC, constant, Value(kind), node=call, scope="", aliases=aliases)
        return
    if _CONSTRUCTOR.match(link.name):
        for arg in args:
            if arg.type == "composite_literal":
                yield from metric_options(go, arg)


def _described(go: GoSource, node: Node) -> tuple[str, list[str]]:
    if node.type == "call_expression" and go.callee(node).endswith("BuildFQName") and len(go.args(node)) == 3:
        return _full_name(go, list(go.args(node)))
    return _full_name(go, [node])


def _full_name(go: GoSource, nodes: list[Node | None]) -> tuple[str, list[str]]:
    """The assembled name and its other names. An unknown namespace or subsystem is left out of the name; where its
    own name is telling (``constants.Loki``) the guess becomes an alias, as does ``*_name``."""
    known: list[str] = []
    guessed: list[str] = []
    unknown = False
    for node in nodes:
        if node is None:
            continue
        parts = go.parts(node)
        unknown = unknown or None in parts
        text = "".join(part or "" for part in parts).strip("_")
        if node is nodes[-1] and not text:
            return "", []
        if text:
            known.append(text)
        if text or None in parts:
            guessed.append(text or go.text(node).rsplit(".", 1)[-1].lower())
    name, guess = "_".join(known), "_".join(guessed)
    if not re.fullmatch(r"[A-Za-z_:][A-Za-z0-9_:.\-/]*", name):
        return "", []
    own = go.constant(nodes[-1]) if nodes[-1] is not None else None
    aliases = [alias for alias in (own or "", guess) if alias != name and re.fullmatch(r"\w+", alias)]
    return name, [*aliases, f"*_{name}"] if len(guessed) > len(known) or unknown else aliases


def _labels(go: GoSource, nodes: list[Node]) -> str:
    """The label names of the first list of strings among the arguments."""
    for node in nodes:
        if node.type == "composite_literal" and go.text(node.child_by_field_name("type")) == "[]string":
            body = node.child_by_field_name("body")
            items = [c.named_children[0] for c in body.named_children if c.named_child_count] if body else []
            return ",".join(go.constant(item) or _label_named(go, item) for item in items)
    return ""


def _label_named(go: GoSource, node: Node) -> str:
    """The label that a constant of another file stands for, guessed from its name: ``labelStatusCode`` →
    ``status_code``. So a literal that becomes such a constant is no change."""
    parts = words(go.text(node).rsplit(".", 1)[-1])
    kept = [part for part in parts if part not in {"label", "labels", "metric", "metrics", "name", "key"}]
    return "_".join(kept or parts)


def _call_around(literal: Node) -> Node | None:
    parent = literal.parent
    if parent is not None and parent.type == "unary_expression":
        parent = parent.parent
    if parent is None or parent.type != "argument_list":
        return None
    return parent.parent
