"""Outcome 7 of the definition of done: changes are reviewed before release. Only a forge knows, so the bot judges."""

from __future__ import annotations

from bot.context import Bot
from bot.model import Approvals, Pull
from bot.ports import Refused, Unavailable
from bot.rulings import is_author
from runbooks.model import Outcome

NAME = "changes reviewed before release"


def reviewed_before_release(bot: Bot, pull: Pull) -> Outcome:
    """Whether as many people as the target branch requires, and at least one, approved this very head, none of them
    its author or a co-author, all with write access; and whether the branch requires checks. Raises nothing: what
    GitHub or Slack does not say now, or never, could not be told."""
    try:
        approvals = bot.forge.approvals(pull)
        numbers = (*approvals.numbers, *[0] * len(approvals.approved_by))
        known = zip(approvals.approved_by, numbers, strict=False)
        # The same question as who may decide (``rights.permit``).
        others = [login for login, number in known if not is_author(bot, pull, login, number=number)]
    except (Refused, Unavailable):
        return Outcome(NAME, "could not tell", "reviews of this pull request, or who gave them, may not be read")
    if others and pull.authors_cut:
        return Outcome(NAME, "could not tell", "not all authors of its commits are known")
    return _judged(pull, approvals, others)


def _judged(pull: Pull, approvals: Approvals, others: list[str]) -> Outcome:
    head, required = pull.head_sha[:10], max(1, approvals.required_reviews or 0)
    if not others:
        own = ", only its authors did" if approvals.approved_by else ""
        return Outcome(NAME, "fails", f"nobody with write access approved {head} yet{own}")
    who = ", ".join(others[:5])
    if len(others) < required:
        return Outcome(
            NAME, "fails", f"{head} was approved by {who}; {pull.base_ref} requires {required} approvals by others"
        )
    if approvals.required_checks is None:
        return Outcome(NAME, "could not tell", f"approved by {who}; the branch's required checks may not be read")
    if not approvals.required_checks:
        return Outcome(NAME, "fails", f"approved by {who}, but {pull.base_ref} requires no checks")
    return Outcome(
        NAME, "holds", f"approved by {who}; {pull.base_ref} requires {len(approvals.required_checks)} checks"
    )
