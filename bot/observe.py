"""Logs and metrics. Secrets never reach a line: values of telling keys and texts that look like tokens are redacted."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from datetime import UTC, datetime
from time import perf_counter

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from bot.ports import Gone, Refused, Unavailable

log: structlog.stdlib.BoundLogger = structlog.get_logger("runbook_drift")

REGISTRY = CollectorRegistry()
DELIVERIES = Counter("runbook_drift_deliveries_total", "Deliveries by source and what became of them.",
                     ["source", "outcome"], registry=REGISTRY)  # fmt: skip
REVIEWS = Counter("runbook_drift_reviews_total", "Reviews by outcome.", ["outcome"], registry=REGISTRY)
SECONDS = Histogram("runbook_drift_seconds", "Seconds of a step.", ["step"], registry=REGISTRY,
                    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60))  # fmt: skip
DEPTH = Gauge("runbook_drift_queue_depth", "Orders that wait or run.", ["queue"], registry=REGISTRY)
ERRORS = Counter("runbook_drift_errors_total", "Errors of other services by code.", ["service", "code"],
                 registry=REGISTRY)  # fmt: skip
REMINDERS = Counter("runbook_drift_reminders_total", "Reminders sent by step.", ["step"], registry=REGISTRY)

_TELLING = re.compile(r"token|secret|password|passwd|authorization|private_key|signature|cookie|payload|body", re.I)
_TOKENS = re.compile(
    r"xox[a-z]-[\w-]{6,}|xapp-[\w-]{6,}|gh[a-z]_\w{10,}|github_pat_\w{10,}|-----BEGIN[^-]{0,40}-----"
    r"|(?<=://)[^/\s:@]{1,200}:[^/\s@]{1,200}(?=@)|\bBearer\s+\S+|\bBasic\s+[\w+/=]{8,}|\beyJ[\w-]{10,}\.[\w-]{10,}[\w.-]*",
    re.I,
)


def redacted(text: str) -> str:
    """Text without anything that looks like a token, a key or a password in an address."""
    return _TOKENS.sub("[redacted]", text)


def _redact(_logger: object, _method: str, event: MutableMapping[str, object]) -> Mapping[str, object]:
    return {key: "[redacted]" if _TELLING.search(key) else _clean(value) for key, value in event.items()}


def _clean(value: object) -> object:
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, dict):
        return {key: "[redacted]" if _TELLING.search(str(key)) else _clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(item) for item in value]
    return value if isinstance(value, (int, float, bool, type(None))) else redacted(str(value))


class _Redacting(logging.Filter):
    """The same for the standard library's logging, by which other packages speak."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redacted(record.getMessage()), None
        if record.exc_info and record.exc_info[1] is not None:
            # A traceback may quote anything; the kind of error and where it came from are enough here.
            record.msg += f" ({type(record.exc_info[1]).__name__})"
            record.exc_info, record.exc_text = None, None
        return True


class _Json(logging.Formatter):
    """A record as a JSON line, whatever its text holds."""

    def format(self, record: logging.LogRecord) -> str:
        said = {"event": record.getMessage(), "level": record.levelname.lower(), "logger": record.name}
        return json.dumps({**said, "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat()})


def set_up(level: str = "info") -> None:
    """JSON lines on standard error, redacted."""
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _redact,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_Redacting())
    handler.setFormatter(_Json())
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler], force=True)


@contextmanager
def counted(service: str) -> Iterator[None]:
    """Count the errors of another service by their word; something that is not there is an answer, not an error."""
    try:
        yield
    except Unavailable:
        ERRORS.labels(service, "unavailable").inc()
        raise
    except Refused as problem:
        if not isinstance(problem, Gone):
            ERRORS.labels(service, problem.code or "refused").inc()
        raise


@contextmanager
def measured(step: str) -> Iterator[Callable[[str], None]]:
    """Measure a step; what is yielded takes the word for how it ended."""
    started = perf_counter()
    try:
        yield lambda outcome: REVIEWS.labels(outcome).inc()
    finally:
        SECONDS.labels(step).observe(perf_counter() - started)
