"""The end of a pull request: merged drift becomes debt, drift of a closed one ends, and the merge goes on record.

What was merged before anybody looked at it (a merge seconds after the push, a server that was away) is judged now, as
it was merged and with the runbooks that the target branch has by now.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.context import Bot
from bot.model import Pull, PullState, Review, ReviewOrder, encoded
from bot.observe import log
from bot.outcomes import reviewed_before_release
from bot.ports import AnalysisFailed, Refused
from bot.rulings import applied, rulings_on

UNSEEN = timedelta(days=7)
"""How long after a merge its change is still judged where nobody had: what was merged before we came is not raised."""


def ended(bot: Bot, pull: Pull, known: Pull | None) -> str:
    """Settle a pull request that was merged or closed, and put that on record, once; ``known`` is how it was before."""
    merged = pull.state is PullState.MERGED
    fresh = known is None or known.state is PullState.OPEN
    unseen = _unseen(bot, pull) if merged and fresh else None
    outcome = encoded(reviewed_before_release(bot, pull)) if fresh else ""
    at = bot.clock.now()
    with bot.store.together(pull.ref.key):
        bot.store.save_pull(pull, at)
        if unseen is not None:
            unseen = applied(unseen, rulings_on(bot, pull), at.date())
            bot.store.save_review(unseen, at)
            bot.store.open_drift(unseen, at)
        left = bot.store.review(pull.ref)
        if merged and known is not None and known.draft and left is not None and _of(pull, left):
            bot.store.open_drift(left, at)  # merged before anybody looked at what was no draft any more
        bot.store.settle(pull.ref, merged=merged, at=at)
        if left is not None and fresh:
            body = {
                "head": pull.head_sha, "merged": pull.merged_sha, "author": pull.author,
                "reviewed_head": left.head, "unseen": unseen is not None,
                "debt": [item.fingerprint for item in left.drift] if merged else [], "outcome": outcome,
            }  # fmt: skip
            bot.store.append("merge" if merged else "close", pull.ref.repo, pull.ref.key, body, at)
    return pull.state.value


def _of(pull: Pull, found: Review) -> bool:
    """Whether a review is of the head that was merged, and came to a result."""
    return found.head == pull.head_sha and not found.failure


def _unseen(bot: Bot, pull: Pull) -> Review | None:
    """The review of a merged head that nobody reviewed; None where one did, the merge is long ago, nobody opted in, or
    it can no longer be judged. Raises ``Unavailable``."""
    found, now = bot.store.review(pull.ref), bot.clock.now()
    if found is not None and _of(pull, found):
        return None
    if pull.merged_at is None or now - pull.merged_at > UNSEEN:
        return None
    repo = pull.ref.repo
    try:
        _, tip = bot.forge.tip(repo, pull.base_ref)
        # The tip has the head by now: what was merged is told by the branch as it was before.
        base = bot.forge.merge_base(repo, pull.base_sha, pull.named_head)
        if base == pull.head_sha:
            return None
        checkout = bot.fetcher.prepare(pull, base, tip, landed=True)
        opted = bot.rules.opted_in(repo)
        order = ReviewOrder(checkout, pull.ref, rulings_on(bot, pull), now.date(), opted, landed=True)
        result = bot.analyst.review(order)
    except (Refused, AnalysisFailed) as problem:
        log.warning("merged without a review, and not judged", subject=pull.ref.key, reason=str(problem))
        return None
    return replace(result, head=pull.head_sha) if result.policy.opted_in else None
