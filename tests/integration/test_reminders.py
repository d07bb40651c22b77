"""Reminders end to end: the whole bot on a clock of its own, between the stand-ins for GitHub and Slack. What is
asserted is what Slack received.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from dbos import DBOS
from structlog.testing import capture_logs

from demo.bot.outside import reason
from tests.integration.town import (
    CONFIG,
    DANA,
    HALL,
    LEE,
    PAT,
    ROOM,
    RUNBOOK,
    SAM,
    SETTINGS,
    Town,
    TownClock,
    code,
    direct,
    runbook,
    text,
)

Make = Callable[..., Town]


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Makes a town on Tuesday 3 November 2026, 09:00 UTC. Its queues are looked into often, and not limited: here a
    month of reminders comes in seconds."""
    register = DBOS.register_queue

    def often(name: str, **settings: Any) -> object:
        return register(name, **{**settings, "polling_interval_sec": 0.02, "limiter": None})

    monkeypatch.setattr(DBOS, "register_queue", often)
    made: list[Town] = []

    def make(config: str = CONFIG, front: str = "") -> Town:
        made.append(Town(tmp_path, config, front, TownClock(datetime(2026, 11, 3, 9, tzinfo=UTC))))
        return made[-1]

    yield make
    for each in made:
        each.stop()


HOURS = ("00:05", "03:30", "08:00", "09:00", "14:00", "20:00")
"""When each somebody's morning has begun: Kolkata at 03:30 UTC, Berlin at 08:00, Lisbon at 09:00, New York at 14:00."""


def test_the_ladder_from_the_alert_to_the_commit_that_mends_the_runbook(town: Make) -> None:
    here = town()
    here.open(1, {SETTINGS: code(session=300)}, "Sessions live 5 minutes")
    assert "1 runbook line is now wrong" in text(here.last(ROOM))

    assert here.days("2026-11-03", "2026-11-04", *HOURS) == {
        "Wed 2026-11-04 03:30": [(direct(PAT), "1 section waits for you")],
        "Wed 2026-11-04 08:00": [(direct(DANA), "1 section waits for you")],
    }
    assert "open since yesterday · first reminder; next: you again on Tuesday" in text(here.last(direct(PAT)))
    assert "you get this because you opened the pull request" in text(here.last(direct(DANA)))

    here.at("2026-11-04 15:00").merge(1)
    assert here.days("2026-11-04", "2026-11-09", *HOURS[:-1]) == {
        "Thu 2026-11-05 03:30": [(direct(PAT), "1 section waits for you")],
        "Mon 2026-11-09 03:30": [(direct(PAT), "1 section waits for you")],
        "Mon 2026-11-09 08:00": [(ROOM, "payments: week of 2 November: 1 opened, 0 closed, 1 open")],
    }
    first, second = (text(message) for message in here.slack.top(direct(PAT))[1:])
    assert "PR #1 by dana, merged · open for 1 day · first reminder; next: you again on Monday" in first
    assert "PR #1 by dana, merged · open for 5 days · second reminder; next: @C0PAYMENTS on Wednesday" in second

    here.restart()
    assert here.tick() == [], "another process knows what was said"
    assert here.days("2026-11-10", "2026-11-20", *HOURS) == {
        "Wed 2026-11-11 08:00": [(ROOM, "1 section waits for the owners of payments")],
        "Mon 2026-11-16 08:00": [(ROOM, "payments: week of 9 November: 0 opened, 0 closed, 1 open")],
        "Wed 2026-11-18 14:00": [(direct(LEE), "1 section waits for you")],
    }
    said = next(text(message) for message in here.slack.top(ROOM) if "for the owners" in message["text"])
    assert "third reminder; next: @U0LEE on 18 November" in said
    assert "escalated: fourth and last reminder" in text(here.last(direct(LEE)))

    here.push({RUNBOOK: runbook(session=5)}, "The runbook says 5 minutes")
    assert "merged; runbooks agree with the code" in text(here.slack.top(ROOM)[0])
    assert here.api("/api/services/payments")["open_drift"] == []
    assert here.days("2026-11-21", "2026-12-04", *HOURS) == {
        "Mon 2026-11-23 08:00": [(ROOM, "payments: week of 16 November: 0 opened, 1 closed, 0 open")],
        "Tue 2026-12-01 09:00": [(HALL, "Runbooks in November 2026: 1 opened, 1 closed, 0 open")],
    }


