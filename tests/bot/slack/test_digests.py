"""Digests, notes and numbers as people read them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from fakes import REF, item, pull

from bot.model import Directory, Drift, Item, OwnerName, Person, Proof, PullRef, PullState
from bot.reminders.notices import Absent, Line, Notices, ReviewLine, Settled, Tally, Waiting
from bot.reminders.nouns import (
    Audience,
    Due,
    Entry,
    Kind,
    Numbers,
    Place,
    Recipient,
    ReminderPolicy,
    ReviewDue,
    Step,
)
from bot.slack import digests
from bot.slack.parts import day_words
from bot.slack.preview import page, terminal
from bot.slack.tallies import SlackNotices
from runbooks.model import Status
from tests.bot.slack.limits import check_message

WEB = "https://github.example"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TODAY = NOW.date()
POLICY = ReminderPolicy()
KNOWN = Directory(
    (Person("ops-olga", "U0OLGA", Proof.CONFIGURED), Person("sam", "U0SAM", Proof.CONFIGURED)),
    (("@acme/payments", "S0PAY"),),
)
OLGA, SAM = Recipient(Place.PERSON, "U0OLGA"), Recipient(Place.PERSON, "U0SAM")
SHOP = Recipient(Place.CHANNEL, "C0SHOP")
NOTICES: Notices = SlackNotices(WEB)


def suspect(**given: object) -> Item:
    """A section to look at, owned by a team."""
    usual: dict[str, object] = {
        "status": Status.SUSPECT, "fingerprint": "f2", "title": "Restart", "line": 40, "quote": "",
        "suggestion_before": "", "suggestion_after": "", "reason": "names shop-worker, which has another command now",
        "owners": (OwnerName("@acme/payments", "team", "front matter"),),
    }  # fmt: skip
    return item(**(usual | given))


def line(
    found: Item, step: int, *, fresh: bool = True, days: int = 3, on: date | None = None,
    to: Sequence[Recipient] = (), steps: tuple[Step, ...] = POLICY.contradicted, merged: bool = True,
    assignee: str = "",
) -> Line:  # fmt: skip
    """Drift that has reached a step of a ladder; ``on`` is when the next one comes."""
    drift = Drift("acme/shop", found, REF, NOW - timedelta(days=days), merged=merged, assignee=assignee)
    following = steps[step + 1] if on else None
    key = f"acme/shop:{found.fingerprint}"
    entry = Entry(key, found.service, "merged" if merged else "open", step, len(steps), fresh, following, on)
    state = PullState.MERGED if merged else PullState.OPEN
    return Line(entry, drift, steps, pull(state=state), tuple(to))


def review(due: date = date(2026, 11, 20), **given: object) -> ReviewLine:
    """A runbook that is to be read again."""
    of = ReviewDue("acme/pay", "docs/runbooks/refunds.md", "payments", due, ("@ops-olga",))
    entry = Entry(of.key, "payments", "review", 0, 2, True)
    usual: dict[str, object] = {"title": "Refunds", "last": date(2026, 8, 22), "by": "@ops-olga", "every": 90}
    return ReviewLine(entry, of, **(usual | given))  # type: ignore[arg-type]


def to(recipient: Recipient, kind: Kind = Kind.DIGEST) -> Due:
    """A message of today."""
    return Due(recipient, kind, TODAY, (), NOW, NOW + timedelta(hours=8))


def shown(recipient: Recipient, *lines: Line | ReviewLine) -> str:
    """A digest as text."""
    message = NOTICES.digest(to(recipient), lines, KNOWN, NOW)
    check_message(message)
    return terminal(message, 200)


def test_the_digest_of_an_owner() -> None:
    first = line(item(), 1, on=date(2026, 11, 24), to=(SHOP,))
    second = line(suspect(), 1, fresh=False, merged=False, steps=POLICY.open, on=date(2026, 11, 27), to=(OLGA,))
    assert (
        shown(OLGA, first, second, review())
        == """\
2 sections and 1 review wait for you
------------------------------------------------------------
  1 now wrong · 1 to check · 2 new since the last digest · you get this because you own what is listed

