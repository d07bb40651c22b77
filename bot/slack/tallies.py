"""The word to a channel about owners who lead to nobody, and the weekly and monthly numbers. Pure: equal nouns, equal
bytes. Nobody is notified by numbers; a note calls those who get the work now."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from slack_sdk.models.blocks import Block

from bot.model import Directory, Drift, OwnerName
from bot.reminders.notices import Absent, Tally, Waiting
from bot.reminders.nouns import Due
from bot.slack.digests import AnyLine, digest
from bot.slack.escape import clean, code, plain, prose
from bot.slack.links import pull_url
from bot.slack.mentions import SLACK, recipient_words, silent, tag
from bot.slack.parts import MAX_HEADER, MAX_TOTAL, context, header, link, message, packed, plural, section
from bot.slack.status import UNSERVED, age, drift_line

MAX_OWNERS = 10
"""Owners that a weekly digest says of what waits on them."""
MAX_ABSENT = 20
MAX_SERVICES = 15
"""Services of a monthly digest; `/runbook list` has all."""


@dataclass(frozen=True)
class SlackNotices:
    """The ``Notices`` port; ``web`` is where the forge's pages are."""

    web: str

    def digest(self, due: Due, lines: Sequence[AnyLine], directory: Directory, now: datetime) -> dict[str, object]:
        """What waits for somebody."""
        return digest(due, lines, directory, now, self.web)

    def note(self, due: Due, absent: Sequence[Absent]) -> dict[str, object]:
        """The word to a channel about owners who lead to nobody."""
        return note(due, absent)

    def weekly(
        self, due: Due, tally: Tally, waiting: Sequence[Waiting], directory: Directory, now: datetime
    ) -> dict[str, object]:
        """A service's week."""
        return weekly(tally, waiting, directory, now, self.web)

    def monthly(self, due: Due, tally: Tally, services: Sequence[Tally]) -> dict[str, object]:
        """The workspace's month, and each service's."""
        return monthly(tally, services)


def note(due: Due, absent: Sequence[Absent]) -> dict[str, object]:
    """Who cannot be reached, what was theirs, and who gets it now."""
    lines = []
    for one in absent[:MAX_ABSENT]:
        why = "has left or takes no messages" if one.left else "leads to nobody on Slack"
        what = plural(one.sections, "section") if one.sections or not one.reviews else ""
        what = " and ".join(filter(None, (what, plural(one.reviews, "review") if one.reviews else "")))
        verb = "goes" if one.sections + one.reviews == 1 else "go"
        # Whoever else is told, the channel itself is "this channel".
        names = ("this channel" if to == due.recipient else recipient_words(to) for to in one.to[:3])
        to = ", ".join(filter(None, names)) or "nobody, for want of a channel,"
        lines.append(f"*{_service(one.service)}*: {_absent(one.handle)} {why}. {what} {verb} to {to} now.")
    paragraphs, left = packed(lines, 5, MAX_TOTAL)
    blocks: list[Block] = [section(paragraph) for paragraph in paragraphs]
    if left := left + max(len(absent) - MAX_ABSENT, 0):
        blocks.append(context(f"and {left} more"))
    mend = "Name another owner in the runbook's front matter, CODEOWNERS or the service's description"
    blocks.append(context(f"{mend}; who is who on Slack: the bot's PEOPLE and TEAMS settings, or `/runbook link`"))
    what = f"{plural(len(absent), 'owner')} cannot be reached"
    return message(f"{what}: {plain(', '.join(one.handle for one in absent[:10]), 400)}", blocks)


def _absent(handle: str) -> str:
    """Who cannot be reached; a Slack id is of somebody to whom it was handed."""
    handed = tag(handle) if re.search("[0-9]", handle) else ""
    return f"{handed}, to whom it was handed over," if handed else f"owner {prose(handle, 80)}"


