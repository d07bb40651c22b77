"""Outcome 7 of the definition of done: changes are reviewed before release. Only a forge knows, so the bot judges."""

from __future__ import annotations

from bot.model import Approvals, Pull
from runbooks.model import Outcome

NAME = "changes reviewed before release"


def reviewed_before_release(pull: Pull, approvals: Approvals | None) -> Outcome:
    """Whether somebody other than its authors approved this very head, and the target branch requires checks.
    ``approvals`` is None where the forge would not say."""
    if approvals is None:
        return Outcome(NAME, "could not tell", "reviews of this pull request may not be read")
    wrote = {pull.author.casefold(), *(author.login.casefold() for author in pull.authors if author.login)}
    others = [login for login in approvals.approved_by if login.casefold() not in wrote]
    if not others:
        own = ", only its authors did" if approvals.approved_by else ""
        return Outcome(NAME, "fails", f"nobody approved {pull.head_sha[:10]} yet{own}")
    who = ", ".join(others[:5])
    if approvals.required_checks is None:
        return Outcome(NAME, "could not tell", f"approved by {who}; the branch's required checks may not be read")
    if not approvals.required_checks:
        return Outcome(NAME, "fails", f"approved by {who}, but {pull.base_ref} requires no checks")
    return Outcome(
        NAME, "holds", f"approved by {who}; {pull.base_ref} requires {len(approvals.required_checks)} checks"
    )
