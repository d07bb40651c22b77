"""The pieces that messages and views are made of, each within Slack's limits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import cast

from slack_sdk.models.blocks import (
    Block,
    ContextBlock,
    HeaderBlock,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)

from analyzers.model import Severity
from bot.model import Directory, Item, Pull, Review
from bot.slack.escape import clean, code, fence, fit, label, path, plain, prose, width
from bot.slack.links import code_url, runbook_url
from bot.slack.mentions import owners_line
from runbooks.model import Status

MAX_HEADER = 150
MAX_TEXT = 3000
"""Characters of a section's or context element's text (docs.slack.dev, block reference)."""
MAX_FALLBACK = 2000
"""Characters of a message's plain text; ``chat.update`` refuses more than 4,000."""
MAX_TOTAL = 9000
"""Characters of all text of one message. Slack documents none and refuses with ``msg_blocks_too_long`` at somewhat
over 11,000 (slackapi/bolt-js issues 2509 and 2867)."""

SIGN = {
    Status.CONTRADICTED: "🔴", Status.SUSPECT: "🟡", Status.UPDATED: "🟢", Status.ACKNOWLEDGED: "☑️",
    Status.SNOOZED: "💤", Status.UNCOVERED: "⚪",
}  # fmt: skip
_WORD = {Status.CONTRADICTED: "Now wrong", Status.SUSPECT: "To check"}


def message(text: str, blocks: Sequence[Block]) -> dict[str, object]:
    """A message of blocks with its plain-text fallback."""
    return {"text": text, "blocks": [cast("dict[str, object]", block.to_dict()) for block in blocks]}


def mrkdwn(text: str) -> MarkdownTextObject:
    """Formatted text in which Slack looks for nothing by itself: no bare mention, channel or address becomes one."""
    return MarkdownTextObject(text=text, verbatim=True)


def words(text: str) -> PlainTextObject:
    """Plain text; ``:name:`` stays as written."""
    return PlainTextObject(text=text, emoji=False)


def header(text: str) -> HeaderBlock:
    """A headline from escaped text."""
    return HeaderBlock(text=words(text))


def section(text: str) -> SectionBlock:
    """A paragraph."""
    return SectionBlock(text=mrkdwn(text))


def context(*texts: str) -> ContextBlock:
    """Small print."""
    return ContextBlock(elements=[mrkdwn(text) for text in texts if text])


def link(url: str, text: str) -> str:
    """A link from a built address and escaped text; the text alone where there is no address."""
    return f"<{url}|{text or '(no name)'}>" if url else text


def packed(lines: Iterable[str], most: int, total: int) -> tuple[list[str], int]:
    """Lines joined into at most ``most`` paragraphs of ``total`` characters, and how many lines did not fit."""
    paragraphs: list[str] = []
    used = left = 0
    for line in lines:
        size = width(line) + 1
        if left or used + size > total:
            left += 1
        elif paragraphs and width(paragraphs[-1]) + size <= MAX_TEXT:
            paragraphs[-1] += "\n" + line
            used += size
        elif len(paragraphs) < most:
            paragraphs.append(line)
            used += size
        else:
            left += 1
    return paragraphs, left


def plural(count: int, one: str, many: str = "") -> str:
    """``1 section``, ``2 sections``."""
    return f"{count} {one if count == 1 else many or one + 's'}"


Section = tuple[str, str, str, str]
"""Repository, runbook, slug and title."""


def section_of(repo: str, item: Item) -> Section:
    """The section that an item is about; of one without a runbook the changed code. A section counts once, however
    much was found in it."""
    return repo, item.runbook or item.code_path, item.slug, item.title


_FAR = 330
"""So many days ahead a day is not said without its year."""


def day_words(day: date, today: date) -> str:
    """``tomorrow``, ``on Tuesday`` within a week, ``on 8 December``, in almost a year ``on 2027-11-08``, from
    somebody's today."""
    ahead = (day - today).days
    if ahead <= 0:
        return "today"
    if ahead == 1:
        return "tomorrow"
    if ahead >= _FAR:
        return f"on {day.isoformat()}"
    return f"on {day:%A}" if ahead < 7 else f"on {day.day} {day:%B}"


