"""Lives of pull requests at random: whatever happens in whatever order, what is shown, kept and owed agree.

Up to five pull requests into three branches are pushed to, retargeted, drafted, closed, merged, decided on, while the
branches mend their runbooks or opt out and the analysis breaks now and then. After each event and all that it orders
the world is looked at. A seed that fails is a story: give it to ``World`` and print ``told``.
"""

from __future__ import annotations

import contextlib
import hashlib
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from fakes import FakeAnalyst, FakeChat, FakeClock, FakeForge, FakeJobs, item, pull, review, world

from bot import debt, service
from bot.context import Rules
from bot.decide import acknowledge, decidable, hand_over, snooze
from bot.model import Actor, BotError, Drift, OwnerName, Policy, Pull, PullRef, PullState, Review, ReviewOrder, Surface
from bot.ports import AnalysisFailed, Store
from runbooks.model import Status

REPO = "acme/shop"
BRANCHES = ("main", "release-1", "dan/x")
PEOPLE = {"ops-olga": "U0OLGA", "dev-dan": "U0DAN"}
OWNERS = tuple(OwnerName(f"@{login}", "user", "CODEOWNERS") for login in PEOPLE)
STEPS = 40


def sha(*parts: object) -> str:
    return hashlib.sha1(repr(parts).encode(), usedforsecurity=False).hexdigest()


class Analyst(FakeAnalyst):
    """Knows what each head changes, and what each branch's tip has mended."""

    def __init__(self) -> None:
        super().__init__()
        self.changes: dict[str, list[tuple[str, str]]] = {}
        self.tips: dict[str, tuple[frozenset[str], bool]] = {}
        self.broken = False

    def review(self, order: ReviewOrder) -> Review:
        if self.broken:
            raise AnalysisFailed("out of memory")
        there = order.checkout
        mended, opted_in = self.tips[there.policy_revision]
        items = [
            item(
                fingerprint=name, values_hash=values, subject=name, owners=OWNERS,
                status=Status.UPDATED if name in mended else Status.CONTRADICTED,
            )
            for name, values in self.changes.get(there.head, ()) if opted_in
        ]  # fmt: skip
        return review(
            *items, ref=order.ref, head=there.head, base=there.base, policy_revision=there.policy_revision,
            policy=Policy(opted_in),
        )  # fmt: skip


