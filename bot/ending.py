"""The end of a pull request: merged drift becomes debt, drift of a closed one ends, and the merge goes on record.

What was merged before anybody looked at it (a merge seconds after the push, a server that was away) is judged now, as
it was merged and with the runbooks that the target branch has by now. Where that cannot be done, what is known of the
head before stays, and is judged again with the debt (``bot.debt``).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.context import Bot
from bot.following import over
from bot.judging import judged
from bot.model import Pull, PullState, Review, ReviewOrder, encoded
from bot.observe import log
from bot.outcomes import reviewed_before_release
from bot.ports import AnalysisFailed, Refused
from bot.rulings import applied, rulings_on

UNJUDGED = "it was merged before it could be reviewed"
"""The failure of a review that stands for a merged head of which nothing else is known."""
UNSEEN = timedelta(days=7)
"""How long after a merge its change is still judged where nobody had: what was merged before we came is not raised."""


def ended(bot: Bot, pull: Pull, known: Pull | None) -> str:
    """Settle a pull request that was merged or closed, and put that on record, once; ``known`` is how it was before."""
    merged = pull.state is PullState.MERGED
    fresh = known is None or known.state is PullState.OPEN
    unseen = _unseen(bot, pull) if merged and fresh and not reviewed(pull, bot.store.review(pull.ref)) else None
    outcome = encoded(reviewed_before_release(bot, pull)) if fresh else ""
    at = bot.clock.now()
    with bot.store.together(pull.ref.key):
        bot.store.save_pull(pull, at)
        if unseen is not None:
            unseen = applied(unseen, rulings_on(bot, pull, unseen.policy), at.date())
            bot.store.save_review(unseen, at)
            bot.store.open_drift(unseen, at)
        last = left = bot.store.review(pull.ref)
        if merged and left is not None and left.policy.opted_in and not reviewed(pull, left):
            # What is known of the head before counts until this one can be judged, with the debt.
            left = replace(left, head=pull.head_sha, base="", failure=left.failure or UNJUDGED)
            bot.store.save_review(left, at)
        if merged and known is not None and known.draft and left is not None:
            bot.store.open_drift(left, at)  # merged before anybody looked at what was no draft any more
        bot.store.settle(pull.ref, merged=merged, at=at, first=fresh)
        owes = merged and any(drift.ref == pull.ref for drift in bot.store.drift(repo=pull.ref.repo))
        if left is not None and fresh:
            body = {
                "head": pull.head_sha, "merged": pull.merged_sha, "author": pull.author,
                "reviewed_head": last.head if last is not None else "", "unseen": unseen is not None,
                "debt": [item.fingerprint for item in left.drift] if merged else [], "outcome": outcome,
            }  # fmt: skip
            bot.store.append("merge" if merged else "close", pull.ref.repo, pull.ref.key, body, at)
    if merged and fresh and left is not None:  # it may have mended what others left
        over(bot, pull.ref.repo, {item.fingerprint for item in left.items}, f"merged:{pull.ref.key}")
    if fresh and owes:  # the branch may have been mended while it was open, or just before we heard of the merge
        bot.jobs.refresh(pull.ref.repo, f"merged:{pull.ref.key}:{pull.merged_sha}")
    return pull.state.value


def reviewed(pull: Pull, found: Review | None) -> bool:
    """Whether a review is of the head that was merged, on the branch that it was merged into, and came to a result."""
    return found is not None and (found.head, found.scope) == (pull.head_sha, pull.scope) and not found.failure


def _unseen(bot: Bot, pull: Pull) -> Review | None:
    """The review of a merged head that nobody reviewed; None where the merge is long ago, nobody opted in, or it can
    no longer be judged. Raises ``Unavailable``."""
    if pull.merged_at is None or bot.clock.now() - pull.merged_at > UNSEEN:
        return None
    try:
        result = late(bot, pull, bot.forge.tip(pull.ref.repo, pull.base_ref)[1])
    except (Refused, AnalysisFailed) as problem:
        log.warning("merged without a review, and not judged", subject=pull.ref.key, reason=str(problem))
        return None
    before = bot.store.review(pull.ref)
    asked = before is not None and before.policy.opted_in  # then what was found on another branch has to end
    return result if result is not None and (result.policy.opted_in or asked) else None


def late(bot: Bot, pull: Pull, tip: str) -> Review | None:
    """What a merged change left untrue, by the branch's tip; None where its base is not known any more. Raises
    ``Unavailable``, ``Refused`` and ``AnalysisFailed``."""
    repo = pull.ref.repo
    # The tip has the head by now: what was merged is told by the branch as it was before.
    base = bot.forge.merge_base(repo, pull.base_sha, pull.named_head)
    if base == pull.head_sha:
        return None
    checkout = bot.fetcher.prepare(pull, base, tip, landed=True)
    order = ReviewOrder(checkout, pull.ref, bot.clock.now().date(), bot.rules.opted_in(repo), landed=True)
    return replace(judged(bot, pull, order), head=pull.head_sha)
