"""The end of a pull request: merged drift becomes debt, drift of a closed one ends, and the merge goes on record.

What was merged before anybody looked at it (a merge seconds after the push, a server that was away) is judged now, as
it was merged and with the runbooks that the target branch has by now. Where that cannot be done, what is known of the
head before stays, and is judged again with the debt (``bot.debt``).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.context import Bot
from bot.following import over
from bot.judging import judged
from bot.model import Policy, Pull, PullState, Review, ReviewOrder, encoded
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
        last = bot.store.review(pull.ref)
        left = _left(bot, pull, unseen, last, at) if merged else last
        anew = unseen is not None and left is not last
        if merged and left is not None and (anew or (known is not None and known.draft)):
            bot.store.open_drift(left, at)  # nobody had looked at it, or not since it was no draft any more
        bot.store.settle(pull.ref, merged=merged, at=at, first=fresh)
        owes = merged and any(drift.ref == pull.ref for drift in bot.store.drift(repo=pull.ref.repo))
        if left is not None and fresh:
            seen = left if anew else last
            body = {
                "head": pull.head_sha, "merged": pull.merged_sha, "author": pull.author,
                "reviewed_head": seen.head if seen is not None else "", "unseen": anew,
                "debt": [item.fingerprint for item in left.drift] if merged else [], "outcome": outcome,
            }  # fmt: skip
            bot.store.append("merge" if merged else "close", pull.ref.repo, pull.ref.key, body, at)
    if merged and fresh and left is not None:  # it may have mended what others left
        over(bot, pull.ref.repo, {item.fingerprint for item in left.items}, f"merged:{pull.ref.key}")
    if fresh and owes:  # the branch may have been mended while it was open, or just before we heard of the merge
        bot.jobs.refresh(pull.ref.repo, f"merged:{pull.ref.key}:{pull.merged_sha}")
    return pull.state.value


def _left(bot: Bot, pull: Pull, unseen: Review | None, last: Review | None, at: datetime) -> Review | None:
    """What is known of a merged head, kept as its newest review: what was judged now (``unseen``), the last review, or
    what stands for it until it can be judged."""
    if unseen is not None:
        if not unseen.policy.opted_in and (last is None or not last.policy.opted_in):
            return last  # a branch that asks for nothing only ends what was found on the one before
        left: Review | None = applied(unseen, rulings_on(bot, pull, unseen.policy), at.date())
    else:
        left = last if reviewed(pull, last) else _kept(bot, pull, last, at)
    if left is not None and left is not last:
        bot.store.save_review(left, at)
    return left or last


def reviewed(pull: Pull, found: Review | None) -> bool:
    """Whether a review is of the head that was merged, on the branch that it was merged into, and came to a result."""
    return found is not None and (found.head, found.scope) == (pull.head_sha, pull.scope) and not found.failure


def _kept(bot: Bot, pull: Pull, last: Review | None, at: datetime) -> Review | None:
    """What stands for a merged head until it can be judged, with the debt: what is known of the head before. None where
    nobody asked for us, or nothing was known and the merge is long ago."""
    if last is not None and last.policy.opted_in:
        return replace(last, head=pull.head_sha, base="", failure=last.failure or UNJUDGED)
    repo = pull.ref.repo
    if not lately(pull, at) or (not bot.rules.opted_in(repo) and all(s.repo != repo for s in bot.store.services())):
        return None
    policy, scope = Policy(True), pull.scope
    return Review(pull.ref, pull.head_sha, "", "", policy, (), (), (), (), failure=UNJUDGED, scope=scope)


def lately(pull: Pull, at: datetime) -> bool:
    """Whether a merge is young enough for its change to be judged where nobody had."""
    return pull.merged_at is not None and at - pull.merged_at <= UNSEEN


def _unseen(bot: Bot, pull: Pull) -> Review | None:
    """The review of a merged head that nobody reviewed; None where the merge is long ago, or it cannot be judged now.
    Raises ``Unavailable``."""
    if not lately(pull, bot.clock.now()):
        return None
    try:
        return late(bot, pull, bot.forge.tip(pull.ref.repo, pull.base_ref)[1])
    except (Refused, AnalysisFailed) as problem:
        log.warning("merged without a review, and not judged", subject=pull.ref.key, reason=str(problem))
        return None


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