class World:
    """The bot, and what may happen to it."""

    def __init__(self, store: Store, seed: int) -> None:
        self.random = random.Random(seed)
        self.told: list[str] = []
        self.store, self.analyst, self.forge = store, Analyst(), FakeForge({}, commit_authors=())
        self.clock, self.jobs, self.chat = FakeClock(), FakeJobs(), FakeChat()
        self.bot = world(
            store, analyst=self.analyst, forge=self.forge, clock=self.clock, jobs=self.jobs, chat=self.chat,
            rules=Rules(default_channel="C0ALL", people=PEOPLE),
        )  # fmt: skip
        self.mended: dict[str, set[str]] = {branch: set() for branch in BRANCHES}
        self.opted_in = dict.fromkeys(BRANCHES, True)
        self.count = 0
        for branch in BRANCHES:
            self._moved(branch)
        self.jobs.orders.clear()

    def happens(self) -> None:
        """Something, and all that follows from it."""
        happening = self.random.choice(HAPPENINGS)
        happening(self)
        self.told.append(happening.__name__)
        self._work()

    # -- what happens --

    def opened(self) -> None:
        if len(self.forge.pulls) < 5:
            ref = PullRef(REPO, len(self.forge.pulls) + 1)
            author, base = self.random.choice([*PEOPLE, "sam"]), self.random.choice(BRANCHES[:2])
            draft = self.random.random() < 0.2
            self.forge.pulls[ref] = pull(ref=ref, head_sha=self._head(), author=author, base_ref=base, draft=draft)
            self.jobs.review(ref, "opened")

    def pushed(self) -> None:
        self._edit(head_sha=self._head())

    def retargeted(self) -> None:
        self._edit(base_ref=self.random.choice(BRANCHES))

    def drafted(self) -> None:
        self._edit(draft=self.random.random() < 0.5)

    def closed(self) -> None:
        self._edit(state=PullState.CLOSED)

    def reopened(self) -> None:
        self._edit(PullState.CLOSED, state=PullState.OPEN)

    def merged(self) -> None:
        odd = self.random.choice([{}, {}, {"head_sha": self._head()}, {"base_ref": self.random.choice(BRANCHES)}])
        self._edit(state=PullState.MERGED, draft=False, merged_at=self.clock.now(), merged_sha="c" * 40, **odd)

    def decided(self) -> None:
        refs = [ref for ref, known in self.forge.pulls.items() if known.state is not PullState.CLOSED]
        if not refs:
            return
        ref, login = self.random.choice(refs), self.random.choice(list(PEOPLE))
        actor = Actor(login, PEOPLE[login], Surface.BUTTON)
        until = self.clock.now().date() + timedelta(days=self.random.choice([1, 3]))
        with contextlib.suppress(BotError):  # refused with a reason; what may be decided is looked at below
            self.random.choice([
                lambda: acknowledge(self.bot, actor, ref, (), "rounded"),
                lambda: snooze(self.bot, actor, ref, (), "next week", until),
                lambda: hand_over(self.bot, actor, ref, (), "U0OLGA"),
            ])()  # fmt: skip

    def slept(self) -> None:
        """Two days pass; what wakes up is reviewed, as the clock's tick has it."""
        self.clock.forward(days=2)
        today = self.clock.now().date()
        over = {name for _, name, _ in self.store.snoozes_over(today - timedelta(days=7), today)}
        for ref in self.store.pulls_with(REPO, over):
            self.jobs.review(ref, "woken")

    def mends(self) -> None:
        branch = self.random.choice(BRANCHES[:2])
        self.mended[branch].add(self.random.choice(["f1", "f2"]))
        self._moved(branch)

    def changes_its_mind(self) -> None:
        branch = self.random.choice(BRANCHES)
        if self.random.random() < 0.3:
            self.opted_in[branch] = not self.opted_in[branch]
            self._moved(branch)

    def breaks(self) -> None:
        self.analyst.broken = self.random.random() < 0.4
        self._moved("main")

    # -- how --

    def _edit(self, among: PullState = PullState.OPEN, **given: object) -> None:
        refs = [ref for ref, known in self.forge.pulls.items() if known.state is among]
        if refs:
            ref = self.random.choice(refs)
            self.forge.pulls[ref] = replace(self.forge.pulls[ref], **given)  # type: ignore[arg-type]
            self.jobs.review(ref, "edited")

    def _head(self) -> str:
        self.count += 1
        head = sha("head", self.count)
        names = [name for name in ("f1", "f2") if self.random.random() < 0.7]
        self.analyst.changes[head] = [(name, self.random.choice(["v1", "v2"])) for name in names]
        return head

    def _moved(self, branch: str) -> None:
        """A branch has a new tip, which is pushed: debt is judged, and so is what is open."""
        self.count += 1
        self.forge.tips[branch] = tip = sha(branch, self.count)
        self.analyst.tips[tip] = (frozenset(self.mended[branch]), self.opted_in[branch])
        self.jobs.refresh(REPO, "push")
        for ref, known in self.forge.pulls.items():
            if known.state is PullState.OPEN:
                self.jobs.review(ref, "push")

    def _work(self) -> None:
        """All orders and what they order, as the workflows do them."""
        for _ in range(500):
            if not self.jobs.orders:
                return
            kind, what, _ = self.jobs.orders.pop(0)
            word = ""
            if isinstance(what, str):
                self._refreshed(what)
                continue
            assert isinstance(what, PullRef)
            if kind == "review":
                try:
                    word = service.review(self.bot, what)
                except AnalysisFailed as problem:
                    service.failed(self.bot, what, str(problem))
            if word not in {"superseded", "not opted in"}:
                service.publish(self.bot, what)
                service.announce(self.bot, what)
        raise AssertionError("orders without end")

    def _refreshed(self, repo: str) -> None:
        try:
            if service.refresh(self.bot, repo) == "refreshed":
                debt.rejudge(self.bot, repo)
        except AnalysisFailed:
            pass  # the next push tries again


