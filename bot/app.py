"""The one place that builds objects: settings in, a server out. Read it to see what hangs on what."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from slack_bolt import App as BoltApp
from slack_sdk import WebClient
from starlette.applications import Starlette

from bot import schedule as ticks
from bot.checkout import Checkouts
from bot.context import Bot, Rules
from bot.doctor import store_url
from bot.following import catch_up
from bot.forges.github import GitHub
from bot.forges.sheets import sheet
from bot.identity import Identity
from bot.jobs import DbosJobs
from bot.model import BotError, CheckSheet, Pull, Review, prepare
from bot.observe import DEPTH, log
from bot.remind import Reminders
from bot.reminders.nouns import Due
from bot.schedule import Schedule
from bot.settings import Settings
from bot.slack.blocks import SlackPages
from bot.slack.chat import SlackChat
from bot.slack.http import slack_events
from bot.slack.listeners import Listeners
from bot.slack.presence import SlackPresence
from bot.slack.tallies import SlackNotices
from bot.store import SqlStore, open_store
from bot.store.opening import open_existing
from bot.web import Web
from bot.workers import Workers

if TYPE_CHECKING:
    from bot.ports import Chat, Clock, Fetcher

RECLAIM_SECONDS = 10
LOST_SECONDS = 600
PRUNE_SECONDS = 3_600
REMIND_SECONDS = 300


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The time now, in UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True)
class AllPages(SlackPages):
    """How reviews look in Slack and on the forge."""

    details_url: str = ""

    def sheet(self, pull: Pull, review: Review) -> CheckSheet:
        """The check run."""
        return sheet(pull, review, details_url=self.details_url)


class Application:
    """Everything, built and connected; ``start`` makes it work, ``stop`` drains it. Another ``clock`` than the
    machine's decides when reminders are due; signatures, tokens and jobs keep to the machine's."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        clock = clock or SystemClock()
        self.rules = Rules(
            settings.slack_default_channel, settings.channels, settings.people, settings.teams, settings.opt_in,
            settings.github_repositories,
        )  # fmt: skip
        self.forge = _forge(settings)
        self.workers = Workers(settings.workers, settings.review_seconds, settings.review_memory)
        # One more than are analysed, to fetch meanwhile: with three times as many, answers to deliveries waited two to
        # four times as long (99th percentile under load), and no more was reviewed.
        self.jobs = DbosJobs(jobs_url(settings), settings.state_dir, reviews=settings.workers + 1)
        self.schedule = Schedule()
        self.store = open_store(_prepared(settings))
        self.chat: Chat = SlackChat(_slack_token(settings), clock, _slack_url(settings))
        self.fetcher: Fetcher = Checkouts(
            settings.state_dir / "repositories", self.forge.clone, max_bytes=settings.checkout_bytes,
            loopback=settings.github_web_url.startswith("http://"), opted_in=self.rules.opted_in,
        )  # fmt: skip
        self.bot = Bot(
            self.forge, self.fetcher, self.workers, self.chat, self.store, self.jobs,
            AllPages(settings.github_web_url), clock, self.rules,
        )  # fmt: skip
        self.reminders = reminders_of(settings, self.bot, self.store)
        self.identity = Identity(self.bot, settings)
        self.bolt = _bolt(settings, self.bot, self.identity, self.reminders)
        self._socket: object | None = None
        self._started = False
        self.web = Web(
            self.bot,
            webhook_secret=settings.github_webhook_secret.get_secret_value(),
            api_token=settings.api_token.get_secret_value(),
            ready=self._missing,
            slack=slack_events(self.bolt) if settings.slack_signing_secret.get_secret_value() else None,
            before_metrics=self._measure,
            more=self.identity.routes(),
            schedule=self.reminders.schedule,
            lifespan=self._lifespan,
        )

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        await asyncio.to_thread(self.start)
        # What is loaded now stays: a full collection over it takes a tenth of a second, in which nothing is answered.
        gc.freeze()
        try:
            yield
        finally:
            await asyncio.to_thread(self.stop)

    def start(self) -> None:
        """Recover what was running or decided, start workers and ticks, connect to Slack."""
        self.workers.warm()
        prepare()
        self.jobs.start(self.bot, self.reminders.send)
        catch_up(self.bot)
        self._ticks()
        self.schedule.start()
        token = self.settings.slack_app_token.get_secret_value()
        if token:
            from slack_bolt.adapter.socket_mode import SocketModeHandler

            handler = SocketModeHandler(self.bolt, token, web_client=_slack(self.settings))
            handler.connect()  # type: ignore[no-untyped-call]
            self._socket = handler
        self._started = True
        log.info("started", database="postgresql" if self.settings.postgresql else "sqlite", socket_mode=bool(token))

    def stop(self) -> None:
        """Take nothing new, let running work end, then let go: within 25 seconds with the five that uvicorn gives to
        open connections."""
        self._started = False
        close = getattr(self._socket, "close", None)
        if close is not None:
            close()
        self.schedule.stop()
        self.jobs.stop(seconds=15)
        self.workers.close()
        self.store.close()
        log.info("stopped")

    def _ticks(self) -> None:
        settings = self.settings
        if settings.postgresql:
            self.schedule.every(RECLAIM_SECONDS, "reclaim", self.jobs.reclaim)
        if settings.uses_app:
            self.schedule.every(LOST_SECONDS, "lost deliveries", self._ask_again)
        if settings.poll_interval and settings.github_repositories:
            self.schedule.every(settings.poll_interval, "poll", partial(ticks.poll, self.bot, self.forge))
        self.schedule.every(REMIND_SECONDS, "reminders", self.reminders.tick)
        self.schedule.every(PRUNE_SECONDS, "prune", self._prune)

    def _prune(self) -> int:
        """Forget deliveries and work of long ago."""
        return self.jobs.prune() + self.store.forget_deliveries(self.bot.clock.now()) + self.reminders.prune()

    def _ask_again(self) -> int:
        """GitHub never redelivers by itself: ask for the deliveries that failed."""
        failed = self.forge.failed_deliveries(datetime.now(UTC) - ticks.LOST)
        for delivery in failed[:100]:
            self.forge.redeliver(delivery)
        return len(failed)

    def _missing(self) -> str:
        """What keeps us from working; empty for nothing."""
        if not self._started:
            return "not started"
        try:
            self.store.people()
        except BotError:
            return "the database cannot be used"
        connected = getattr(getattr(self._socket, "client", None), "is_connected", None)
        if connected is not None and not connected():
            return "not connected to Slack"
        return ""

    def _measure(self) -> None:
        if self._started:
            for queue, depth in self.jobs.depth().items():
                DEPTH.labels(queue).set(depth)


