"""Every message and view is one that Slack takes, whatever a pull request holds."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.model import Directory, Drift, Item, Pull, ServiceStatus
from bot.reminders.notices import Absent, Line, Notices, ReviewLine, Tally, Waiting
from bot.reminders.nouns import Due, ReviewDue
from bot.slack import blocks, digests, home, preview, status, views
from bot.slack.tallies import SlackNotices
from tests.bot.slack import hostile
from tests.bot.slack.limits import check_message, check_view

WEB = "https://github.example"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
often = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
seldom = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
many = st.lists(hostile.items, min_size=1, max_size=5)


@often
@given(hostile.pulls, many, st.integers(1, 12), st.lists(hostile.texts, max_size=3), hostile.directories)
def test_messages_on_a_pull_request(
    pull: Pull, found: list[Item], times: int, skipped: list[str], directory: Directory
) -> None:
    items = tuple(copy for one in found for copy in hostile.repeated(one, times))
    review = hostile.review_of(items, tuple(skipped))
    thread = blocks.details(pull, review, directory, WEB)
    shown = [blocks.closed(pull, review, WEB), blocks.closed(pull, None, WEB), *thread]
    if review.drift:
        shown.append(blocks.alert(pull, review, directory, WEB))
    shown.append(blocks.no_details())
    for message in shown:
        check_message(message)
        preview.terminal(message)
    assert "<script" not in preview.page([("all", message) for message in shown])
    assert blocks.details(pull, review, directory, WEB) == thread, "equal nouns, equal messages"


@often
@given(hostile.pulls, many, st.integers(1, 30))
def test_modals(pull: Pull, found: list[Item], times: int) -> None:
    items = tuple(copy for one in found for copy in hostile.repeated(one, times))
    for view in (
        views.still_accurate_view(pull, items, "C012ABCDE"),
        views.snooze_view(pull, items, NOW.date()),
        views.hand_over_view(pull, items),
        views.suggested_edit_view(pull, items, WEB),
        views.notice_view(pull.title or "Notice", pull.title),
        views.snooze_view(pull, items, NOW.date(), reason=pull.title),
        views.still_accurate_view(pull, items, reason=pull.title),
    ):
        check_view(view)
        preview.terminal(view)
    assert views.suggested_edit_view(pull, (), WEB)["callback_id"] == views.NOTICE_VIEW


def counts(drift: list[Drift]) -> Counter[tuple[str, str]]:
    return Counter((one.repo, one.item.service) for one in drift)


@seldom
@given(
    st.lists(hostile.services, min_size=1, max_size=4), st.lists(hostile.drifts, max_size=5), st.integers(1, 40),
    hostile.texts, st.lists(hostile.review_dues, max_size=4),
)  # fmt: skip
def test_answers_and_home(
    services: list[ServiceStatus], drift: list[Drift], times: int, name: str, reviews: list[ReviewDue]
) -> None:
    for message in (
        status.status(services, drift * times, NOW, WEB),
        status.unknown(name, [name] * 5),
        status.listing(services * times, counts(drift)),
        status.owners(services * times),
        status.mine(drift * times, NOW, WEB),
        status.mine(drift * times, NOW, WEB, reviews * times),
        status.listing([], {}),
        status.owners([]),
        status.help_text(),
    ):
        check_message(message)
        preview.terminal(message)
    check_view(home.home(drift * times, drift, services * times, counts(drift), NOW, WEB))
    check_view(home.home(drift * times, drift, services * times, counts(drift), NOW, WEB, reviews * times))


def test_the_most_that_fits_still_fits() -> None:
    """Sixty items of the longest text: links, quotes, reasons and owners all at their limits."""
    from dataclasses import replace

    from fakes import item, pull, review

    from bot.model import OwnerName

    long = "&" * 4000
    worst = item(
        message=long, reason=long, code_before=long, code_after=long + "x", title=long, quote=long,
        suggestion_before=long, suggestion_after=long + "x", runbook="d/" * 200 + "x.md", code_path="c/" * 200 + "x.py",
        owners=tuple(OwnerName(long + str(n), "user", long) for n in range(20)),
    )  # fmt: skip
    found = replace(review(*hostile.repeated(worst, 60)), skipped=(long, long))
    opened = pull(title=long, author=long)
    check_message(blocks.alert(opened, found, Directory(), WEB))
    thread = blocks.details(opened, found, Directory(), WEB)
    assert len(thread) <= 20
    for message in thread:
        check_message(message)
    check_view(views.snooze_view(opened, found.items, date(2026, 11, 23)))


@often
@given(
    hostile.dues, st.lists(st.one_of(hostile.lines, hostile.review_lines), min_size=1, max_size=6), st.integers(1, 8),
    hostile.directories,
)  # fmt: skip
def test_digests(due: Due, lines: list[Line | ReviewLine], times: int, directory: Directory) -> None:
    message = digests.digest(due, lines * times, directory, NOW, WEB)
    check_message(message)
    preview.terminal(message)
    assert digests.digest(due, lines * times, directory, NOW, WEB) == message, "equal nouns, equal messages"


@often
@given(
    hostile.dues, st.lists(hostile.absents, min_size=1, max_size=4), hostile.tallies,
    st.lists(hostile.waitings, max_size=6), st.lists(hostile.tallies, max_size=6), st.integers(1, 20),
    hostile.directories,
)  # fmt: skip
def test_notes_and_numbers(
    due: Due, absent: list[Absent], tally: Tally, waiting: list[Waiting], services: list[Tally], times: int,
    directory: Directory,
) -> None:  # fmt: skip
    notices: Notices = SlackNotices(WEB)
    for message in (
        notices.note(due, absent * times),
        notices.weekly(due, tally, waiting * times, directory, NOW),
        notices.monthly(due, tally, services * times),
    ):
        check_message(message)
        preview.terminal(message)
