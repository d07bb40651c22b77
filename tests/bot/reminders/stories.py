"""A made-up year of drift: what opens, merges, closes, is snoozed and handed over, who moves, sleeps, leaves.

Read by the planner through :class:`Telling`, which shows it the world as it is at an instant, and by the slow model as
it stands.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from random import Random

from bot.reminders.board import World
from bot.reminders.nouns import Audience, Availability, OpenItem, Place, Recipient, ReminderPolicy, ReviewDue, Step
from bot.reminders.simulate import Diary
from runbooks.model import Status

ZONES = (
    "Europe/Berlin America/New_York Australia/Lord_Howe Asia/Kolkata Pacific/Apia America/Los_Angeles Asia/Kathmandu "
    "America/St_Johns Africa/Cairo Europe/London America/Sao_Paulo Australia/Sydney Pacific/Auckland Asia/Tokyo "
    "Pacific/Kiritimati Pacific/Honolulu Asia/Tehran Pacific/Chatham America/Denver Asia/Dubai UTC Europe/Lisbon "
    "Asia/Singapore Africa/Lagos America/Bogota America/Santiago Asia/Dhaka Australia/Adelaide Europe/Kyiv Asia/Seoul"
).split()
COUNTRIES = ("", "", "DE", "DE-BY", "US", "GB-ENG", "IN", "AU-NSW", "JP")
"""Of services; of people too, where none means that nobody knows."""
HOURS = ("09:00-17:00", "09:00-17:00", "08:30-16:15", "10:00-18:00", "07:00-12:00", "13:00-21:30")


@dataclass
class Person:
    """An owner: where they live since when, when they are not to be disturbed, until when they wanted silence. Of an
    empty zone, hours or country nobody knows which it is."""

    slack: str
    moves: list[tuple[datetime, str]]
    hours: str = "09:00-17:00"
    country: str = ""
    days_off: tuple[date, ...] = ()
    dnd: list[tuple[datetime, datetime]] = field(default_factory=list)
    quiet: list[tuple[datetime, datetime]] = field(default_factory=list)
    left: datetime | None = None

    def zone(self, now: datetime) -> str:
        """Where they are."""
        return [zone for at, zone in self.moves if at <= now][-1]


@dataclass
class Thing:
    """Drift: times of its life. Handles change with the hand-overs."""

    key: str
    service: str
    contradicted: bool
    author: str
    handles: tuple[str, ...]
    opened: datetime
    merged: datetime | None = None
    closed: datetime | None = None
    snoozes: list[tuple[datetime, date]] = field(default_factory=list)
    handovers: list[tuple[datetime, str]] = field(default_factory=list)


@dataclass
class Review:
    """A runbook's review: due on a day, done at an instant."""

    path: str
    service: str
    due: date
    handles: tuple[str, ...]
    done: datetime | None = None


@dataclass
class Story:
    """All of it. ``links`` are the people behind handles; a team's handle ``@team-SERVICE`` is its channel."""

    start: datetime
    until: datetime
    people: dict[str, Person]
    policies: dict[str, ReminderPolicy]
    things: list[Thing]
    reviews: list[Review]


REPO = "shop/all"


class Telling:
    """The world of a story at an instant, for the planner; the same object until something happens."""

    def __init__(self, story: Story, diary: Diary) -> None:
        self.story, self.diary = story, diary
        times = {at for thing in story.things for at in _times(thing)}
        times |= {review.done for review in story.reviews if review.done}
        for person in story.people.values():
            times |= {at for at, _ in person.moves} | ({person.left} if person.left else set())
            times |= {at for span in (*person.dnd, *person.quiet) for at in span}
        self.changes = sorted(times)
        self._at = -1
        self._world = World((), (), {}, {}, self)
        self._forgotten: set[tuple[str, datetime]] = set()

    def __call__(self, now: datetime) -> World:
        at = bisect_right(self.changes, now)
        if at != self._at:
            self._at, self._world = at, self._made(now)
        return self._world

    def of(self, handle: str, service: str, repo: str) -> tuple[Recipient, ...]:
        if handle.startswith("@team-"):
            return (Recipient(Place.CHANNEL, f"C-{handle[6:]}"),)
        return (Recipient(Place.PERSON, handle[1:].upper()),) if handle[1:].upper() in self.story.people else ()

    def channel(self, service: str, repo: str) -> Recipient | None:
        return Recipient(Place.CHANNEL, f"C-{service or 'all'}")

    def escalation(self, service: str, repo: str) -> tuple[Recipient, ...]:
        return (Recipient(Place.PERSON, "P0"),) if service < "s3" else ()

    def _made(self, now: datetime) -> World:
        for thing in self.story.things:
            for at in (*(at for at, _ in thing.snoozes), *_of_debt(thing)):
                if at <= now and (thing.key, at) not in self._forgotten:  # as the store does when it keeps either
                    self._forgotten.add((thing.key, at))
                    key = f"{REPO}:{thing.key}"
                    self.diary.told = {t for t in self.diary.told if t.key != key or t.phase == "note"}
        return World(
            tuple(_item(thing, now) for thing in self.story.things if _open(thing, now)),
            tuple(
                ReviewDue(REPO, review.path, review.service, review.due, review.handles)
                for review in self.story.reviews
                if review.done is None or now < review.done
            ),
            {(REPO, service): policy for service, policy in self.story.policies.items()},
            {slack: _availability(person, now) for slack, person in self.story.people.items()},
            self,
            {
                slack: until
                for slack, person in self.story.people.items()
                for at, until in person.quiet
                if at <= now < until
            },
        )


def _times(thing: Thing) -> set[datetime]:
    found = {thing.opened, *(at for at, _ in thing.snoozes), *(at for at, _ in thing.handovers)}
    return found | {at for at in (thing.merged, thing.closed) if at}


