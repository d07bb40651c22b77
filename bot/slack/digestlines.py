"""The lines of a digest: open drift, reviews, what was settled since; each with its buttons. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from slack_sdk.models.blocks import ButtonElement, ConfirmObject

from bot.model import Directory, Drift, Item, OwnerName
from bot.reminders.notices import HANDED_OVER, Line, ReviewLine, Settled
from bot.reminders.nouns import Audience, Due, Place
from bot.slack.blocks import HAND_OVER, SHOW_EDIT, SNOOZE, STILL_ACCURATE
from bot.slack.escape import clean, code, path, prose, width
from bot.slack.links import edit_url, file_url, pull_url, runbook_url
from bot.slack.mentions import SLACK, mention, recipient_words, silent
from bot.slack.parts import SIGN, Section, day_words, link, plural, section_of, words
from bot.slack.status import age, lateness
from runbooks.model import Status

MAX_VALUE = 500
"""Characters of a button's value; Slack takes 2,000, but all text of a message is bounded together."""

REVIEWED = "reviewed"
OPEN_EDITOR = "open_editor"
"""``action_id`` of the buttons of a review. In a digest each carries the number of its item, as an id is used once."""

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


@dataclass(frozen=True)
class View:
    """What all lines of one digest have in common. ``twice`` are the sections of which it lists more than one
    finding."""

    due: Due
    directory: Directory
    now: datetime
    web: str
    twice: frozenset[Section] = frozenset()

    @property
    def personal(self) -> bool:
        """Whether one person reads it."""
        return self.due.recipient.place is Place.PERSON


# -- drift --


def item_text(view: View, line: Line) -> str:
    """One item on three lines: where, what is wrong, and where it stands."""
    item = line.drift.item
    what = "Now wrong" if item.status is Status.CONTRADICTED else "To check"
    title = f" · {prose(item.title, 80)}" if item.title else ""
    first = f"{SIGN[item.status]} *{what}* · {_place(view, line)}{title}"
    wrong = _wrong(item)
    if section_of(line.drift.repo, line.drift.item) in view.twice and item.message not in wrong:
        wrong = f"{prose(item.message, 200)} · {wrong}"
    return "\n".join(part for part in (first, wrong, f"{_change(view, line)} · {_step(view, line)}") if part)


def _wrong(item: Item) -> str:
    """What is wrong, in one line: the runbook's line and what it should say, or why to look."""
    if item.suggested:
        return f"says {code(item.suggestion_before, 250)}, should say {code(item.suggestion_after, 250)}"
    said = f"says {code(item.quote, 250)}: " if item.status is Status.CONTRADICTED and clean(item.quote) else ""
    return said + prose(item.reason or item.message, 250)


def _place(view: View, line: Line) -> str:
    """The runbook line: of the pull request's head while it is open, of the default branch after its merge."""
    item = line.drift.item
    if not item.runbook:
        return path(item.code_path, 80)
    name = path(item.runbook, 80) + (f":{item.line}" if item.line > 0 else "")
    if line.pull is not None and not line.drift.merged:
        return link(runbook_url(view.web, line.pull, item), name)
    return link(file_url(view.web, line.drift.repo, "HEAD", item.runbook, item.line), name)


def _change(view: View, line: Line) -> str:
    """The pull request, how old, whose: owners are mentioned in channels, and only when the line is new there."""
    drift = line.drift
    where = link(pull_url(view.web, drift.ref), f"{prose(drift.ref.repo, 140)} PR #{drift.ref.number}")
    author = f" by {prose(line.pull.author, 60)}" if line.pull and line.pull.author else ""
    days = age(drift.opened_at, view.now)
    parts = [f"{where}{author}" + (", merged" if drift.merged else "")]
    today = "opened today" if drift.opened_at.date() == view.now.date() else "open since yesterday"
    parts.append(today if days == "today" else f"open for {days}")
    if not (view.personal and line.audience is Audience.OWNER):
        owners = (OwnerName(drift.assignee, SLACK, ""),) if drift.assignee else drift.item.owners[:3]
        say = silent if view.personal or not line.entry.fresh else mention
        parts.append(
            "owner: " + (", ".join(filter(None, (say(owner, view.directory) for owner in owners))) or "nobody")
        )
    return " · ".join(parts)


