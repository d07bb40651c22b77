"""The process that reviews: orders come in on standard input, reviews go out on standard output, one JSON line each.

It holds no secrets, asks no network (git is told not to fetch lazily), dies with its parent, and has a limit of memory.
What it reads is hostile, so what it says is cut to bounded, well-formed text.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from time import perf_counter

from analyzers.git import Repository
from analyzers.model import DriftError, Evidence
from bot.model import (
    Checkout,
    Item,
    OwnerName,
    Policy,
    Review,
    ReviewOrder,
    RunbookStatus,
    ServiceStatus,
    decoded,
    encoded,
)
from bot.reminders.policy import policy_of
from runbooks import config as configuration
from runbooks.check import Inputs, check
from runbooks.formats import Presentation, load
from runbooks.model import Owner, Report, Status, Verdict
from runbooks.shelf import Library
from runbooks.survey import Kept, Survey, survey
from runbooks.workspace import Options, load_inputs

MAX_ITEMS = 200
"""Verdicts of one review that are kept; the summary counts the rest."""
MAX_TEXT = 600
"""Characters of any one text taken from a repository."""
MAX_PATCH = 60_000

UNSERVED = ""
"""The name under which runbooks of no known service are kept."""

_PR_SET_PDEATHSIG = 1


def review(order: ReviewOrder, library: Library) -> Review:
    """The review of one order. Raises ``DriftError`` where no check is possible."""
    started = perf_counter()
    checkout = order.checkout
    repository = Repository.open(checkout.directory, trust_owner=True)
    text = repository.read(checkout.policy_revision, configuration.FILE)
    if text is None and not order.opted_in:
        return _unopened(order)
    options = Options(
        repo=checkout.directory, base=checkout.base, head=checkout.head, config_from=checkout.policy_revision,
        trust_owner=True, as_of=order.as_of, documents=checkout.policy_revision if order.landed else None,
    )  # fmt: skip
    inputs = load_inputs(options, library)
    report = check(inputs, inputs.config.decisions)
    if order.landed:
        report = replace(report, verdicts=tuple(undone(repository, checkout, verdict) for verdict in report.verdicts))
    surveyed = survey(repository, checkout.policy_revision, library)
    acknowledge = inputs.config.acknowledge
    policy = Policy(
        True, inputs.config.fail_on.value, acknowledge.separation_of_duties, tuple(acknowledge.approvers),
        inputs.config.alert_from,
    )  # fmt: skip
    return Review(
        order.ref, checkout.head, checkout.base, checkout.policy_revision, policy,
        items=tuple(_item(verdict, surveyed) for verdict in report.verdicts[:MAX_ITEMS]),
        outcomes=report.outcomes,
        skipped=tuple(_cut(f"{skipped.path}: {skipped.reason}") for skipped in report.skipped[:50]),
        services=services_of(order.ref.repo, surveyed, inputs.config),
        files=report.summary.files,
        seconds=round(perf_counter() - started, 3),
        patch=_patch(report, inputs),
    )  # fmt: skip


def undone(repository: Repository, checkout: Checkout, verdict: Verdict) -> Verdict:
    """A verdict on a merged change, settled where the tip of the branch has the code that was there before it: as many
    of the before lines as there were, and no more of the after lines."""
    change = verdict.finding.change
    if verdict.status not in {Status.CONTRADICTED, Status.SUSPECT} or checkout.policy_revision == checkout.head:
        return verdict
    quoted = [_quoted(verdict.finding.evidence, fact.span.revision) for fact in (change.before, change.after) if fact]
    for evidence in quoted:
        if evidence is None:
            return verdict
        count = partial(_count, repository, evidence.span.path, " ".join(evidence.quote.split()))
        base, head, tip = count(checkout.base), count(checkout.head), count(checkout.policy_revision)
        if base == head or (tip < base if base > head else tip > base):
            return verdict
    reason = "the code is again what it was before the change"
    return replace(verdict, status=Status.UPDATED, reason=reason, suggestion=None)


def _count(repository: Repository, path: str, line: str, revision: str) -> int:
    """How often a line, white space folded, stands in a file of a revision."""
    text = (repository.read(revision, path) or b"").decode("utf-8", "replace")
    return sum(" ".join(other.split()) == line for other in text.splitlines())


def _unopened(order: ReviewOrder) -> Review:
    """The review of a repository that did not ask for any."""
    checkout = order.checkout
    return Review(order.ref, checkout.head, checkout.base, checkout.policy_revision, Policy(False), (), (), (), ())


def services_of(repo: str, surveyed: Survey, config: configuration.Config) -> tuple[ServiceStatus, ...]:
    """What a revision says of its services; runbooks of no known service stand under an empty name."""
    escalation = {entry.name: ", ".join(entry.escalation) for entry in config.services}
    found = [
        ServiceStatus(
            _cut(service.name), repo, service.source, _owners(service.owners), _cut(service.channel),
            _cut(escalation.get(service.name, "")), tuple(_runbook(kept) for kept in surveyed.of(service)),
            policy_of(config, service.name),
        )
        for service in surveyed.services
    ]  # fmt: skip
    rest = tuple(_runbook(kept) for kept in surveyed.kept if kept.service is None)
    if rest:
        found.append(ServiceStatus(UNSERVED, repo, "", (), "", "", rest, policy_of(config)))
    return tuple(found)


def _runbook(kept: Kept) -> RunbookStatus:
    runbook = kept.runbook
    return RunbookStatus(
        _cut(runbook.path), _cut(runbook.title), _owners(kept.owners), kept.review_every, runbook.last_reviewed,
        len(runbook.sections),
    )  # fmt: skip


def _item(verdict: Verdict, surveyed: Survey) -> Item:
    finding, section = verdict.finding, verdict.section
    change = finding.change
    before = _quoted(finding.evidence, change.before.span.revision if change.before else "")
    after = _quoted(finding.evidence, change.after.span.revision if change.after else "")
    shown = after or before
    line, quote = (section.span.start_line, "") if section else (0, "")
    if verdict.evidence is not None:
        line, quote = verdict.evidence.span.start_line, verdict.evidence.quote
    suggestion = verdict.suggestion
    kept = next((k for k in surveyed.kept if section and k.runbook.path == section.path), None)
    return Item(
        status=verdict.status, fingerprint=verdict.fingerprint, values_hash=verdict.values_hash,
        section_hash=verdict.section_hash, rule=finding.rule, area=finding.area.value, severity=finding.severity,
        subject=_cut(finding.subject), message=_cut(finding.message), reason=_cut(verdict.reason),
        code_path=_cut(shown.span.path if shown else change.fact.span.path, 1000),
        code_line=shown.span.start_line if shown else change.fact.span.start_line,
        code_before=_cut(before.quote) if before else "", code_after=_cut(after.quote) if after else "",
        code_gone=after is None, runbook=_cut(section.path, 1000) if section else "",
        slug=_cut(section.slug) if section else "", title=_cut(section.title) if section else "",
        line=line, quote=_cut(quote), suggestion_before=_cut(suggestion.before) if suggestion else "",
        suggestion_after=_cut(suggestion.after) if suggestion else "", owners=_owners(verdict.owners),
        service=_cut(kept.service.name) if kept and kept.service else UNSERVED, until=verdict.until,
    )  # fmt: skip


def _quoted(evidence: tuple[Evidence, ...], revision: str) -> Evidence | None:
    return next((e for e in evidence if revision and e.span.revision == revision), None)


def _owners(owners: tuple[Owner, ...]) -> tuple[OwnerName, ...]:
    return tuple(OwnerName(_cut(owner.handle, 200), owner.kind.value, owner.source) for owner in owners[:20])


def _patch(report: Report, inputs: Inputs) -> str:
    shown = Presentation(False, 0, False, 0.0, inputs.head_text)
    patch = load("patch").render(report, shown)
    return _cut(patch, MAX_PATCH) if len(patch) <= MAX_PATCH else ""


def _cut(text: str, most: int = MAX_TEXT) -> str:
    """Well-formed text of bounded length: undecodable bytes become replacement characters."""
    clean = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace").replace("\0", "\ufffd")
    return clean if len(clean) <= most else clean[: most - 1] + "…"


def answer(line: str, library: Library) -> dict[str, object]:
    """The answer to one order: ``{"review": …}`` or ``{"failure": text, "poison": whether repeating is no use}``."""
    try:
        return {"review": encoded(review(decoded(ReviewOrder, line), library))}
    except DriftError as problem:
        return {"failure": _cut(str(problem)), "poison": True}
    except MemoryError:
        return {"failure": "the review needed more memory than it may have", "poison": True}
    except Exception as problem:  # the parent has to hear of it; the text of an unknown error may hold anything
        return {"failure": f"the review failed: {type(problem).__name__}", "poison": False}


def _confine(memory: int) -> None:
    """Die with the parent, and fail rather than fill the machine's memory (``memory`` in bytes, 0 for no limit)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if memory:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        os.nice(10)  # deliveries and people are answered first
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt of the terminal is the parent's to handle


def environment(outer: Mapping[str, str]) -> dict[str, str]:
    """What a worker may know of its parent's environment: where programs are, and nothing with a secret in it."""
    kept = {name: outer[name] for name in ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH") if name in outer}
    return kept | {
        "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull, "HOME": os.devnull, "PYTHONHASHSEED": "0",
    }  # fmt: skip


def main() -> int:
    """Answer orders until standard input ends. The first argument is the limit of memory in bytes."""
    _confine(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    library = Library(limit=1000)
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever else prints must not come between the answers
    for line in sys.stdin:
        out.write(json.dumps(answer(line, library)) + "\n")
        out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
