"""The definition of done in words that agree with their number."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzers.model import Change, ChangeKind, Fact, FactKind, Span, Value
from analyzers.pipeline import Analysis
from runbooks.check import check
from runbooks.model import Status, Verdict
from runbooks.outcomes import outcomes_of
from tests.runbooks.test_check import inputs, shortened

NOTHING = Analysis((), (), (), (), (), ())


def verdicts(status: Status, count: int) -> list[Verdict]:
    """So many verdicts of one status."""
    return [replace(check(inputs(shortened(60, 30))).verdicts[0], status=status)] * count


@pytest.mark.parametrize(("status", "count", "text"), [
    (Status.CONTRADICTED, 1, "1 line is now false"), (Status.CONTRADICTED, 2, "2 lines are now false"),
    (Status.SUSPECT, 1, "1 suspect section was neither edited nor confirmed"),
    (Status.SUSPECT, 2, "2 suspect sections were neither edited nor confirmed"),
])  # fmt: skip
def test_runbooks(status: Status, count: int, text: str) -> None:
    assert outcomes_of(verdicts(status, count), NOTHING)[-1].detail == text


@pytest.mark.parametrize(("count", "text"), [
    (1, "1 changed log call carries none that is known"), (2, "2 changed log calls carry none that is known"),
])  # fmt: skip
def test_log_calls(count: int, text: str) -> None:
    call = Fact(FactKind.LOG_CALL, "log.info", Value("ready"), Span("after", "app.py", 1, 1), "log.info('ready')")
    analysis = replace(NOTHING, changes=(Change(ChangeKind.ADDED, None, call),) * count)
    assert outcomes_of([], analysis)[1].detail == text
