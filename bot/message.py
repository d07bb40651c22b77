"""Where the message on a pull request stands: posted, updated, turned green."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace

from bot.context import Bot
from bot.model import Alert, OwnerName, Pull, Review, content_hash
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
    content = content_of(message)
    if alert.content == content:
        return "same"
    with suppress(Gone):  # somebody deleted the message: nothing to turn green
        bot.chat.update(alert.channel, alert.ts, message)
    bot.store.save_alert(replace(alert, content=content, resolved=True))
    return "resolved"


def placed(bot: Bot, pull: Pull, found: Review, alert: Alert | None, message: Message) -> tuple[str, str]:
    """Update the message where it stands or post it; returns channel and ``ts``, both empty without a channel."""
    key = pull.ref.key
    if alert is not None:
        try:
            bot.chat.update(alert.channel, alert.ts, message)
            return alert.channel, alert.ts
        except Gone:
            # Deleted by a person: the drift is still there, and something new to say is worth one new message.
            return alert.channel, bot.chat.post(alert.channel, message, key=f"{key}:{alert.ts}")
    channel, default = channel_of(bot, found), bot.rules.default_channel
    if not channel:
        return "", ""
    try:
        return channel, bot.chat.post(channel, message, key=key)
    except Refused as problem:
        if problem.code not in CLOSED_CHANNEL or channel == default or not default:
            raise
        return default, bot.chat.post(default, message, key=key)


def content_of(message: Message) -> str:
    """A digest that is equal for equal messages."""
    return content_hash(json.dumps(message, sort_keys=True, default=str))


def channel_of(bot: Bot, found: Review) -> str:
    """The channel of the worst item's service, else of the repository, else the default."""
    channels = {service.name: service.channel for service in found.services}
    for item in found.drift:
        if item.service and channels.get(item.service):
            return channels[item.service]
    return bot.rules.channels.get(found.ref.repo, "") or bot.rules.default_channel