def test_people_decide_from_their_digest(town: Make) -> None:
    here = town()
    here.open(1, {SETTINGS: code(session=300, lock=300, cache=300)}, "Everything lives 5 minutes")
    here.at("2026-11-03 15:00").merge(1)
    assert here.at("2026-11-04 03:30").tick() == [(direct(PAT), "3 sections wait for you")]
    digest = here.last(direct(PAT))
    assert [line for line in text(digest).splitlines() if line.startswith("🔴")] == [
        "🔴 Now wrong · docs/runbooks/sessions.md:13 · A stale page",
        "🔴 Now wrong · docs/runbooks/sessions.md:9 · A stuck lock",
        "🔴 Now wrong · docs/runbooks/sessions.md:5 · A stolen session",
    ]

    fine = reason("the proxy keeps them for an hour")
    assert "whoever wrote a change does not decide" in here.decide(DANA, digest, "Still accurate", fine)
    snoozed = here.decide(PAT, digest, "Snooze", reason("waits for the dashboard"), until("2026-11-10"))
    assert snoozed == "💤 Snoozed until 2026-11-10: 1."
    assert "💤 docs/runbooks/sessions.md · A stale page · snoozed until 2026-11-10" in text(digest), "in its place"
    assert here.decide(PAT, digest, "Still accurate", fine) == "✅ Recorded as still accurate: 1."
    assert "✅ docs/runbooks/sessions.md · A stuck lock · still accurate, says @pat: the proxy" in text(digest)
    assert here.decide(PAT, digest, "Hand over", to(SAM)) == "✅ Handed over: 1."
    assert "🔴" not in text(digest)
    assert "sessions.md:5" not in here.command(PAT, "mine")
    assert "sessions.md:5" in here.command(SAM, "mine")

    here.restart()
    assert here.days("2026-11-04", "2026-11-18", *HOURS) == {
        "Wed 2026-11-04 09:00": [(direct(SAM), "1 section waits for you")],
        "Fri 2026-11-06 09:00": [(direct(SAM), "1 section waits for you")],
        "Mon 2026-11-09 08:00": [(ROOM, "payments: week of 2 November: 3 opened, 1 closed, 2 open")],
        "Tue 2026-11-10 08:00": [(ROOM, "1 section waits for the owners of payments")],
        "Wed 2026-11-11 03:30": [(direct(PAT), "1 section waits for you")],
        "Fri 2026-11-13 03:30": [(direct(PAT), "1 section waits for you")],
        "Mon 2026-11-16 08:00": [(ROOM, "payments: week of 9 November: 0 opened, 0 closed, 2 open")],
        "Tue 2026-11-17 08:00": [(ROOM, "2 sections wait for the owners of payments")],
        "Tue 2026-11-17 14:00": [(direct(LEE), "1 section waits for you")],
    }
    told = [text(message) for message in here.slack.top(direct(PAT))[1:]]
    assert all("A stale page" in each and "A stolen session" not in each for each in told), "what pat still answers for"
    assert "first reminder" in told[0], "whoever snoozed gets the time of the ladder again"
    kinds = [record["kind"] for record in here.evidence()]
    assert (kinds.count("decision"), kinds.count("hand over")) == (2, 1)


