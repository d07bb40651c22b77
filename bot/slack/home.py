"""App Home: what waits for the person, for their teams, and every service; due and open first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar, cast

from slack_sdk.models.blocks import Block, DividerBlock
from slack_sdk.models.views import View

from bot.model import Drift, ServiceStatus
from bot.reminders.nouns import ReviewDue
from bot.slack.parts import MAX_TOTAL, context, header, packed, plural, section
from bot.slack.status import MOST_LINES, Counts, by_urgency, drift_line, overdue, review_line, service_line

T = TypeVar("T")

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
    blocks += _part("Yours", yours, lambda one: drift_line(one, now, web), "✅ Nothing waits for you.")
    blocks += _part("Your teams'", shared, lambda one: drift_line(one, now, web), "✅ Nothing waits for your teams.")
    if reviews:
        blocks += _part("Due for review", reviews, lambda one: review_line(one, now.date(), web), "")
    late = sum(overdue(book, now.date()) is not None for service in services for book in service.runbooks)
    title = f"All services: {plural(len(services), 'service')}, {sum(counts.values())} open, {late} due for review"
    listed = by_urgency(services, counts)
    blocks += _part(title, listed, lambda one: service_line(one, counts), "No service is known yet.")
    blocks.append(context(f"As of {now:%Y-%m-%d %H:%M} UTC · `/runbook help`"))
    return cast("dict[str, object]", View(type="home", callback_id=HOME, blocks=blocks).to_dict())


def _part(title: str, what: Sequence[T], line: Callable[[T], str], nothing: str) -> list[Block]:
    lines = [line(one) for one in what[:MOST_LINES]]
    paragraphs, left = packed([f"*{title}*", *(lines or [nothing])], 20, MAX_TOTAL)
    left += len(what) - len(lines)
    blocks: list[Block] = [section(paragraph) for paragraph in paragraphs]
    if left:
        blocks.append(context(f"and {left} more: `/runbook list`"))
    return [*blocks, DividerBlock()]
