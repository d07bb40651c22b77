"""What the jobs do, as DBOS workflows: a workflow is steps in order, and what was done is not done again.

Ids come from deliveries and actions, never from the clock, so a redelivery is a no-op. Reviews run one at a time per
pull request; each reads the newest head first and looks again last. Every step may run twice (a kill between a step
and its record), so each makes the world like the store says.

A workflow that has to wait for a service tries for half a minute in its place; then it orders itself again for later
and ends, so that what waits for one organisation's rate limit holds no place of others.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Literal

from dbos import DBOS, SetEnqueueOptions, SetWorkflowID
from dbos._error import DBOSException, DBOSWorkflowIDInUseError
from sqlalchemy.exc import SQLAlchemyError

from bot import commands, debt, service
from bot.context import Bot
from bot.model import Incoming, PullRef, decoded
from bot.observe import log, measured
from bot.ports import Unavailable
from bot.reminders.asked import SETTLED
from bot.steps import Result, hand_over, here, tried

ATTEMPTS = 5
"""Reviews of one order that may fail in a worker (crash, time-out, memory) before it is called poison."""
TRIES = 5
"""Tries of a step in its place; the waits between them double from a second and add up to 15 seconds."""
SHORT = 30.0
"""Seconds that a service may ask for and be waited for in place."""
PATIENCE = 5400.0
"""Seconds after which a workflow gives up on a service that is away: longer than GitHub's limits of an hour last."""
LONGEST = 600.0
"""Seconds between two later tries at most, unless the service itself asks for more."""
DAY = 86_400.0
"""Seconds of patience with a reminder; its row ends it before."""
RECOVERIES = 10_000
"""Restarts of the process do not count against a review: what hurts it dies in a worker, not here."""


@DBOS.step(name="review")
def _review(key: str) -> Result:
    with measured("review") as outcome:
        result = tried(lambda bot: service.review(bot, PullRef.parse(key)), visible=True)
        outcome(result.get("word", "failed" if "failure" in result else "waiting"))
    return result


@DBOS.step(name="failed")
def _failed(key: str, text: str) -> Result:
    def work(bot: Bot) -> str:
        service.failed(bot, PullRef.parse(key), text)
        return "failed"

    return tried(work)


@DBOS.step(name="publish")
def _publish(key: str) -> Result:
    return tried(lambda bot: service.publish(bot, PullRef.parse(key)))


@DBOS.step(name="announce")
def _announce(key: str) -> Result:
    return tried(lambda bot: service.announce(bot, PullRef.parse(key)))


@DBOS.step(name="act")
def _act(incoming: str) -> Result:
    return tried(lambda bot: commands.act(bot, decoded(Incoming, incoming)))


@DBOS.step(name="refresh")
def _refresh(repo: str) -> Result:
    return tried(lambda bot: service.refresh(bot, repo))


@DBOS.step(name="rejudge")
def _rejudge(repo: str) -> Result:
    return tried(lambda bot: f"closed {debt.rejudge(bot, repo)}")


@DBOS.step(name="remind")
def _remind(key: str) -> Result:
    remind = here().remind
    return tried(lambda _: remind(key) if remind is not None else "no reminders here")


def _tried(*calls: Callable[[], Result]) -> list[Result]:
    """Try each step until it is done, fails for good, or waits after ``TRIES``; none waits for another. What they
    ordered is placed. The waits survive a restart."""
    results: list[Result] = [{"wait": 0.0}] * len(calls)
    for attempt in range(TRIES):
        for at, step in enumerate(calls):
            if "wait" in results[at] and results[at]["wait"] <= SHORT:
                results[at] = step()
                for queue, partition, identity, workflow, ordered in results[at].get("orders", ()):
                    _enqueue(queue, partition, identity, _WORKFLOWS[workflow], ordered)
        waits = [result["wait"] for result in results if "wait" in result and result["wait"] <= SHORT]
        if not waits or attempt == TRIES - 1:
            break
        DBOS.sleep(max(min(waits), float(2**attempt)))
    return results


def _later(
    queue: str, partition: str, workflow: Callable[[str], str], argument: str, result: Result,
    patience: float = PATIENCE,
) -> bool:  # fmt: skip
    """Order the workflow that runs once more for later, since a step of it waits; False when it waited long enough.
    How often and for how many seconds it waited is part of its id, so that a restart counts on."""
    whole = str(DBOS.workflow_id)
    said = re.fullmatch(r"(.*)~(\d+)~(\d+)", whole, re.DOTALL)
    origin, count, waited = (said[1], int(said[2]), int(said[3])) if said else (whole, 0, 0)
    pause = max(result["wait"], min(15.0 * 2**count, LONGEST))
    if waited + pause > patience:
        log.error("gave up", subject=partition[:200], reason=result.get("text", ""))
        return False
    _enqueue(queue, partition, f"{origin}~{count + 1}~{int(waited + pause)}", workflow, argument, pause)
    return True


# -- workflows ----------------------------------------------------------------------------------------------------


@DBOS.workflow(name="review", max_recovery_attempts=RECOVERIES)
def review_workflow(key: str) -> str:
    """Review the newest head, then show it. Among replicas, an order that a later one of this process follows leaves
    it to that."""
    mine = str(DBOS.workflow_id)
    here().reviews.begin(key)
    if not here().alone and here().following.followed(key, mine):
        return "left to a later order"
    result: Result = {}
    for attempt in range(ATTEMPTS):
        (result,) = _tried(partial(_review, key))
        if "failure" not in result or result.get("poison"):
            break
        DBOS.sleep(float(2**attempt))
    if "wait" in result:
        if _later("analysis", key, review_workflow, key, result):
            return "waits"
        result = {"failure": result.get("text", "a service stayed away")}
    if "failure" in result:
        (result,) = _tried(partial(_failed, key, result["failure"]))
        if "wait" in result and _later("analysis", key, review_workflow, key, result):
            return "waits"  # the store is away: what to say is found anew
    if result.get("word") not in {"superseded", "not opted in"}:
        _show(key, f"show:{mine}", result)
    return result.get("word", "")