def counted(items: Sequence[Item]) -> str:
    """What open items amount to: ``1 runbook line is now wrong, 1 to check``."""
    wrong = sum(item.status is Status.CONTRADICTED for item in items)
    check = sum(item.status is Status.SUSPECT for item in items)
    if not wrong:
        return f"{plural(check, 'runbook section')} to check"
    verb = "is" if wrong == 1 else "are"
    return f"{plural(wrong, 'runbook line')} {verb} now wrong" + (f", {check} to check" if check else "")


def headline(pull: Pull, what: str, limit: int) -> str:
    """``PR #7 title — what``, where the title gives way: it alone is cut."""
    number = f"PR #{pull.ref.number}"
    room = limit - width(number) - width(what) - 4
    return f"{number} {plain(pull.title, room)} — {what}" if clean(pull.title) and room > 0 else f"{number} — {what}"


def place(web: str, pull: Pull, item: Item) -> str:
    """A link to the runbook line of an item, or to the code where no runbook speaks of it."""
    if not item.runbook:
        return _code_place(web, pull, item)
    return link(runbook_url(web, pull, item), _with_line(item.runbook, item.line))


def item_text(web: str, pull: Pull, item: Item, directory: Directory) -> str:
    """One item as people act on it: which line, what it says and should say, why, whose it is. The owner is notified of
    what is wrong or grave; what is only to be checked is said without calling anybody, and comes with their digest."""
    heading = f"{SIGN[item.status]} *{_WORD.get(item.status, item.status.value)}* · {place(web, pull, item)}"
    lines = [heading + (f" · {prose(item.title, 80)}" if item.title else "")]
    if item.suggested:
        lines.append(fence([f"- {item.suggestion_before}", f"+ {item.suggestion_after}"], 600))
    elif item.quote:
        lines.append(fence([item.quote], 300))
    lines.append(f"*Why* {_changed(web, pull, item)}")
    if item.status is not Status.CONTRADICTED and item.reason:
        lines.append(f"*Check* {prose(item.reason, 200)}")
    grave = item.status is Status.CONTRADICTED or item.severity is Severity.HIGH
    lines.append(f"*Owner* {owners_line(item.owners, directory if grave else None)}")
    return "\n".join(lines)


def item_line(web: str, pull: Pull, item: Item) -> str:
    """One item on one line."""
    title = f" · {prose(item.title, 60)}" if item.title else ""
    return f"{SIGN[item.status]} {place(web, pull, item)}{title}"


def item_words(item: Item) -> str:
    """One item in plain text, for fallbacks."""
    where = fit(clean(item.runbook or item.code_path), 100)
    text = f"{where}:{item.line}" if item.line else where
    if item.suggested:
        return plain(f"{text}: write “{fit(item.suggestion_after.strip(), 160)}”", 400)
    return plain(f"{text}: {item.reason or item.message}", 400)


def skipped_line(review: Review) -> str:
    """What could not be read, so that silence about it is not taken for a good sign; empty when all was read."""
    if not review.skipped:
        return ""
    first = prose(review.skipped[0], 100)
    more = f" and {len(review.skipped) - 1} more" if len(review.skipped) > 1 else ""
    return f"⚠️ Not read: {first}{more}"


def _changed(web: str, pull: Pull, item: Item) -> str:
    where = _code_place(web, pull, item)
    before, after = code(item.code_before, 120), code(item.code_after, 120)
    if item.code_gone and before:
        return f"{before} is gone from {where}"
    if before and after and before != after:
        return f"{before} → {after} in {where}"
    return f"{prose(item.message, 200)} {where}"


def _code_place(web: str, pull: Pull, item: Item) -> str:
    return link(code_url(web, pull, item), _with_line(item.code_path, item.code_line))


def _with_line(name: str, line: int) -> str:
    return path(name, 80) + (f":{line}" if line > 0 else "")


def heading_label(item: Item) -> str:
    """An item for a link or an option: its file's end, line and section, as label text of at most 75 characters."""
    where = _with_line(item.runbook or item.code_path, item.line)
    return label(item.title, 30) + " · " + where if item.title else where
