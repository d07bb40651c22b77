"""What the bot survives: kill -9 at random moments, and the death of one of two replicas."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path

from benchmarks import botrun
from benchmarks.botload import Delivery, Plan
from benchmarks.botrun import Bot, Stand, measured, sending, until
from benchmarks.botspeed import DRAIN_SECONDS, Line, jobs, place, stream, waiting, wrong_at_the_end
from benchmarks.botworld import small
from benchmarks.processes import tell

LIFE_SECONDS = 1.5
"""How long a bot that is ready lives at most before it is killed again; one in ten dies while it starts."""
CYCLE_SECONDS = 3.0
"""About how long one life takes with its start: paces the stream over all kills."""


def kills(folder: Path, count: int) -> list[Line]:
    """Kill -9 at random moments over a stream of ten deliveries per kill; each is sent until it is accepted."""
    chance = random.Random(4)
    pulls = max(10, count // 2)
    deliveries = count * 10
    world = small(folder / "small.git", pulls, -(-deliveries // pulls))
    stand = Stand(world)
    bot = Bot(folder / "bot", stand, botrun.private_key())
    plan = Plan(bot.port, stand.port, 10 / CYCLE_SECONDS, stream(world, stand.base, deliveries), again=True)
    began = time.monotonic()
    early = 0
    try:
        bot.start()
        with sending(plan) as load:
            for number in range(count):
                if number % 10 == 9:
                    time.sleep(chance.uniform(0, 1.5))
                    early += not bot.ready()
                else:
                    until(bot.ready, "the bot is ready", 60, 0.02)
                    time.sleep(chance.uniform(0, LIFE_SECONDS))
                bot.kill()
                bot.launch()
                if number % 20 == 19:
                    tell(f"kills: {number + 1} of {count} after {time.monotonic() - began:.0f} s")
            until(bot.ready, "the bot is ready", 60, 0.02)
            found = measured(load)["deliveries"]
        killed = time.monotonic() - began
        until(lambda: not waiting(bot.folder), "all is done", DRAIN_SECONDS, 1)
        drained = time.monotonic() - began - killed
        wrong = wrong_at_the_end(world, bot, stand)
        states = Counter[str]()
        for (_, status), number in jobs(bot.folder).items():
            states[status] += number
        messages = [m for m in stand.order("state")["messages"] if not m.get("thread_ts")]
    finally:
        bot.stop()
        stand.stop()
    twice = len(messages) - len({m["metadata"]["event_payload"]["key"] for m in messages})
    again = sum(one["attempts"] > 1 for one in found)
    bad = sum(number for status, number in states.items() if status != "SUCCESS")
    tell(f"kills: {dict(states)}; wrong {wrong[:5]}")
    return [
        Line("kills (while it started)", f"{count} ({early}) in {killed:.0f} s"),
        Line("deliveries (sent more than once)", f"{len(found)} ({again}) over {pulls} pull requests"),
        Line("second messages on a pull request", str(twice), "none", not twice),
        Line("lost: pull requests that do not end in their newest head", str(len(wrong)), "none", not wrong),
        Line("jobs that did not succeed", str(bad), "none", not bad),
        Line("time to drain after the last kill", f"{drained:.0f} s"),
    ]


def replicas(folder: Path, rounds: int) -> list[Line]:
    """Two replicas on PostgreSQL: the one that reviews is killed while git fetches; the other takes over."""
    from tests.bot.postgres import running

    world = small(folder / "small.git", rounds, 1)
    stand = Stand(world)
    key = botrun.private_key()
    took: list[float] = []
    with running() as server:
        url = server.fresh()
        bots = {name: Bot(folder / name, stand, key, caller=name, DATABASE_URL=url) for name in ("a", "b")}
        try:
            for bot in bots.values():
                bot.start()
            for number in range(rounds):
                took.append(_takeover(number, world.versions[number][0], bots, stand))
            time.sleep(2)
            state = stand.order("state")
        finally:
            stand.order("hold", what="")
            for bot in bots.values():
                bot.stop()
            stand.stop()
    keys = Counter(m["metadata"]["event_payload"]["key"] for m in state["messages"] if not m.get("thread_ts"))
    runs = [len(state["runs"].get(versions[0], ())) for versions in world.versions]
    once = all(keys[f"{repo}#{number}"] == 1 for repo, number in map(place, range(rounds))) and set(runs) == {1}
    return [
        Line(f"from the kill to the posted alert by the other: each of {rounds}",
             ", ".join(f"{one:.0f} s" for one in took), "≤ 60 s", max(took) <= 60),
        Line("messages / check runs of each pull request", f"{sorted(set(keys.values()))} / {sorted(set(runs))}",
             "one", once),
    ]  # fmt: skip


def _takeover(number: int, head: str, bots: dict[str, Bot], stand: Stand) -> float:
    """One round; seconds from the kill to the message. The killed one is started again."""
    repo, of = place(number)
    stand.order("heads", **{f"{repo}#{of}": head})
    stand.order("hold", what=r"/git-upload-pack$")
    since, before = stand.order("counts")["calls"], stand.order("counts")["messages"]
    one = Delivery(f"takeover-{number}", repo, of, head, stand.base)
    with sending(Plan(bots["ab"[number % 2]].port, 0, 1, (one,))) as load:
        measured(load)
    until(lambda: any(c[2] == "held" for c in stand.calls(since)), "a fetch is under way", 30)
    victim = next(who for _, who, what, _ in stand.calls(since) if what == "GET pull")
    bots[victim].kill()
    killed = time.monotonic()
    stand.order("hold", what="")
    until(lambda: stand.order("counts")["messages"] > before, "the other one took over", 120)
    took = time.monotonic() - killed
    tell(f"replicas: {victim} killed, taken over after {took:.1f} s")
    bots[victim].start()
    return took
