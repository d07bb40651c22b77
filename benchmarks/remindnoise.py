"""How many messages owners get: half a year of a public repository's merged changes, lived through by the bot.

    python -m benchmarks.remindnoise --mirror DIR --tip REV [--label NAME] [--days 183] [--write NAME]

Every change of the branch's first parents is a pull request of its own (``noiseworld.py``), reviewed when it is opened
and settled when it is merged; what it leaves untrue is judged again by later commits; the reminders tick every hour.
Nobody corrects anything because of a message: only what the repository's people did in their history closes drift. The
defaults count, no configuration is added. Two worlds: nobody ever acknowledges anything, and owners acknowledge after
five working days.

An *owner* is a recipient that ``CODEOWNERS`` leads to from some runbook: a person, or for teams their channel, which
here is the default channel for all of them. What an owner *gets* are direct messages, messages to their channel, and
messages to a channel that mention them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from benchmarks.bot import BEGIN, END, PAGE, Machine, table
from benchmarks.botspeed import Line
from benchmarks.noisepast import Change, merged, people
from benchmarks.noiseworld import Analyst, Heard, Town, lived
from benchmarks.processes import git, tell
from benchmarks.replay import percentile
from benchmarks.report import between
from bot.store import open_store

HOUR = timedelta(hours=1)
FEW = 5
"""After how many working days owners acknowledge, in the second world."""


@dataclass(frozen=True)
class Weeks:
    """Messages of each owner in each week since they are one: by owner, one number a week, zeros included."""

    counts: Mapping[str, tuple[int, ...]]

    def all(self) -> list[int]:
        """Every week of every owner."""
        return [count for weeks in self.counts.values() for count in weeks]

    def told(self) -> list[int]:
        """Every week of owners who were ever told something."""
        return [count for weeks in self.counts.values() if any(weeks) for count in weeks]

    def loud(self) -> list[int]:
        """The weeks with a message."""
        return [count for count in self.all() if count]

    def busiest(self) -> tuple[str, tuple[int, ...]]:
        """Who got most."""
        return max(self.counts.items(), key=lambda entry: (sum(entry[1]), entry[0]), default=("", ()))


def weekly(heard: Iterable[Heard], since: Mapping[str, datetime], until: datetime) -> Weeks:
    """Count by calendar week (from Monday, UTC), from the week in which somebody became an owner to the last one."""
    counted = Counter((one.who, monday(one.at)) for one in heard)
    counts = {}
    for who, first in since.items():
        weeks, week = [], monday(first)
        while week <= monday(until):
            weeks.append(counted[who, week])
            week += timedelta(days=7)
        counts[who] = tuple(weeks)
    return Weeks(counts)


def monday(at: datetime) -> date:
    """The first day of an instant's week."""
    day = at.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())


def live(
    mirror: Path, tip: str, changes: list[Change], analyst: Analyst, after: int | None, open_for: timedelta
) -> Town:
    """One world from its first change to its last."""
    begin = changes[0].at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/bot.db")
        town = Town(store, mirror, analyst, people(mirror, tip, changes), begin, after)
        town.begin(changes[0].base)
        for week in lived(town, changes, open_for, HOUR):
            tell(f"noise: {week:%Y-%m-%d}, {len(town.chat.heard)} messages, {len(store.drift())} open")
        town.left = len(store.drift())
        store.close()
    return town


def figures(what: str, town: Town, until: datetime) -> list[Line]:
    """The lines of one world."""
    since = {recipient.key: at for recipient, at in town.owners.items()}
    found = weekly(town.chat.heard, since, until)
    who, most = found.busiest()
    kinds = Counter(one.what for one in town.chat.heard)
    mine = Counter(one.what for one in town.chat.heard if one.who == who)
    told, everyone, loud = found.told(), found.all(), found.loud()
    heard = sum(any(weeks) for weeks in found.counts.values())
    return [
        Line(f"**{what}**: pull requests with drift / acknowledged / open at the end",
             f"{town.opened} / {town.acknowledged} / {town.left}"),
        Line("all that was said", ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())),
        Line("owners (persons / channels); who got a message",
             f"{sum(key.startswith('person') for key in since)} / {sum(key.startswith('channel') for key in since)}; "
             f"{heard}"),
        _goal("a week of an owner who ever got one", told, judged=True),
        _goal("a week of any owner", everyone),
        _goal("a week with a message", loud),
        Line(f"the owner who got most ({who.partition(':')[0]}): median / p95 / most, {sum(most)} in all",
             f"{_three(most)}: {', '.join(f'{kind} {count}' for kind, count in mine.most_common())}"),
    ]  # fmt: skip


def _goal(what: str, weeks: list[int], judged: bool = False) -> Line:
    reached = percentile(weeks, 0.5) <= 1 and percentile(weeks, 0.95) <= 3
    goal = "median ≤ 1, p95 ≤ 3" if judged else ""
    return Line(f"{what}, of {len(weeks)}: median / p95 / most", _three(weeks), goal, reached if judged else None)


def _three(weeks: Iterable[int]) -> str:
    counts = list(weeks)
    return f"{percentile(counts, 0.5):g} / {percentile(counts, 0.95):g} / {max(counts, default=0)}"


def measure(mirror: Path, tip: str, label: str, days: int, open_for: timedelta) -> list[Line]:
    """Both worlds of one repository."""
    last = datetime.fromisoformat(git(mirror, "log", "-1", "--format=%cI", tip))
    changes = merged(mirror, tip, (last - timedelta(days=days)).isoformat())
    analyst, until = Analyst(), changes[-1].at
    lines = [Line(f"merged changes of {label}, {changes[0].at:%Y-%m-%d} to {until:%Y-%m-%d}", str(len(changes)))]
    for what, after in (("nobody acknowledges", None), (f"acknowledged after {FEW} working days", FEW)):
        lines += figures(what, live(mirror, tip, changes, analyst, after, open_for), until)
    return [*lines, Line("changes that could not be reviewed", str(len(analyst.failures)))]


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mirror", type=Path, required=True)
    parser.add_argument("--tip", required=True)
    parser.add_argument("--label", default="a repository", help="how the table calls it")
    parser.add_argument("--days", type=int, default=183)
    parser.add_argument("--open-for", type=float, default=48.0, help="hours from opening to merge")
    parser.add_argument("--write", default="", metavar="NAME", help="put the table into benchmarks/bot.md")
    given = parser.parse_args()
    machine = Machine()
    lines = measure(given.mirror, given.tip, given.label, given.days, timedelta(hours=given.open_for))
    shown = table(lines, machine.said())
    print(shown)
    if given.write:
        begin, end = BEGIN.format(given.write), END.format(given.write)
        PAGE.write_text(between(PAGE.read_text(encoding="utf-8"), begin, end, shown), encoding="utf-8")
    return 1 if any(line.reached is False for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