def _open(thing: Thing, now: datetime) -> bool:
    return thing.opened <= now and (thing.closed is None or now < thing.closed)


def _item(thing: Thing, now: datetime) -> OpenItem:
    merged = thing.merged is not None and thing.merged <= now
    handles = [(handle, *thing.handles) for at, handle in thing.handovers if at <= now]
    return OpenItem(
        REPO,
        thing.key,
        1,
        thing.service,
        Status.CONTRADICTED if thing.contradicted else Status.SUSPECT,
        thing.merged if merged and thing.merged else thing.opened,
        merged,
        thing.author,
        handles[-1] if handles else thing.handles,
        _snoozed_until(thing, now),
    )


def _of_debt(thing: Thing) -> list[datetime]:
    """When it was handed over after its merge."""
    return [at for at, _ in thing.handovers if thing.merged is not None and thing.merged <= at]


def _snoozed_until(thing: Thing, now: datetime) -> date | None:
    """As the store keeps it: a hand-over of debt is like a snooze that ended the day before, unless one still runs."""
    kept: date | None = None
    for at, until in sorted([*thing.snoozes, *((at, date.min) for at in _of_debt(thing))], key=lambda one: one[0]):
        if at <= now:
            kept = until if until > date.min else max(kept or date.min, at.date() - timedelta(days=1))
    return kept


def _availability(person: Person, now: datetime) -> Availability:
    dnd = next((span for span in person.dnd if now < span[1]), None)
    gone = person.left is not None and person.left <= now
    return Availability(person.zone(now), person.hours, person.country, person.days_off, dnd, None, gone)


def story(seed: int, start: datetime, days: int, things: int, owners: int, services: int = 8) -> Story:
    """A story by chance: the same for the same arguments."""
    r = Random(seed)
    until = start + timedelta(days=days)

    def at(low: datetime = start, span: int = days) -> datetime:
        return low + timedelta(minutes=r.randrange(span * 24 * 60))

    people = {f"P{n}": _person(r, n, start, at, days) for n in range(owners)}
    policies = {f"s{n}": _policy(r, start) for n in range(services)}
    found = []
    for n in range(things):
        service = f"s{r.randrange(services)}"
        opened = at()
        thing = Thing(
            f"t{n}", service, r.random() < 0.5, f"@p{r.randrange(owners + 3)}", _handles(r, owners, service), opened
        )
        if r.random() < 0.7:
            thing.merged = at(opened, 20)
        if r.random() < 0.8:
            thing.closed = at(opened, 60)
        for _ in range(r.choice((0, 0, 0, 1, 2))):
            when = at(max([opened, *(day for day, _ in thing.snoozes)]), 20)
            thing.snoozes.append((when, when.date() + timedelta(days=r.randrange(1, 15))))
        if r.random() < 0.2:
            thing.handovers.append((at(opened, 20), f"@p{r.randrange(owners)}"))
        found.append(thing)
    reviews = []
    for n in range(things // 8):
        due, service = at().date(), f"s{r.randrange(services)}"
        done = at(datetime(due.year, due.month, due.day, tzinfo=UTC), 40) if r.random() < 0.7 else None
        reviews.append(Review(f"docs/{n}.md", service, due, _handles(r, owners, service), done))
    return Story(start, until, people, policies, found, reviews)


def _handles(r: Random, owners: int, service: str) -> tuple[str, ...]:
    """Mostly one person; sometimes a team, nobody, or somebody whom nobody knows before somebody else."""
    one, two = f"@p{r.randrange(owners)}", f"@p{r.randrange(owners)}"
    return r.choice(((one,), (one,), (one,), (one, two), (f"@team-{service}",), (), ("@ghost",), ("@ghost", one)))


def _person(r: Random, n: int, start: datetime, at: object, days: int) -> Person:
    assert callable(at)
    hours, zones = (*HOURS, ""), (*ZONES, "", "", "")
    person = Person(f"P{n}", [(start - timedelta(days=400), r.choice(zones))], r.choice(hours), r.choice(COUNTRIES))
    if r.random() < 0.3:
        person.moves += sorted((at(), r.choice(zones)) for _ in range(r.randrange(1, 5)))
    if r.random() < 0.3:
        first = at().date()
        person.days_off = tuple(first + timedelta(days=k) for k in range(r.randrange(1, 20)))
    if r.random() < 0.5:
        begins = sorted(at() for _ in range(20))
        ends = [begin + timedelta(minutes=r.randrange(30, 2000)) for begin in begins]
        person.dnd = [
            (b, e) for b, e, following in zip(begins, ends, [*begins[1:], ends[-1]], strict=True) if e <= following
        ]
    if r.random() < 0.3:
        begin = at()
        person.quiet = [(begin, begin + timedelta(hours=r.randrange(1, 200)))]
    if r.random() < 0.15:
        person.left = at()
    return person


def _policy(r: Random, start: datetime) -> ReminderPolicy:
    off = tuple(start.date() + timedelta(days=r.randrange(365)) for _ in range(r.randrange(4)))
    mixed = tuple(
        Step(after, audience)
        for after, audience in sorted(
            (r.randrange(1, 15), r.choice([Audience.OWNER, Audience.CHANNEL, Audience.ESCALATION])) for _ in range(6)
        )
    )
    policy = ReminderPolicy(
        enabled=r.random() < 0.95,
        timezone=r.choice(ZONES),
        working_hours=r.choice(HOURS),
        holidays=r.choice(COUNTRIES),
        days_off=off,
        gather=r.choice((1, 1, 4, 7)),
    )
    if r.random() < 0.5:
        return policy
    return replace(policy, enabled=True, suspect=mixed)