*shop*
🔴 *Now wrong* · docs/runbooks/shop.md:12 · Sessions
says `Sessions end after 60 minutes.`, should say `Sessions end after 30 minutes.`
acme/shop PR #7 by dev-dan, merged · open for 3 days · second reminder; next: @C0SHOP tomorrow
[Show suggested edit]  [Still accurate]  [Snooze]  [Hand over]
🟡 *To check* · docs/runbooks/shop.md:40 · Restart
names shop-worker, which has another command now
acme/shop PR #7 by dev-dan · open for 3 days · first reminder; next: you again on Friday
[Still accurate]  [Snooze]  [Hand over]

*payments*
📖 *Review overdue by 3 days* · docs/runbooks/refunds.md · Refunds
acme/pay · last reviewed 2026-08-22 by @ops-olga · every 90 days
[Reviewed, still right]  [Edit front matter]
  Comes once a day at most, and only when something in it is new · `/runbook quiet 2 days` for silence
"""
    )
    text = NOTICES.digest(to(OLGA), (first, second, review()), KNOWN, NOW)["text"]
    assert text == (
        "2 sections and 1 review wait for you\n"
        "docs/runbooks/shop.md:12: write “Sessions end after 30 minutes.”\n"
        "docs/runbooks/shop.md:40: names shop-worker, which has another command now\n"
        "docs/runbooks/refunds.md: to be reviewed"
    )


def test_two_findings_in_one_section_are_told_apart_and_the_section_counts_once() -> None:
    first = line(suspect(message="RETRIES changed from 3 to 5."), 0)
    second = line(suspect(fingerprint="f3", message="The flag --quick is gone."), 0)
    said = shown(OLGA, first, second)
    assert said.startswith("1 section waits for you\n")
    assert "2 to check" in said
    assert "RETRIES changed from 3 to 5. · names shop-worker" in said
    assert "The flag --quick is gone. · names shop-worker" in said


def test_a_last_reminder_says_what_comes_elsewhere() -> None:
    assert "third reminder; the escalation contact hears of it too" in shown(SHOP, line(item(), 2, days=14))
    before = line(item(), 3, merged=False, steps=POLICY.open, days=9)
    assert "second reminder, the last before it is merged" in shown(OLGA, before)


def test_the_channel_hears_after_the_owner_and_mentions_them_once() -> None:
    fresh = line(item(), 2, days=7, on=date(2026, 12, 7), to=(SAM,))
    said = shown(SHOP, fresh)
    assert said.startswith("1 section waits for the owners of shop\n")
    assert "it is said here because it is still open" in said
    assert "owner: @U0OLGA · third reminder; next: @U0SAM on 7 December" in said
    assert "quiet" not in said
    again = line(item(), 2, days=8, fresh=False)
    assert "owner: @ops-olga" in shown(SHOP, again), "who was called is not called again"


def test_the_escalation_contact_is_told_why() -> None:
    said = shown(SAM, line(item(), 3, days=14))
    assert "you are the escalation contact and it is still open" in said
    assert "open for 14 days · owner: @ops-olga · escalated: fourth and last reminder" in said


def test_what_is_new_is_among_what_is_shown() -> None:
    old = [line(item(fingerprint=f"f{n}", slug=f"s{n}", line=n), 1, fresh=False) for n in range(11, 24)]
    new = line(item(fingerprint="f9", slug="s9", line=99), 0)
    said = shown(OLGA, *old, new)
    assert "1 new since the last digest" in said
    assert "shop.md:99" in said
    assert "and 4 sections more" in said.replace("and 4 more", "and 4 sections more")
    assert said.index("shop.md:19") < said.index("shop.md:99"), "in their order"


def test_what_waits_is_shown_before_what_is_settled() -> None:
    kept = [line(item(fingerprint=f"f{n}", slug=f"s{n}", line=n), 0, fresh=n < 20) for n in range(11, 24)]
    lines = [Settled(one.entry, "still accurate", drift=one.drift) if n < 10 else one for n, one in enumerate(kept)]
    message = NOTICES.digest(to(OLGA), lines, KNOWN, NOW)
    said = terminal(message, 200)
    assert [f"shop.md:{n}" in said for n in (21, 22, 23)] == [True] * 3
    assert said.count("still accurate\n") == 7


def test_a_digest_says_of_each_line_why_it_came() -> None:
    handed = line(item(fingerprint="f9"), 0, assignee="U0OLGA")
    assert "you get this because it was handed to you\n" in shown(OLGA, handed)
    assert "because you own what is listed or it was handed to you\n" in shown(OLGA, handed, review())
    assert "said here because the owner is reached here\n" in shown(SHOP, handed)


def test_what_does_not_fit_is_found_where_whoever_hears_of_it_can_see_it() -> None:
    owned = [line(item(fingerprint=f"f{n}", slug=f"s{n}"), 0) for n in range(20)]
    assert "more: `/runbook mine` shows all" in shown(OLGA, *owned)
    escalated = [line(item(fingerprint=f"f{n}", slug=f"s{n}"), 3, days=14) for n in range(20)]
    assert "more: `/runbook status SERVICE` shows all of a service" in shown(SAM, *escalated)


def test_who_it_was_handed_to_is_named_without_calling_them() -> None:
    assert "owner: @sam ·" in shown(SAM, line(item(), 3, assignee="U0SAM"))
    assert "owner: a person who is not linked ·" in shown(SAM, line(item(), 3, assignee="U0STRANGER"))
    assert "owner: @U0SAM ·" in shown(SHOP, line(item(), 2, assignee="U0SAM"))


@pytest.mark.parametrize(("found", "said"), [
    (item(suggestion_after="Sessions end after 60 minutes."),
     "says `Sessions end after 60 minutes.`: the line says 60 minutes; the code now says 30"),
    (suspect(quote="a line"), "names shop-worker, which has another command now"),
    (suspect(reason="", message="SESSION_TTL changed."), "SESSION_TTL changed."),
])  # fmt: skip
def test_what_is_wrong_in_one_line(found: Item, said: str) -> None:
    assert f"\n{said}\n" in shown(OLGA, line(found, 0))


@pytest.mark.parametrize(("due", "last", "said"), [
    (TODAY, None, "*Review due today*"), (date(2000, 1, 1), None, "*Review due, none on record*"),
    (date(2026, 11, 22), date(2026, 8, 1), "*Review overdue by 1 day*"),
    (date(2000, 1, 1), None, "no review on record"), (TODAY, date(2026, 8, 1), "last reviewed 2026-08-01 by @ops-olga"),
])  # fmt: skip
def test_how_late_a_review_is(due: date, last: date | None, said: str) -> None:
    assert said in shown(OLGA, review(due, last=last))


def test_links_lead_where_the_line_is_now() -> None:
    merged = json.dumps(NOTICES.digest(to(OLGA), [line(item(), 0)], KNOWN, NOW))
    open_ = json.dumps(NOTICES.digest(to(OLGA), [line(item(), 0, merged=False)], KNOWN, NOW))
    assert f"{WEB}/acme/shop/blob/HEAD/docs/runbooks/shop.md?plain=1#L12" in merged
    assert f"{WEB}/acme/shop/blob/{'1' * 40}/docs/runbooks/shop.md?plain=1#L12" in open_
    edit = json.dumps(NOTICES.digest(to(OLGA), [review(), review(branch="main")], KNOWN, NOW))
    assert f"{WEB}/acme/pay/edit/HEAD/docs/runbooks/refunds.md#L1" in edit
    assert f"{WEB}/acme/pay/edit/main/docs/runbooks/refunds.md#L1" in edit


def test_every_button_stands_for_one_item() -> None:
    message = NOTICES.digest(to(OLGA), [line(item(), 0), line(suspect(), 0), review()], KNOWN, NOW)
    rows = [block["elements"] for block in message["blocks"] if block["type"] == "actions"]  # type: ignore[attr-defined]
    assert [(button["action_id"], button.get("value")) for row in rows for button in row] == [
        ("show_edit:1", "acme/shop#7|f1"), ("still_accurate:1", "acme/shop#7|f1"), ("snooze:1", "acme/shop#7|f1"),
        ("hand_over:1", "acme/shop#7|f1"), ("still_accurate:2", "acme/shop#7|f2"), ("snooze:2", "acme/shop#7|f2"),
        ("hand_over:2", "acme/shop#7|f2"), ("reviewed:3", "acme/pay:docs/runbooks/refunds.md"), ("open_editor:3", None),
    ]  # fmt: skip


def test_ten_items_and_a_count_of_the_rest() -> None:
    lines: list[Line | ReviewLine] = [
        line(item(fingerprint=f"f{n}", line=n, title=f"Section {n}"), 0) for n in range(1, 14)
    ]
    said = shown(OLGA, *lines, review())
    assert "13 sections and 1 review wait for you" in said
    assert [f"shop.md:{n} " in said for n in range(1, 14)] == [True] * 10 + [False] * 3
    assert "and 3 sections and 1 review more: `/runbook mine` shows all" in said
    assert "`/runbook status SERVICE`" in shown(SHOP, *lines)


def test_services_stand_together_worst_first() -> None:
    said = shown(OLGA, line(item(service="b"), 0), line(item(service="a"), 0), line(suspect(service="b"), 0))
    assert [row for row in said.splitlines() if row in {"*a*", "*b*"}] == ["*b*", "*a*"]
    assert said.index("Restart") < said.index("*a*")


def test_the_longest_items_that_there_are_still_fit() -> None:
    long = "&" * 4000
    worst = item(
        message=long, reason=long, title=long, quote=long, suggestion_before=long, suggestion_after=long + "x",
        runbook="d/" * 200 + "x.md", owners=tuple(OwnerName(long + str(n), "user", long) for n in range(20)),
    )  # fmt: skip
    lines = [line(replace(worst, fingerprint=f"{n}" * 24), 2, on=date(2026, 12, 2), to=(SAM, SHOP)) for n in range(40)]
    for recipient in (OLGA, SHOP):
        message = NOTICES.digest(to(recipient), lines, KNOWN, NOW)
        check_message(message)
        assert "<script" not in page([("digest", message)])
    assert "more" in terminal(message)


@pytest.mark.parametrize(("day", "words"), [
    (date(2026, 11, 23), "today"), (date(2026, 11, 24), "tomorrow"), (date(2026, 11, 25), "on Wednesday"),
    (date(2026, 11, 29), "on Sunday"), (date(2026, 11, 30), "on 30 November"), (date(2027, 1, 4), "on 4 January"),
])  # fmt: skip
def test_days_in_words(day: date, words: str) -> None:
    assert day_words(day, TODAY) == words


@pytest.mark.parametrize(("step", "nth", "audience"), [
    (0, 1, Audience.AUTHOR), (1, 1, Audience.OWNER), (2, 2, Audience.AUTHOR), (3, 2, Audience.OWNER),
    (9, 2, Audience.OWNER),
])  # fmt: skip
def test_steps_of_one_day_are_one_reminder(step: int, nth: int, audience: Audience) -> None:
    entry = Entry("k", "shop", "open", step, 4, True)
    made = Line(entry, Drift("acme/shop", item(), REF, NOW), POLICY.open)
    assert (made.nth, made.audience) == (nth, audience)


def test_what_was_settled_since_stands_in_one_line_without_buttons() -> None:
    still, done, slept = (line(item(fingerprint=f"f{n}", title=f"Section {n}"), 0) for n in range(3))
    of = review()
    read = Settled(of.entry, "reviewed, or no longer to be reviewed")
    lines = (
        still, Settled(done.entry, "still accurate, says @olga: <!channel> *checked*", drift=done.drift),
        Settled(slept.entry, "snoozed until 2026-12-04", True, slept.drift), read,
    )  # fmt: skip
    message = NOTICES.digest(to(OLGA), lines, KNOWN, NOW)
    check_message(message)
    text = terminal(message, 200)
    assert "1 section waits for you" in text
    assert "1 now wrong" in text
    assert "✅ docs/runbooks/shop.md · Section 1 · still accurate, says @olga:" in text
    assert "💤 docs/runbooks/shop.md · Section 2 · snoozed until 2026-12-04" in text
    assert "✅ docs/runbooks/refunds.md · reviewed" in text
    assert "<!channel>" not in str(message)
    assert text.count("Hand over") == 1
    nothing = NOTICES.digest(to(OLGA), lines[1:], KNOWN, NOW)
    check_message(nothing)
    assert "Nothing of this waits any more" in terminal(nothing, 200)
    assert str(nothing).count("'actions'") == 0


def test_a_note_names_whom_it_was_handed_to() -> None:
    said = terminal(NOTICES.note(to(SHOP, Kind.NOTE), (Absent("U0DAN", "shop", True, 1, 0, (OLGA,)),)), 200)
    assert (
        "shop*: @U0DAN, to whom it was handed over, has left or takes no messages. 1 section goes to @U0OLGA now."
        in said
    )


def test_a_note_says_who_is_gone_and_who_gets_it() -> None:
    absent = (
        Absent("@ops-olga", "shop", True, 3, 1, (SAM,)), Absent("@acme/ghosts", "payments", False, 1, 0, (SHOP,)),
        Absent("@nobody", "", False, 0, 2),
    )  # fmt: skip
    message = NOTICES.note(to(SHOP, Kind.NOTE), absent)
    check_message(message)
    assert (
        terminal(message, 200)
        == """\
