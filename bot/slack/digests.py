"""The digest of a person or a channel: what waits, why it is said now, what comes next, and the buttons to settle it.
Pure: equal nouns, equal bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement, ConfirmObject, DividerBlock

from bot.model import Directory, Drift, Item, OwnerName
from bot.reminders.notices import Line, ReviewLine
from bot.reminders.nouns import Audience, Due, Place
from bot.slack.blocks import HAND_OVER, SHOW_EDIT, SNOOZE, STILL_ACCURATE
from bot.slack.escape import clean, code, path, plain, prose, width
from bot.slack.links import edit_url, file_url, pull_url, runbook_url
from bot.slack.mentions import SLACK, mention, recipient_words, silent
from bot.slack.parts import (
    MAX_FALLBACK,
    MAX_HEADER,
    MAX_TOTAL,
    SIGN,
    context,
    day_words,
    header,
    item_words,
    link,
    message,
    plural,
    section,
    words,
)
from bot.slack.status import UNSERVED, age, lateness
from runbooks.model import Status

AnyLine = Line | ReviewLine

MAX_ITEMS = 10
"""Items of one digest; the rest is counted (the issue's figure: more than ten are not read)."""
MAX_VALUE = 500
"""Characters of a button's value; Slack takes 2,000, but all text of a message is bounded together."""

REVIEWED = "reviewed"
OPEN_EDITOR = "open_editor"
"""``action_id`` of the buttons of a review. In a digest each carries the number of its item, as an id is used once."""

_SAY = {
    Audience.AUTHOR: "you opened the pull request",
    Audience.OWNER: "you own what is listed",
    Audience.CHANNEL: "the owner was told and nothing changed",
    Audience.ESCALATION: "you are the escalation contact: those before you were told and nothing changed",
}
_SAY_HERE = {
    Audience.AUTHOR: "the author is reached here",
    Audience.OWNER: "the owner is reached here",
    Audience.CHANNEL: _SAY[Audience.CHANNEL],
    Audience.ESCALATION: "this is the channel for escalation: those before were told and nothing changed",
}
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


def digest(due: Due, lines: Sequence[AnyLine], directory: Directory, now: datetime, web: str) -> dict[str, object]:
    """The message: at most ``MAX_ITEMS`` items, worst first, grouped by service. ``lines`` is not empty."""
    view = _View(due, directory, now, web)
    shown = _fitting(view, lines[:MAX_ITEMS])
    blocks: list[Block] = [header(plain(view.title(lines), MAX_HEADER)), context(view.why(lines))]
    for service in dict.fromkeys(line.entry.service for line, _ in shown):
        name = prose(service, 80) if clean(service) else UNSERVED
        blocks += [DividerBlock(), section(f"*{name}*")]
        blocks += [block for line, made in shown if line.entry.service == service for block in made]
    rest = lines[len(shown) :]
    if rest:
        blocks.append(context(f"and {_amount(rest)} more: {view.where_the_rest_is}"))
    blocks.append(context(view.small_print))
    fallback = [plain(view.title(lines), 300), *(_in_words(line) for line, _ in shown)]
    return message(_cut(fallback, MAX_FALLBACK), blocks)


@dataclass(frozen=True)
class _View:
    """What all lines of one digest have in common."""

    due: Due
    directory: Directory
    now: datetime
    web: str

    @property
    def personal(self) -> bool:
        """Whether one person reads it."""
        return self.due.recipient.place is Place.PERSON

    def title(self, lines: Sequence[AnyLine]) -> str:
        """Why this came: ``3 sections and 1 review wait for you``."""
        verb = "waits" if len(lines) == 1 else "wait"
        services = {line.entry.service for line in lines}
        whom = "you" if self.personal else "this channel"
        if not self.personal and len(services) == 1 and (name := clean(*services)):
            whom = f"the owners of {name[:80]}"
        return f"{_amount(lines)} {verb} for {whom}"

    def why(self, lines: Sequence[AnyLine]) -> str:
        """What it comes to, and for what reason it was sent to this place."""
        drift = [line for line in lines if isinstance(line, Line)]
        wrong = sum(line.drift.item.status is Status.CONTRADICTED for line in drift)
        check, fresh = len(drift) - wrong, sum(line.entry.fresh for line in lines)
        parts = [f"{wrong} now wrong"] if wrong else []
        parts += [f"{check} to check"] if check else []
        parts += [f"{fresh} new since the last digest"] if fresh < len(lines) else []
        heard = {line.audience for line in drift} | ({Audience.OWNER} if len(drift) < len(lines) else set())
        say = _SAY if self.personal else _SAY_HERE
        reasons = " or ".join(say[audience] for audience in Audience if audience in heard)
        return " · ".join([*parts, f"{'you get this' if self.personal else 'it is said here'} because {reasons}"])

    @property
    def where_the_rest_is(self) -> str:
        """Where to see what did not fit."""
        return "`/runbook mine` shows all" if self.personal else "`/runbook status SERVICE` shows all of a service"

    @property
    def small_print(self) -> str:
        """How to have less of this."""
        once = "Comes once a day at most, and only when something in it is new"
        return f"{once} · `/runbook quiet 2 days` for silence" if self.personal else once


def _fitting(view: _View, lines: Sequence[AnyLine]) -> list[tuple[AnyLine, tuple[Block, ...]]]:
    """The first lines with their blocks, as many as the text of one message has room for; at least one."""
    shown: list[tuple[AnyLine, tuple[Block, ...]]] = []
    room = MAX_TOTAL - 600  # header, small print
    for number, line in enumerate(lines, 1):
        if isinstance(line, Line):
            text, buttons = _item_text(view, line), _item_buttons(line.drift, number)
        else:
            text, buttons = _review_text(view, line), _review_buttons(view, line, number)
        room -= width(text) + sum(map(_size, buttons)) + min(width(line.entry.service), 80)
        if room < 0 and shown:
            break
        shown.append((line, (section(text), *([ActionsBlock(elements=buttons)] if buttons else ()))))
    return shown


def _size(button: ButtonElement) -> int:
    """What a button adds to the text of a message, its confirmation included."""
    return 20 + width(button.value or "") + width(button.url or "") + (120 if button.confirm else 0)


# -- drift --


def _item_text(view: _View, line: Line) -> str:
    """One item on three lines: where, what is wrong, and where it stands."""
    item = line.drift.item
    what = "Now wrong" if item.status is Status.CONTRADICTED else "To check"
    title = f" · {prose(item.title, 80)}" if item.title else ""
    first = f"{SIGN[item.status]} *{what}* · {_place(view, line)}{title}"
    return "\n".join(part for part in (first, _wrong(item), f"{_change(view, line)} · {_step(view, line)}") if part)


def _wrong(item: Item) -> str:
    """What is wrong, in one line: the runbook's line and what it should say, or why to look."""
    if item.suggested:
        return f"says {code(item.suggestion_before, 250)}, should say {code(item.suggestion_after, 250)}"
    said = f"says {code(item.quote, 250)}: " if item.status is Status.CONTRADICTED and clean(item.quote) else ""
    return said + prose(item.reason or item.message, 250)


def _place(view: _View, line: Line) -> str:
    """The runbook line: of the pull request's head while it is open, of the default branch after its merge."""
    item = line.drift.item
    if not item.runbook:
        return path(item.code_path, 80)
    name = path(item.runbook, 80) + (f":{item.line}" if item.line > 0 else "")
    if line.pull is not None and not line.drift.merged:
        return link(runbook_url(view.web, line.pull, item), name)
    return link(file_url(view.web, line.drift.repo, "HEAD", item.runbook, item.line), name)


def _change(view: _View, line: Line) -> str:
    """The pull request, how old, whose: owners are mentioned in channels, and only when the line is new there."""
    drift = line.drift
    where = link(pull_url(view.web, drift.ref), f"{prose(drift.ref.repo, 140)} PR #{drift.ref.number}")
    author = f" by {prose(line.pull.author, 60)}" if line.pull and line.pull.author else ""
    days = age(drift.opened_at, view.now)
    parts = [f"{where}{author}" + (", merged" if drift.merged else "")]
    parts.append("opened today" if days == "today" else f"open for {days}")
    if not (view.personal and line.audience is Audience.OWNER):
        owners = (OwnerName(drift.assignee, SLACK, ""),) if drift.assignee else drift.item.owners[:3]
        say = silent if view.personal or not line.entry.fresh else mention
        parts.append(
            "owner: " + (", ".join(filter(None, (say(owner, view.directory) for owner in owners))) or "nobody")
        )
    return " · ".join(parts)


def _step(view: _View, line: Line) -> str:
    """Where it stands on the ladder: ``second reminder; next: #payments on Tuesday``."""
    entry = line.entry
    nth = _ORDINALS[line.nth - 1] if line.nth <= len(_ORDINALS) else f"{line.nth}th"
    escalated = "escalated: " if line.audience is Audience.ESCALATION else ""
    if entry.following is None or entry.following_on is None:
        return f"{escalated}{nth} and last reminder"
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


def _item_buttons(drift: Drift, number: int) -> list[ButtonElement]:
    """The alert's buttons, for this item alone."""
    value = f"{drift.ref.key}|{drift.item.fingerprint}"
    if width(value) > MAX_VALUE:
        return []
    shown = [("Show suggested edit", SHOW_EDIT)] if drift.item.suggested else []
    shown += [("Still accurate", STILL_ACCURATE), ("Snooze", SNOOZE), ("Hand over", HAND_OVER)]
    return [ButtonElement(text=words(text), action_id=f"{action}:{number}", value=value) for text, action in shown]


# -- reviews --


def _review_text(view: _View, line: ReviewLine) -> str:
    """One review: which runbook, how late, who read it last."""
    of = line.review
    when = lateness(of.due, view.due.day)
    title = f" · {prose(line.title, 80)}" if clean(line.title) else ""
    book = link(file_url(view.web, of.repo, "HEAD", of.path), path(of.path, 80))
    by = f" by {silent(OwnerName(line.by, SLACK, ''), view.directory)}" if line.by else ""
    last = f"last reviewed {line.last.isoformat()}{by}" if line.last else "no review on record"
    every = f" · every {plural(line.every, 'day')}" if line.every else ""
    return f"📖 *Review {when}* · {book}{title}\n{prose(of.repo, 140)} · {last}{every}"


def _review_buttons(view: _View, line: ReviewLine, number: int) -> list[ButtonElement]:
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


# -- words --


def _amount(lines: Sequence[AnyLine]) -> str:
    """``3 sections and 1 review``."""
    reviews = sum(isinstance(line, ReviewLine) for line in lines)
    drift = len(lines) - reviews
    counts = [plural(drift, "section") if drift else "", plural(reviews, "review") if reviews else ""]
    return " and ".join(filter(None, counts))


def _in_words(line: AnyLine) -> str:
    if isinstance(line, Line):
        return item_words(line.drift.item)
    return plain(f"{line.review.path}: to be reviewed", 400)


def _cut(lines: Sequence[str], limit: int) -> str:
    """Whole lines of a fallback, as many as fit."""
    return "\n".join(_within(lines, limit))


def _within(lines: Sequence[str], limit: int) -> Iterator[str]:
    for number, line in enumerate(lines):
        limit -= width(line) + 1
        if limit < 0 and number:
            return
        yield line
