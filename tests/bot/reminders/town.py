"""A bot that saw drift and merged it, with its reminders, over a real store and fakes of everything else."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

from bot import service
from bot.context import Bot, Rules
from bot.model import OwnerName, PullState
from bot.remind import Reminders
from bot.reminders.ports import Ledger
from bot.slack.tallies import SlackNotices
from bot.store import SqlStore
from tests.bot.fakes import (
    REF,
    FakeAnalyst,
    FakeChat,
    FakeClock,
    FakeForge,
    FakeJobs,
    FakePresence,
    item,
    pull,
    review,
    world,
)

HEAD, OLGA = "1" * 40, "U0OLGA"
OWNED = (OwnerName("@ops-olga", "user", "CODEOWNERS"),)


class Town:
    """A bot that saw drift being merged on Monday 23 November 2026 at nine (UTC), and its reminders."""

    def __init__(self, store: SqlStore, merged: bool = True) -> None:
        self.store, self.clock, self.chat, self.jobs = store, FakeClock(), FakeChat(), FakeJobs()
        self.presence, self.ledger = FakePresence(), store
        drifted = replace(item(), owners=OWNED, service="shop")
        self.bot: Bot = world(
            store, analyst=FakeAnalyst({HEAD: review(drifted)}), clock=self.clock, chat=self.chat, jobs=self.jobs,
            rules=Rules(default_channel="C0ALL", people={"ops-olga": OLGA}),
        )  # fmt: skip
        service.review(self.bot, REF)
        assert isinstance(self.bot.forge, FakeForge)
        if merged:
            self.bot.forge.pulls[REF] = pull(state=PullState.MERGED)
            service.review(self.bot, REF)
        self.reminders = self.started()

    def started(self) -> Reminders:
        """Another process over the same store."""
        ledger: Ledger = self.ledger
        return Reminders(self.bot, ledger, self.presence, SlackNotices("https://github.example"), self.jobs)

    def at(self, day: int, hour: int, minute: int = 0) -> Town:
        """The clock at an hour of November."""
        self.clock.at = datetime(2026, 11, day, hour, minute, tzinfo=UTC)
        return self

    def tick(self) -> list[str]:
        """A tick and what it ordered, done; the words on how that ended."""
        self.reminders.tick()
        keys, self.jobs.reminders = self.jobs.reminders, []
        return [self.reminders.send(key) for key in keys]

    def said(self, channel: str) -> list[str]:
        """What was posted in a channel."""
        return [json.dumps(message) for (where, _), message in self.chat.messages.items() if where == channel]
