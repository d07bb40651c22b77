"""What a merged pull request left untrue: whether later commits on the target branch mended it.

The change itself is judged again, as it was merged, with the runbooks and the code that the branch's tip has now: the
same question gets the same fingerprints, however many commits have landed since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from bot.context import Bot
from bot.ending import late, lately, reviewed
from bot.following import over
from bot.judging import judged
from bot.model import Drift, Item, Pull, PullRef, Review, ReviewOrder
from bot.observe import log
from bot.ports import AnalysisFailed, Gone, Refused
from bot.rulings import applied, rulings_on
from runbooks.model import Status

MENDED = frozenset({Status.UPDATED, Status.ACKNOWLEDGED})


def rejudge(bot: Bot, repo: str) -> int:
    """Close the debt of a repository that its branches' tips have mended; returns how much. What cannot be judged (the
    head is gone, the analysis failed) stays open, and what was merged lately and could not be is tried again. Raises
    ``Unavailable``."""
    debts: dict[PullRef, list[Drift]] = {ref: [] for ref in bot.store.unjudged(repo) if _lately(bot, ref)}
    for drift in bot.store.drift(repo=repo):
        if drift.merged:
            debts.setdefault(drift.ref, []).append(drift)
    closed = 0
    for ref, owed in sorted(debts.items()):
        try:
            closed += _rejudge(bot, ref, owed)
        except (Refused, AnalysisFailed) as problem:
            log.warning("debt not judged", subject=ref.key, reason=str(problem))
    return closed


def _lately(bot: Bot, ref: PullRef) -> bool:
    pull = bot.store.pull(ref)
    return pull is not None and lately(pull, bot.clock.now())


def _rejudge(bot: Bot, ref: PullRef, debts: list[Drift]) -> int:
    pull, found = bot.store.pull(ref), bot.store.review(ref)
    if pull is None:
        return 0
    tip = _tip(bot, pull)
    if found is None or not reviewed(pull, found):
        return _judged_late(bot, pull, debts, tip)
    checkout = bot.fetcher.prepare(pull, found.base, tip, landed=True)
    today = bot.clock.now().date()
    order = ReviewOrder(checkout, ref, today, bot.rules.opted_in(ref.repo), landed=True)
    result = judged(bot, pull, order)
    if not result.policy.opted_in:
        return _given_up(bot, pull, result, debts, tip)
    _follow_directives(bot, debts, result.items)
    mended = {drift.item.fingerprint: item for drift in debts if (item := _mended(drift.item, result.items))}
    if mended:
        with bot.store.together(ref.key):
            still = {drift.item.fingerprint for drift in bot.store.drift(repo=ref.repo)}
            ends = {name: (item.status.value, item.reason) for name, item in mended.items() if name in still}
            now = bot.store.review(ref)  # somebody may have decided on another section meanwhile
            if now is not None and reviewed(pull, now):
                items = (replace(i, status=mended[i.fingerprint].status) if i.fingerprint in mended else i
                         for i in now.items)  # fmt: skip
                bot.store.save_review(replace(now, items=tuple(items)), bot.clock.now())
            _close(bot, ref, ends, tip)
        _show(bot, ref, ends, tip)
        return len(ends)
    return 0


def _judged_late(bot: Bot, pull: Pull, debts: list[Drift], tip: str) -> int:
    """Judge what could not be judged when it was merged: its debt is what that says from now on."""
    result = late(bot, pull, tip)
    if result is None:
        return 0
    if not result.policy.opted_in:
        return _given_up(bot, pull, result, debts, tip)
    at = bot.clock.now()
    result = applied(result, rulings_on(bot, pull, result.policy), at.date())  # somebody may have decided meanwhile
    stays = {item.fingerprint for item in result.items if item.open or item.status is Status.SNOOZED}
    gone = {name for drift in debts if (name := drift.item.fingerprint) not in stays}
    ends = dict.fromkeys(gone, (Status.UPDATED.value, "what was merged in the end leaves it true"))
    with bot.store.together(pull.ref.key):
        bot.store.save_review(result, at)
        bot.store.open_drift(result, at)
        bot.store.settle(pull.ref, merged=True, at=at)
        _close(bot, pull.ref, ends, tip)
    _show(bot, pull.ref, ends, tip)
    return len(ends)


def _given_up(bot: Bot, pull: Pull, result: Review, debts: list[Drift], tip: str) -> int:
    """The branch has no configuration any more: nobody asks for anything there."""
    ends = dict.fromkeys((drift.item.fingerprint for drift in debts), ("not asked for", "the branch opted out"))
    with bot.store.together(pull.ref.key):
        bot.store.save_review(replace(result, head=pull.head_sha), bot.clock.now())
        _close(bot, pull.ref, ends, tip)
    _show(bot, pull.ref, ends, tip)
    return len(ends)


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


def _close(bot: Bot, ref: PullRef, ends: Mapping[str, tuple[str, str]], tip: str) -> None:
    """Close debt, on record, by fingerprint with status and reason; within a transaction that ends with it."""
    at = bot.clock.now()
    for fingerprint, (status, reason) in ends.items():
        bot.store.close_drift(ref.repo, fingerprint, at, f"{status} at {tip}: {reason}")
    for fingerprint, (status, reason) in ends.items():
        body = {"tip": tip, "fingerprint": fingerprint, "status": status, "reason": reason}
        bot.store.append("debt closed", ref.repo, ref.key, body, at)


def _show(bot: Bot, ref: PullRef, ends: Iterable[str], tip: str) -> None:
    """Show it, and look again at the open pull requests with the same sections: theirs now, or mended there too."""
    bot.jobs.announce(ref, f"debt:{tip}")
    over(bot, ref.repo, list(ends), f"debt:{tip}")
    for other in bot.store.pulls_with(ref.repo, list(ends)):
        bot.jobs.review(other, f"debt:{tip}")
