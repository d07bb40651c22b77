"""What people decide on drift: still accurate, snooze, hand over. Who may, and what follows.

Rights are the same on every surface. Only owners and configured approvers decide; with separation of duties whoever
opened the pull request or wrote one of its commits does not. A Slack user acts as the GitHub login that was configured
or proven for them, and a login as that Slack user; other matches (same e-mail, same name) carry no rights.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from bot.context import Bot
from bot.model import Actor, BotError, Drift, Item, OwnerName, Pull, PullRef, Review, Ruling, Surface
from bot.ports import Refused
from bot.rulings import is_author, rulings_on
from runbooks.model import Decision, Status

MAX_REASON = 500
"""Characters of a reason that are kept."""
MAX_SNOOZE = timedelta(days=90)
"""How far away the end of a snooze may be."""
CAUGHT_UP = timedelta(days=6)
"""How far back ``catch_up`` looks: what was ordered is remembered for seven days, so that nothing is shown again."""

HANDED = "slack"
"""The kind of an ``OwnerName`` whose handle is a Slack id: a user or a user group whom a section was handed to."""

_GROUP = re.compile(r"S[A-Z0-9]{2,20}")


MAX_EXTENSIONS = 2
"""How often a snooze may be put off again; the issue's figure."""


class NotAllowed(BotError):  # noqa: N818 - reads as what it says
    """The actor may not do this; the text says why and who may."""


def acting(bot: Bot, *, slack: str = "", login: str = "", surface: Surface) -> Actor:
    """The actor behind a Slack user or a GitHub login: both, where a link that carries rights knows the other."""
    if login:
        known = bot.directory().slack_of(login)
        return Actor(login, known.slack if known and known.carries_rights else "", surface)
    person = bot.directory().login_of(slack)
    return Actor(person.login if person else "", slack, surface)


def acknowledge(bot: Bot, actor: Actor, ref: PullRef, fingerprints: Sequence[str], reason: str) -> tuple[Item, ...]:
    """Record that sections are still accurate. An empty ``fingerprints`` means every open one. Raises ``NotAllowed``
    or ``BotError`` with a reason; returns the items it now covers."""
    return _decide(bot, actor, ref, fingerprints, reason, Status.ACKNOWLEDGED, None)


def snooze(
    bot: Bot, actor: Actor, ref: PullRef, fingerprints: Sequence[str], reason: str, until: date
) -> tuple[Item, ...]:
    """Silence sections until a day. Raises like ``acknowledge``."""
    today = bot.clock.now().date()
    if not today < until <= today + MAX_SNOOZE:
        raise BotError(f"a snooze ends between tomorrow and {today + MAX_SNOOZE}")
    often = {drift.item.fingerprint for drift in bot.store.drift(repo=ref.repo) if drift.snoozes > MAX_EXTENSIONS}
    tired = [item for item in _chosen(_known(bot, ref)[1], fingerprints) if item.fingerprint in often]
    if tired:
        raise BotError(
            f"“{tired[0].title or tired[0].runbook}” was snoozed and extended {MAX_EXTENSIONS} times already: correct "
            "it, hand it over, or say that it is still accurate"
        )
    return _decide(bot, actor, ref, fingerprints, reason, Status.SNOOZED, until)


def hand_over(bot: Bot, actor: Actor, ref: PullRef, fingerprints: Sequence[str], to: str) -> tuple[Item, ...]:
    """Give open sections to another person or team (a Slack id). Raises like ``acknowledge``."""
    pull, found = _known(bot, ref)
    items = _chosen(found, fingerprints)
    permit(bot, actor, pull, found, items)
    for item in items:
        bot.store.assign(ref.repo, item.fingerprint, to)
    body = {"by": _who(actor), "to": to, "items": [item.fingerprint for item in items]}
    record = bot.store.append("hand over", ref.repo, ref.key, body, bot.clock.now())
    _follow(bot, ref, record.number)
    return items