@DBOS.workflow(name="show", max_recovery_attempts=RECOVERIES)
def show_workflow(key: str) -> str:
    """Bring the check run, the alert and the digests up to date with the store; none waits for the other's service."""
    here().shows.begin(key)
    shown, said = results = _tried(partial(_publish, key), partial(_announce, key))
    if said.get("word") not in {None, "silent", "unknown"}:
        results += _tried(partial(_remind, f"{SETTLED}{key}"))
    waits = [result for result in results if "wait" in result]
    if waits:
        _later("outward", key, show_workflow, key, min(waits, key=lambda result: result["wait"]))
    return f"{shown.get('word', '')}, {said.get('word', '')}"


@DBOS.workflow(name="act", max_recovery_attempts=RECOVERIES)
def act_workflow(incoming: str) -> str:
    """Do what a comment or a button on a check run asks for. Shown even where it was refused: a kill between a decision
    and its record makes the step run again, and then there is nothing left to decide."""
    (result,) = _tried(partial(_act, incoming))
    asked = decoded(Incoming, incoming)
    key = PullRef(asked.repo, asked.number).key
    if "wait" in result and _later("outward", key, act_workflow, incoming, result):
        return "waits"
    if result.get("word") in {"decided", "refused"}:
        _show(key, f"show:act:{asked.id}", result)
    return result.get("word", "")


@DBOS.workflow(name="refresh", max_recovery_attempts=RECOVERIES)
def refresh_workflow(repo: str) -> str:
    """Read what a default branch says of services, and whether it mended what merged pull requests left untrue."""
    (result,) = _tried(partial(_refresh, repo))
    word = result.get("word", "")
    if word == "refreshed":
        (result,) = _tried(partial(_rejudge, repo))
        word = f"{word}, {result.get('word', '')}"
    if "wait" in result and _later("analysis", repo, refresh_workflow, repo, result):
        return f"{word} waits".strip()
    return word


@DBOS.workflow(name="remind", max_recovery_attempts=RECOVERIES)
def remind_workflow(key: str) -> str:
    """Send a reminder; while Slack is away, until the hours in which it may arrive have passed."""
    (result,) = _tried(partial(_remind, key))
    if "wait" in result and _later("reminders", key, remind_workflow, key, result, DAY):
        return "waits"
    return result.get("word", "gave up")


_WORKFLOWS: dict[str, Callable[[str], str]] = {
    workflow.__name__: workflow for workflow in (review_workflow, show_workflow, act_workflow, refresh_workflow)
}


# -- orders -------------------------------------------------------------------------------------------------------


def _enqueue(
    queue: str, partition: str, identity: str, workflow: Callable[[str], str], argument: str, delay: float | None = None
) -> bool:
    """Place an order, to begin after ``delay`` seconds; False when it was there already, or is placed later by the
    workflow of this step. Raises ``Unavailable`` when it could not be kept."""
    if hand_over((queue, partition, identity, workflow.__name__, argument)):
        return False
    # Within a workflow a repeated order is one that a recovery places again: DBOS tells them by the place.
    policy: Literal["reject", "return-existing"] = "return-existing" if DBOS.workflow_id else "reject"
    options = SetEnqueueOptions(queue_partition_key=partition, delay_seconds=delay)
    try:
        with SetWorkflowID(identity, workflow_id_reuse_policy=policy), options:
            DBOS.enqueue_workflow(queue, workflow, argument)
    except DBOSWorkflowIDInUseError:
        return False
    except (SQLAlchemyError, DBOSException) as problem:
        raise Unavailable(f"the order could not be kept ({type(problem).__name__})", 1) from None
    return True


def _show(key: str, identity: str, result: Result) -> None:
    """Order that what a workflow did is shown. What follows from a result of before a restart may have been ordered,
    and shown, before it too: nobody relies on that."""
    place = partial(_enqueue, "outward", key, identity, show_workflow, key)
    if here().alone and result.get("run") == here().run:
        here().shows.place(key, place)
    else:
        place()


def _order_review(key: str, cause: str) -> None:
    identity = f"review:{cause}:{key}"
    place = partial(_enqueue, "analysis", key, identity, review_workflow, key)
    if here().alone:
        here().reviews.place(key, place)
        return
    number = here().following.number()
    if place():
        here().following.placed(key, identity, number)


_ORDERS: dict[str, Callable[..., object]] = {
    "review": _order_review,
    "show": lambda key, cause: _enqueue("outward", key, f"show:{cause}:{key}", show_workflow, key),
    "act": lambda key, delivery, incoming: _enqueue("outward", key, f"act:{delivery}", act_workflow, incoming),
    "remind": lambda key: _enqueue("reminders", key, f"remind:{key}", remind_workflow, key),
    "refresh": lambda repo, cause: _enqueue("analysis", repo, f"refresh:{cause}:{repo}", refresh_workflow, repo),
}


def place(kind: str, *arguments: str) -> None:
    """Place an order, once for its cause; a review or none while one waits. Raises ``Unavailable`` when it could not
    be kept, ``KeyError`` and ``TypeError`` for what is none."""
    _ORDERS[kind](*arguments)
