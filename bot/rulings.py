"""Which decisions of a repository count on a pull request, and what of a section one is about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from bot.context import Bot
from bot.model import MOST_ASKED, Item, Policy, Pull, Review, content_hash
from runbooks.model import Decision
from runbooks.outcomes import RUNBOOKS, runbooks_updated


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
    if items == list(found.items):
        return found
    now = runbooks_updated([item.status for item in items])
    outcomes = tuple(now if outcome.name == RUNBOOKS else outcome for outcome in found.outcomes)
    return replace(found, items=tuple(items), outcomes=outcomes)


def rulings_on(bot: Bot, pull: Pull, policy: Policy) -> tuple[Decision, ...]:
    """Every decision of the repository but, where the policy separates duties, those of whoever opened this pull
    request or wrote one of its commits, under whichever of their logins: what they decided on another one with the same
    change does not pass here. Where not all of its authors are known, only what approvers decided counts
    (``named_approvers``). What was decided on another branch is about other fingerprints. Asks the store alone."""
    made = bot.store.decisions(pull.ref.repo)
    if not made or not policy.separation_of_duties:
        return made
    wrote, _ = persons(bot, logins_of(pull), weak=True)
    others = [(decision, by) for decision in made if (by := decision.by.removeprefix("@").casefold()) not in wrote]
    if pull.authors_cut:
        approvers = named_approvers(bot, policy.approvers)
        others = [(decision, by) for decision, by in others if by in approvers]
    return tuple(decision for decision, _ in others)


def named_approvers(bot: Bot, approvers: Iterable[str]) -> frozenset[str]:
    """The logins (in lower case) of the approvers whom a policy names one by one: who may decide where any member of a
    team may be an author that nobody lists."""
    return persons(bot, [handle.removeprefix("@") for handle in by_login(approvers)])[0]


def by_login(handles: Iterable[str]) -> list[str]:
    """The handles that are logins: neither teams nor e-mail addresses."""
    return [handle for handle in handles if handle.startswith("@") and "/" not in handle]


def persons(
    bot: Bot, logins: Iterable[str], slack: str = "", *, weak: bool = False
) -> tuple[frozenset[str], frozenset[str]]:
    """Every login (in lower case) and Slack account of the people behind these: one person may be linked with more
    than one login. Only links that carry rights count, or all (``weak``) where it is asked who may not decide."""
    given = frozenset(login.casefold() for login in logins if login)
    known = bot.directory().people
    links = [(person.login.casefold(), person.slack) for person in known if weak or person.carries_rights]
    accounts = frozenset({slack, *(account for login, account in links if login in given)} - {""})
    return given | {login for login, account in links if account in accounts}, accounts


def is_author(bot: Bot, pull: Pull, login: str, slack: str = "", number: int = 0) -> bool:
    """Whether somebody with this login or Slack account opened a pull request or wrote one of its commits; ``number``
    is GitHub's of the account, which stays when its login changes. Links without rights count too: they cannot let
    anybody decide, but may well keep them from it. A co-author whom a trailer names by an address alone is known by the
    Slack account of that address (``authors_cut`` says where these are too many to ask about)."""
    numbers = {pull.author_number, *(author.number for author in pull.authors)} - {0}
    logins, accounts = persons(bot, [login], slack, weak=True)
    if number in numbers or logins & logins_of(pull):
        return True
    return bool(accounts) and any(bot.chat.user_by_email(address) in accounts for address in pull.nameless[:MOST_ASKED])


def logins_of(pull: Pull) -> frozenset[str]:
    """The logins, in lower case, of whoever opened a pull request, wrote one of its commits or pushed them."""
    return frozenset({pull.author.casefold(), *(a.login.casefold() for a in pull.authors if a.login)})
