"""What a merged pull request left untrue: whether later commits on the target branch mended it.

The change itself is judged again, as it was merged, with the runbooks and the code that the branch's tip has now: the
same question gets the same fingerprints, however many commits have landed since.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from bot.context import Bot
from bot.model import Drift, Item, Pull, PullRef, ReviewOrder
from bot.observe import log
from bot.ports import AnalysisFailed, Gone
from bot.rulings import rulings_on
from runbooks.model import Status

MENDED = frozenset({Status.UPDATED, Status.ACKNOWLEDGED})


def rejudge(bot: Bot, repo: str) -> int:
    """Close the debt of a repository that its branches' tips have mended; returns how much. What cannot be judged (the
    head is gone, the analysis failed) stays open. Raises ``Unavailable``."""
    debts = sorted((drift for drift in bot.store.drift(repo=repo) if drift.merged), key=lambda drift: drift.ref)
    closed = 0
    for ref, group in groupby(debts, key=lambda drift: drift.ref):
        try:
            closed += _rejudge(bot, ref, list(group))
        except (Gone, AnalysisFailed) as problem:
            log.warning("debt not judged", subject=ref.key, reason=str(problem))
    return closed


def _rejudge(bot: Bot, ref: PullRef, debts: list[Drift]) -> int:
    pull, found = bot.store.pull(ref), bot.store.review(ref)
    if pull is None or found is None or found.head != pull.head_sha:
        return 0  # the head that was merged was never reviewed
    tip = _tip(bot, pull)
    checkout = bot.fetcher.prepare(pull, found.base, tip, landed=True)
    today = bot.clock.now().date()
    order = ReviewOrder(checkout, ref, rulings_on(bot, pull), today, bot.rules.opted_in(ref.repo), landed=True)
    items = bot.analyst.review(order).items
    _follow_directives(bot, debts, items)
    mended = {drift.item.fingerprint: item for drift in debts if (item := _mended(drift.item, items))}
    for fingerprint, item in mended.items():
        _close(bot, ref, fingerprint, item, tip)
    if mended:
        shown = (replace(i, status=mended[i.fingerprint].status) if i.fingerprint in mended else i for i in found.items)
        bot.store.save_review(replace(found, items=tuple(shown)), bot.clock.now())
        bot.jobs.announce(ref, f"debt:{tip}")
    return len(mended)


def _follow_directives(bot: Bot, debts: list[Drift], items: tuple[Item, ...]) -> None:
    """Debt sleeps as long as a directive in its runbook says so, and wakes when that is taken out."""
    now, found = bot.clock.now(), {item.fingerprint: item for item in items}
    for drift in debts:
        item = found.get(drift.item.fingerprint)
        if item is None:
            continue
        directed = item.until if item.status is Status.SNOOZED else None
        gone = item.open and drift.item.until is not None and drift.asleep(now.date())
        if gone or (directed is not None and directed != drift.snoozed_until):
            bot.store.direct_drift(drift.repo, item.fingerprint, directed, now)


def _tip(bot: Bot, pull: Pull) -> str:
    """The tip of the branch that it was merged into, under its name of now; of the default branch where it is gone."""
    try:
        return bot.forge.tip(pull.ref.repo, pull.base_ref)[1]
    except Gone:
        return bot.forge.tip(pull.ref.repo)[1]


def _mended(debt: Item, items: tuple[Item, ...]) -> Item | None:
    """The verdict that ends a debt. Under another heading a section has another fingerprint: then it takes one of the
    same runbook on the same subject, and none of those that is still open."""
    same = [item for item in items if item.fingerprint == debt.fingerprint]
    if not same:
        about = (debt.rule, debt.subject, debt.runbook)
        same = [item for item in items if (item.rule, item.subject, item.runbook) == about]
    return same[0] if same and all(item.status in MENDED for item in same) else None


def _close(bot: Bot, ref: PullRef, fingerprint: str, item: Item, tip: str) -> None:
    at = bot.clock.now()
    bot.store.close_drift(ref.repo, fingerprint, at, f"{item.status.value} at {tip}: {item.reason}")
    body = {"tip": tip, "fingerprint": fingerprint, "status": item.status.value, "reason": item.reason}
    bot.store.append("debt closed", ref.repo, ref.key, body, at)
