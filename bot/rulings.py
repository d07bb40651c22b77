"""Which decisions of a repository count on a pull request, and what of a section one is about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import date

from bot.context import Bot
from bot.model import Item, Pull, Review, content_hash
from runbooks.model import Decision

MOST_ASKED = 10
"""Addresses of co-authors that Slack is asked about for one decision."""


def mark(item: Item) -> str:
    """A section as somebody saw it: its fingerprint, and a digest of the values and the text that were shown."""
    return marked(item.fingerprint, item.values_hash, item.section_hash)


def marked(fingerprint: str, values_hash: str, section_hash: str) -> str:
    """The same of what a record or a decision holds."""
    return f"{fingerprint}:{content_hash(values_hash, section_hash)}"


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


def rulings_on(bot: Bot, pull: Pull) -> tuple[Decision, ...]:
    """Every decision of the repository but, with separation of duties, those of whoever opened this pull request or
    wrote one of its commits, under whichever of their logins: what they decided on another one with the same change
    does not pass here. Before the first review nobody knows the policy, and separation, its default, is taken to be
    on. Where not all of its authors are known, only what approvers decided counts (``named_approvers``). Asks the store
    alone."""
    made = bot.store.decisions(pull.ref.repo)
    found = bot.store.review(pull.ref)
    if not made or (found is not None and not found.policy.separation_of_duties):
        return made
    wrote, _ = persons(bot, _logins(pull))
    others = [(decision, by) for decision in made if (by := decision.by.removeprefix("@").casefold()) not in wrote]
    if pull.authors_cut:
        approvers = named_approvers(bot, found.policy.approvers if found is not None else ())
        others = [(decision, by) for decision, by in others if by in approvers]
    return tuple(decision for decision, _ in others)


def named_approvers(bot: Bot, approvers: Iterable[str]) -> frozenset[str]:
    """The logins (in lower case) of the approvers whom a policy names one by one: who may decide where any member of a
    team may be an author that nobody lists."""
    return persons(bot, [handle.removeprefix("@") for handle in by_login(approvers)])[0]


def by_login(handles: Iterable[str]) -> list[str]:
    """The handles that are logins: neither teams nor e-mail addresses."""
    return [handle for handle in handles if handle.startswith("@") and "/" not in handle]


def persons(bot: Bot, logins: Iterable[str], slack: str = "") -> tuple[frozenset[str], frozenset[str]]:
    """Every login (in lower case) and Slack account of the people behind these: one person may be linked with more
    than one login. Only links that carry rights count."""
    given = frozenset(login.casefold() for login in logins if login)
    links = [(person.login.casefold(), person.slack) for person in bot.directory().people if person.carries_rights]
    accounts = frozenset({slack, *(account for login, account in links if login in given)} - {""})
    return given | {login for login, account in links if account in accounts}, accounts


def is_author(bot: Bot, pull: Pull, logins: AbstractSet[str], slack: AbstractSet[str]) -> bool:
    """Whether somebody with these logins and Slack accounts opened a pull request or wrote one of its commits. A
    co-author whom a trailer names by an address alone is known by the Slack account of that address."""
    if logins & _logins(pull):
        return True
    addresses = [author.email for author in pull.authors if not author.login and "@" in author.email]
    return bool(slack) and any(bot.chat.user_by_email(address) in slack for address in addresses[:MOST_ASKED])


def _logins(pull: Pull) -> frozenset[str]:
    return frozenset({pull.author.casefold(), *(a.login.casefold() for a in pull.authors if a.login)})