def test_nobody_is_told_on_a_holiday_while_asleep_or_when_they_asked_for_quiet(town: Make) -> None:
    here = town(CONFIG.replace('"DE-BE"', '"FR"') + "days_off = [2026-11-06]\n")  # 11 November is a holiday there
    here.open(1, {SETTINGS: code(session=300)}, "Sessions live 5 minutes")
    here.at("2026-11-03 15:00").merge(1)
    here.slack.users[PAT].dnd = asleep("2026-11-04 03:00", "2026-11-04 06:15")
    assert here.at("2026-11-04 03:30").tick() == []
    assert here.at("2026-11-04 06:10").tick() == []
    assert here.at("2026-11-04 06:20").tick() == [(direct(PAT), "1 section waits for you")]
    here.slack.users[PAT].dnd = {}

    here.at("2026-11-05 12:00")
    assert "No reminders until" in here.command(PAT, "quiet until 2026-11-09")
    assert here.days("2026-11-05", "2026-11-12", *HOURS) == {
        "Mon 2026-11-09 08:00": [(ROOM, "payments: week of 2 November: 1 opened, 0 closed, 1 open")],
        "Tue 2026-11-10 03:30": [(direct(PAT), "1 section waits for you")],
        "Thu 2026-11-12 08:00": [(ROOM, "1 section waits for the owners of payments")],
    }, "a day off and a holiday are silent and do not count"
    assert "second reminder; next: @C0PAYMENTS on Thursday" in text(here.last(direct(PAT)))


def test_an_owner_who_left_is_passed_over(town: Make) -> None:
    here = town()
    here.open(1, {SETTINGS: code(session=300)}, "Sessions live 5 minutes")
    here.at("2026-11-03 15:00").merge(1)
    here.slack.users[PAT].left = True
    assert here.days("2026-11-04", "2026-11-10", *HOURS) == {
        "Wed 2026-11-04 08:00": [
            (
                ROOM,
                "*payments*: owner @pat has left or takes no messages. 1 section goes to @U0SAM now.",
            )
        ],
        "Wed 2026-11-04 09:00": [(direct(SAM), "1 section waits for you")],
        "Fri 2026-11-06 09:00": [(direct(SAM), "1 section waits for you")],
        "Mon 2026-11-09 08:00": [(ROOM, "payments: week of 2 November: 1 opened, 0 closed, 1 open")],
        "Tue 2026-11-10 08:00": [(ROOM, "1 section waits for the owners of payments")],
    }
    assert here.slack.top(direct(PAT)) == []


def test_a_runbook_that_is_due_for_review(town: Make) -> None:
    here = town(front="---\nreview_every: 30d\nlast_reviewed: 2026-10-06\n---\n")
    here.push({"README.md": "Payments\n"}, "A page")
    assert here.days("2026-11-03", "2026-11-06", *HOURS) == {
        "Thu 2026-11-05 03:30": [(direct(PAT), "1 review waits for you")]
    }
    digest = here.last(direct(PAT))
    assert "📖 Review due today · docs/runbooks/sessions.md · Sessions" in text(digest)
    here.press(DANA, digest, "Reviewed, still right")
    assert "only @pat, @sam may say" in here.slack.whispers[-1]["text"]
    here.press(PAT, digest, "Reviewed, still right")
    assert here.slack.whispers[-1]["text"] == "✅ Reviewed today; due again on 2026-12-06"
    assert here.evidence()[-1] == {"kind": "runbook reviewed", "subject": RUNBOOK}
    assert here.days("2026-11-07", "2026-11-30", "03:30", "08:00") == {}
    assert here.at("2026-12-07 03:30").tick() == [(direct(PAT), "1 review waits for you")]
    assert "last reviewed 2026-11-06 by @pat · every 30 days" in text(here.last(direct(PAT)))


