"""The modals: still accurate, snooze, hand over, suggested edit, and a notice. What a submitted one says is read
here too, beside the fields that it comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import cast

from slack_sdk.models.blocks import (
    Block,
    CheckboxesElement,
    DatePickerElement,
    InputBlock,
    Option,
    PlainTextInputElement,
    StaticMultiSelectElement,
    UserSelectElement,
)
from slack_sdk.models.views import View

from bot.model import Item, Pull
from bot.rulings import mark
from bot.slack.escape import clean, fence, fit, plain, prose, width
from bot.slack.links import editor_url, pull_url
from bot.slack.parts import SIGN, context, link, section, words

STILL_ACCURATE_VIEW = "still_accurate_view"
SNOOZE_VIEW = "snooze_view"
HAND_OVER_VIEW = "hand_over_view"
SUGGESTED_EDIT_VIEW = "suggested_edit_view"
NOTICE_VIEW = "notice_view"
"""``callback_id`` of each view."""

SECTIONS, REASON, UNTIL, USER, GROUP = "sections", "reason", "until", "user", "group"
"""``block_id`` and ``action_id`` of the fields; each block has one field."""

MIN_REASON, MAX_REASON = 3, 500
"""Characters of a reason, at least and at most; as many as the record keeps."""
MAX_BOXES = 10
MAX_OPTIONS = 100
"""Slack's limits of check boxes and of options in a menu."""
MAX_EDITS = 20
"""Suggested edits that are shown at once."""
SNOOZE_DAYS = 7
"""How long a snooze is unless somebody says otherwise."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """What a person entered. ``key`` is the pull request's, ``channel`` where the button was; ``chosen`` the marks of
    the sections as they were shown; ``to`` the Slack id of whoever was chosen, ``group`` a user group's name as
    typed."""

    key: str
    channel: str
    chosen: tuple[str, ...] = ()
    reason: str = ""
    until: date | None = None
    to: str = ""
    group: str = ""


def still_accurate_view(pull: Pull, items: Sequence[Item], channel: str = "", reason: str = "") -> dict[str, object]:
    """Which sections still hold, and why. With more than one, each has to be chosen: nobody confirms unread."""
    sections = _sections("Which sections are still accurate?", items, chosen=len(_distinct(items)) == 1)
    why = _reason("Why?", "What did you check? This is what the next reader and the auditor will see.", reason)
    return _modal(STILL_ACCURATE_VIEW, "Still accurate", "Confirm", pull, channel, [sections, why])


def snooze_view(
    pull: Pull, items: Sequence[Item], today: date, channel: str = "", reason: str = ""
) -> dict[str, object]:
    """Until when sections stay silent, and why."""
    until = InputBlock(
        block_id=UNTIL,
        label=words("Until"),
        element=DatePickerElement(
            action_id=UNTIL, initial_date=(today + timedelta(days=SNOOZE_DAYS)).isoformat(), placeholder=words("A day")
        ),
        hint=words(
            "At most 90 days, extended at most twice. It wakes up earlier when the values or the section change."
        ),
    )
    sections = _sections("Which sections?", items, chosen=True)
    why = _reason("Why not now?", "For example: waits for the new dashboard, due on Friday.", reason)
    return _modal(SNOOZE_VIEW, "Snooze", "Snooze", pull, channel, [sections, until, why])


def hand_over_view(pull: Pull, items: Sequence[Item], channel: str = "") -> dict[str, object]:
    """To whom sections go: a user, or a user group by its handle."""
    user = InputBlock(
        block_id=USER,
        label=words("To whom?"),
        element=UserSelectElement(action_id=USER, placeholder=words("A person")),
        optional=True,
    )
    group = InputBlock(
        block_id=GROUP,
        label=words("Or to a user group"),
        element=PlainTextInputElement(action_id=GROUP, max_length=100, placeholder=words("@payments-oncall")),
        optional=True,
    )
    return _modal(
        HAND_OVER_VIEW, "Hand over", "Hand over", pull, channel,
        [_sections("Which sections?", items, chosen=True), user, group],
    )  # fmt: skip


def suggested_edit_view(pull: Pull, items: Sequence[Item], web: str) -> dict[str, object]:
    """What to write instead, as a diff per line, with a link that opens the forge's editor there."""
    edits = [item for item in items if item.suggested]
    blocks: list[Block] = []
    for item in edits[:MAX_EDITS]:
        name = fit(clean(f"{item.runbook}:{item.line}"), 200)
        lines = [f"- {item.suggestion_before}", f"+ {item.suggestion_after}"]
        text = f"*{prose(name, 220)}*\n{fence(lines, 1700)}\n{link(editor_url(web, pull, item), 'Edit this line')}"
        blocks.append(section(text))
        if any(_cut(line) for line in (item.suggestion_before, item.suggestion_after)):
            blocks.append(context("Too long to show whole; the check on the PR has all of it."))
    if len(edits) > MAX_EDITS:
        check = link(pull_url(web, pull.ref), "the check on the PR")
        blocks.append(context(f"and {len(edits) - MAX_EDITS} more in {check}"))
    if not blocks:
        return notice_view("Suggested edit", "There is no suggested edit (any more).")
    return _modal(SUGGESTED_EDIT_VIEW, "Suggested edit", "", pull, "", blocks)


