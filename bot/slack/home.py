"""App Home: what waits for the person, for their teams, and every service; due and open first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from slack_sdk.models.blocks import Block, DividerBlock
from slack_sdk.models.views import View

from bot.model import Drift, ServiceStatus
from bot.reminders.nouns import ReviewDue
from bot.slack.parts import MAX_TOTAL, context, header, packed, plural, section
from bot.slack.status import MOST_LINES, Counts, by_urgency, drift_lines, overdue, review_line, service_line

HOME = "runbook_home"
"""``callback_id`` of the home tab."""


def home(
    yours: Sequence[Drift],
    teams: Sequence[Drift],
    services: Sequence[ServiceStatus],
    counts: Counts,
    now: datetime,
    web: str,
    reviews: Sequence[ReviewDue] = (),
) -> dict[str, object]:
    """The home tab. ``yours`` and ``teams`` are what waits for the person and their groups, ``counts`` all that
    is open, ``reviews`` what the person is to read again. What waits for both stands with the person only."""
    own = {(one.repo, one.item.fingerprint) for one in yours}
    shared = [one for one in teams if (one.repo, one.item.fingerprint) not in own]
    blocks: list[Block] = [header("Runbooks")]
    blocks += _part("Yours", drift_lines(yours, now, web), len(yours), "✅ Nothing waits for you.")
    blocks += _part("Your teams'", drift_lines(shared, now, web), len(shared), "✅ Nothing waits for your teams.")
    if reviews:
        due = [review_line(one, now.date(), web) for one in reviews[:MOST_LINES]]
        blocks += _part("Due for review", due, len(reviews), "")
    late = sum(overdue(book, now.date()) is not None for service in services for book in service.runbooks)
    title = f"All services: {plural(len(services), 'service')}, {sum(counts.values())} open, {late} due for review"
    listed = [service_line(service, counts) for service in by_urgency(services, counts)[:MOST_LINES]]
    blocks += _part(title, listed, len(services), "No service is known yet.")
    blocks.append(context(f"As of {now:%Y-%m-%d %H:%M} UTC · `/runbook help`"))
    return cast("dict[str, object]", View(type="home", callback_id=HOME, blocks=blocks).to_dict())


def _part(title: str, lines: Sequence[str], count: int, nothing: str) -> list[Block]:
    """A title with lines under it, made of the first of ``count`` things."""
    paragraphs, left = packed([f"*{title}*", *(lines or [nothing])], 20, MAX_TOTAL)
    left += max(count - MOST_LINES, 0)
    blocks: list[Block] = [section(paragraph) for paragraph in paragraphs]
    if left:
        blocks.append(context(f"and {left} more: `/runbook list`"))
    return [*blocks, DividerBlock()]
