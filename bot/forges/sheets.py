"""A review as a check run shows it. Pure text: everything that comes from a repository is quoted so that it cannot be
markup, a mention or a link, and every link is built from parts that are known."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from bot.model import CheckSheet, Conclusion, Item, Pull, Review
from bot.quoting import cell, code, line, source, text
from runbooks.model import Status

ACTIONS = (
    ("Acknowledge", "The runbooks still hold as they are", "acknowledge"),
    ("Re-check", "Review this head again", "recheck"),
)
"""Label, description and identifier, within GitHub's 20, 40 and 20 characters."""
MAX_ROWS = 50
MAX_ANNOTATIONS = 200
MAX_TEXT = 60_000
"""Characters of the suggested edits; GitHub takes 65,535 bytes, and the publisher cuts what is longer."""
_WORDS = {
    Status.CONTRADICTED: "now wrong", Status.SUSPECT: "to check", Status.UPDATED: "updated",
    Status.ACKNOWLEDGED: "acknowledged", Status.SNOOZED: "snoozed", Status.UNCOVERED: "in no runbook",
}  # fmt: skip


def sheet(pull: Pull, review: Review, *, details_url: str) -> CheckSheet:
    """The sheet of a review. Our own failure is neutral and says whose it is, and so is a branch that asks for nothing
    (any more: nothing is shown where nobody ever asked)."""
    if not review.policy.opted_in:
        summary = f"The branch {code(pull.base_ref)} has no `.runbook-drift.toml`, so nothing is compared here."
        return CheckSheet(
            Conclusion.NEUTRAL, "Not asked for on this branch", summary, actions=ACTIONS[1:], details_url=details_url
        )
    if review.failure:
        return _failed(review, details_url)
    drift = review.drift
    return CheckSheet(
        review.conclusion, _title(review), "\n\n".join(_summary(pull, review)), _suggestions(pull, review),
        tuple(_annotations(drift)), _actions(review) if drift else ACTIONS[1:], details_url,
    )  # fmt: skip


def _actions(review: Review) -> tuple[tuple[str, str, str], ...]:
    """The buttons. *Acknowledge* says what it was shown with: an old page of the same head may be pressed later."""
    (label, description, identifier), *others = ACTIONS
    return ((label, description, f"{identifier}:{review.mark}"), *others)


def _failed(review: Review, details_url: str) -> CheckSheet:
    summary = (
        f"runbook-drift could not review this head: {text(review.failure)}\n\n"
        "This is a failure of runbook-drift, not of this pull request. It holds nobody up; "
        "*Re-check* tries again."
    )
    return CheckSheet(
        Conclusion.NEUTRAL, "Could not check: a failure of runbook-drift", summary, actions=ACTIONS[1:],
        details_url=details_url,
    )  # fmt: skip


def _title(review: Review) -> str:
    """``1 runbook line is now wrong, 2 to check``; what a reader sees without opening anything."""
    wrong = sum(item.status is Status.CONTRADICTED for item in review.items)
    suspect = sum(item.status is Status.SUSPECT for item in review.items)
    settled = sum(item.status in {Status.UPDATED, Status.ACKNOWLEDGED, Status.SNOOZED} for item in review.items)
    uncovered = sum(item.status is Status.UNCOVERED for item in review.items)
    if wrong:
        lines = "1 runbook line is now wrong" if wrong == 1 else f"{wrong} runbook lines are now wrong"
        return f"{lines}, {suspect} to check" if suspect else lines
    if suspect:
        return "1 runbook section to check" if suspect == 1 else f"{suspect} runbook sections to check"
    if settled:
        return "The runbooks are up to date: " + ("1 section" if settled == 1 else f"{settled} sections") + " settled"
    if uncovered:
        changes = "1 change" if uncovered == 1 else f"{uncovered} changes"
        return f"No runbook is wrong; {changes} in no runbook"
    return "No runbook leans on what changed"


# -- the summary ------------------------------------------------------------------------------------------------------