def permit(bot: Bot, actor: Actor, pull: Pull, found: Review, items: Sequence[Item]) -> None:
    """Raise ``NotAllowed`` unless the actor may decide on all of the items."""
    if not actor.login:
        raise NotAllowed(
            "your Slack account is not linked to a GitHub login; link it (`/runbook link`) or ask to be listed in "
            "the bot's PEOPLE setting"
        )
    policy = found.policy
    slack = {actor.slack, *(p.slack for p in bot.directory().people if p.login == actor.login and p.carries_rights)}
    if policy.separation_of_duties and is_author(bot, pull, _logins(bot, actor), slack - {""}):
        raise NotAllowed("whoever wrote a change does not decide on it (separation_of_duties)")
    repo = pull.ref.repo
    if _among(bot, actor, repo, [OwnerName(handle, "", "approvers") for handle in policy.approvers]):
        return
    for item in items:
        if not _among(bot, actor, repo, _responsible(bot, pull, item)):
            raise NotAllowed(
                f"only {_owners_in_words(item, policy.approvers)} may decide on “{item.title or item.runbook}”"
            )


def _responsible(bot: Bot, pull: Pull, item: Item) -> tuple[OwnerName, ...]:
    """The owners of an item, and whom it was handed to."""
    handed = [d.assignee for d in bot.store.drift(repo=pull.ref.repo) if d.item.fingerprint == item.fingerprint]
    return (*item.owners, *(OwnerName(name, HANDED, "handed over") for name in handed if name))


def _logins(bot: Bot, actor: Actor) -> set[str]:
    """Every login that the actor is known to have: one person may be linked with more than one."""
    same = (p for p in bot.directory().people if actor.slack and p.slack == actor.slack and p.carries_rights)
    return {actor.login.casefold(), *(person.login.casefold() for person in same)}


def _among(bot: Bot, actor: Actor, repo: str, owners: Sequence[OwnerName]) -> bool:
    """Whether the actor is one of these. Others are asked only about who is not named outright."""
    return any(_is(actor, owner) for owner in owners) or any(_belongs(bot, actor, repo, owner) for owner in owners)


def _is(actor: Actor, owner: OwnerName) -> bool:
    """Whether an owner is the actor by name. A Slack id is never held against a login: anybody may choose theirs."""
    if owner.kind == HANDED:
        return bool(actor.slack) and owner.handle == actor.slack
    return owner.handle.removeprefix("@").casefold() == actor.login.casefold()


def _belongs(bot: Bot, actor: Actor, repo: str, owner: OwnerName) -> bool:
    """Whether an owner means the actor: a user group or a team they are in, or their own e-mail address."""
    name = owner.handle.removeprefix("@")
    if owner.kind == HANDED:
        return _member(bot, owner.handle, actor.slack)
    if "/" in name:
        if _member(bot, bot.directory().group_of(f"@{name}"), actor.slack):
            return True
        try:
            return bot.forge.in_team(repo, f"@{name}", actor.login)
        except Refused:
            return False  # members may not be read: then membership is not proven
    if "@" not in name or not actor.slack:
        return False
    try:
        return bot.chat.user_by_email(name) == actor.slack
    except Refused:
        return False


def _member(bot: Bot, group: str, slack: str) -> bool:
    """Whether a Slack user is in a user group; False where Slack refuses to say."""
    if not slack or not _GROUP.fullmatch(group):
        return False
    try:
        return slack in bot.chat.group_members(group)
    except Refused:
        return False


def answers_for(bot: Bot, actor: Actor, repo: str, handles: Sequence[str]) -> bool:
    """Whether an actor with a proven login is one of these owners."""
    return bool(actor.login) and _among(bot, actor, repo, [OwnerName(handle, "", "") for handle in handles])


def _owners_in_words(item: Item, approvers: Sequence[str]) -> str:
    handles = [*(owner.handle for owner in item.owners), *approvers]
    return (
        ", ".join(dict.fromkeys(handles))
        if handles
        else "configured approvers (nobody owns it; see `acknowledge.approvers`)"
    )


def _decide(
    bot: Bot, actor: Actor, ref: PullRef, fingerprints: Sequence[str], reason: str, kind: Status, until: date | None
) -> tuple[Item, ...]:
    pull, found = _known(bot, ref)
    items = _chosen(found, fingerprints)
    reason = " ".join(reason.split())[:MAX_REASON]
    if not reason:
        raise BotError("say why: the reason is what the next reader and the auditor have")
    permit(bot, actor, pull, found, items)
    at = bot.clock.now()
    who = _who(actor)
    rulings = [
        Ruling(
            Decision(item.fingerprint, item.values_hash, item.section_hash, kind, who, reason, until),
            ref.repo, ref, who, actor.surface, at,
        )
        for item in items
    ]  # fmt: skip
    bot.store.rule(rulings)
    body = {
        "by": who, "surface": actor.surface.value, "kind": kind.value, "reason": reason, "head": found.head,
        "until": until.isoformat() if until else "", "items": [_named(item) for item in items],
    }  # fmt: skip
    record = bot.store.append("decision", ref.repo, ref.key, body, at)
    _follow(bot, ref, record.number)
    return items


