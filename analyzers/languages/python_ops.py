"""Operations in Python programs: metrics, schedules, cryptography, storage names, exit codes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers.languages.python_nodes import Call, Module, climb
from analyzers.languages.python_text import unwrapped
from analyzers.model import Fact, FactKind, Value
from analyzers.syntax import Node
from analyzers.values import parse_value
from analyzers.vocabulary import words

__all__ = ["crypto", "exits", "metrics", "references", "scheduled", "schedules", "storage"]

_PROMETHEUS = {
    "Counter": "counter", "Gauge": "gauge", "Histogram": "histogram", "Summary": "summary", "Info": "info",
    "Enum": "gauge", "LaterGauge": "gauge", "CounterMetricFamily": "counter", "GaugeMetricFamily": "gauge",
    "HistogramMetricFamily": "histogram", "SummaryMetricFamily": "summary", "InfoMetricFamily": "info",
}  # fmt: skip
_OTEL = {
    "create_counter": "counter", "create_up_down_counter": "gauge", "create_histogram": "histogram",
    "create_gauge": "gauge", "create_observable_gauge": "gauge", "create_observable_counter": "counter",
}  # fmt: skip
_STATSD = {
    "incr": "counter", "increment": "counter", "decr": "counter", "decrement": "counter", "count": "counter",
    "gauge": "gauge", "timing": "histogram", "timer": "histogram", "histogram": "histogram", "timed": "histogram",
    "distribution": "histogram", "increment_counter": "counter",
}  # fmt: skip
_STATSD_RECEIVERS = frozenset("statsd stats metrics metric dogstatsd datadog stat telemetry".split())
_METRIC_NAME = re.compile(r"^[A-Za-z_:][A-Za-z0-9_:]*$")
_STATSD_NAME = re.compile(r"^(?:[A-Za-z_]|\{\})(?:[\w.:\-/]|\{\})*$")


def metrics(module: Module, node: Node) -> Iterator[Fact]:
    """Metrics of prometheus_client (full name from namespace, subsystem, name and unit; a counter gets ``_total`` and
    an info ``_info``, as the client writes them), OpenTelemetry and StatsD."""
    call = module.call(node)
    if call.leaf in _PROMETHEUS:
        yield from _prometheus(module, node, call)
    elif call.leaf in _OTEL:
        name = module.string(call.argument(0, "name"))
        if name:
            yield _metric(module, node, name, _OTEL[call.leaf], "")
    elif call.leaf in _STATSD:
        receiver = call.name.rpartition(".")[0].rpartition(".")[2].removesuffix("()")
        name = module.message(call.argument(0, "stat", "metric", "name"))
        if frozenset(words(receiver)) & _STATSD_RECEIVERS and name and _STATSD_NAME.match(name):
            yield _metric(module, node, name, _STATSD[call.leaf], _tags(module, call))


def _metric(module: Module, node: Node, name: str, kind: str, labels: str) -> Fact:
    return module.source.fact(FactKind.METRIC, name, Value(kind), node=node, scope="", attributes={"labels": labels})


def _prometheus(module: Module, node: Node, call: Call) -> Iterator[Fact]:
    name = module.message(call.argument(0, "name"))
    documented = len(call.positional) > 1 or frozenset(call.keywords) & {
        "documentation", "labelnames", "labels", "namespace", "subsystem", "desc",
    }  # fmt: skip
    if not name or not documented or not _METRIC_NAME.match(name.replace("{}", "_")):
        return
    kind = _PROMETHEUS[call.leaf]
    parts = [module.string(call.keywords.get(part)) for part in ("namespace", "subsystem")]
    unit = module.string(call.keywords.get("unit"))
    full = "_".join([part for part in parts if part] + [name])
    if unit and not full.endswith("_" + unit):
        full += "_" + unit
    if kind == "counter":
        full = full.removesuffix("_total") + "_total"
    elif kind == "info":
        full, kind = full.removesuffix("_info") + "_info", "gauge"
    position = -1 if call.leaf.endswith("Family") else 2
    listed = call.argument(position, "labelnames", "labels")
    yield _metric(module, node, full, kind, _names(module, listed))


def _names(module: Module, node: Node | None) -> str:
    if node is None:
        return ""
    node = unwrapped(node)
    if node.type == "identifier":
        node = module.constants.get(module.text(node), node)
    found = (module.string(child) for child in node.named_children)
    return ",".join(sorted(name for name in found if name))


def _tags(module: Module, call: Call) -> str:
    """The names of StatsD tags: keys of a dictionary, or what stands before the colon in ``["kind:{}"]``."""
    node = call.argument(-1, "tags")
    if node is None:
        return ""
    names: list[str] = []
    for child in node.named_children:
        key = child.child_by_field_name("key") if child.type == "pair" else child
        text = module.message(key)
        if text and "{}" not in text.partition(":")[0]:
            names.append(text.partition(":")[0])
    return ",".join(sorted(names))


# -- schedules ----------------------------------------------------------------------------------------------------

_TRIGGERS = frozenset("crontab CronTrigger IntervalTrigger DateTrigger CalendarIntervalTrigger".split())


def _arguments(module: Module, call: Call, skip: frozenset[str] = frozenset(), start: int = 0) -> str:
    given = [module.string(argument) or module.written(argument) for argument in call.positional[start:]]
    named = [f"{key}={module.written(value)}" for key, value in sorted(call.keywords.items()) if key not in skip]
    return ", ".join(given + named)


def schedules(module: Module, node: Node) -> Iterator[Fact]:
    """Jobs handed to a scheduler: APScheduler's ``add_job``, Celery's ``add_periodic_task``, Twisted-style
    ``looping_call``. Dictionary schedules are read as settings."""
    call = module.call(node)
    if call.leaf == "add_job" and len(call.positional) + len(call.keywords) > 1:
        identity = module.string(call.argument(-1, "id", "name"))
        function = call.argument(0, "func")
        key = identity or (module.dotted(function).rpartition(".")[2] if function is not None else "")
        text = _arguments(
            module, call, frozenset("id name func args kwargs replace_existing misfire_grace_time jobstore".split()), 1
        )
        if key and text:
            yield _schedule(module, node, key, Value(text))
    elif call.leaf == "add_periodic_task" and len(call.positional) > 1:
        when, task = call.positional[:2]
        key = module.string(call.keywords.get("name")) or module.dotted(task).removesuffix("()").removesuffix(".s")
        yield _schedule(module, node, key.rpartition(".")[2], module.value(when, "schedule"))
    elif call.leaf in {"looping_call", "looping_background_call"} and len(call.positional) > 1:
        described = module.string(call.positional[2]) if len(call.positional) > 2 else None
        key = described or module.dotted(call.positional[0]).rpartition(".")[2]
        if key and module.literal(call.positional[1]):
            yield _schedule(module, node, key, module.value(call.positional[1]))


def _schedule(module: Module, node: Node, key: str, value: Value, anchor: Node | None = None) -> Fact:
    return module.source.fact(FactKind.SCHEDULE, key, value, node=node, scope="", anchor=anchor)


def scheduled(module: Module, node: Node) -> Iterator[Fact]:
    """Functions scheduled by a decorator: ``@huey.periodic_task(crontab(minute="0"))``,
    ``@scheduler.scheduled_job("cron", hour=3)``."""
    definition = module.definition(node)
    expression = unwrapped(node.named_children[0]) if node.named_child_count else None
    if definition is None or expression is None or expression.type != "call":
        return
    call = module.call(expression)
    triggered = any(a.type == "call" and module.call(a).leaf in _TRIGGERS for a in call.positional)
    if call.leaf in {"periodic_task", "scheduled_job", "db_periodic_task", "cron", "repeat_every"} or triggered:
        text = _arguments(module, call, frozenset({"id", "name"}))
        if text:
            name = module.source.name_of(definition)
            yield _schedule(module, definition, name, parse_value(text, "schedule"), anchor=node)


# -- cryptography -------------------------------------------------------------------------------------------------

_HASHES = frozenset("md5 sha1 sha224 sha256 sha384 sha512 blake2b blake2s sha3_256 sha3_512 MD5 SHA1 SHA256".split())
_TLS = re.compile(r"^ssl\.(?:PROTOCOL_\w+|CERT_\w+|OP_NO_\w+|_create_unverified_context|TLSVersion\.\w+)$")


def references(module: Module, node: Node) -> Iterator[Fact]:
    """Hash functions and TLS floors by name: ``hashlib.sha1``, ``ssl.PROTOCOL_TLSv1``, ``ssl.CERT_NONE``."""
    name = module.dotted(node)
    parent = node.parent
    if parent is not None and parent.type == "attribute":
        return
    left, _, last = name.rpartition(".")
    if left in {"hashlib", "hashes"} and last in _HASHES:
        yield _crypto(module, node, "hash", last.lower())
    elif _TLS.match(name):
        yield _crypto(module, node, "ssl", last)


def crypto(module: Module, node: Node) -> Iterator[Fact]:
    """``hashlib.new("md5")`` and the cost of ``bcrypt.gensalt(12)``."""
    call = module.call(node)
    if call.name == "hashlib.new" and call.positional:
        name = module.string(call.positional[0])
        if name:
            yield _crypto(module, node, "hash", name.lower())
    elif call.leaf == "gensalt" and call.positional and module.literal(call.positional[0]):
        fact = module.value(call.positional[0], "rounds")
        yield module.source.fact(FactKind.CRYPTO, "gensalt.rounds", fact, node=node, aliases=("rounds",))


def _crypto(module: Module, node: Node, key: str, text: str) -> Fact:
    return module.source.fact(FactKind.CRYPTO, key, Value(text), node=node)


# -- storage, exit codes ------------------------------------------------------------------------------------------

_STORES = {
    "Bucket": "bucket", "bucket": "bucket", "get_bucket": "bucket", "create_bucket": "bucket", "Queue": "queue",
    "get_queue_by_name": "queue", "queue_declare": "queue", "KafkaConsumer": "topic", "topic_path": "topic",
}  # fmt: skip


def storage(module: Module, node: Node) -> Iterator[Fact]:
    """Buckets, queues and topics named by a string: ``s3.Bucket("invoices")``, ``KafkaConsumer("orders")``."""
    call = module.call(node)
    what = _STORES.get(call.leaf)
    name = module.string(call.positional[0]) if what and call.positional else None
    if what and name and re.fullmatch(r"[\w.\-/:]{2,120}", name):
        yield module.source.fact(FactKind.STORAGE_NAME, what, Value(name), node=node)


def exits(module: Module, node: Node) -> Iterator[Fact]:
    """Exit codes that are stated: ``sys.exit(2)``, ``raise SystemExit(1)``, ``typer.Exit(code=1)``. A message instead
    of a number makes Python print it and exit with 1."""
    call = module.call(node)
    if call.name not in {"sys.exit", "exit", "os._exit", "SystemExit", "typer.Exit", "click.exceptions.Exit"} and not (
        call.leaf == "exit" and call.name.rpartition(".")[0] in {"ctx", "context", "parser"}
    ):
        return
    code = call.argument(0, "code", "status")
    if code is None:
        text = "0"
    elif code.type in {"string", "concatenated_string"}:
        text = "1"
    elif module.literal(code):
        text = module.written(code)
    else:
        return
    symbol = module.source.symbol(node)
    key = symbol.name if symbol and climb(node, frozenset({"function_definition"})) else "<module>"
    yield module.source.fact(FactKind.EXIT_CODE, key, Value(text), node=node)