def _summary(pull: Pull, review: Review) -> Iterator[str]:
    if review.items:
        yield _table(
            ("", "What changed", "Runbook", "Owner"),
            [_row(pull, item) for item in review.items[:MAX_ROWS]],
        )
        if len(review.items) > MAX_ROWS:
            yield f"… and {len(review.items) - MAX_ROWS} more."
    else:
        yield f"{review.files} changed files were compared with the runbooks; nothing leans on what changed."
    if review.outcomes:
        rows = [(text(o.name), text(o.answer), text(o.detail)) for o in review.outcomes]
        yield "**Definition of done**"
        yield _table(("Outcome", "Answer", "Why"), rows)
    if review.skipped:
        yield f"**Incomplete:** {len(review.skipped)} not read."
        yield "\n".join(f"- {code(line)}" for line in review.skipped[:10])
    yield f"Policy as of {code(review.policy_revision[:12])}, head {code(review.head[:12])}."


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def _row(pull: Pull, item: Item) -> tuple[str, str, str, str]:
    owners = ", ".join(cell(owner.handle) for owner in item.owners[:3]) or "unknown"
    place = f"{item.code_path}:{item.code_line}"
    changed = f"{text(item.message)}<br>" + _link(cell(place), _blob(pull, item, runbook=False))
    return f"**{_WORDS[item.status]}**", changed, _runbook_cell(pull, item), owners


def _runbook_cell(pull: Pull, item: Item) -> str:
    if not item.runbook:
        return "none"
    name = f"{item.runbook}:{item.line}" if item.line else item.runbook
    quoted = f"<br>{cell(item.quote)}" if item.quote else f"<br>{text(item.title)}" if item.title else ""
    return _link(cell(name), _blob(pull, item, runbook=True)) + quoted


# -- suggested edits --------------------------------------------------------------------------------------------------


def _suggestions(pull: Pull, review: Review) -> str:
    """The corrected lines, each as a diff, as many as there is room for."""
    parts, size = [], 0
    wanted = [item for item in review.drift if item.suggested]
    for number, item in enumerate(wanted):
        link = _link(code(f"{item.runbook}:{item.line}"), _blob(pull, item, runbook=True))
        body = f"{link}\n\n" + fence(
            [f"-{source(item.suggestion_before)}", f"+{source(item.suggestion_after)}"], "diff"
        )
        if size + len(body) > MAX_TEXT:
            parts.append(f"… and {len(wanted) - number} more.")
            break
        parts.append(body)
        size += len(body)
    return "\n\n".join(["### Suggested edits", *parts]) if parts else ""


def fence(lines: Sequence[str], language: str = "") -> str:
    """A code block whose fence is longer than any run of backticks in it."""
    runs = [len(run) for line in lines for run in re.findall("`+", line)]
    ticks = "`" * max(3, max(runs, default=0) + 1)
    return "\n".join([ticks + language, *lines, ticks])


# -- annotations ------------------------------------------------------------------------------------------------------


def _annotations(drift: Sequence[Item]) -> Iterator[tuple[str, int, str, str]]:
    """On the lines of the head that changed; code that is gone has no line to stand on."""
    told: set[tuple[str, int, str, str]] = set()
    for item in drift:
        if item.code_gone or item.code_line < 1 or not item.code_path or len(told) >= MAX_ANNOTATIONS:
            continue
        if not item.code_path.isprintable():  # a name that is no text; the summary has it
            continue
        where = f"{item.runbook}:{item.line}" if item.line else item.runbook
        if item.status is Status.CONTRADICTED:
            title, says = f"{where} is now wrong", "says"
        else:
            title, says = f"{where} may have to change", "about"
        message = [line(item.message), f"{where} {says}: {line(item.quote or item.title or item.slug)}"]
        if item.suggested:
            message.append(f"Write instead: {line(item.suggestion_after).strip()}")
        found = (item.code_path, item.code_line, line(title), "\n".join(message))
        if found not in told:
            told.add(found)
            yield found


def _blob(pull: Pull, item: Item, *, runbook: bool) -> str:
    """The address of a line on the forge, or nothing where the pull request's own address is unknown. A line of code
    that is gone is shown on the target branch's side."""
    path, line = (item.runbook, item.line) if runbook else (item.code_path, item.code_line)
    tail = f"/{pull.ref.repo}/pull/{pull.ref.number}"
    if not pull.url.startswith(("https://", "http://")) or not pull.url.endswith(tail) or not path:
        return ""
    revision = pull.base_sha if item.code_gone and not runbook else pull.head_sha
    site = pull.url.removesuffix(tail)
    plain = "?plain=1" if path.lower().endswith((".md", ".mdx", ".markdown")) else ""
    address = (
        f"{site}/{pull.ref.repo}/blob/{revision}/{quote(path.encode('utf-8', 'surrogateescape'), safe='/')}{plain}"
    )
    return f"{address}#L{line}" if line else address


def _link(label: str, address: str) -> str:
    safe = address.replace("(", "%28").replace(")", "%29").replace("|", "%7C")
    return f"[{label}]({safe})" if address else label
