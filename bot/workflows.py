"""What the jobs do, as DBOS workflows: a workflow is steps in order, and what was done is not done again.

Ids come from deliveries and actions, never from the clock, so a redelivery is a no-op. Reviews run one at a time per
pull request; each reads the newest head first and looks again last. Every step may run twice (a kill between a step
and its record), so each makes the world like the store says.
"""

from __future__ import annotations

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
PATIENCE = 14
"""Tries of a step against a service that is away; the waits double up to ``LONGEST`` and add up to about an hour."""
LONGEST = 600.0
"""Seconds between two tries at most, unless the service itself asks for more."""
REMIND_HOURS = 24
"""How often that patience is had with a reminder; its row ends it before."""
RECOVERIES = 10_000
"""Restarts of the process do not count against a review: what hurts it dies in a worker, not here."""


@DBOS.step(name="review")
def _review(key: str) -> Result:
    with measured("review") as outcome:
        result = tried(lambda bot: service.review(bot, PullRef.parse(key)))
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


def _patiently(step: Callable[..., Result], *arguments: str) -> Result:
    """Try a step until it is done or patience ends, and place what it ordered; the waits survive a restart."""
    pause = 1.0
    for _ in range(PATIENCE):
        result = step(*arguments)
        if "wait" not in result:
            for queue, partition, identity, workflow, ordered in result.get("orders", ()):
                _enqueue(queue, partition, identity, _WORKFLOWS[workflow], ordered)
            return result
        DBOS.sleep(max(result["wait"], pause))
        pause = min(pause * 2, LONGEST)
    log.error("gave up", step=step.__name__, subject=arguments[0][:200], reason=result.get("text", ""))
    return {"failure": result.get("text", "a service stayed away"), "poison": False}


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
        result = _patiently(_review, key)
        if "failure" not in result or result.get("poison"):
            break
        DBOS.sleep(float(2**attempt))
    if "failure" in result:
        result = _patiently(_failed, key, result["failure"])
    if result.get("word") not in {"superseded", "not opted in"}:
        _show(key, f"show:{mine}", result)
    return result.get("word", "")


@DBOS.workflow(name="show", max_recovery_attempts=RECOVERIES)
def show_workflow(key: str) -> str:
    """Bring the check run, the alert and the digests up to date with the store."""
    here().shows.begin(key)
    shown = _patiently(_publish, key).get("word", "")
    said = _patiently(_announce, key).get("word", "")
    if said not in {"silent", "unknown"}:
        _patiently(_remind, f"{SETTLED}{key}")
    return f"{shown}, {said}"


@DBOS.workflow(name="act", max_recovery_attempts=RECOVERIES)
def act_workflow(incoming: str) -> str:
    """Do what a comment or a button on a check run asks for. Shown even where it was refused: a kill between a decision
    and its record makes the step run again, and then there is nothing left to decide."""
    result = _patiently(_act, incoming)
    if result.get("word") in {"decided", "refused"}:
        asked = decoded(Incoming, incoming)
        _show(PullRef(asked.repo, asked.number).key, f"show:act:{asked.id}", result)
    return result.get("word", "")


@DBOS.workflow(name="refresh", max_recovery_attempts=RECOVERIES)
def refresh_workflow(repo: str) -> str:
    """Read what a default branch says of services, and whether it mended what merged pull requests left untrue."""
    word = _patiently(_refresh, repo).get("word", "")
    return f"{word}, {_patiently(_rejudge, repo).get('word', '')}" if word == "refreshed" else word


@DBOS.workflow(name="remind", max_recovery_attempts=RECOVERIES)
def remind_workflow(key: str) -> str:
    """Send a reminder; while Slack is away, until the hours in which it may arrive have passed."""
    for _ in range(REMIND_HOURS):
        result = _patiently(_remind, key)
        if "word" in result:
            return result["word"]
    return "gave up"


_WORKFLOWS: dict[str, Callable[[str], str]] = {
    workflow.__name__: workflow for workflow in (review_workflow, show_workflow, act_workflow, refresh_workflow)
}


# -- orders -------------------------------------------------------------------------------------------------------


def _enqueue(queue: str, partition: str, identity: str, workflow: Callable[[str], str], argument: str) -> bool:
    """Place an order; False when it was there already, or is placed later by the workflow of this step. Raises
    ``Unavailable`` when it could not be kept."""
    if hand_over((queue, partition, identity, workflow.__name__, argument)):
        return False
    # Within a workflow a repeated order is one that a recovery places again: DBOS tells them by the place.
    policy: Literal["reject", "return-existing"] = "return-existing" if DBOS.workflow_id else "reject"
    options = SetEnqueueOptions(queue_partition_key=partition)
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
