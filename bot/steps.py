"""What a step of the jobs runs in: the bot of this process, and what becomes of errors and of orders placed in it."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypedDict

from bot.context import Bot
from bot.model import BotError
from bot.observe import log
from bot.ports import AnalysisFailed, Refused, Unavailable
from bot.turns import Busy, Following, Waiting

Order = tuple[str, str, str, str, str]
"""Queue, partition, id, the name of the workflow, and its argument."""


@dataclass
class Here:
    """This process from its start to its stop. ``alone`` says that every order begins here, so that one that waits
    can be relied on; among replicas orders only follow one another."""

    bot: Bot | None = None
    alone: bool = False
    remind: Callable[[str], str] | None = None
    run: str = field(default_factory=lambda: uuid.uuid4().hex)
    busy: Busy = field(default_factory=Busy)
    reviews: Waiting = field(default_factory=Waiting)
    shows: Waiting = field(default_factory=Waiting)
    following: Following = field(default_factory=Following)


_here = Here()
_OURS = {"bot", "runbooks", "analyzers"}


def here() -> Here:
    """This process as it is now."""
    return _here


def begin(bot: Bot, *, alone: bool, remind: Callable[[str], str] | None = None) -> None:
    """From now on steps work with this bot; ``remind`` sends the reminder of a row."""
    global _here
    _here = Here(bot, alone, remind)


def drained(seconds: float) -> bool:
    """Let no more steps begin, and wait for those that run; False when time ran out."""
    return _here.busy.drained(seconds)


def end() -> None:
    """Steps that still begin find nothing to work with, and wait."""
    global _here
    _here = Here()


# -- steps --------------------------------------------------------------------------------------------------------


class _Step(threading.local):
    """The orders that the step of this thread places: DBOS starts no workflow from within a step, so the step hands
    them to its workflow. None outside of steps."""

    orders: list[Order] | None = None


_step = _Step()


def in_step() -> bool:
    """Whether this thread runs a step."""
    return _step.orders is not None


def hand_over(order: Order) -> bool:
    """Keep an order for the workflow of the step that runs; False outside of steps."""
    if _step.orders is None:
        return False
    _step.orders.append(order)
    return True


class Result(TypedDict, total=False):
    """What a step hands to its workflow: a word when it is done and what it ordered, else how long to wait and why.
    ``run`` tells the process that did it: a result from before a restart is read from the record. ``failure`` says why
    it will not be done, ``poison`` that trying again would not help."""

    word: str
    orders: list[Order]
    run: str
    wait: float
    text: str
    failure: str
    poison: bool


def tried(work: Callable[[Bot], str], *, visible: bool = False) -> Result:
    """Run one step; errors that pass become waits, those that do not are logged and end it. Of a ``visible`` step they
    are failures, which somebody is told of, rather than words. An error that nobody foresaw is tried again, and logged
    by its type and place: its text may quote what is not for logs."""
    orders: list[Order] = []
    now, _step.orders = _here, orders
    try:
        if now.bot is None:
            raise Unavailable("the server is not started")
        with now.busy:
            word = work(now.bot)
        result: Result = {"word": word, "run": now.run}
        return {**result, "orders": orders} if orders else result
    except Unavailable as problem:
        return {"wait": max(problem.retry_after, 0.0), "text": str(problem)}
    except AnalysisFailed as problem:
        return {"failure": str(problem), "poison": problem.poison}
    except BotError as problem:
        log.error("refused", reason=str(problem), code=problem.code if isinstance(problem, Refused) else "")
        return {"failure": str(problem), "poison": True} if visible else {"word": "refused"}
    except Exception as problem:  # whatever it is, it must not end a workflow without a word
        log.error("internal error", error=type(problem).__name__, at=place_of(problem))
        text = f"internal error ({type(problem).__name__})"
        return {"failure": text, "poison": False} if visible else {"wait": 1.0, "text": text}
    finally:
        _step.orders = None


def place_of(problem: BaseException) -> str:
    """Where an error came from: module and line of the innermost frame of ours, empty when there is none."""
    found, trace = "", problem.__traceback__
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] in _OURS and module != __name__:
            found = f"{module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found