HAPPENINGS: list[Callable[[World], None]] = [
    World.opened, World.opened, World.pushed, World.pushed, World.retargeted, World.drafted, World.closed,
    World.reopened, World.merged, World.merged, World.decided, World.decided, World.decided, World.decided,
    World.slept, World.mends, World.changes_its_mind, World.breaks,
]  # fmt: skip


# -- what has to agree ------------------------------------------------------------------------------------------------


def look(made: World) -> None:
    """Everything that is open, and every pull request."""
    rows = {drift.item.fingerprint: drift for drift in made.store.drift()}
    for fingerprint, drift in rows.items():
        _row(made, fingerprint, drift)
    for ref, known in made.forge.pulls.items():
        found = made.store.review(ref)
        if found is None:
            continue
        assert not [i.reason for i in found.items if f"by @{known.author}" in i.reason], "nobody decides for themselves"
        if known.state is PullState.OPEN and not known.draft and not found.failure and found.policy.opted_in:
            _open(made, known, found, set(rows))
        if known.state is PullState.MERGED and not made.analyst.broken and found.policy.opted_in:
            owed = {fingerprint for fingerprint, drift in rows.items() if drift.merged}
            assert {i.fingerprint for i in found.drift} <= owed, "what is said to be left is owed"
            assert not found.failure, "what could not be judged is judged as soon as it can be"
            if made.opted_in[known.base_ref]:
                _merged(made, known, set(rows))


def _row(made: World, fingerprint: str, drift: Drift) -> None:
    """Open drift is of a pull request that says so, and can be decided on."""
    known, found = made.forge.pulls[drift.ref], made.store.review(drift.ref)
    assert found is not None
    (one,) = (i for i in found.items if i.fingerprint == fingerprint)
    assert known.state is (PullState.MERGED if drift.merged else PullState.OPEN)
    assert one.open or one.status is Status.SNOOZED
    if one.open and not (known.state is PullState.OPEN and found.failure):
        decidable(made.bot, drift.ref, (fingerprint,))


def _open(made: World, known: Pull, found: Review, rows: set[str]) -> None:
    """Check run, message and rows of an open pull request say what its review says."""
    assert {i.fingerprint for i in found.drift} <= rows
    shown = [page.conclusion for told, page in made.forge.published if told.ref == known.ref]
    assert shown[-1] is found.conclusion
    alert = made.store.alert(known.ref)
    text = str(made.chat.messages[alert.channel, alert.ts]["text"]) if alert is not None else ""
    assert ("contradicted" in text) is bool(found.drift)
    today = made.clock.now().date()
    running = {
        (made_.fingerprint, made_.values_hash)
        for made_ in made.store.decisions(REPO) if made_.until is not None and made_.until >= today
    }  # fmt: skip
    assert {(i.fingerprint, i.values_hash) for i in found.items if i.status is Status.SNOOZED} <= running


def _merged(made: World, known: Pull, rows: set[str]) -> None:
    """Nothing that a merge left untrue is forgotten: it is owed, mended on its branch, or somebody spoke of it."""
    kept = made.store.pull(known.ref)
    assert kept is not None
    spoken = {decision.fingerprint for decision in made.store.decisions(REPO)}
    for name, _ in made.analyst.changes[known.head_sha]:
        fingerprint = f"{name}.{kept.scope}" if kept.scope else name
        assert fingerprint in rows | spoken or name in made.mended[known.base_ref]


@pytest.mark.parametrize("seed", range(60))
def test_whatever_happens_what_is_shown_kept_and_owed_agrees(store: Store, seed: int) -> None:
    made = World(store, seed)
    for _ in range(STEPS):
        made.happens()
        look(made)