def test_the_schedule_says_what_comes_and_a_push_changes_it(town: Make) -> None:
    here = town()
    here.open(1, {SETTINGS: code(session=300)}, "Sessions live 5 minutes")
    here.at("2026-11-03 15:00").merge(1)
    assert here.tick() == []
    planned = here.planned("2w")
    assert planned == [
        ("2026-11-04 03:30", PAT, "digest"), ("2026-11-06 03:30", PAT, "digest"), ("2026-11-09 08:00", ROOM, "weekly"),
        ("2026-11-10 08:00", ROOM, "digest"), ("2026-11-16 08:00", ROOM, "weekly"),
        ("2026-11-17 14:00", LEE, "digest"),
    ]  # fmt: skip
    shorter = '\n[services.payments.reminders]\ncontradicted = ["owner 1d", "channel 2d"]\n'
    here.push({".runbook-drift.toml": CONFIG + shorter}, "Faster")
    assert here.planned("1w") == [
        ("2026-11-04 03:30", PAT, "digest"), ("2026-11-05 08:00", ROOM, "digest"), ("2026-11-09 08:00", ROOM, "weekly"),
    ]  # fmt: skip
    assert here.days("2026-11-04", "2026-11-06", *HOURS) == {
        "Wed 2026-11-04 03:30": [(direct(PAT), "1 section waits for you")],
        "Thu 2026-11-05 08:00": [(ROOM, "1 section waits for the owners of payments")],
    }
    here.push({".runbook-drift.toml": f"{CONFIG}enabled = false\n"}, "Enough")
    assert [to for _, to, _ in here.planned("2w")] == []
    assert here.days("2026-11-07", "2026-11-20", *HOURS) == {}


def test_an_outage_delays_and_doubles_nothing(town: Make) -> None:
    here = town()
    here.open(1, {SETTINGS: code(session=300)}, "Sessions live 5 minutes")
    here.at("2026-11-03 15:00").merge(1)
    here.slack.refuse("chat.postMessage", "ratelimited")
    here.slack.refuse("conversations.history", "ratelimited")
    assert here.at("2026-11-04 03:30").tick() == [(direct(PAT), "1 section waits for you")]
    assert here.slack.faults["chat.postMessage"] == []
    assert here.at("2026-11-04 03:35").tick() == []


def test_a_reminder_that_slack_refuses_is_in_the_log(town: Make) -> None:
    here = town()
    here.open(1, {SETTINGS: code(session=300)}, "Sessions live 5 minutes")
    here.at("2026-11-03 15:00").merge(1)
    here.slack.refuse("chat.postMessage", "restricted_action")
    with capture_logs() as logged:
        assert here.at("2026-11-04 03:30").tick() == []
    (line,) = (line for line in logged if line["event"] == "reminder not sent")
    assert (line["subject"], line["outcome"]) == ("digest:person:U0PAT:2026-11-04", "refused")
    assert "a workspace setting forbids the app to post there" in line["reason"]
    assert here.at("2026-11-05 03:30").tick() == [(direct(PAT), "1 section waits for you")], "the next morning says it"


def test_a_digest_that_somebody_asks_for(town: Make) -> None:
    here = town()
    here.open(1, {SETTINGS: code(session=300)}, "Sessions live 5 minutes")
    assert "on its way" in here.at("2026-11-03 10:00").command(PAT, "digest now")
    assert "A stolen session" in text(here.last(direct(PAT)))
    assert "first reminder; next: you again on 10 November" in text(here.last(direct(PAT)))
    assert "Nothing waits for you" in here.command(LEE, "digest now"), "it is not lee's turn yet"
    assert here.days("2026-11-03", "2026-11-05", *HOURS) == {
        "Wed 2026-11-04 08:00": [(direct(DANA), "1 section waits for you")],
    }


def asleep(start: str, end: str) -> dict[str, Any]:
    """What Slack says of somebody's do-not-disturb, in UTC."""
    first, last = (int(datetime.fromisoformat(f"{text}+00:00").timestamp()) for text in (start, end))
    return {"dnd_enabled": True, "next_dnd_start_ts": first, "next_dnd_end_ts": last}


def until(day: str) -> dict[str, Any]:
    """The day of a snooze."""
    return {"until": {"until": {"selected_date": day}}}


def to(user: str) -> dict[str, Any]:
    """To whom something is handed over."""
    return {"user": {"user": {"selected_user": user}}}
