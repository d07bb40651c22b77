"""What happens by the clock: polling, lost deliveries, dead replicas, pruning. Each tick only orders work, and every
order's id comes from what it is about, so two processes that tick at once order it once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from apscheduler.schedulers.background import BackgroundScheduler

from bot import moving
from bot.context import Bot
from bot.model import BotError, Pull, PullRef, content_hash
from bot.observe import log
from bot.ports import Gone

LOST = timedelta(days=2)
"""How far back failed deliveries are asked for; GitHub keeps them for three days."""


class Polled(Protocol):
    """A forge that can be looked at without being told."""

    def open_pulls(self, repo: str) -> tuple[Pull, ...]:
        """The open pull requests of a repository."""
        ...


def poll(bot: Bot, forge: Polled) -> int:
    """Order a review of every pull request that is not as we know it; returns how many. A repository that cannot be
    looked at keeps nobody from the others, and one that is gone is forgotten."""
    ordered = 0
    for repo in bot.rules.repositories:
        try:
            ordered += _polled(bot, forge, repo)
        except Gone:
            moving.away(bot, repo)
            log.warning("a repository is gone", repo=repo)
        except BotError as problem:
            log.warning("a repository could not be polled", repo=repo, reason=str(problem))
    return ordered


def _polled(bot: Bot, forge: Polled, repo: str) -> int:
    ordered = 0
    repo = moving.where(bot, repo)
    if not repo:
        return 0
    open_now = forge.open_pulls(repo)
    for pull in open_now:
        known = bot.store.pull(pull.ref)
        if known is None or _looks(known) != _looks(pull):
            bot.jobs.review(pull.ref, f"poll:{content_hash(*_looks(pull), _since(bot, pull.ref))}")
            ordered += 1
    gone = {pull.ref for pull in bot.store.open_pulls(repo)} - {pull.ref for pull in open_now}
    for ref in sorted(gone):
        bot.jobs.review(ref, f"poll:ended:{_since(bot, ref)}")
        ordered += 1
    _, tip = bot.forge.tip(repo)
    bot.jobs.refresh(repo, f"poll:{tip}")
    return ordered


def _looks(pull: Pull) -> tuple[str, ...]:
    return (pull.head_sha, pull.title, str(pull.draft), pull.state.value, pull.base_ref)


def _since(bot: Bot, ref: PullRef) -> str:
    """Since when we know a pull request as we do: a look that comes again (ready, draft, ready) is another order, the
    same one seen by two pollers is not."""
    told = bot.store.pull_at(ref)
    return told.isoformat() if told else ""


class Schedule:
    """Ticks in this process. A tick that fails is logged and comes again."""

    def __init__(self) -> None:
        self._scheduler = BackgroundScheduler(timezone="UTC")

    def every(self, seconds: float, name: str, work: Callable[[], object]) -> None:
        """Call ``work`` every so many seconds, never twice at once."""

        def tick() -> None:
            try:
                work()
            except BotError as problem:
                log.warning("tick failed", tick=name, reason=str(problem))
            except Exception as problem:  # one bad tick must not end the clock
                log.error("tick broke", tick=name, error=type(problem).__name__)

        self._scheduler.add_job(
            tick, "interval", seconds=seconds, id=name, max_instances=1, coalesce=True, misfire_grace_time=None
        )

    def start(self) -> None:
        """Begin."""
        self._scheduler.start()

    def stop(self) -> None:
        """End; a running tick ends first."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
