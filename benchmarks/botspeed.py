"""The bot's speed: acknowledgements under load, from delivery to alert, idling, a large repository."""

from __future__ import annotations

import sqlite3
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from benchmarks import botrun
from benchmarks.botload import Delivery, Plan
from benchmarks.botrun import Bot, Stand, measured, sending, until
from benchmarks.botworld import Small, large, small
from benchmarks.processes import tell

REPOSITORIES = 10
"""Names under which the pull requests of the small repository are spread."""
DRAIN_SECONDS = 1_800.0


@dataclass(frozen=True)
class Line:
    """A row of a table: ``reached`` is None where there is no goal."""

    what: str
    value: str
    goal: str = ""
    reached: bool | None = None


def place(pull: int) -> tuple[str, int]:
    """Repository and number of the pull request with this index."""
    return f"acme/shop-{pull % REPOSITORIES}", pull + 1


def stream(world: Small, base: str, count: int) -> tuple[Delivery, ...]:
    """So many deliveries: all pull requests in turn, each time with their next version."""
    pulls = len(world.versions)
    made = []
    for number in range(count):
        pull, version = number % pulls, number // pulls
        repo, of = place(pull)
        made.append(Delivery(f"d{number:07d}", repo, of, world.versions[pull][version], base))
    return tuple(made)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which so much of them lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]


def jobs(folder: Path) -> Counter[tuple[str, str]]:
    """How many jobs there are by kind and status, as the engine's SQLite file has it."""
    with closing(sqlite3.connect(f"file:{folder}/state/jobs.db?mode=ro", uri=True, timeout=30)) as connection:
        rows = connection.execute("select name, status, count(*) from workflow_status group by 1, 2").fetchall()
    return Counter({(name, status): count for name, status, count in rows})


def waiting(folder: Path, name: str = "") -> int:
    """How many jobs (of a kind) wait or run; what the journal holds counts as one."""
    kept = int((folder / "state" / "inbox").stat().st_size > 0)  # first: what leaves it is counted twice, not never
    busy = {"ENQUEUED", "PENDING", "DELAYED"}
    return kept + sum(n for (kind, status), n in jobs(folder).items() if status in busy and name in {"", kind})


def ordered(folder: Path) -> set[str]:
    """The deliveries that the engine knows an order of."""
    with closing(sqlite3.connect(f"file:{folder}/state/jobs.db?mode=ro", uri=True, timeout=30)) as connection:
        rows = connection.execute("select workflow_uuid from workflow_status where name = 'review'").fetchall()
    return {row[0].split(":")[1] for row in rows}


def wrong_at_the_end(world: Small, bot: Bot, stand: Stand) -> list[str]:
    """Pull requests that do not show their newest head: in the bot's API, in the check run, in Slack; or that have
    more than one message."""
    state = stand.order("state")
    messages: dict[str, list[str]] = {}
    for message in state["messages"]:
        if not message.get("thread_ts"):
            key = message["metadata"]["event_payload"]["key"]
            messages.setdefault(key, []).append(str(message))
    wrong = []
    for pull, versions in enumerate(world.versions):
        repo, number = place(pull)
        key = f"{repo}#{number}"
        head = state["heads"].get(key)
        if head is None:
            continue
        said = messages.get(key, [])
        known = bot.known(repo, number)
        if known is None or known["head"] != head:
            wrong.append(f"{key}: knows {known and known['head']}, not {head}")
        elif not any(run["conclusion"] == "failure" for run in state["runs"].get(head, [])):
            wrong.append(f"{key}: no failing check run on {head}")
        elif len(said) != 1:
            wrong.append(f"{key}: {len(said)} messages")
        elif f"{world.said(pull, versions.index(head)) // 60} min" not in said[0]:
            wrong.append(f"{key}: the message does not show the newest head")
    return wrong


