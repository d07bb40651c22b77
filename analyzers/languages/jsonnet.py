"""Jsonnet: mixins with alerts, Tanka environments, configuration objects.

Objects are read like the YAML they become (:mod:`analyzers.documents`); this module adds what only jsonnet has:
locals, and the calls of the Kubernetes libraries (``container.withArgs``, ``containerPort.newNamed``…), by the naming
scheme that k8s-libsonnet generates for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from analyzers.documents import dialects, settings
from analyzers.documents.entries import Context, Item, Kind, brief, walk
from analyzers.documents.nodes import problem_line
from analyzers.documents.silent import silent_path
from analyzers.languages import Reading, Side
from analyzers.languages.jsonnet_text import GRAMMAR
from analyzers.languages.jsonnet_tree import JsonnetItem, JsonnetPage, root_of
from analyzers.model import Fact, FactKind, Value
from analyzers.syntax import Source

_WITH = re.compile(r"^with([A-Z]\w*?)(?:Mixin)?$")
_PATH_STARTS = frozenset(
    {"spec", "metadata", "template", "strategy", "securityContext", "readinessProbe", "livenessProbe"}
)
_SILENT_CALLS = re.compile(
    r"(?:^|\.)with(?:Labels|Annotations|Description|Help|Comment)(?:Mixin)?$|^(?:assert|std\.trace)$"
)
_WORKLOADS = re.compile(r"(?:^|\.)(?:deployment|statefulSet|replicaSet)\.new$")


def read(side: Side) -> Reading:
    """The facts that the changed lines of one side of a jsonnet file state."""
    if silent_path(side.path):
        return Reading(())
    source = Source(GRAMMAR, side.path, side.revision, side.data)
    root = root_of(JsonnetPage(source))
    context = dialects.context_for(side.lines, (_locals, _calls))
    facts = tuple(dialects.read(root, context)) if root is not None else ()
    line = problem_line(source.root, side.lines)
    return Reading(facts, f"syntax errors near line {line}" if line else dialects.exhausted(context))


def _locals(item: Item, context: Context) -> Iterable[Fact] | None:
    """Of locals only literal constants and data count: an alias or a helper has no meaning of its own."""
    if not isinstance(item, JsonnetItem) or not item.bound:
        return None
    if item.kind in {Kind.MAPPING, Kind.SEQUENCE}:
        return None
    return None if item.literal else ()


def _calls(item: Item, context: Context) -> Iterable[Fact] | None:
    """A call: what it sets by the naming scheme of the Kubernetes libraries, else the data in its arguments."""
    if not isinstance(item, JsonnetItem) or item.kind is not Kind.CALL:
        return None
    if item.call is None:  # a value that is a single call
        return _single(item, context)
    return _call(item, item.call.name, context)


def _single(item: JsonnetItem, context: Context) -> Iterator[Fact]:
    calls = [child for child in item.touching(context.lines) if isinstance(child, JsonnetItem)]
    plain = len(item.parts.calls) == 1 and not _special(item.parts.calls[0].name)
    if plain and not any(
        argument.kind in {Kind.MAPPING, Kind.SEQUENCE, Kind.CALL}
        for call in calls
        for argument in call.argument_items("")
    ):
        yield from context.leaf(item, context)
        return
    for call in calls:
        yield from walk(call, context)


def _special(name: str) -> bool:
    last = name.rsplit(".", 1)[-1]
    return bool(_WITH.match(last) or last.startswith(("new", "resources", "from")))


def _call(item: JsonnetItem, name: str, context: Context) -> Iterator[Fact]:
    last = name.rsplit(".", 1)[-1]
    literals = [item.jsonnet.texts.of(group) for _, group in item.arguments()]
    if _SILENT_CALLS.search(name):
        return
    if last.startswith("new") and "port" in name.lower() and len(literals) >= 1:
        yield from _port(item, literals, context)
    elif re.search(r"envvar", name, re.IGNORECASE) and len(literals) >= 2 and last.startswith(("new", "from")):
        yield from _variable(item, last, literals)
    elif last in {"resourcesRequests", "resourcesLimits", "withRequests", "withLimits"} and len(literals) == 2:
        kind = "requests" if last.endswith("Requests") else "limits"
        for resource, text in zip(("cpu", "memory"), literals, strict=True):
            key = f"{context.key(item)}.resources.{kind}.{resource}".lstrip(".")
            yield item.fact(FactKind.WORKLOAD, key, settings.quantity(text, key), owner=context.owner)
    elif found := _WITH.match(last):
        yield from _with(item, name, found.group(1), context)
    elif last == "new":
        yield from _new(item, name, literals, context)
    else:
        yield from _arguments(item, "", context)


def _with(item: JsonnetItem, name: str, written: str, context: Context) -> Iterator[Fact]:
    """``spec.strategy.withMaxSurge(0)`` sets ``spec.strategy.maxSurge``; ``withEnvMap`` sets ``env``."""
    field = written[0].lower() + written[1:]
    field = {"envMap": "env", "envVars": "env"}.get(field, field)
    segments = name.split(".")[:-1]
    start = next((index for index, one in enumerate(segments) if one in _PATH_STARTS), len(segments))
    key = ".".join([*segments[start:], field])
    yield from _arguments(item, key if field not in {"args", "env", "command", "ports", "image"} else field, context)


def _arguments(item: JsonnetItem, key: str, context: Context) -> Iterator[Fact]:
    """The arguments read as values of ``key``; without a key only data (objects, lists, calls) counts."""
    for argument in item.argument_items(key, context.lines):
        if key or argument.key or argument.kind in {Kind.MAPPING, Kind.SEQUENCE, Kind.CALL}:
            yield from walk(argument, context)


def _port(item: JsonnetItem, literals: list[str], context: Context) -> Iterator[Fact]:
    """``containerPort.newNamed('http', 80)``, ``servicePort.newNamed('http', 80, 8080)``, also with named arguments."""
    named = {name: text for (name, _), text in zip(item.arguments(), literals, strict=True) if name}
    positional = [text for (name, _), text in zip(item.arguments(), literals, strict=True) if not name]
    numbers = [text for text in positional if re.fullmatch(r"\d+|.*(?:\.|_|^)[\w.]*[pP]ort\w*", text)]
    label = named.get("name") or next((text for text in positional if text not in numbers), "")
    number = named.get("containerPort") or named.get("port") or next(iter(numbers), "")
    if not number:
        yield from _arguments(item, "", context)
        return
    base = context.owner.name if context.owner else context.key(item).removesuffix(".ports").removesuffix("ports")
    key = f"{base} {label}".strip()
    yield item.fact(FactKind.PORT, key, settings.quantity(number, "port"), owner=context.owner, aliases=(label,))
    target = named.get("targetPort") or (numbers[1] if len(numbers) > 1 else "")
    if target and target != number:
        yield item.fact(FactKind.PORT, f"{key} targetPort", settings.quantity(target, "port"), owner=context.owner)


def _variable(item: JsonnetItem, last: str, literals: list[str]) -> Iterator[Fact]:
    name = literals[0]
    if last == "fromSecretRef" and len(literals) >= 3:
        yield item.fact(FactKind.ENV_VAR, name, scope="")
        yield item.fact(FactKind.SECRET, f"{literals[1]}/{literals[2]}", Value(f"environment variable {name}"))
    else:
        yield item.fact(FactKind.ENV_VAR, name, settings.quantity("/".join(literals[1:]), name), scope="")


def _new(item: JsonnetItem, name: str, literals: list[str], context: Context) -> Iterator[Fact]:
    """``container.new(name, image)``, ``deployment.new(name, replicas, …)``, ``cronJob.new(name, schedule, …)``."""
    if len(literals) > 1:
        key = context.key(item)
        second = brief(literals[1])
        if _WORKLOADS.search(name):
            yield item.fact(
                FactKind.WORKLOAD,
                f"{key}.replicas".lstrip("."),
                settings.quantity(second, "replicas"),
                owner=context.owner,
            )
        elif re.search(r"(?:^|\.)cronJob\.new$", name):
            yield item.fact(FactKind.SCHEDULE, f"{key}.schedule".lstrip("."), Value(second), owner=context.owner)
        elif re.search(r"(?:^|\.)container\.new$", name) and (image := settings.image_fact(item, second, context)):
            yield image
    yield from _arguments(item, "", context)
