"""Who is named, and how: a Slack mention only for those whose Slack id is known, text for everybody else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain

from bot.model import Directory, OwnerName
from bot.reminders.nouns import Place, Recipient
from bot.slack.escape import prose

MAX_OWNERS = 5
"""Owners of one section that are named."""
SLACK = "slack"
"""The kind of an ``OwnerName`` whose handle is a Slack id: somebody whom a section was handed to."""

_USER = re.compile(r"[UW][A-Z0-9]{2,20}")
_GROUP = re.compile(r"S[A-Z0-9]{2,20}")
_CHANNEL = re.compile(r"[CG][A-Z0-9]{2,20}")


def tag(slack_id: str) -> str:
    """The mention of a Slack user or user group by id; an empty string when it is neither."""
    if _USER.fullmatch(slack_id):
        return f"<@{slack_id}>"
    return f"<!subteam^{slack_id}>" if _GROUP.fullmatch(slack_id) else ""


def channel(name: str) -> str:
    """A channel as mrkdwn: a link where its id is known, else the escaped name."""
    return f"<#{name}>" if _CHANNEL.fullmatch(name) else prose(name, 80)


def recipient_words(recipient: Recipient) -> str:
    """A recipient as mrkdwn; empty for an id that is none."""
    if recipient.place is Place.PERSON:
        return tag(recipient.id)
    return channel(recipient.id if _CHANNEL.fullmatch(recipient.id) else f"#{recipient.id.removeprefix('#')}")


def mention(owner: OwnerName, directory: Directory) -> str:
    """An owner as mrkdwn: a mention where the directory knows the Slack user or group, else the escaped handle. A
    team is never looked up among people, nor a person among groups."""
    name = owner.handle.removeprefix("@")
    found = ""
    if owner.kind == SLACK:
        found = tag(owner.handle)
    elif owner.kind == "team" or "/" in name:
        group = directory.group_of(f"@{name}")
        found = tag(group) if _GROUP.fullmatch(group) else ""
    elif owner.kind == "user":
        person = directory.slack_of(name)
        found = tag(person.slack) if person and _USER.fullmatch(person.slack) else ""
    return found or named(owner)


def named(owner: OwnerName) -> str:
    """An owner as mrkdwn that notifies nobody. Somebody known by Slack id alone has no other name than a mention."""
    return (tag(owner.handle) if owner.kind == SLACK else "") or prose(owner.handle, 60)


def silent(owner: OwnerName, directory: Directory) -> str:
    """An owner as mrkdwn that notifies nobody even where it is posted: somebody who is known by Slack id goes by the
    login or team that the directory links, else without a name."""
    if owner.kind != SLACK or not tag(owner.handle):
        return prose(owner.handle, 60)
    logins = (f"@{person.login}" for person in directory.people if person.slack == owner.handle)
    teams = (team for team, group in directory.groups if group == owner.handle)
    stranger = "a group of Slack" if _GROUP.fullmatch(owner.handle) else "a person who is not linked"
    return prose(next(chain(logins, teams), stranger), 60)


def owners_line(owners: Sequence[OwnerName], directory: Directory | None = None) -> str:
    """Owners with the source that said so, at most ``MAX_OWNERS``. With a directory the first whom it knows is
    notified, as whom reminders would ask; nobody else, so that a list of ten owners is no call for ten people."""
    if not owners:
        return "nobody"
    shown = owners[:MAX_OWNERS]
    sources = list(dict.fromkeys(owner.source for owner in shown))
    names = [named(owner) for owner in shown]
    for at, owner in enumerate(shown if directory else ()):
        if directory and (called := mention(owner, directory)) != names[at]:
            names[at] = called
            break
    more = f" and {len(owners) - len(shown)} more" if len(owners) > len(shown) else ""
    source = prose(", ".join(source for source in sources if source), 60)
    return ", ".join(dict.fromkeys(names)) + more + (f" ({source})" if source else "")
