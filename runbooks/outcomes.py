"""The definition of done (design section 7) as far as a diff can answer it: holds, fails, not applicable, could not
tell. What only a forge knows (reviews, artifacts, deploys) is answered by the bot, not guessed here."""

from __future__ import annotations

from collections.abc import Sequence

from analyzers.model import Finding
from analyzers.pipeline import Analysis
from runbooks.model import Outcome, Status, Verdict

HOLDS, FAILS, NOT_APPLICABLE, UNKNOWN = "holds", "fails", "not applicable", "could not tell"

_LOST_GUARD = frozenset({"auth/guard-removed", "auth/route-unguarded", "auth/verification-disabled"})
_GUARD = _LOST_GUARD | {"auth/guard-changed", "auth/guard-added"}


def outcomes_of(verdicts: Sequence[Verdict], analysis: Analysis) -> tuple[Outcome, ...]:
    """The outcomes that a diff alone can judge: authorization, logging, runbooks."""
    return (_authorization(analysis), _logging(analysis), runbooks_updated([v.status for v in verdicts]))


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _named(findings: Sequence[Finding]) -> str:
    return ", ".join(dict.fromkeys(finding.subject for finding in findings))[:200]


def _authorization(analysis: Analysis) -> Outcome:
    name = "authorization enforced and tested"
    lost = [finding for finding in analysis.findings if finding.rule in _LOST_GUARD]
    if lost:
        return Outcome(name, FAILS, f"lost or without a guard: {_named(lost)}")
    touched = [finding for finding in analysis.findings if finding.rule in _GUARD]
    if not touched:
        return Outcome(name, NOT_APPLICABLE, "no guard changed")
    if dict(analysis.set_aside).get("test"):
        return Outcome(
            name, UNKNOWN, f"guards changed ({_named(touched)}) and so did tests; whether they exercise them"
        )
    return Outcome(name, FAILS, f"guards changed and no test did: {_named(touched)}")


def _logging(analysis: Analysis) -> Outcome:
    name = "logs without raw inputs and payloads"
    found = [finding for finding in analysis.findings if finding.rule == "data/payload-logged"]
    if found:
        return Outcome(name, FAILS, f"payloads are logged: {_named(found)}")
    logged = [change for change in analysis.changes if change.fact.kind.value == "log_call" and change.after]
    if not logged:
        return Outcome(name, NOT_APPLICABLE, "no log call changed")
    return Outcome(
        name,
        HOLDS,
        _counted(len(logged), "changed log call carries", "changed log calls carry") + " none that is known",
    )


RUNBOOKS = "runbooks updated when behaviour changes"


def runbooks_updated(statuses: Sequence[Status]) -> Outcome:
    """Whether the runbooks follow the change, by the statuses of all verdicts on it."""
    name = RUNBOOKS
    if Status.CONTRADICTED in statuses:
        return Outcome(
            name, FAILS, _counted(statuses.count(Status.CONTRADICTED), "line is", "lines are") + " now false"
        )
    if Status.SUSPECT in statuses:
        counted = _counted(statuses.count(Status.SUSPECT), "suspect section was", "suspect sections were")
        return Outcome(name, UNKNOWN, f"{counted} neither edited nor confirmed")
    if any(s in {Status.UPDATED, Status.ACKNOWLEDGED, Status.SNOOZED} for s in statuses):
        return Outcome(name, HOLDS, "every section that leans on the change was edited or confirmed")
    return Outcome(name, NOT_APPLICABLE, "no section leans on the change")
