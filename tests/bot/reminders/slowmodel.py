"""Reminders once more, slowly and on their own: tick by tick and person by person, counting days on the fingers.

Written from what the reminders promise (docs and the issue that asked for them), not from the planner, of which it uses
nothing. It reads a story as it stands and says which messages go out.

The promises: one digest per recipient and day, in their working hours, from their morning on; none on weekends,
holidays, days off, in do-not-disturb or asked-for silence, within 12 hours of the last one, or without news. News is a
step of the ladder that the recipient did not hear of; a later step that they heard of covers the earlier ones. Steps
are counted in working days of the service from the day of opening (merging), which does not count. What came in after
the recipient's morning waits for the next day. What nobody knows of a person (time zone, hours, holidays) is as in the
first service, by name, that has something for them. A snooze is silent to the end of its last day, then the ladder
starts anew; so it does with a hand-over after the merge, on that day. Whom it was handed to is asked before the owners.
News of suspects and reviews alone waits until some days (``gather``, of their service) have passed since
the recipient's last digest. Nobody behind a handle, or gone: the next owner, then the channel; the channel gets a note
once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

from bot.reminders.nouns import Step
from tests.bot.reminders.stories import Review, Story, Thing

Line = tuple[str, str, int, bool]
"""Key, phase, step and whether it is news."""
Message = tuple[datetime, str, str, str, date, tuple[Line, ...]]
"""When, kind, recipient, subject, day, lines."""
DAY = timedelta(days=1)


@cache
def holiday(country: str, day: date) -> bool:
    if not country:
        return False
    name, _, part = country.partition("-")
    return day in holidays.country_holidays(name, subdiv=part or None, years=day.year)


@cache
def works(country: str, off: tuple[date, ...], day: date) -> bool:
    return day.strftime("%a") not in ("Sat", "Sun") and day not in off and not holiday(country, day)


@cache
def counted(country: str, off: tuple[date, ...], day: date, today: date) -> int:
    count = 0
    while day < today and count < 30:
        day += DAY
        count += works(country, off, day)
    return count


@dataclass
class Somebody:
    """A recipient as they are at an instant: where, hours, what is off."""

    zone: str
    hours: str
    country: str
    off: tuple[date, ...]

    def local(self, now: datetime) -> datetime:
        return now.astimezone(ZoneInfo(self.zone))

    def morning(self) -> str:
        return self.hours[:5]

    def at_work(self, now: datetime) -> bool:
        here = self.local(now)
        return works(self.country, self.off, here.date()) and self.hours[:5] <= here.strftime("%H:%M") < self.hours[6:]


@dataclass
class SlowModel:
    """What was said so far: by recipient and kind the last time and day, and by recipient what they heard."""

    story: Story
    last: dict[tuple[str, str, str], tuple[datetime, date]] = field(default_factory=dict)
    heard: dict[tuple[str, str, str], set[int]] = field(default_factory=dict)
    noted: set[tuple[str, str, int]] = field(default_factory=set)
    snoozed: set[tuple[str, datetime]] = field(default_factory=set)

    def tick(self, now: datetime) -> list[Message]:
        """Everything that goes out at one instant."""
        for thing in self.story.things:
            for at in [at for at, _ in thing.snoozes] + [at for at, _ in self.handed(thing)]:
                if at <= now and (thing.key, at) not in self.snoozed:
                    self.snoozed.add((thing.key, at))
                    for told in [told for told in self.heard if told[0] == thing.key]:
                        del self.heard[told]
        found: list[Message] = []
        names = [f"person:{slack}" for slack in self.story.people] + [f"channel:C-{s}" for s in self.story.policies]
        things = [thing for thing in self.story.things if thing.opened <= now < (thing.closed or now + DAY)]
        mine = self.by_name(things, now)
        for name in [*names, "channel:C-all"]:
            who = self.somebody(name, now, self.home(name, now, mine.get(name, [])))
            if who is None or not who.at_work(now):
                continue
            found += self.messages(name, who, now, things, mine.get(name, []))
        return found

    def by_name(self, things: list[Thing], now: datetime) -> dict[str, list[tuple[Thing, list[int]]]]:
        """Which steps of which things each recipient hears of, reached or not."""
        found: dict[str, list[tuple[Thing, list[int]]]] = {}
        for thing in things:
            steps: dict[str, list[int]] = {}
            heard_by: dict[str, list[str]] = {}
            for n, step in enumerate(self.ladder(thing, now)[1]):
                if step.audience.value not in heard_by:
                    heard_by[step.audience.value] = self.hears(step, thing, now)
                for name in heard_by[step.audience.value]:
                    steps.setdefault(name, []).append(n)
            for name, numbers in steps.items():
                found.setdefault(name, []).append((thing, numbers))
        return found

    def home(self, name: str, now: datetime, mine: list[tuple[Thing, list[int]]]) -> Somebody:
        """How it is usual in the first service that has something for a recipient; in UTC from nine to five in none."""
        services = {thing.service for thing, _ in mine}
        for review in self.story.reviews:
            if (review.done is None or now < review.done) and review.service not in services:
                services |= {review.service} if name in self.owner(review.handles, review.service, now)[0] else set()
        for service in sorted(services):
            policy = self.story.policies[service]
            if policy.enabled:
                return Somebody(policy.timezone, policy.working_hours, policy.holidays, policy.days_off)
        return Somebody("UTC", "09:00-17:00", "", ())

    def somebody(self, name: str, now: datetime, home: Somebody) -> Somebody | None:
        """Whoever may be written to at all now."""
        kind, _, ident = name.partition(":")
        if kind == "channel":
            policy = self.story.policies.get(ident[2:])
            if policy is None or not policy.enabled:
                return Somebody("UTC", "09:00-17:00", "", ())
            return Somebody(policy.timezone, policy.working_hours, policy.holidays, policy.days_off)
        person = self.story.people[ident]
        if (person.left and person.left <= now) or any(a <= now < b for a, b in person.dnd + person.quiet):
            return None
        return Somebody(
            person.zone(now) or home.zone, person.hours or home.hours, person.country or home.country,
            person.days_off or home.off,
        )  # fmt: skip

    def messages(
        self, name: str, who: Somebody, now: datetime, things: list[Thing], mine: list[tuple[Thing, list[int]]]
    ) -> list[Message]:
        today = who.local(now).date()
        found: list[Message] = []
        if self.may(name, "digest", "", now, today):
            lines = [line for thing, steps in mine if (line := self.thing_line(thing, steps, name, who, now, today))]
            lines += [line for review in self.story.reviews if (line := self.review_line(review, name, now, today))]
            rested = self.rested(name, today)
            if any(news and rested >= self.patience(key) for key, _, _, news in lines):
                for key, phase, step, news in lines:
                    if news:
                        self.heard.setdefault((key, phase, name), set()).add(step)
                found.append(self.say(now, "digest", name, "", today, lines))
        if name.startswith("channel:"):
            if lines := self.notes(name, who, now, today, things):
                found.append(self.say(now, "note", name, "", today, lines))
            found += self.calendar_digests(name, who, now, today)
        return found

    def may(self, name: str, kind: str, subject: str, now: datetime, today: date) -> bool:
        at, day = self.last.get((name, kind, subject), (None, None))
        return at is None or day is None or (day < today and now - at >= timedelta(hours=12))

    def rested(self, name: str, today: date) -> int:
        """Days since the last digest."""
        last = self.last.get((name, "digest", ""))
        return (today - last[1]).days if last else 10_000

    def patience(self, key: str) -> int:
        """For how many days after a digest news of something waits."""
        for thing in self.story.things:
            if thing.key == key:
                return 0 if thing.contradicted else self.story.policies[thing.service].gather
        review = next(review for review in self.story.reviews if review.path == key)
        return self.story.policies[review.service].gather

    def say(self, now: datetime, kind: str, name: str, subject: str, today: date, lines: list[Line]) -> Message:
        self.last[name, kind, subject] = (now, today)
        return now, kind, name, subject, today, tuple(sorted(lines))

    def thing_line(
        self, thing: Thing, steps: list[int], name: str, who: Somebody, now: datetime, today: date
    ) -> Line | None:
        phase, ladder = self.ladder(thing, now)
        days = self.waited(thing, who, now, today)
        mine = [n for n in steps if ladder[n].after <= days]
        if not mine:
            return None
        heard = self.heard.get((thing.key, phase, name), set())
        return thing.key, phase, mine[-1], not any(step >= mine[-1] for step in heard)

    def ladder(self, thing: Thing, now: datetime) -> tuple[str, tuple[Step, ...]]:
        policy = self.story.policies[thing.service]
        if thing.merged is None or now < thing.merged:
            return "open", policy.open
        return "merged", policy.contradicted if thing.contradicted else policy.suspect

    def waited(self, thing: Thing, who: Somebody, now: datetime, today: date) -> int:
        """Working days of the service, one by one; -1 when the thing is silent for this recipient today."""
        policy = self.story.policies[thing.service]
        since = thing.merged if thing.merged is not None and thing.merged <= now else thing.opened
        here = who.local(since)
        if not policy.enabled or (here.date(), here.strftime("%H:%M:%S")) >= (today, who.morning() + ":00"):
            return -1
        day = since.astimezone(ZoneInfo(policy.timezone)).date()
        silent: date | None = None
        for at, until in sorted([*thing.snoozes, *self.handed(thing)], key=lambda one: one[0]):
            if at > now:
                break
            if isinstance(until, date):
                silent = until
            elif silent is None or silent < at.date():  # handed over: from that day on
                silent = at.date() - DAY
        if silent is not None:
            if today <= silent:
                return -1
            day = max(day, silent)
        return counted(policy.holidays, policy.days_off, day, today)

    @staticmethod
    def handed(thing: Thing) -> list[tuple[datetime, str]]:
        return [one for one in thing.handovers if thing.merged and one[0] >= thing.merged]

    def hears(self, step: Step, thing: Thing, now: datetime) -> list[str]:
        channel = f"channel:C-{thing.service}"
        if step.audience.value == "author":
            return self.reach(thing.author, now)
        if step.audience.value == "owner":
            return self.owner(self.owners(thing, now), thing.service, now)[0]
        if step.audience.value == "escalation" and thing.service < "s3":
            return self.reach("@p0", now) or [channel]
        return [channel]

    def owners(self, of: Thing | Review, now: datetime) -> tuple[str, ...]:
        handed = [handle for at, handle in of.handovers if at <= now] if isinstance(of, Thing) else []
        return (*handed[-1:], *of.handles)

    def owner(self, handles: tuple[str, ...], service: str, now: datetime) -> tuple[list[str], list[tuple[int, str]]]:
        """Who hears, and whom nobody could reach before."""
        lost: list[tuple[int, str]] = []
        for n, handle in enumerate(handles):
            if found := self.reach(handle, now):
                return found, lost
            lost.append((n, handle))
        return [f"channel:C-{service}"], lost

    def reach(self, handle: str, now: datetime) -> list[str]:
        if handle.startswith("@team-"):
            return [f"channel:C-{handle.removeprefix('@team-')}"]
        person = self.story.people.get(handle[1:].upper())
        if person is None or (person.left and person.left <= now):
            return []
        return [f"person:{person.slack}"]

    def review_line(self, review: Review, name: str, now: datetime, today: date) -> Line | None:
        if (review.done and review.done <= now) or not self.story.policies[review.service].enabled:
            return None
        if today < review.due or name not in self.owner(review.handles, review.service, now)[0]:
            return None
        step = 1 if (today - review.due).days >= 14 else 0
        heard = self.heard.get((review.path, "review", name), set())
        return review.path, "review", step, not any(told >= step for told in heard)

    def notes(self, name: str, who: Somebody, now: datetime, today: date, things: list[Thing]) -> list[Line]:
        waiting: list[tuple[str, str, str, int, bool]] = []
        for thing in things:
            firsts = [step.after for step in self.ladder(thing, now)[1] if step.audience.value == "owner"]
            if name == f"channel:C-{thing.service}" and firsts and self.story.policies[thing.service].enabled:
                asked = self.waited(thing, who, now, today) >= firsts[0]
                for n, handle in self.owner(self.owners(thing, now), thing.service, now)[1]:
                    waiting.append((thing.service, handle, thing.key, n, asked))
        for review in self.story.reviews:
            mine = name == f"channel:C-{review.service}" and self.story.policies[review.service].enabled
            if mine and not (review.done and review.done <= now):
                for n, handle in self.owner(review.handles, review.service, now)[1]:
                    waiting.append((review.service, handle, review.path, n, today >= review.due))
        known = {(service, handle) for service, handle, key, n, _ in waiting if (name, key, n) in self.noted}
        fresh = [one for one in waiting if one[4] and one[:2] not in known]
        if not fresh or not self.may(name, "note", "", now, today):
            return []
        self.noted |= {(name, key, n) for _, _, key, n, _ in fresh}
        return [(key, "note", n, True) for _, _, key, n, _ in fresh]

    def calendar_digests(self, name: str, who: Somebody, now: datetime, today: date) -> list[Message]:
        """Weekly on the first working day of the week, monthly on the first of the month."""
        found = []
        service = name.removeprefix("channel:C-")
        week = [today - DAY * n for n in range(1, today.isoweekday())]
        if service in self.story.policies and self.story.policies[service].enabled:
            first = not any(works(who.country, who.off, day) for day in week)
            if first and self.may(name, "weekly", service, now, today):
                found.append(self.say(now, "weekly", name, service, today, []))
        month = [date(today.year, today.month, n) for n in range(1, today.day)]
        first = not any(works(who.country, who.off, day) for day in month)
        if service == "all" and first and self.may(name, "monthly", "", now, today):
            found.append(self.say(now, "monthly", name, "", today, []))
        return found