def acknowledgements(folder: Path, seconds: float, rate: float) -> list[Line]:
    """Deliveries at a fixed rate over 300 pull requests, workers analysing; against a handler that does nothing."""
    pulls, count = 300, int(seconds * rate)
    world = small(folder / "small.git", pulls, -(-count // pulls))
    stand = Stand(world)
    bot = Bot(folder / "bot", stand, botrun.private_key())
    plan = Plan(bot.port, stand.port, rate, stream(world, stand.base, count))
    try:
        with botrun.doing_nothing() as port:
            probe = replace(plan, port=port, stand=0, deliveries=plan.deliveries[: int(min(seconds, 20) * rate)])
            until(lambda: botrun.listens(port), "the handler that does nothing listens", 20)
            with sending(probe) as load:
                nothing = [one["took"] for one in measured(load)["deliveries"]]
        bot.start()
        with sending(plan) as load:
            found = measured(load)
        ended = time.monotonic()
        reviewed = sum(count for (name, status), count in jobs(bot.folder).items() if status == "SUCCESS")
        tell(f"acks: {reviewed} jobs done when the last delivery was sent; {waiting(bot.folder)} wait")
        until(lambda: not waiting(bot.folder, "review"), "all is reviewed", DRAIN_SECONDS, 1)
        reviews = time.monotonic() - ended
        until(lambda: not waiting(bot.folder), "all is shown", DRAIN_SECONDS, 1)
        drained = time.monotonic() - ended
        wrong = wrong_at_the_end(world, bot, stand)
        orders = len(ordered(bot.folder))
        refused = Counter(one["status"] for one in found["deliveries"])
        tell(f"acks: {dict(refused)}, {orders} orders, wrong {wrong[:3]}, calls {_called(stand)}")
    finally:
        bot.stop()
        stand.stop()
    took = [one["took"] for one in found["deliveries"]]
    part = -(-len(took) // 6)
    tell(f"acks: p99 by sixths {[_ms(took[n : n + part], 0.99) for n in range(0, len(took), part)]} ms")
    p99, floor = percentile(took, 0.99), percentile(nothing, 0.99)
    return [
        Line("deliveries", f"{len(took)} at {rate:g} a second over {pulls} pull requests"),
        Line("a handler that does nothing: p50 / p99", f"{_ms(nothing, 0.5)} / {_ms(nothing, 0.99)} ms"),
        Line("acknowledgement p50 / p99", f"{_ms(took, 0.5)} / {_ms(took, 0.99)} ms", "p99 ≤ 100 ms", p99 <= 0.1),
        Line("p99 against the handler that does nothing", f"{p99 / floor:.1f} ×", "≤ 4 ×", p99 <= 4 * floor),
        Line("deliveries refused", str(len(took) - refused[202]), "none", refused[202] == len(took)),
        Line("orders that they became (those for which one waited already need none)", str(orders)),
        Line("all reviewed / all shown after the last delivery", f"{reviews:.0f} / {drained:.0f} s"),
        Line("lost: pull requests that do not end in their newest head", str(len(wrong)), "none", not wrong),
    ]  # fmt: skip


def _ms(values: Sequence[float], share: float) -> str:
    return f"{percentile(values, share) * 1000:.1f}"


def _called(stand: Stand) -> dict[str, int]:
    return dict(Counter(what for _, _, what, _ in stand.calls()).most_common())


def alert(folder: Path, count: int = 30) -> list[Line]:
    """From a delivery to the posted message, one pull request after the other on a bot with nothing else to do."""
    world = small(folder / "small.git", count + 2, 1)
    stand = Stand(world)
    bot = Bot(folder / "bot", stand, botrun.private_key())
    parts: list[dict[str, float]] = []
    try:
        bot.start()
        for number, delivery in enumerate(stream(world, stand.base, count + 2)):
            # One repository: two rounds of warming up, as in a bot that has run for a while.
            one = replace(delivery, repo="acme/shop-0", id=f"alert-{number}")
            since = stand.order("counts")["calls"]
            with sending(Plan(bot.port, stand.port, 1, (one,))) as load:
                sent = measured(load)["deliveries"][0]
            until(partial(_posted, stand, number + 1), "the alert is posted", 60, 0.02)
            until(lambda: not waiting(bot.folder), "nothing is left to do", 60, 0.05)
            if number >= 2:
                parts.append(_parts(sent["due"], sent["took"], stand.calls(since)))
            time.sleep(0.05 + (number % 7) * 0.06)  # not in step with what polls
    finally:
        bot.stop()
        stand.stop()
    whole = [sum(part.values()) for part in parts]
    middle = statistics.median(whole)
    lines = [Line(
        f"from delivery to posted alert: median of {len(whole)} (p90)",
        f"{middle:.2f} s ({percentile(whole, 0.9):.2f} s)", "≤ 1.5 s", middle <= 1.5,
    )]  # fmt: skip
    for name in parts[0]:
        lines.append(Line(f"— {name}", f"{statistics.median(part[name] for part in parts):.3f} s"))
    return lines


def _posted(stand: Stand, count: int) -> bool:
    return bool(stand.order("counts")["messages"] >= count)


def _parts(due: float, took: float, calls: list[tuple[float, str, str, str]]) -> dict[str, float]:
    """Where the time went, by what the stand-ins were asked when; they add up to the whole."""

    def at(what: str, last: bool = False) -> float:
        times = [when for when, _, name, _ in calls if name == what]
        return times[-1 if last else 0]

    asked = [when for when, _, name, _ in calls if name == "GET pull"]
    moments = [
        ("acknowledgement", due + took), ("waiting in the queue", asked[0]),
        ("questions to GitHub", at("git GET")), ("fetching", at("git POST end", last=True)),
        ("analysis", asked[1]), ("keeping it, and the second queue", at("GET check runs")),
        ("check run", at("POST check run")), ("looking for the message, posting it", at("chat.postMessage")),
    ]  # fmt: skip
    parts, before = {}, due
    for name, moment in moments:
        parts[name] = moment - before
        before = moment
    return parts


def idle(folder: Path, seconds: float) -> list[Line]:
    """What a bot costs that has reviewed something and now has nothing to do."""
    world = small(folder / "small.git", 20, 1)
    stand = Stand(world)
    bot = Bot(folder / "bot", stand, botrun.private_key())
    try:
        bot.start()
        with sending(Plan(bot.port, stand.port, 20, stream(world, stand.base, 20))) as load:
            measured(load)
        until(lambda: stand.order("counts")["messages"] >= 20, "all is shown", 120, 0.2)
        until(lambda: not waiting(bot.folder), "nothing is left to do", 60, 0.2)
        time.sleep(3)
        before = botrun.usage(bot.pid)
        time.sleep(seconds)
        after = botrun.usage(bot.pid)
    finally:
        bot.stop()
        stand.stop()
    main, whole = (after[name].processor - before[name].processor for name in ("main", "all"))
    share = whole / seconds
    sums = after["all"]
    return [
        Line(f"share of one core over {seconds:g} s: server / with its workers",
             f"{main / seconds:.1%} / {share:.1%}", "≤ 3 %", share <= 0.03),
        Line("resident memory of the server", f"{after['main'].resident:.0f} MB", "≤ 180 MB",
             after["main"].resident <= 180),
        Line("with its two workers, pages they share counted once (each time)",
             f"{sums.shared:.0f} MB ({sums.resident:.0f} MB)", "≤ 180 MB", sums.shared <= 180),
    ]  # fmt: skip


def first(folder: Path, megabytes: int) -> list[Line]:
    """The first review of a repository with a large history: what git transfers."""
    world, size = large(folder / "large.git", megabytes)
    stand = Stand(world)
    bot = Bot(folder / "bot", stand, botrun.private_key())
    try:
        bot.start()
        (head,) = world.versions[0]
        one = Delivery("first", "acme/large", 1, head, stand.base)
        began = time.monotonic()
        with sending(Plan(bot.port, stand.port, 1, (one,))) as load:
            measured(load)
        until(lambda: stand.order("counts")["messages"] > 0, "the alert is posted", 180, 0.05)
        took = time.monotonic() - began
        sent = stand.order("counts")["sent"]
    finally:
        bot.stop()
        stand.stop()
    return [
        Line("bytes of the repository", f"{size / 1e6:.0f} MB"),
        Line("transferred for its first review", f"{sent / 1e6:.1f} MB", "≤ 60 MB", sent <= 60e6),
        Line("from delivery to posted alert", f"{took:.1f} s"),
    ]