def weekly(
    tally: Tally, waiting: Sequence[Waiting], directory: Directory, now: datetime, web: str
) -> dict[str, object]:
    """A service's week: opened, closed, trend, the oldest, and who waits on whom."""
    name = plain(tally.service, 80) or UNSERVED
    counts = f"{tally.now.opened} opened, {tally.now.closed} closed, {tally.now.open_now} open"
    title = f"{name}: week of {tally.since.day} {tally.since:%B}: {counts}"
    blocks: list[Block] = [header(plain(title, MAX_HEADER)), section(_numbers(tally, "the week before"))]
    if waiting:
        oldest = min((one.drift for one in waiting), key=lambda drift: drift.opened_at)
        blocks.append(section(f"*Oldest*\n{drift_line(oldest, now, web, _owner(oldest, directory))}"))
        lines, left = packed(["*Who waits on whom*", *_waiting(waiting, directory, now, web)], 2, MAX_TOTAL // 2)
        blocks += [section(line) for line in lines]
        if left:
            blocks.append(context(f"and {left} more"))
    else:
        blocks.append(section("✅ All of it was closed since." if tally.now.open_now else "✅ Nothing is open."))
    more = f" · {code(f'/runbook status {tally.service}', 120)} shows more" if clean(tally.service) else ""
    blocks.append(context(_span(tally) + more))
    return message(plain(title, 400), blocks)


def monthly(tally: Tally, services: Sequence[Tally]) -> dict[str, object]:
    """The workspace's month against the month before, and the services with the most open drift."""
    counts = f"{tally.now.opened} opened, {tally.now.closed} closed, {tally.now.open_now} open"
    title = f"Runbooks in {tally.since:%B %Y}: {counts}"
    blocks: list[Block] = [header(plain(title, MAX_HEADER)), section(_numbers(tally, "the month before"))]
    ranked = sorted(services, key=lambda one: (-one.now.open_now, -one.now.opened, one.service))
    lines = [
        f"• *{_service(one.service)}* {one.now.open_now} open ({_change(one.now.open_now, one.before.open_now)}) · "
        f"{one.now.opened} opened · {one.now.closed} closed"
        for one in ranked[:MAX_SERVICES]
    ]
    paragraphs, left = packed(["*By service*", *lines] if lines else [], 2, MAX_TOTAL // 2)
    blocks += [section(paragraph) for paragraph in paragraphs]
    left += max(len(ranked) - MAX_SERVICES, 0)
    blocks.append(context(f"and {left} more" if left else "", f"{_span(tally)} · `/runbook list` shows all services"))
    return message(title, blocks)


def _numbers(tally: Tally, before: str) -> str:
    """Numbers beside those of the span before."""
    now, then = tally.now, tally.before
    lines = [
        f"*Opened* {now.opened} ({before}: {then.opened})",
        f"*Closed* {now.closed} ({before}: {then.closed})",
        f"*Still open* {now.open_now} ({_change(now.open_now, then.open_now)})",
    ]
    if now.closed:
        against = f" ({before}: {_length(then.median_seconds)})" if then.closed else ""
        lines.append(f"*Half of the closed ones within* {_length(now.median_seconds)}{against}")
    return "\n".join(lines)


def _change(now: int, before: int) -> str:
    """The trend in words: ``2 fewer than before``."""
    if now == before:
        return "as many as before"
    return f"{abs(now - before)} {'fewer' if now < before else 'more'} than before"


def _waiting(waiting: Sequence[Waiting], directory: Directory, now: datetime, web: str) -> list[str]:
    """Owners with what waits on them, the most first: whose pull requests, how much, and since when."""
    owners: defaultdict[str, list[Waiting]] = defaultdict(list)
    for one in sorted(waiting, key=lambda one: one.drift.opened_at):
        owners[_owner(one.drift, directory)].append(one)
    lines = []
    for owner, mine in sorted(owners.items(), key=lambda pair: (-len(pair[1]), pair[0]))[:MAX_OWNERS]:
        pulls = list({one.drift.ref: _pull(one, web) for one in mine}.values())
        more = f" and {len(pulls) - 3} more" if len(pulls) > 3 else ""
        verb = "waits" if len(pulls) == 1 else "wait"
        since = _ago(age(mine[0].drift.opened_at, now))
        lines.append(
            f"• {', '.join(pulls[:3])}{more} {verb} on {owner}: {plural(len(mine), 'section')}, oldest {since}"
        )
    if len(owners) > MAX_OWNERS:
        lines.append(f"• and {len(owners) - MAX_OWNERS} other owners")
    return lines


def _owner(drift: Drift, directory: Directory) -> str:
    """Whose an item is, as text that notifies nobody: whom it was handed to, else the first owner."""
    handed = (OwnerName(drift.assignee, SLACK, ""),) if drift.assignee else ()
    return next((silent(owner, directory) for owner in handed or drift.item.owners if clean(owner.handle)), "nobody")


def _pull(one: Waiting, web: str) -> str:
    ref = one.drift.ref
    return link(pull_url(web, ref), f"PR #{ref.number}") + (f" by {prose(one.author, 60)}" if one.author else "")


def _ago(days: str) -> str:
    return days if days == "today" else f"{days} ago"


def _length(seconds: float) -> str:
    """A duration in one unit: ``under an hour``, ``5 hours``, ``3 days``."""
    hours = round(seconds / 3600)
    if hours < 1:
        return "under an hour"
    return plural(hours, "hour") if hours < 48 else plural(round(hours / 24), "day")


def _service(name: str) -> str:
    return prose(name, 80) if clean(name) else UNSERVED


def _span(tally: Tally) -> str:
    return f"{tally.since.isoformat()} to {tally.until.isoformat()}"
