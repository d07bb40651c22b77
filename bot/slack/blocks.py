"""The one message on a pull request: the alert, its thread, and what it turns into. Pure: equal nouns, equal bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement

from bot.model import Directory, Item, Pull, PullState, Review
from bot.slack.escape import plain, prose, width
from bot.slack.links import pull_url, runbook_url
from bot.slack.parts import (
    MAX_FALLBACK,
    MAX_HEADER,
    MAX_TOTAL,
    SIGN,
    context,
    counted,
    header,
    headline,
    item_line,
    item_text,
    item_words,
    link,
    message,
    packed,
    plural,
    section,
    section_of,
    skipped_line,
    words,
)
from runbooks.model import Status

MAX_SECTIONS = 3
"""Sections in the message; the rest is in its thread."""
MAX_DETAILS = 40
"""Sections in the thread; the check on the pull request has all."""
PER_DETAIL = 8
"""Sections in one message of the thread."""

STILL_ACCURATE = "still_accurate"
SNOOZE = "snooze"
HAND_OVER = "hand_over"
SHOW_EDIT = "show_edit"
RECHECK = "recheck"
OPEN_PULL = "open_pull"
OPEN_RUNBOOK = "open_runbook"
"""``action_id`` of the buttons. All but the last two carry the pull request's key as their value; the last two are
links, for which Slack sends an action that only has to be acknowledged."""


def alert(pull: Pull, review: Review, directory: Directory, web: str) -> dict[str, object]:
    """The message of a pull request with drift: worst first, at most ``MAX_SECTIONS`` sections."""
    drift = _worst_first(review.drift)
    what = counted(drift)
    blocks: list[Block] = [header(headline(pull, what, MAX_HEADER))]
    shown = _shown(pull, drift, directory, web)
    blocks += [section(item_text(web, pull, item, directory)) for item in drift[:shown]]
    rest = len(drift) - shown
    if rest:
        blocks.append(context(f"and {rest} more in the thread"))
    blocks.append(_buttons(web, pull, drift, open_pull=pull.state is PullState.OPEN))
    blocks.append(_small_print(web, pull, review))
    lines = [headline(pull, what, 300), *(item_words(item) for item in drift[:MAX_SECTIONS])]
    return message(_cut("\n".join(lines)), blocks)


def details(pull: Pull, review: Review, directory: Directory, web: str) -> list[dict[str, object]]:
    """What did not fit into the alert, for its thread."""
    drift = _worst_first(review.drift)
    shown = _shown(pull, drift, directory, web)
    rest = drift[shown : shown + MAX_DETAILS]
    beyond = len(drift) - shown - len(rest)
    pages: list[list[str]] = []
    for item in rest:
        text = item_text(web, pull, item, directory)
        if not pages or len(pages[-1]) >= PER_DETAIL or sum(map(width, pages[-1])) + width(text) > MAX_TOTAL:
            pages.append([])
        pages[-1].append(text)
    result = []
    for number, texts in enumerate(pages, 1):
        place = f" ({number} of {len(pages)})" if len(pages) > 1 else ""
        what = f"{len(rest) + beyond} more{place}"
        blocks: list[Block] = [context(f"*{what}*"), *(section(text) for text in texts)]
        if beyond and number == len(pages):
            check = link(pull_url(web, pull.ref), f"the check on PR #{pull.ref.number}")
            blocks.append(context(f"and {beyond} more in {check}"))
        result.append(message(headline(pull, what, 300), blocks))
    return result


def closed(pull: Pull, review: Review | None, web: str) -> dict[str, object]:
    """The short line that an alert turns into: nothing left to do, a draft again, closed, or merged with what stays
    open (then with the buttons to settle it)."""
    drift = _worst_first(review.drift) if review else ()
    what, sign = _ending(pull, review, drift)
    text = f"{sign} {link(pull_url(web, pull.ref), f'PR #{pull.ref.number}')} {prose(pull.title, 200)}: {what}"
    blocks: list[Block] = [section(text)]
    if pull.state is PullState.MERGED and drift:
        places = list(dict.fromkeys(item_line(web, pull, item) for item in drift))  # a section once for each verdict
        lines, left = packed(places[:10], 2, MAX_TOTAL // 2)
        blocks += [section(line) for line in lines]
        left += max(len(places) - 10, 0)
        if left:
            blocks.append(context(f"and {left} more"))
        blocks.append(_buttons(web, pull, drift, open_pull=False))
    elif review is not None and not drift:
        settled = [item for item in review.items if item.status in {Status.ACKNOWLEDGED, Status.SNOOZED}]
        said = dict.fromkeys(f"{SIGN[item.status]} {prose(item.reason, 300)}" for item in settled)
        blocks += [context(line) for line in list(said)[:MAX_SECTIONS]]
    return message(f"{sign} PR #{pull.ref.number} {plain(pull.title, 300)}: {what}", blocks)


def no_details() -> dict[str, object]:
    """What a message in the thread turns into when what it said is settled, or stands in the alert itself."""
    text = "Nothing is left here; what is open stands in the message above."
    return message(text, [context(text)])


@dataclass(frozen=True)
class SlackPages:
    """The part of the ``Pages`` port that Slack shows; ``web`` is where the forge's pages are."""

    web: str

    def alert(self, pull: Pull, review: Review, directory: Directory) -> dict[str, object]:
        """The message of a pull request with drift."""
        return alert(pull, review, directory, self.web)

    def details(self, pull: Pull, review: Review, directory: Directory) -> Sequence[dict[str, object]]:
        """What did not fit into the alert, for its thread."""
        return details(pull, review, directory, self.web)

    def no_details(self) -> dict[str, object]:
        """What a message in the thread turns into of which nothing is left."""
        return no_details()

    def closed(self, pull: Pull, review: Review | None) -> dict[str, object]:
        """The short line that an alert turns into."""
        return closed(pull, review, self.web)