def _step(view: View, line: Line) -> str:
    """Where it stands on the ladder: ``second reminder; next: #payments on Tuesday``."""
    entry = line.entry
    nth = _ORDINALS[line.nth - 1] if line.nth <= len(_ORDINALS) else f"{line.nth}th"
    escalated = "escalated: " if line.audience is Audience.ESCALATION else ""
    if entry.following is None or entry.following_on is None:
        last = line.steps[-1].audience if line.steps else line.audience
        if not line.drift.merged:
            return f"{nth} reminder, the last before it is merged"
        return f"{escalated}{nth} " + (
            "and last reminder" if last is line.audience else f"reminder; {_ROLE[last]} hears of it too"
        )
    said = f"{escalated}{nth} reminder"
    when = day_words(entry.following_on, view.due.day)
    if view.due.recipient in line.next_to:
        return f"{said}; next: {'you' if view.personal else 'here'} again {when}"
    to = ", ".join(filter(None, map(recipient_words, line.next_to[:3])))
    return f"{said}; next: {to or _ROLE[entry.following.audience]} {when}"


_ROLE = {
    Audience.AUTHOR: "the author", Audience.OWNER: "the owner", Audience.CHANNEL: "the channel",
    Audience.ESCALATION: "the escalation contact",
}  # fmt: skip


def item_buttons(drift: Drift, number: int) -> list[ButtonElement]:
    """The alert's buttons, for this item alone."""
    value = f"{drift.ref.key}|{drift.item.fingerprint}"
    if width(value) > MAX_VALUE:
        return []
    shown = [("Show suggested edit", SHOW_EDIT)] if drift.item.suggested else []
    shown += [("Still accurate", STILL_ACCURATE), ("Snooze", SNOOZE), ("Hand over", HAND_OVER)]
    return [ButtonElement(text=words(text), action_id=f"{action}:{number}", value=value) for text, action in shown]


# -- reviews --


def review_text(view: View, line: ReviewLine) -> str:
    """One review: which runbook, how late, who read it last."""
    of = line.review
    when = lateness(of.due, view.due.day)
    title = f" · {prose(line.title, 80)}" if clean(line.title) else ""
    book = link(file_url(view.web, of.repo, "HEAD", of.path), path(of.path, 80))
    by = f" by {silent(OwnerName(line.by, SLACK, ''), view.directory)}" if line.by else ""
    last = f"last reviewed {line.last.isoformat()}{by}" if line.last else "no review on record"
    every = f" · every {plural(line.every, 'day')}" if line.every else ""
    return f"📖 *Review {when}* · {book}{title}\n{prose(of.repo, 140)} · {last}{every}"


def review_buttons(view: View, line: ReviewLine, number: int) -> list[ButtonElement]:
    """Say that it was read and is right, or open the editor where the front matter stands."""
    buttons = []
    value = f"{line.review.repo}:{line.review.path}"
    if width(value) <= MAX_VALUE:
        sure = ConfirmObject(
            title="Reviewed?", text=words("This records you and today as its review."), confirm="It is still right",
            deny="Cancel",
        )  # fmt: skip
        text = words("Reviewed, still right")
        buttons.append(ButtonElement(text=text, action_id=f"{REVIEWED}:{number}", value=value, confirm=sure))
    if url := edit_url(view.web, line.review.repo, line.branch or "HEAD", line.review.path, 1):
        buttons.append(ButtonElement(text=words("Edit front matter"), action_id=f"{OPEN_EDITOR}:{number}", url=url))
    return buttons


# -- what was settled since --


def settled_text(view: View, line: Settled) -> str:
    """One line where three stood: which section or review, and what became of it."""
    drift, sign = line.drift, "💤" if line.asleep else "✅"
    if drift is None:
        name = path(line.entry.key.partition(":")[2].rpartition("@")[0] or line.entry.key, 80)
        return f"{sign} {name} · {prose(line.how, 250)}"
    item = drift.item
    name = path(item.runbook, 80) if item.runbook else path(item.code_path, 80)
    where = link(file_url(view.web, drift.repo, "HEAD", item.runbook), name) if item.runbook else name
    title = f" · {prose(item.title, 80)}" if item.title else ""
    to = silent(OwnerName(drift.assignee, SLACK, ""), view.directory) if line.how == HANDED_OVER else ""
    return f"{sign} {where}{title} · {prose(line.how, 250)}" + (f" to {to}" if to else "")
