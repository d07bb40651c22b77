"""The use cases: what happens on a delivery, on a push, on a merge. One function each; start at ``review``.

Each step may run twice (a process can die between a step and its record), so each makes the world like the store and
the forge say it should be, rather than doing something once more.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from bot import moving
from bot.acquaint import acquaint
from bot.context import Bot
from bot.ending import ended
from bot.judging import judged
from bot.message import content_of, placed, told, turned, with_assignees, with_details
from bot.model import (
    MOST_COMMITS,
    Alert,
    CommitAuthor,
    Incoming,
    Policy,
    Pull,
    PullRef,
    PullState,
    Review,
    ReviewOrder,
)
from bot.outcomes import NAME as RELEASE
from bot.outcomes import reviewed_before_release
from bot.ports import Gone
from bot.rulings import applied, rulings_on
from runbooks.model import Status

# -- deliveries ---------------------------------------------------------------------------------------------------


def receive(bot: Bot, incoming: Incoming) -> str:
    """Order the work that a verified delivery asks for; returns a word on what was done. Fast: it asks nobody."""
    names = {incoming.repo, incoming.get("from")} - {""}
    if incoming.repo and not any(bot.rules.watches(name) for name in names):
        return "not watched"
    if incoming.event == "push":
        bot.jobs.refresh(incoming.repo, incoming.id)
        return "refresh"
    if incoming.event in moving.EVENTS:
        return moving.heard(bot, incoming)
    if incoming.event == "issue_comment" or incoming.action == "requested_action":
        bot.jobs.act(incoming)
        return "act"
    if (incoming.event, incoming.action) == ("pull_request", "synchronize") and not _by_author(incoming):
        who = CommitAuthor(incoming.sender, "", "", int(incoming.get("sender_number") or 0))
        bot.store.pushed(PullRef(incoming.repo, incoming.number), who, bot.clock.now())
    numbers = _of_suite(bot, incoming) if incoming.event == "check_suite" else {incoming.number} - {0}
    for number in sorted(numbers):
        bot.jobs.review(PullRef(incoming.repo, number), incoming.id)
    return "review" if numbers else "ignored"


def only_orders(incoming: Incoming) -> bool:
    """Whether ``receive`` needs nothing but ``Bot.jobs`` for a delivery."""
    if incoming.event == "pull_request":
        return incoming.action != "synchronize" or _by_author(incoming)
    return incoming.event in {"push", "issue_comment", "check_run"}


def _by_author(incoming: Incoming) -> bool:
    return incoming.sender.casefold() in {"", incoming.get("author").casefold()}


def _of_suite(bot: Bot, incoming: Incoming) -> set[int]:
    """*Re-run all checks* is about a head, whatever pull requests have it; GitHub names none that come from a fork."""
    told = {int(number) for number in incoming.get("pulls").split(",") if number}
    known = bot.store.open_pulls(incoming.repo)
    return told | {pull.ref.number for pull in known if pull.head_sha == incoming.get("head")}


# -- review -------------------------------------------------------------------------------------------------------


def review(bot: Bot, ref: PullRef) -> str:
    """Review the newest head of a pull request and remember what was found; returns a word on the outcome. Raises
    ``Unavailable`` (try again) and ``AnalysisFailed`` (counted by the caller)."""
    if bot.store.is_away(ref.repo) and not moving.where(bot, ref.repo):
        return "away"
    try:
        pull = bot.forge.pull(ref)
    except Gone:
        bot.store.settle(ref, merged=False, at=bot.clock.now())
        return "gone"
    if pull.ref != ref:
        return moving.elsewhere(bot, ref, pull.ref)
    known = bot.store.pull(ref)
    pull = _with_authors(bot, pull, known)
    if pull.state is not PullState.OPEN:
        return ended(bot, pull, known)
    # A draft stays one until its drift is opened: merged before that, it is still known to owe it.
    draft = pull.draft or (known is not None and known.draft)
    bot.store.save_pull(replace(pull, draft=draft), bot.clock.now())
    found = bot.store.review(ref)
    order = _prepare(bot, pull)
    if order is None:
        return "gone"
    if found is not None and _settled(found) and (found.head, found.base, found.policy_revision, found.scope) == (
        order.checkout.head, order.checkout.base, order.checkout.policy_revision, pull.scope,
    ):  # fmt: skip
        result = found
    else:
        result = judged(bot, pull, order)
    if not result.policy.opted_in and (found is None or not found.policy.opted_in):
        return "not opted in"
    now = bot.forge.pull(ref)
    if now.ref != ref:
        return moving.elsewhere(bot, ref, now.ref)
    if bot.store.is_away(ref.repo):
        return "away"
    if (now.head_sha, now.state, now.scope) != (pull.head_sha, pull.state, pull.scope):
        return "superseded"  # the delivery that told of the newer head has its own review
    return remember(bot, replace(now, authors=pull.authors), result)


def remember(bot: Bot, pull: Pull, result: Review) -> str:
    """Keep a review, open and close drift by it, and put it on record: all of it or nothing."""
    at = bot.clock.now()
    known = tuple(outcome for outcome in result.outcomes if outcome.name != RELEASE)
    result = replace(_cut_said(pull, result), outcomes=(*known, reviewed_before_release(bot, pull)))
    with bot.store.together(pull.ref.key):
        # Somebody may have decided while it was made.
        result = applied(result, rulings_on(bot, pull, result.policy), at.date())
        bot.store.save_pull(pull, at)
        fresh = bot.store.save_review(result, at)
        if pull.draft:
            bot.store.settle(pull.ref, merged=False, at=at, draft=True)
        elif not result.failure:
            bot.store.open_drift(result, at)
        if not result.failure and not pull.scope:
            bot.store.save_services(pull.ref.repo, result.services, at)
        if fresh:
            bot.store.append("review", pull.ref.repo, pull.ref.key, _record(pull, result), at)
    return "failed" if result.failure else ("drift" if result.drift else "clean")


def _cut_said(pull: Pull, result: Review) -> Review:
    """A review that says so where GitHub does not name all authors."""
    if not pull.authors_cut:
        return result
    if (left := pull.commits - MOST_COMMITS) > 0:
        text = f"the authors of {left} of {pull.commits} commits: GitHub does not list them, so only approvers decide"
    else:
        text = f"{len(pull.nameless)} co-authors: of each only an address is known, so only approvers decide"
    return result if text in result.skipped else replace(result, skipped=(*result.skipped, text))


def _record(pull: Pull, result: Review) -> dict[str, object]:
    """What the chain of evidence keeps of a review."""
    return {
        "head": result.head, "base": result.base, "branch": pull.base_ref, "policy": result.policy_revision,
        "author": pull.author,
        "conclusion": result.conclusion.value,
        "verdicts": dict(sorted(Counter(item.status.value for item in result.items).items())),
        "open": [item.fingerprint for item in result.drift], "failure": result.failure,
        "outcomes": {outcome.name: outcome.answer for outcome in result.outcomes},
    }  # fmt: skip


def refresh(bot: Bot, repo: str) -> str:
    """Read what the default branch of a repository says of its services and runbooks."""
    name = moving.where(bot, repo)
    if not name:
        return "gone"
    if name != repo:
        bot.jobs.refresh(name, f"moved:{repo}:{bot.clock.now().isoformat()}")
        return "moved"
    try:
        branch, tip = bot.forge.tip(repo)
        whole = Pull(PullRef(repo, 0), "", "", PullState.OPEN, False, branch, tip, tip, repo, "")
        checkout = bot.fetcher.prepare(whole, tip, tip)
    except Gone:
        moving.away(bot, repo)
        return "gone"
    order = ReviewOrder(checkout, whole.ref, bot.clock.now().date(), bot.rules.opted_in(repo))
    found = bot.analyst.review(order)
    waits = bot.store.drift(repo=repo) or bot.store.unjudged(repo)
    if not found.policy.opted_in and not waits and all(service.repo != repo for service in bot.store.services()):
        return "not opted in"
    bot.store.save_services(repo, found.services, bot.clock.now())
    if not found.policy.opted_in:  # it was, until now
        for pull in bot.store.open_pulls(repo):
            bot.jobs.review(pull.ref, f"opted out:{tip}")
    return "refreshed"


def failed(bot: Bot, ref: PullRef, text: str) -> None:
    """Say on the check run that a review failed on our side, and keep it; drift stays as it was, and so does what is
    known of this head, or of the one before. Nothing is said where nobody asked for us, as far as we know."""
    pull, last = bot.store.pull(ref), bot.store.review(ref)
    if pull is None or pull.state is not PullState.OPEN:
        return
    if last is not None:
        if last.policy.opted_in:
            # The base tells that these items are of another head: nothing is judged by them again.
            kept = last if last.head == pull.head_sha else replace(last, head=pull.head_sha, base="", outcomes=())
            remember(bot, pull, replace(kept, failure=text))
        return
    if bot.rules.opted_in(ref.repo) or any(service.repo == ref.repo for service in bot.store.services()):
        nothing = Review(ref, pull.head_sha, "", "", Policy(True), (), (), (), (), failure=text, scope=pull.scope)
        remember(bot, pull, nothing)


def _settled(found: Review) -> bool:
    """Whether a review of the same commits would say the same: our own failures and snoozes pass."""
    return not found.failure and all(item.status is not Status.SNOOZED for item in found.items)


def _with_authors(bot: Bot, pull: Pull, known: Pull | None) -> Pull:
    """The pull request with its commits' authors, asked for once per head and target (another target is another list of
    commits), and with whoever pushed them: a name in a commit is anybody's to choose."""
    same = known is not None and bool(known.authors) and _commits(known) == _commits(pull)
    authors = known.authors if known is not None and same else bot.forge.authors(pull.ref)
    named = {author.login.casefold() for author in authors} | {pull.author.casefold()}
    pushed = (pusher for pusher in bot.store.pushers(pull.ref) if pusher.login not in named)
    return replace(pull, authors=(*authors, *pushed))


