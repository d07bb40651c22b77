"""Which decisions of a repository count on a pull request."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from bot.context import Bot
from bot.model import Pull
from runbooks.model import Decision

MOST_ASKED = 10
"""Addresses of co-authors that Slack is asked about for one decision."""


def rulings_on(bot: Bot, pull: Pull) -> tuple[Decision, ...]:
    """Every decision of the repository but, with separation of duties, those of whoever opened this pull request or
    wrote one of its commits: what they decided on another one with the same change does not pass here. Before the first
    review nobody knows the policy, and separation, its default, is taken to be on."""
    made = bot.store.decisions(pull.ref.repo)
    found = bot.store.review(pull.ref)
    if found is not None and not found.policy.separation_of_duties:
        return made
    wrote = _logins(pull)
    return tuple(decision for decision in made if decision.by.removeprefix("@").casefold() not in wrote)


def is_author(bot: Bot, pull: Pull, logins: AbstractSet[str], slack: AbstractSet[str]) -> bool:
    """Whether somebody with these logins and Slack accounts opened a pull request or wrote one of its commits. A
    co-author whom a trailer names by an address alone is known by the Slack account of that address."""
    if logins & _logins(pull):
        return True
    addresses = [author.email for author in pull.authors if not author.login and "@" in author.email]
    return bool(slack) and any(bot.chat.user_by_email(address) in slack for address in addresses[:MOST_ASKED])


def _logins(pull: Pull) -> frozenset[str]:
    return frozenset({pull.author.casefold(), *(a.login.casefold() for a in pull.authors if a.login)})