*shop*: owner @ops-olga has left or takes no messages. 3 sections and 1 review go to @U0SAM now.
*payments*: owner @acme/ghosts leads to nobody on Slack. 1 section goes to this channel now.
*runbooks of no service*: owner @nobody leads to nobody on Slack. 2 reviews go to nobody, for want of a channel, now.
  Name another owner in the runbook's front matter, CODEOWNERS or the service's description; who is who on Slack: the \
bot's PEOPLE and TEAMS settings, or `/runbook link`
"""
    )
    assert message["text"] == "3 owners cannot be reached: @ops-olga, @acme/ghosts, @nobody"


WEEK = Tally(
    "shop", date(2026, 11, 16), date(2026, 11, 22), Numbers(3, 5, 4, NOW, 2 * 86400.0), Numbers(5, 1, 6, None, 18000.0)
)


def test_the_week_of_a_service() -> None:
    first, second = line(item(), 0).drift, line(suspect(), 0, days=12).drift
    waiting = (
        Waiting(first, "dev-dan"), Waiting(replace(second, ref=PullRef("acme/shop", 5)), "sam"),
        Waiting(replace(first, assignee="U0SAM")), Waiting(replace(first, ref=PullRef("acme/shop", 6)), "sam"),
    )  # fmt: skip
    message = NOTICES.weekly(to(SHOP, Kind.WEEKLY), WEEK, waiting, KNOWN, NOW)
    check_message(message)
    assert (
        terminal(message, 200)
        == """\
