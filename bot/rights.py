"""Who may decide on drift. Rights are the same on every surface.

Only owners and configured approvers decide; with separation of duties whoever opened the pull request, wrote one of its
commits or pushed them does not, and where not all authors are known only approvers do. A Slack user acts as the GitHub
login that was configured or proven for them, and a login as that Slack user; other matches (same e-mail, same name)
carry no rights.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.context import Bot
from bot.model import (
    MOST_ASKED,
    MOST_COMMITS,
    Actor,
    BotError,
    Drift,
    Item,
    OwnerName,
    Pull,
    Review,
    Surface,
    full_handle,
)
from bot.ports import Refused
from bot.rulings import by_login, is_author, named_approvers, persons

HANDED = "slack"
"""The kind of an ``OwnerName`` whose handle is a Slack id: a user or a user group whom a section was handed to."""

_GROUP = re.compile(r"S[A-Z0-9]{2,20}")


class NotAllowed(BotError):  # noqa: N818 - reads as what it says
    """The actor may not do this; the text says why and who may."""


def acting(bot: Bot, *, slack: str = "", login: str = "", number: int = 0, surface: Surface) -> Actor:
    """The actor behind a Slack user or a GitHub login (``number`` is its account's): both, where a link that carries
    rights knows the other."""
    if login:
        known = bot.directory().slack_of(login)
        return Actor(login, known.slack if known and known.carries_rights else "", surface, number)
    person = bot.directory().login_of(slack)
    return Actor(person.login if person else "", slack, surface)


def permit(bot: Bot, actor: Actor, pull: Pull, found: Review, items: Sequence[Item]) -> None:
    """Raise ``NotAllowed`` unless the actor may decide on all of the items."""
    if not actor.login:
        raise NotAllowed(
            "your Slack account is not linked to a GitHub login; link it (`/runbook link`) or ask to be listed in "
            "the bot's PEOPLE setting"
        )
    policy = found.policy
    if policy.separation_of_duties and is_author(bot, pull, actor.login, actor.slack, actor.number):
        raise NotAllowed("whoever wrote a change does not decide on it (separation_of_duties)")
    repo = pull.ref.repo
    if policy.separation_of_duties and pull.authors_cut:
        if actor.login.casefold() in named_approvers(bot, policy.approvers):
            return
        raise NotAllowed(
            f"{_cut_in_words(pull)}: whoever owns a section may be among the others, so only "
            f"{_approvers_in_words(policy.approvers)} may decide"
        )
    if _among(bot, actor, repo, [OwnerName(handle, "", "approvers") for handle in policy.approvers]):
        return
    for item in items:
        if not _among(bot, actor, repo, _responsible(bot, pull, item)):
            raise NotAllowed(
                f"only {_owners_in_words(repo, item, policy.approvers)} may decide on “{item.title or item.runbook}”"
            )


def _responsible(bot: Bot, pull: Pull, item: Item) -> tuple[OwnerName, ...]:
    """The owners of an item, and whom it was handed to."""
    handed = [d.assignee for d in bot.store.drift(repo=pull.ref.repo) if d.item.fingerprint == item.fingerprint]
    return (*item.owners, *(OwnerName(name, HANDED, "handed over") for name in handed if name))


def _among(bot: Bot, actor: Actor, repo: str, owners: Sequence[OwnerName]) -> bool:
    """Whether the actor is one of these, under whichever of their logins. Others are asked only about who is not named
    outright."""
    logins, _ = persons(bot, [actor.login], actor.slack)
    full = [o if o.kind == HANDED else OwnerName(full_handle(o.handle, repo), o.kind, o.source) for o in owners]
    return any(_is(actor, logins, owner) for owner in full) or any(
        _belongs(bot, actor, logins, repo, owner) for owner in full
    )


def _is(actor: Actor, logins: frozenset[str], owner: OwnerName) -> bool:
    """Whether an owner is the actor by name. A Slack id is never held against a login: anybody may choose theirs."""
    if owner.kind == HANDED:
        return bool(actor.slack) and owner.handle == actor.slack
    return owner.handle.startswith("@") and owner.handle[1:].casefold() in logins


def _belongs(bot: Bot, actor: Actor, logins: frozenset[str], repo: str, owner: OwnerName) -> bool:
    """Whether an owner means the actor: a user group or a team they are in, or their own e-mail address."""
    name = owner.handle.removeprefix("@")
    if owner.kind == HANDED:
        return _member(bot, owner.handle, actor.slack)
    if "/" in name:
        if _member(bot, bot.directory().group_of(f"@{name}"), actor.slack):
            return True
        try:
            return any(bot.forge.in_team(repo, f"@{name}", login) for login in sorted(logins))
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


def _cut_in_words(pull: Pull) -> str:
    if pull.commits > MOST_COMMITS:
        return f"{pull.ref.key} has {pull.commits} commits and GitHub names the authors of {MOST_COMMITS}"
    return (
        f"{pull.ref.key} has {len(pull.nameless)} co-authors with an address and no login, and Slack is asked about "
        f"{MOST_ASKED}"
    )


def _approvers_in_words(approvers: Sequence[str]) -> str:
    named = by_login(approvers)
    return ", ".join(named) if named else "approvers (`acknowledge.approvers` lists nobody by name)"


def _owners_in_words(repo: str, item: Item, approvers: Sequence[str]) -> str:
    handles = [full_handle(handle, repo) for handle in (*(owner.handle for owner in item.owners), *approvers)]
    return (
        ", ".join(dict.fromkeys(handles))
        if handles
        else "configured approvers (nobody owns it; see `acknowledge.approvers`)"
    )


def mine(bot: Bot, slack: str) -> tuple[Drift, ...]:
    """The open drift that a Slack user answers for: handed to them, owned by them, or by a group they are in."""
    directory = bot.directory()
    teams = {group for _, group in directory.groups}
    in_hand = {group for group in bot.store.assignees() if _GROUP.fullmatch(group)}
    groups = {group for group in teams | in_hand if _member(bot, group, slack)}
    names = {name.casefold() for name, group in directory.groups if group in groups}
    return bot.store.drift_for({slack, *groups} - {""}, _logins(bot, slack) | names)


def shared(bot: Bot, slack: str, found: Sequence[Drift]) -> tuple[tuple[Drift, ...], tuple[Drift, ...]]:
    """What a Slack user answers for, in two: what is theirs by name, and what is a group's."""
    logins = _logins(bot, slack)
    own: list[Drift] = []
    others: list[Drift] = []
    for drift in found:
        named = {owner.handle.casefold() for owner in drift.item.owners}
        theirs = drift.assignee == slack if drift.assignee else bool(logins & named)
        (own if theirs else others).append(drift)
    return tuple(own), tuple(others)


def _logins(bot: Bot, slack: str) -> set[str]:
    return {f"@{person.login.casefold()}" for person in bot.directory().people if person.slack == slack}
