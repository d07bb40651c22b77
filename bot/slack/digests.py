"""The digest of a person or a channel: what waits, why it is said now, what comes next, and the buttons to settle it.
Pure: equal nouns, equal bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement, DividerBlock

from bot.model import Directory
from bot.reminders.notices import Line, ReviewLine, Settled
from bot.reminders.nouns import Audience, Due
from bot.slack.digestlines import (
    View,
    item_buttons,
    item_text,
    review_buttons,
    review_text,
    settled_text,
)
from bot.slack.escape import clean, plain, prose, width
from bot.slack.parts import (
    MAX_FALLBACK,
    MAX_HEADER,
    MAX_TOTAL,
    context,
    header,
    item_words,
    message,
    plural,
    section,
    section_of,
)
from bot.slack.status import UNSERVED
from runbooks.model import Status

Open = Line | ReviewLine
AnyLine = Open | Settled

MAX_ITEMS = 10
"""Items of one digest; the rest is counted (the issue's figure: more than ten are not read)."""

_SAY = {
    Audience.AUTHOR: "you opened the pull request",
    Audience.OWNER: "you own what is listed",
    Audience.CHANNEL: "it is still open",
    Audience.ESCALATION: "you are the escalation contact and it is still open",
}
_SAY_HERE = {
    Audience.AUTHOR: "the author is reached here",
    Audience.OWNER: "the owner is reached here",
    Audience.CHANNEL: _SAY[Audience.CHANNEL],
    Audience.ESCALATION: "this is the channel for escalation and it is still open",
}


def digest(due: Due, lines: Sequence[AnyLine], directory: Directory, now: datetime, web: str) -> dict[str, object]:
    """The message: at most ``MAX_ITEMS`` items, worst first, grouped by service. Where there is not room for all,
    what is new comes before what was said already, and what is settled last. ``lines`` is not empty."""
    found = Counter(section_of(line.drift.repo, line.drift.item) for line in lines if isinstance(line, Line))
    view = _View(due, directory, now, web, frozenset(one for one, count in found.items() if count > 1))
    places = sorted(range(len(lines)), key=lambda place: _urgent(lines[place]))[:MAX_ITEMS]
    fitting = _fitting(view, [lines[place] for place in places])
    shown = [made for _, made in sorted(zip(places, fitting, strict=False), key=lambda pair: pair[0])]
    waiting = [line for line in lines if not isinstance(line, Settled)]
    blocks: list[Block] = [header(plain(view.title(waiting), MAX_HEADER)), context(view.why(waiting))]
    for service in dict.fromkeys(line.entry.service for line, _ in shown):
        name = prose(service, 80) if clean(service) else UNSERVED
        blocks += [DividerBlock(), section(f"*{name}*")]
        blocks += [block for line, made in shown if line.entry.service == service for block in made]
    there = set(places[: len(shown)])
    rest = [line for place, line in enumerate(lines) if place not in there and not isinstance(line, Settled)]
    if rest:
        blocks.append(context(f"and {_amount(rest)} more: {view.where_is(rest)}"))
    blocks.append(context(view.small_print))
    fallback = [plain(view.title(waiting), 300), *(_in_words(line) for line, _ in shown)]
    return message(_cut(fallback, MAX_FALLBACK), blocks)


class _View(View):
    """What the head and the foot of a digest say."""

    def title(self, lines: Sequence[Open]) -> str:
        """Why this came: ``3 sections and 1 review wait for you``."""
        if not lines:
            return "✅ Nothing of this waits any more"
        verb = "waits" if sum(_counts(lines)) == 1 else "wait"
        services = {line.entry.service for line in lines}
        whom = "you" if self.personal else "this channel"
        if not self.personal and len(services) == 1 and (name := clean(*services)):
            whom = f"the owners of {name[:80]}"
        return f"{_amount(lines)} {verb} for {whom}"

    def why(self, lines: Sequence[Open]) -> str:
        """What it comes to, and for what reason it was sent to this place."""
        if not lines:
            return "what was settled, and how"
        drift = [line for line in lines if isinstance(line, Line)]
        wrong = sum(line.drift.item.status is Status.CONTRADICTED for line in drift)
        check, fresh = len(drift) - wrong, sum(line.entry.fresh for line in lines)
        parts = [f"{wrong} now wrong"] if wrong else []
        parts += [f"{check} to check"] if check else []
        parts += [f"{fresh} new since the last digest"] if fresh < len(lines) else []
        heard = {line.audience for line in drift} | ({Audience.OWNER} if len(drift) < len(lines) else set())
        say = _SAY if self.personal else _SAY_HERE
        handed = [line.drift.assignee != "" for line in drift if line.audience is Audience.OWNER]
        said = [say[audience] for audience in Audience if audience in heard]
        if self.personal and any(handed):
            owns = [_SAY[Audience.OWNER]] if not all(handed) or len(drift) < len(lines) else []
            at = said.index(_SAY[Audience.OWNER])
            said[at : at + 1] = [*owns, "it was handed to you"]
        reasons = " or ".join(said)
        return " · ".join([*parts, f"{'you get this' if self.personal else 'it is said here'} because {reasons}"])

    def where_is(self, rest: Sequence[Open]) -> str:
        """Where to see what did not fit; ``mine`` lists what people own."""
        owned = all(isinstance(line, ReviewLine) or line.audience is Audience.OWNER for line in rest)
        if self.personal and owned:
            return "`/runbook mine` shows all"
        return "`/runbook status SERVICE` shows all of a service"

    @property
    def small_print(self) -> str:
        """How to have less of this."""
        once = "Comes once a day at most, and only when something in it is new"
        return f"{once} · `/runbook quiet 2 days` for silence" if self.personal else once


def _urgent(line: AnyLine) -> tuple[bool, bool]:
    return isinstance(line, Settled), not line.entry.fresh


def _fitting(view: _View, lines: Sequence[AnyLine]) -> list[tuple[AnyLine, tuple[Block, ...]]]:
    """The first lines with their blocks, as many as the text of one message has room for; at least one."""
    shown: list[tuple[AnyLine, tuple[Block, ...]]] = []
    room = MAX_TOTAL - 600  # header, small print
    for number, line in enumerate(lines, 1):
        if isinstance(line, Settled):
            text, buttons = settled_text(view, line), list[ButtonElement]()
        elif isinstance(line, Line):
            text, buttons = item_text(view, line), item_buttons(line.drift, number)
        else:
            text, buttons = review_text(view, line), review_buttons(view, line, number)
        room -= width(text) + sum(map(_size, buttons)) + min(width(line.entry.service), 80)
        if room < 0 and shown:
            break
        shown.append((line, (section(text), *([ActionsBlock(elements=buttons)] if buttons else ()))))
    return shown


def _size(button: ButtonElement) -> int:
    """What a button adds to the text of a message, its confirmation included."""
    return 20 + width(button.value or "") + width(button.url or "") + (120 if button.confirm else 0)


# -- words --


def _counts(lines: Sequence[Open]) -> tuple[int, int]:
    """How many sections, and how many reviews; a section is one, however much was found in it."""
    sections = {section_of(line.drift.repo, line.drift.item) for line in lines if isinstance(line, Line)}
    return len(sections), sum(isinstance(line, ReviewLine) for line in lines)


def _amount(lines: Sequence[Open]) -> str:
    """``3 sections and 1 review``."""
    sections, reviews = _counts(lines)
    counts = [plural(sections, "section") if sections else "", plural(reviews, "review") if reviews else ""]
    return " and ".join(filter(None, counts))


def _in_words(line: AnyLine) -> str:
    if isinstance(line, Settled):
        return plain(f"{line.entry.service}: {line.how}", 400)
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