shop: week of 16 November: 3 opened, 5 closed, 4 open
------------------------------------------------------------
*Opened* 3 (the week before: 5)
*Closed* 5 (the week before: 1)
*Still open* 4 (2 fewer than before)
*Half of the closed ones within* 2 days (the week before: 5 hours)
*Oldest*
🟡 docs/runbooks/shop.md:40 · acme/shop PR #5, merged · 12 days · @acme/payments
*Who waits on whom*
• PR #7 by dev-dan, PR #6 by sam wait on @ops-olga: 2 sections, oldest 3 days ago
• PR #5 by sam waits on @acme/payments: 1 section, oldest 12 days ago
• PR #7 waits on @sam: 1 section, oldest 3 days ago
  2026-11-16 to 2026-11-22 · `/runbook status shop` shows more
"""
    )
    assert "<@" not in json.dumps(message), "numbers call nobody"


def test_a_week_in_which_all_was_settled() -> None:
    quiet = replace(WEEK, now=Numbers(0, 0, 0, None, 0.0))
    said = terminal(NOTICES.weekly(to(SHOP, Kind.WEEKLY), quiet, (), KNOWN, NOW), 200)
    assert "✅ Nothing is open." in said
    assert "Half" not in said


def test_the_month_of_the_workspace() -> None:
    whole = replace(WEEK, service="", since=date(2026, 10, 1), until=date(2026, 10, 31))
    services = (WEEK, replace(WEEK, service="payments", now=WEEK.before, before=WEEK.now))
    many = [replace(WEEK, service=f"s{n:02}") for n in range(20)]
    message = NOTICES.monthly(to(SHOP, Kind.MONTHLY), whole, services)
    check_message(message)
    assert (
        terminal(message, 200)
        == """\
Runbooks in October 2026: 3 opened, 5 closed, 4 open
------------------------------------------------------------
*Opened* 3 (the month before: 5)
*Closed* 5 (the month before: 1)
*Still open* 4 (2 fewer than before)
*Half of the closed ones within* 2 days (the month before: 5 hours)
*By service*
• *payments* 6 open (2 more than before) · 5 opened · 1 closed
• *shop* 4 open (2 fewer than before) · 3 opened · 5 closed
  2026-10-01 to 2026-10-31 · `/runbook list` shows all services
"""
    )
    assert "and 5 more" in terminal(NOTICES.monthly(to(SHOP, Kind.MONTHLY), whole, many))
    assert terminal(NOTICES.monthly(to(SHOP, Kind.MONTHLY), whole, ()))


def test_the_digest_module_counts_what_the_issue_says() -> None:
    assert digests.MAX_ITEMS == 10