def reminders_of(settings: Settings, bot: Bot, store: SqlStore) -> Reminders:
    """The use cases of reminders over a bot."""
    presence = SlackPresence(_slack_token(settings), bot.clock, _slack_url(settings))
    return Reminders(bot, store, presence, SlackNotices(settings.github_web_url), bot.jobs)


def planned(settings: Settings, days: int) -> list[tuple[datetime, Due]]:
    """Who would get what and when in the next days, from what a server with these settings has stored; nothing is
    started or sent. Raises ``BotError`` where there is no store."""
    open_existing(store_url(settings)).close()
    application = Application(settings)
    try:
        return list(application.reminders.schedule(days))
    finally:
        application.store.close()


def jobs_url(settings: Settings) -> str:
    """Where the jobs are kept: the same PostgreSQL, or a SQLite file of their own."""
    if settings.postgresql:
        return settings.database_url.get_secret_value()
    return f"sqlite:///{settings.state_dir.absolute()}/jobs.db"


def _prepared(settings: Settings) -> str:
    try:
        settings.state_dir.mkdir(0o700, parents=True, exist_ok=True)
    except OSError as problem:
        raise BotError(f"STATE_DIR {settings.state_dir} cannot be made: {problem.strerror}") from None
    return store_url(settings)


def _forge(settings: Settings) -> GitHub:
    api, web = settings.github_api_url, settings.github_web_url
    if settings.uses_app:
        return GitHub.as_app(settings.github_app_id, settings.private_key(), api_url=api, web_url=web)
    token = settings.github_token.get_secret_value()
    if not token:
        raise BotError("no GitHub credentials: set GITHUB_APP_ID and its private key, or GITHUB_TOKEN")
    return GitHub.with_token(token, api_url=api, web_url=web)


def _slack_token(settings: Settings) -> str:
    token = settings.slack_bot_token.get_secret_value()
    if not token:
        raise BotError("no Slack credentials: set SLACK_BOT_TOKEN (docs/slack.md)")
    return token


def _slack_url(settings: Settings) -> str:
    url = settings.slack_api_url
    return url if url.endswith("/") else f"{url}/"


def _slack(settings: Settings) -> WebClient:
    return WebClient(_slack_token(settings), base_url=_slack_url(settings), timeout=15)


def _bolt(settings: Settings, bot: Bot, identity: Identity, reminders: Reminders | None = None) -> BoltApp:
    secret = settings.slack_signing_secret.get_secret_value()
    app = BoltApp(
        client=_slack(settings), signing_secret=secret or "unused in socket mode", token_verification_enabled=False,
        process_before_response=True, raise_error_for_unhandled_request=False,
    )  # fmt: skip
    Listeners(bot, settings.github_web_url, identity.link, reminders).register(app)
    return app