def notice_view(title: str, text: str) -> dict[str, object]:
    """A modal that only tells something, such as why an action was refused."""
    view = View(
        type="modal", callback_id=NOTICE_VIEW, title=words(plain(title, 24) or "Notice"), close=words("Close"),
        blocks=[section(prose(text, 2900) or "Nothing to show.")],
    )  # fmt: skip
    return cast("dict[str, object]", view.to_dict())


def refusal(problem: str) -> str:
    """Why something was not done, as mrkdwn for an ephemeral message."""
    return f"🚫 Not done: {prose(problem, 1000)}"


def submitted(view: Mapping[str, object]) -> Submitted:
    """What was entered into one of the modals. Raises ``ValueError`` where it is not one of ours."""
    try:
        kept = json.loads(str(view["private_metadata"]))
        values = _mapping(_mapping(view["state"])["values"])
        day = _text(values, UNTIL, "selected_date")
        return Submitted(
            key=str(kept["key"])[:300], channel=str(kept["channel"])[:30], chosen=_chosen(values),
            reason=_text(values, REASON, "value")[:MAX_REASON], until=date.fromisoformat(day) if day else None,
            to=_text(values, USER, "selected_user")[:30], group=_text(values, GROUP, "value").strip()[:100],
        )  # fmt: skip
    except (KeyError, TypeError, ValueError):
        raise ValueError("not a submitted view of this app") from None


def _modal(
    callback: str, title: str, submit: str, pull: Pull, channel: str, blocks: Sequence[Block]
) -> dict[str, object]:
    about = context(f"PR #{pull.ref.number} {prose(pull.title, 200)}")
    view = View(
        type="modal", callback_id=callback, title=words(title), submit=words(submit) if submit else None,
        close=words("Cancel" if submit else "Close"), blocks=[about, *blocks],
        private_metadata=json.dumps({"key": pull.ref.key, "channel": channel}),
    )  # fmt: skip
    return cast("dict[str, object]", view.to_dict())


def _sections(question: str, items: Sequence[Item], *, chosen: bool) -> InputBlock:
    """Check boxes for a few, a menu for many; the value of each is its mark, so that a decision is on what was shown
    here, however long the modal stays open."""
    distinct = _distinct(items)[:MAX_OPTIONS]
    options = [_option(item) for item in distinct]
    element: CheckboxesElement | StaticMultiSelectElement
    if len(options) <= MAX_BOXES:
        element = CheckboxesElement(action_id=SECTIONS, options=options, initial_options=options if chosen else None)
    else:
        element = StaticMultiSelectElement(
            action_id=SECTIONS, options=options, initial_options=options if chosen else None,
            placeholder=words("Sections"),
        )  # fmt: skip
    return InputBlock(block_id=SECTIONS, label=words(question), element=element)


def _distinct(items: Sequence[Item]) -> list[Item]:
    return list({mark(item): item for item in items}.values())


def _option(item: Item) -> Option:
    """The end of the path tells files apart, so a long one is cut at its beginning."""
    where = f"{item.runbook or item.code_path}:{item.line}" if item.line else item.runbook or item.code_path
    shown = fit(clean(where)[::-1], 44)[::-1]
    text = f"{SIGN[item.status]} {plain(shown, 46)} {plain(item.title, 24)}".strip()
    about = plain(item.message, 75) or plain(item.rule, 75)
    return Option(text=words(text), value=mark(item), description=words(about) if about else None)


def _reason(question: str, hint: str, given: str = "") -> InputBlock:
    """The field for a reason; ``given`` is what was said already and may be changed."""
    kept = clean(given)[:MAX_REASON]
    kept = kept[: MAX_REASON - (width(kept) - len(kept))]
    return InputBlock(
        block_id=REASON,
        label=words(question),
        element=PlainTextInputElement(
            action_id=REASON,
            multiline=True,
            min_length=MIN_REASON,
            max_length=MAX_REASON,
            initial_value=kept if len(kept) >= MIN_REASON else None,
        ),
        hint=words(hint),
    )


def _cut(line: str) -> bool:
    return fit(line, 840) != line


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError
    return value


def _field(values: Mapping[str, object], name: str) -> Mapping[str, object]:
    block = values.get(name)
    return _mapping(_mapping(block)[name]) if block is not None else {}


def _text(values: Mapping[str, object], name: str, key: str) -> str:
    value = _field(values, name).get(key)
    return value.strip() if isinstance(value, str) else ""


def _chosen(values: Mapping[str, object]) -> tuple[str, ...]:
    options = _field(values, SECTIONS).get("selected_options")
    if not isinstance(options, Sequence) or isinstance(options, str):
        return ()
    named = (str(_mapping(option)["value"])[:150] for option in options[:MAX_OPTIONS])
    return tuple(name if ":" in name else f"{name}:" for name in named)  # without a mark nobody knows what was shown
