"""Nouns as hostile as a pull request can make them, for hypothesis."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import strategies as st

from analyzers.model import Severity
from bot.model import (
    Directory,
    Drift,
    Item,
    OwnerName,
    Person,
    Policy,
    Proof,
    Pull,
    PullRef,
    PullState,
    Review,
    RunbookStatus,
    ServiceStatus,
)
from bot.reminders.notices import Absent, Line, ReviewLine, Tally, Waiting
from bot.reminders.nouns import Audience, Due, Entry, Kind, Numbers, Place, Recipient, ReviewDue, Step
from runbooks.model import Status

NASTY = (
    "<!channel> look", "@here @channel @everyone", "`", "```", "a`b`c``d", "``` <!here> ```", "*bold* _it_ ~gone~",
    "\u202etxt.exe\u2066", "a\u200bb\u2060c", "\x00\x1b[31m", "<https://evil.example|click>", "<@U0EVIL>", "&lt;&amp;",
    "a|b|c", "\ud800", "x" * 4000, "<" * 4000, "😀" * 2000, "\n\n> quote\n• list", "", " ", "../../etc/passwd", "@",
    "🙂 `code` and *more*", ":tada:", "https://evil.example", "&" * 600, "`" * 700, "_" * 700, "@here" * 300,
)  # fmt: skip
texts = st.one_of(
    st.sampled_from(NASTY),
    st.text(max_size=60),
    st.lists(st.sampled_from(NASTY), max_size=3).map(" ".join),
)
paths = st.one_of(st.sampled_from(("docs/runbooks/shop.md", "a b/ü#?.md", "d/" * 200 + "x.md", "ж" * 900)), texts)
owners = st.lists(
    st.builds(OwnerName, texts, st.sampled_from(("user", "team", "email", "slack")), texts), max_size=8
).map(tuple)
items = st.builds(
    Item, status=st.sampled_from(Status), fingerprint=st.text("0123456789abcdef", min_size=8, max_size=24),
    values_hash=st.just("v"), section_hash=st.just("s"), rule=st.just("ops/timeout-changed"), area=st.just("ops"),
    severity=st.sampled_from(Severity), subject=texts, message=texts, reason=texts, code_path=paths,
    code_line=st.integers(0, 10**6), code_before=texts, code_after=texts, code_gone=st.booleans(),
    runbook=st.one_of(st.just(""), paths), slug=texts, title=texts, line=st.integers(0, 10**6), quote=texts,
    suggestion_before=texts, suggestion_after=texts, owners=owners, service=texts,
)  # fmt: skip
pulls = st.builds(
    Pull, ref=st.just(PullRef("acme/shop", 7)), title=texts, author=texts, state=st.sampled_from(PullState),
    draft=st.booleans(), base_ref=paths, base_sha=st.just("b" * 40), head_sha=st.just("1" * 40),
    head_repo=st.sampled_from(("", "acme/shop", "stranger/shop")), url=st.just("https://evil.example/<!channel>"),
    head_ref=texts,
)  # fmt: skip
runbooks = st.builds(
    RunbookStatus, path=paths, title=texts, owners=owners, review_every=st.one_of(st.none(), st.integers(1, 400)),
    last_reviewed=st.one_of(st.none(), st.dates(date(2020, 1, 1), date(2027, 1, 1))), sections=st.integers(0, 50),
)  # fmt: skip
services = st.builds(
    ServiceStatus, name=texts, repo=st.just("acme/shop"), source=texts, owners=owners, channel=texts, escalation=texts,
    runbooks=st.lists(runbooks, max_size=4).map(tuple),
)  # fmt: skip
drifts = st.builds(
    Drift, repo=st.just("acme/shop"), item=items, ref=st.just(PullRef("acme/shop", 7)),
    opened_at=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1)).map(lambda at: at.replace(tzinfo=UTC)),
    merged=st.booleans(), assignee=st.one_of(st.just(""), st.just("U012ABCDE"), texts),
)  # fmt: skip
directories = st.builds(
    Directory,
    people=st.lists(
        st.builds(Person, texts, st.sampled_from(("U012ABCDE", "<!channel>", "")), st.sampled_from(Proof))
    ).map(tuple),
    groups=st.lists(st.tuples(texts, st.sampled_from(("S012ABCDE", "U0WRONG", "!here")))).map(tuple),
)

days = st.dates(date(2000, 1, 1), date(2027, 12, 31))
recipients = st.builds(
    Recipient, st.sampled_from(Place), st.one_of(st.sampled_from(("U012ABCDE", "C012ABCDE", "#payments", "")), texts)
)
steps = st.lists(st.builds(Step, st.integers(0, 30), st.sampled_from(Audience)), max_size=8).map(
    lambda made: tuple(sorted(made))
)
entries = st.builds(
    Entry, key=texts, service=st.one_of(st.just("payments"), texts), phase=st.just("merged"), step=st.integers(-1, 9),
    steps=st.integers(0, 8), fresh=st.booleans(), following=st.one_of(st.none(), st.builds(Step, st.just(5),
    st.sampled_from(Audience))), following_on=st.one_of(st.none(), days), about=texts,
)  # fmt: skip
lines = st.builds(
    Line, entry=entries, drift=drifts, steps=steps, pull=st.one_of(st.none(), pulls),
    next_to=st.lists(recipients, max_size=4).map(tuple),
)  # fmt: skip
review_dues = st.builds(
    ReviewDue, repo=st.just("acme/shop"), path=paths, service=texts, due=days,
    handles=st.lists(texts, max_size=2).map(tuple),
)  # fmt: skip
review_lines = st.builds(
    ReviewLine, entry=entries, review=review_dues, title=texts, last=st.one_of(st.none(), days), by=texts,
    every=st.one_of(st.none(), st.integers(1, 400)), branch=st.one_of(st.just(""), texts),
)  # fmt: skip
_AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
dues = st.builds(
    Due, recipient=recipients, kind=st.sampled_from(Kind), day=days, entries=st.just(()), not_before=st.just(_AT),
    not_after=st.just(_AT), subject=texts,
)  # fmt: skip
absents = st.builds(
    Absent, handle=texts, service=texts, left=st.booleans(), sections=st.integers(0, 99), reviews=st.integers(0, 9),
    to=st.lists(recipients, max_size=4).map(tuple),
)  # fmt: skip
numbers = st.builds(
    Numbers, st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), st.one_of(st.none(), st.just(_AT)),
    st.floats(0, 1e9),
)  # fmt: skip
tallies = st.builds(Tally, service=texts, since=days, until=days, now=numbers, before=numbers)
waitings = st.builds(Waiting, drifts, texts)


def repeated(found: Item, count: int) -> tuple[Item, ...]:
    """Many items like one."""
    from dataclasses import replace

    return tuple(replace(found, fingerprint=f"{found.fingerprint}{number}") for number in range(count))


def review_of(found: tuple[Item, ...], skipped: tuple[str, ...] = (), failure: str = "") -> Review:
    """A review of ``acme/shop#7``."""
    ref = PullRef("acme/shop", 7)
    return Review(ref, "1" * 40, "b" * 40, "b" * 40, Policy(True), found, (), skipped, (), failure=failure)
