"""Where the message on a pull request stands: posted, updated, turned green."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from bot.context import Bot
from bot.model import Alert, OwnerName, Pull, PullState, Review, content_hash
from bot.observe import log
from bot.ports import Gone, Message, Refused

CLOSED_CHANNEL = frozenset({"channel_not_found", "not_in_channel", "is_archived"})
"""Slack's words for a channel that we cannot post to; the default channel is tried then."""


def with_assignees(bot: Bot, found: Review) -> Review:
    """The review with whom its items were handed over to as their owner."""
    handed = {d.item.fingerprint: d.assignee for d in bot.store.drift(repo=found.ref.repo) if d.assignee}
    items = tuple(
        replace(item, owners=(OwnerName(handed[item.fingerprint], "slack", "handed over"),))
        if item.fingerprint in handed
        else item
        for item in found.items
    )
    return replace(found, items=items)


def turned(bot: Bot, pull: Pull, found: Review | None, alert: Alert | None) -> str:
    """The alert of a pull request that has nothing (more) to say."""
    if alert is None:
        return "silent"
    message = bot.pages.closed(pull, found)
    content, parts = content_of(message), _still(bot, pull, found, alert)
    if alert.content == content and told(alert, parts):
        return "same"
    try:
        bot.chat.update(alert.channel, alert.ts, message)
    except Gone:
        alert = replace(alert, details=())  # somebody deleted the message: nothing to turn green
    except Refused as problem:
        if problem.code not in CLOSED_CHANNEL:
            raise
        log.warning("channel closed", channel=alert.channel, code=problem.code)
    else:
        alert = with_details(bot, alert, parts)
    bot.store.save_alert(replace(alert, content=content, resolved=True))
    return "resolved"


def _still(bot: Bot, pull: Pull, found: Review | None, alert: Alert) -> Sequence[Message]:
    """What the thread of a pull request that ended still has to say: merged drift that it spoke of, as it is now."""
    if found is None or pull.state is not PullState.MERGED or not alert.details:
        return ()
    return bot.pages.details(pull, with_assignees(bot, found), bot.directory())[: len(alert.details)]


def placed(bot: Bot, pull: Pull, found: Review, alert: Alert | None, message: Message) -> tuple[str, str]:
    """Update the message where it stands or post it; returns channel and ``ts``, both empty without a channel."""
    channel, key = channel_of(bot, found), pull.ref.key
    if alert is not None:
        key = f"{key}:{alert.ts}"
        try:
            bot.chat.update(alert.channel, alert.ts, message)
            return alert.channel, alert.ts
        except Gone:
            # Deleted by a person: the drift is still there, and something new to say is worth one new message.
            channel = alert.channel
        except Refused as problem:
            if problem.code not in CLOSED_CHANNEL:
                raise
            log.warning("channel closed", channel=alert.channel, code=problem.code)
    return _posted(bot, channel, message, key) if channel else ("", "")


def _posted(bot: Bot, channel: str, message: Message, key: str) -> tuple[str, str]:
    """Post a message where it belongs, or in the default channel where that is closed to us."""
    default = bot.rules.default_channel
    try:
        return channel, bot.chat.post(channel, message, key=key)
    except Refused as problem:
        if problem.code not in CLOSED_CHANNEL or channel == default or not default:
            raise
        log.warning("channel closed", channel=channel, code=problem.code)
        return default, bot.chat.post(default, message, key=key)


def told(alert: Alert, parts: Sequence[Message]) -> bool:
    """Whether the thread says all that the alert has no room for, and nothing else."""
    return [content for _, content in alert.details] == [content_of(part) for part in parts]


def with_details(bot: Bot, alert: Alert, parts: Sequence[Message]) -> Alert:
    """Make the thread say what the alert has no room for: each message posted once, updated where it says something
    else, and turned into a word where nothing of it is left. Each is on record as soon as it is there."""
    for number in range(max(len(parts), len(alert.details))):
        part = parts[number] if number < len(parts) else bot.pages.no_details()
        ts, before = alert.details[number] if number < len(alert.details) else ("", "")
        content = content_of(part)
        if content != before:
            ts = _detail(bot, alert, number, ts, part)
            rest = alert.details[number + 1 :]
            alert = replace(alert, details=(*alert.details[:number], (ts, content), *rest))
            bot.store.save_alert(alert)
    if len(alert.details) > len(parts):
        alert = replace(alert, details=alert.details[: len(parts)])
        bot.store.save_alert(alert)
    return alert


def _detail(bot: Bot, alert: Alert, number: int, ts: str, part: Message) -> str:
    """One message of the thread, where it stands or posted."""
    key = f"{alert.ref.key}:{alert.ts}:{number}"
    if ts:
        try:
            bot.chat.update(alert.channel, ts, part)
            return ts
        except Gone:
            key = f"{key}:{ts}"
    return bot.chat.post(alert.channel, part, key=key, thread=alert.ts)


def content_of(message: Message) -> str:
    """A digest that is equal for equal messages."""
    return content_hash(json.dumps(message, sort_keys=True, default=str))


def channel_of(bot: Bot, found: Review) -> str:
    """The channel of the worst item's service, else of the repository, else the default."""
    channels = {service.name: service.channel for service in found.services}
    for item in found.drift:
        if item.service and channels.get(item.service):
            return channels[item.service]
    return bot.rules.channel_of(found.ref.repo) or bot.rules.default_channel