def _commits(pull: Pull) -> tuple[str, str, int]:
    return pull.head_sha, pull.base_ref, pull.commits


def _prepare(bot: Bot, pull: Pull) -> ReviewOrder | None:
    repo = pull.ref.repo
    try:
        _, policy_revision = bot.forge.tip(repo, pull.base_ref)
        merge_base = bot.forge.merge_base(repo, policy_revision, pull.named_head)
        checkout = bot.fetcher.prepare(pull, merge_base, policy_revision)
    except Gone:
        return None
    return ReviewOrder(checkout, pull.ref, bot.clock.now().date(), bot.rules.opted_in(repo))


# -- announce -----------------------------------------------------------------------------------------------------


def publish(bot: Bot, ref: PullRef) -> str:
    """Show the newest review as a check run."""
    pull, found = bot.store.pull(ref), bot.store.review(ref)
    if pull is None or found is None or found.head != pull.head_sha:
        return "nothing to show"
    try:
        bot.forge.publish(pull, bot.pages.sheet(pull, found))
    except Gone:
        return "gone"
    return found.conclusion.value


def announce(bot: Bot, ref: PullRef) -> str:
    """Make the message on a pull request what the store says: post it, update it, turn it green, or leave it."""
    pull, found, alert = bot.store.pull(ref), bot.store.review(ref), bot.store.alert(ref)
    if pull is None:
        return "unknown"
    loud = pull.state is PullState.OPEN and not pull.draft and found is not None and found.loud
    if found is not None and found.failure and alert is not None and pull.state is PullState.OPEN:
        return "kept"  # what was said stays true until a review says otherwise
    if not loud:
        return turned(bot, pull, found, alert)
    assert found is not None
    found = with_assignees(bot, found)
    acquaint(bot, pull)
    directory = bot.directory()
    message, parts = bot.pages.alert(pull, found, directory), bot.pages.details(pull, found, directory)
    content = content_of(message)
    if alert is not None and alert.content == content and told(alert, parts):
        return "same"
    if alert is None or alert.content != content:
        channel, ts = placed(bot, pull, found, alert, message)
        if not channel:
            return "no channel"
        stays = alert is not None and (alert.channel, alert.ts) == (channel, ts)
        now = Alert(ref, channel, ts, content, details=alert.details if alert and stays else ())
        bot.store.save_alert(now)
    else:
        now = alert
    with_details(bot, now, parts)
    return "posted" if alert is None else "updated"
