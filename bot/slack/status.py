"""Answers to ``/runbook``: how a service stands, what there is, whose it is. Nobody is notified by an answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from slack_sdk.models.blocks import Block, DividerBlock

from bot.answers import NOT_AUDITED
from bot.model import Drift, OwnerName, RunbookStatus, ServiceStatus
from bot.reminders.nouns import ReviewDue
from bot.slack.escape import clean, path, plain, prose
from bot.slack.links import file_url, pull_url
from bot.slack.mentions import SLACK, channel, named, owners_line
from bot.slack.parts import MAX_TOTAL, SIGN, context, header, link, message, packed, plural, section, section_of

UNSERVED = "runbooks of no service"
"""How runbooks are called whose service nobody named."""

Counts = Mapping[tuple[str, str], int]
"""How much is open, by repository and service."""

MOST_LINES = 500
"""Lines that are made for a list. Fewer fit, whatever they say: in 9,000 characters, of at least 20 each."""

LONG_AGO = 3650
"""Days; a review that is later than this was never done."""

HELP = (
    ("status SERVICE", "runbooks, owners, reviews and open drift of a service"),
    ("list", "all services"),
    ("owners [SERVICE]", "who owns what, and who says so"),
    ("mine", "what waits for you"),
    ("snooze OWNER/NAME#N", "silence a pull request's sections until a day"),
    ("snooze SERVICE until 2026-12-24 REASON", "the same in words; also `2 weeks` for the day"),
    ("ack OWNER/NAME#N", "say that its sections are still accurate"),
    ("handover OWNER/NAME#N @SOMEBODY", "give its sections to a person or a user group; also for a SERVICE"),
    ("digest now", "your digest, without waiting for the morning"),
    ("quiet 2 days", "no reminders for so long; also `until 2026-12-24` and `off`"),
    ("link", "prove which GitHub login is yours, so that you may decide"),
    ("help", "this"),
)


def status(services: Sequence[ServiceStatus], drift: Sequence[Drift], now: datetime, web: str) -> dict[str, object]:
    """How a service stands, in every repository that describes it. ``services`` is not empty."""
    today = now.date()
    name = services[0].name or UNSERVED
    runbooks = [(service, book) for service in services for book in service.runbooks]
    late = sum(overdue(book, today) is not None for _, book in runbooks)
    counts = [plural(len(runbooks), "runbook"), f"{len(drift)} open" if drift else "nothing open"]
    summary = ", ".join([*counts, f"{late} overdue"] if late else counts)
    blocks: list[Block] = [header(f"{plain(name, 100)} — {summary}")]
    blocks += [context(_described(service)) for service in services[:5]]
    if drift:
        lines = drift_lines(drift, now, web)
        blocks += _listed("*Open drift*", lines, 3, len(lines) + max(len(drift) - MOST_LINES, 0))
    books = sorted(runbooks, key=lambda pair: (overdue(pair[1], today) is None, pair[0].repo, pair[1].path))
    shelf = (_runbook_line(service, book, today, web) for service, book in books)
    blocks += _listed("*Runbooks*", shelf, 3) if books else [section("*Runbooks*\nnone yet")]
    blocks.append(context(f"Dead references: {NOT_AUDITED} · Alerts without a section: {NOT_AUDITED}"))
    return message(f"{plain(name, 200)}: {summary}", blocks)


def unknown(name: str, nearest: Sequence[str], command: str = "/runbook") -> dict[str, object]:
    """No such service; the names that are most like it."""
    shown = plain(name, 100)
    text = f"No service is called “{prose(name, 100)}”."
    if nearest:
        names = " · ".join(prose(near, 60) for near in nearest[:3])
        text += f" Did you mean {names}?"
    fallback = f"No service is called “{shown}”."
    return message(fallback, [section(text), context(f"`{command} list` shows all services.")])


def listing(services: Sequence[ServiceStatus], counts: Counts) -> dict[str, object]:
    """All services, those with open drift first."""
    if not services:
        text = "No service is known yet. Services appear when a repository with `.runbook-drift.toml` is reviewed."
        return message("No service is known yet.", [section(text)])
    lines = (service_line(service, counts) for service in by_urgency(services, counts)[:MOST_LINES])
    title = plural(len(services), "service")
    return message(title, _listed(f"*{title}*", lines, 4, len(services)))


def owners(services: Sequence[ServiceStatus]) -> dict[str, object]:
    """Who owns each service and each of its runbooks, and who says so."""
    lines: list[str] = []
    for service in services[:MOST_LINES]:
        lines.append(f"*{_service_name(service)}* · {prose(service.repo, 140)} · {owners_line(service.owners)}")
        lines += [f"• {path(book.path, 80)}: {owners_line(book.owners)}" for book in service.runbooks]
    left = sum(1 + len(service.runbooks) for service in services[MOST_LINES:])
    return message(
        "Owners", _listed("*Owners*", lines, 4, len(lines) + left) if lines else [section("No service is known yet.")]
    )


def mine(drift: Sequence[Drift], now: datetime, web: str, reviews: Sequence[ReviewDue] = ()) -> dict[str, object]:
    """What waits for the person who asks: open sections, and reviews that are due."""
    sections = len({section_of(one.repo, one.item) for one in drift})
    counts = [plural(sections, "section")] if drift else []
    counts += [plural(len(reviews), "review")] if reviews else []
    if not counts:
        return message("Nothing waits for you.", [section("✅ Nothing waits for you.")])
    title = f"{' and '.join(counts)} {'waits' if sections + len(reviews) == 1 else 'wait'} for you"
    lines = drift_lines(drift, now, web)
    due = (review_line(one, now.date(), web) for one in reviews[:MOST_LINES])
    late = _listed("*Due for review*", due, 2, len(reviews)) if reviews else []
    return message(title, [*_listed(f"*{title}*", lines, 4, len(lines) + max(len(drift) - MOST_LINES, 0)), *late])


def help_text(command: str = "/runbook") -> dict[str, object]:
    """What can be asked."""
    lines = [f"`{command} {usage}` {meaning}" for usage, meaning in HELP]
    return message(f"{command} status SERVICE | list | owners | mine | help", [section("\n".join(lines))])


def overdue(book: RunbookStatus, today: date) -> int | None:
    """By how many days a review is late; None when it is not, or none was asked for. One that never was is late."""
    if book.review_every is None:
        return None
    if book.last_reviewed is None:
        return 0
    late = (today - book.last_reviewed - timedelta(days=book.review_every)).days
    return late if late > 0 else None


def drift_lines(drift: Sequence[Drift], now: datetime, web: str) -> list[str]:
    """Lines of the first ``MOST_LINES`` open items. Several that were found in one place are one line."""
    lines = Counter(drift_line(one, now, web) for one in drift[:MOST_LINES])
    return [f"{line} · {count} findings" if count > 1 else line for line, count in lines.items()]


def drift_line(drift: Drift, now: datetime, web: str, owner: str = "") -> str:
    """One open item: where, since when, from which pull request, whose. ``owner`` says the last in other words, for
    messages that are posted: whom it was handed to would be mentioned."""
    item = drift.item
    where = path(item.runbook or item.code_path, 70) + (f":{item.line}" if item.line else "")
    book = link(file_url(web, drift.repo, "HEAD", item.runbook, item.line), where) if item.runbook else where
    change = link(pull_url(web, drift.ref), f"{prose(drift.ref.repo, 100)} PR #{drift.ref.number}")
    merged = ", merged" if drift.merged else ""
    if drift.asleep(now.date()):
        merged += f", 💤 until {drift.snoozed_until}"
    if not owner:
        owner = named(OwnerName(drift.assignee, SLACK, "")) if drift.assignee else owners_line(item.owners)
    return f"{SIGN[item.status]} {book} · {change}{merged} · {age(drift.opened_at, now)} · {owner}"


def review_line(review: ReviewDue, today: date, web: str) -> str:
    """One review that is due: which runbook, of which service, and how late."""
    where = link(file_url(web, review.repo, "HEAD", review.path), path(review.path, 80))
    service = f" · {prose(review.service, 80)}" if clean(review.service) else ""
    return f"📖 {where} · {prose(review.repo, 140)}{service} · {lateness(review.due, today)}"


def lateness(due: date, today: date) -> str:
    """How late a review is: ``overdue by 3 days``. One that never was has a day long ago as its due day."""
    late = (today - due).days
    if late > LONG_AGO:
        return "due, none on record"
    return f"overdue by {plural(late, 'day')}" if late > 0 else "due today" if late == 0 else f"due on {due}"


def service_line(service: ServiceStatus, counts: Counts) -> str:
    """One service on one line."""
    count = _open(service, counts)
    state = f"🔴 {count} open" if count else "✅ nothing open"
    books = plural(len(service.runbooks), "runbook")
    where = prose(service.repo, 140)
    return f"*{_service_name(service)}* · {state} · {books} · {where} · {owners_line(service.owners)}"


def by_urgency(services: Iterable[ServiceStatus], counts: Counts) -> list[ServiceStatus]:
    """Services with the most open drift first, then by name."""
    return sorted(services, key=lambda service: (-_open(service, counts), service.name or "~", service.repo))


def age(since: datetime, now: datetime) -> str:
    """How long ago: ``today``, ``1 day``, ``12 days``."""
    days = (now - since).days
    return plural(days, "day") if days > 0 else "today"


def _open(service: ServiceStatus, counts: Counts) -> int:
    return counts.get((service.repo, service.name[:250]), 0)


def _service_name(service: ServiceStatus) -> str:
    return prose(service.name, 80) if clean(service.name) else UNSERVED


def _described(service: ServiceStatus) -> str:
    parts = [
        prose(service.repo, 140),
        f"described in {prose(service.source, 60)}" if service.source else "described nowhere",
        f"owners: {owners_line(service.owners)}",
        f"channel: {channel(service.channel)}" if service.channel else "",
        f"escalation: {prose(service.escalation, 80)}" if service.escalation else "",
    ]
    return " · ".join(part for part in parts if part)


def _runbook_line(service: ServiceStatus, book: RunbookStatus, today: date, web: str) -> str:
    where = link(file_url(web, service.repo, "HEAD", book.path), path(book.path, 80))
    title = f"*{prose(book.title, 60)}* " if clean(book.title) else ""
    return f"• {title}{where} · {owners_line(book.owners)} · {_reviewed(book, today)}"


def _reviewed(book: RunbookStatus, today: date) -> str:
    said = f"reviewed {book.last_reviewed.isoformat()}" if book.last_reviewed else "no review on record"
    late = overdue(book, today)
    if late is None:
        return said
    return f"{said}, *overdue by {plural(late, 'day')}*" if late else f"{said}, *due*"


def _listed(title: str, lines: Iterable[str], most: int, count: int = 0) -> list[Block]:
    """A title with lines under it, in at most ``most`` paragraphs, and how many more there are: of ``count`` where not
    all lines were made."""
    made = list(lines)
    paragraphs, left = packed([title, *made], most, MAX_TOTAL // 2)
    left += max(0, count - len(made))
    blocks: list[Block] = [section(paragraph) for paragraph in paragraphs]
    if left:
        blocks.append(context(f"and {left} more"))
    return [*blocks, DividerBlock()] if title == "*Open drift*" else blocks