def _ending(pull: Pull, review: Review | None, drift: Sequence[Item]) -> tuple[str, str]:
    """The end of the short line, and its sign."""
    if pull.state is PullState.MERGED:
        if drift:
            return f"merged; {counted(drift)}", SIGN[drift[0].status]
        sure = review is not None and not review.failure and review.policy.opted_in
        return ("merged; runbooks agree with the code" if sure else "merged"), "✅"
    if pull.state is PullState.CLOSED:
        return "closed without merging; nothing to do", "⚪"
    if pull.draft:
        return "a draft again; it is looked at when it is ready", "⚪"
    if review is not None and not review.policy.opted_in:
        return "its target branch asks for nothing", "⚪"
    if drift:  # less than the policy wants to be told of
        return f"{counted(drift)}; less grave than what is told here", SIGN[drift[0].status]
    items = review.items if review else ()
    asleep = {section_of("", item) for item in items if item.status is Status.SNOOZED}
    settled = {section_of("", item) for item in items if item.status is Status.ACKNOWLEDGED}
    snoozed, accurate = len(asleep), len(settled - asleep)
    if snoozed:
        said = f", {accurate} still accurate" if accurate else ""
        return f"{plural(snoozed, 'section')} snoozed{said}", "💤"
    if accurate:
        return f"{plural(accurate, 'section')} declared still accurate", "✅"
    return "runbooks agree with the code again", "✅"


def _worst_first(drift: Sequence[Item]) -> tuple[Item, ...]:
    """Contradicted before suspect, else in the report's order."""
    return tuple(sorted(drift, key=lambda item: item.status is not Status.CONTRADICTED))


def _shown(pull: Pull, drift: Sequence[Item], directory: Directory, web: str) -> int:
    """How many items the alert itself has room for."""
    used = 0
    for number, item in enumerate(drift[:MAX_SECTIONS]):
        used += width(item_text(web, pull, item, directory))
        if number and used > MAX_TOTAL:
            return number
    return min(len(drift), MAX_SECTIONS)


def _buttons(web: str, pull: Pull, drift: Sequence[Item], *, open_pull: bool) -> ActionsBlock:
    key = pull.ref.key
    elements = [
        _button("Still accurate", STILL_ACCURATE, key),
        _button("Snooze", SNOOZE, key),
        _button("Hand over", HAND_OVER, key),
    ]
    if any(item.suggested for item in drift):
        elements.insert(0, _button("Show suggested edit", SHOW_EDIT, key, style="primary"))
    if open_pull:
        elements.append(_button("Re-check", RECHECK, key))
    runbook = next((url for item in drift if (url := runbook_url(web, pull, item))), "")
    links = [("Open PR", OPEN_PULL, pull_url(web, pull.ref)), ("Open runbook", OPEN_RUNBOOK, runbook)]
    elements += [ButtonElement(text=words(text), action_id=action, url=url) for text, action, url in links if url]
    return ActionsBlock(elements=elements)


def _button(text: str, action: str, value: str, style: str | None = None) -> ButtonElement:
    return ButtonElement(text=words(text), action_id=action, value=value, style=style)


def _small_print(web: str, pull: Pull, review: Review) -> Block:
    where = link(pull_url(web, pull.ref), f"{prose(pull.ref.repo, 140)} PR #{pull.ref.number}")
    return context(f"{where} by {prose(pull.author, 60)} · {prose(pull.head_sha[:7], 20)}", skipped_line(review))


def _cut(text: str) -> str:
    """A fallback is escaped already and its parts are bounded; this is the last line of defence."""
    return text if width(text) <= MAX_FALLBACK else text[: MAX_FALLBACK // 2].rsplit("\n", 1)[0]
