"""Commands in comments on a pull request (``/runbook ack <reason>``) and the buttons of a check run."""

from __future__ import annotations

import re
from datetime import date, timedelta

from bot.context import Bot
from bot.decide import acknowledge, snooze
from bot.model import BotError, Incoming, PullRef, Surface
from bot.ports import Unavailable
from bot.rights import acting

COMMAND = re.compile(r"\s*/runbook[ \t]+(ack|acknowledge|snooze|recheck|re-check|help)\b[ \t]*([^\r\n]*)")
"""A command stands at the beginning of a comment; the rest of its line is the argument."""

HELP = (
    "`/runbook ack <reason>`: the runbooks are still accurate · `/runbook snooze <days> <reason>` · "
    "`/runbook recheck`: review again"
)
ACKNOWLEDGE, RECHECK = "acknowledge", "recheck"
"""Identifiers of the requested actions of a check run."""


def act(bot: Bot, incoming: Incoming) -> str:
    """Do what a comment or a check run's action asks for, and answer on the pull request; returns a word for the log.
    The sender is who GitHub says it is, and needs the same right as in Slack."""
    ref = PullRef(incoming.repo, incoming.number)
    if incoming.event == "check_run":
        wanted, argument = incoming.get("requested"), "acknowledged on the check run"
        surface = Surface.CHECK
        if wanted not in {ACKNOWLEDGE, RECHECK}:
            return "no command"
    else:
        found = COMMAND.match(incoming.get("body"))
        if found is None:
            return "no command"
        wanted, argument, surface = found.group(1), found.group(2), Surface.COMMENT
    if wanted in {RECHECK, "re-check"}:
        if not bot.forge.may_write(incoming.repo, incoming.sender) and not _wrote(bot, ref, incoming.sender):
            return "not a member"
        bot.jobs.review(ref, incoming.id)
        return "recheck"
    if wanted == "help":
        bot.forge.comment(ref, HELP)
        return "help"
    actor = acting(bot, login=incoming.sender, surface=surface)
    try:
        if wanted == "snooze":
            days, _, reason = argument.partition(" ")
            items = snooze(bot, actor, ref, (), reason, _until(bot, days))
        else:
            items = acknowledge(bot, actor, ref, (), argument)
    except Unavailable:
        raise
    except BotError as problem:
        bot.forge.comment(ref, f"Not done: {_quiet(str(problem))}")
        return "refused"
    if surface is Surface.COMMENT:
        bot.forge.comment(ref, f"Recorded for {len(items)} section{'s' if len(items) > 1 else ''}.")
    return "decided"


def _until(bot: Bot, days: str) -> date:
    if not days.isdecimal() or len(days) > 3:
        raise BotError("say for how many days: `/runbook snooze 7 waiting for the new dashboard`")
    return bot.clock.now().date() + timedelta(days=int(days))


def _wrote(bot: Bot, ref: PullRef, login: str) -> bool:
    pull = bot.store.pull(ref)
    return pull is not None and pull.author.casefold() == login.casefold()


def _quiet(text: str) -> str:
    """Text in which no handle notifies anybody: a refusal must not be a way to call people."""
    return text.replace("@", "@\u2060")