def _follow(bot: Bot, ref: PullRef, number: int) -> None:
    """What follows from a decision on record: the newest review by it, and the order to show that. May run twice."""
    at = bot.clock.now()
    pull, found = bot.store.pull(ref), bot.store.review(ref)
    if pull is not None and found is not None:
        decided = applied(_awake(bot, found), rulings_on(bot, pull), at.date())
        if decided != found:
            bot.store.save_review(decided, at)
            bot.store.open_drift(decided, at)
    bot.jobs.announce(ref, f"record:{number}")


def catch_up(bot: Bot) -> int:
    """At a start: what follows from the newest decision on each pull request, lest a kill came between its record and
    that. Where it did not, the order is there already. Returns how many pull requests that was asked for."""
    lately = bot.store.evidence(bot.clock.now() - CAUGHT_UP)
    newest = {record.subject: record.number for record in lately if record.kind in {"decision", "hand over"}}
    for key, number in newest.items():
        _follow(bot, PullRef.parse(key), number)
    return len(newest)


def applied(found: Review, decisions: Sequence[Decision], today: date) -> Review:
    """A review with people's decisions on its open items. A decision holds only for the same values and text."""
    by_key = {(d.fingerprint, d.values_hash, d.section_hash): d for d in decisions if not d.until or d.until >= today}
    items = []
    for item in found.items:
        decision = by_key.get((item.fingerprint, item.values_hash, item.section_hash))
        if item.open and decision is not None:
            item = replace(
                item, status=decision.kind, reason=f"{decision.kind.value} by {decision.by}: {decision.reason}"
            )
        items.append(item)
    return replace(found, items=tuple(items))


def _known(bot: Bot, ref: PullRef) -> tuple[Pull, Review]:
    pull, found = bot.store.pull(ref), bot.store.review(ref)
    if pull is None or found is None:
        raise BotError(f"{ref.key} has not been reviewed")
    if found.head != pull.head_sha:
        raise BotError("a newer push is being reviewed; look again in a moment")
    return pull, _awake(bot, found)


def _awake(bot: Bot, found: Review) -> Review:
    """The review with what a snooze silenced as it was before, where the snooze is over."""
    today = bot.clock.now().date()
    woken = {
        drift.item.fingerprint: drift.item.status
        for drift in bot.store.drift(repo=found.ref.repo)
        if drift.ref == found.ref and drift.snoozes and not drift.asleep(today)
    }
    items = (
        replace(item, status=woken[item.fingerprint])
        if item.status is Status.SNOOZED and item.fingerprint in woken else item
        for item in found.items
    )  # fmt: skip
    return replace(found, items=tuple(items))


def _chosen(found: Review, fingerprints: Sequence[str]) -> tuple[Item, ...]:
    items = tuple(item for item in found.drift if not fingerprints or item.fingerprint in fingerprints)
    if not items:
        raise BotError("there is nothing open to decide on; it may have been settled meanwhile")
    return items


def _who(actor: Actor) -> str:
    return f"@{actor.login}" if actor.login else actor.slack


def _named(item: Item) -> dict[str, str]:
    return {
        "fingerprint": item.fingerprint, "values": item.values_hash, "section": item.section_hash,
        "rule": item.rule, "subject": item.subject, "runbook": item.runbook, "title": item.title,
    }  # fmt: skip


def mine(bot: Bot, slack: str) -> tuple[Drift, ...]:
    """The open drift that a Slack user answers for: handed to them, owned by them, or by a group they are in."""
    directory = bot.directory()
    logins = {person.login.casefold() for person in directory.people if person.slack == slack}
    found = bot.store.drift()
    assigned = {drift.assignee for drift in found}
    groups = {group: _member(bot, group, slack) for group in {*assigned, *(group for _, group in directory.groups)}}

    def answers(drift: Drift) -> bool:
        if drift.assignee:
            return drift.assignee == slack or groups.get(drift.assignee, False)
        for owner in drift.item.owners:
            name = owner.handle.removeprefix("@")
            if name.casefold() in logins or groups.get(directory.group_of(f"@{name}"), False):
                return True
        return False

    return tuple(drift for drift in found if answers(drift))
