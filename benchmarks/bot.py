"""How fast and how steadfast the bot is: the figures of ``benchmarks/bot.md``.

    python -m benchmarks.bot [--only acks,alert,answers,…] [--seconds 60] [--kills 200] [--write]

The real ``runbook-drift-bot serve`` in a process of its own, on loopback stand-ins for GitHub and Slack
(``botstand.py``) and a bare repository that git fetches over HTTP. ``replicas`` needs PostgreSQL's programs, ``first``
about three gigabytes of disk. A noisy machine spoils absolute times; what is compared is measured in the same run.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import botanswers, botfaults, botspeed, report
from benchmarks.botspeed import Line
from benchmarks.processes import tell

PAGE = Path(__file__).with_name("bot.md")
BEGIN, END = "<!-- begin: {} -->", "<!-- end: {} -->"


@dataclass(frozen=True)
class Asked:
    """What the command line asks for."""

    seconds: float
    rate: float
    kills: int
    rounds: int
    megabytes: int
    services: int
    drifts: int


def _measures(asked: Asked) -> dict[str, Callable[[Path], list[Line]]]:
    return {
        "acks": lambda folder: botspeed.acknowledgements(folder, asked.seconds, asked.rate),
        "alert": lambda folder: botspeed.alert(folder),
        "answers": lambda folder: botanswers.answers(folder, asked.services, asked.drifts),
        "idle": lambda folder: botspeed.idle(folder, asked.seconds),
        "first": lambda folder: botspeed.first(folder, asked.megabytes),
        "replicas": lambda folder: botfaults.replicas(folder, asked.rounds),
        "kills": lambda folder: botfaults.kills(folder, asked.kills),
    }


class Machine:
    """How much of the machine was left to a measure: others on it spoil absolute times."""

    def __init__(self) -> None:
        self._began, self._busy, self._own = time.monotonic(), _busy(), _own()

    def said(self) -> str:
        """The share of the processors that others took meanwhile, and the load average."""
        seconds = (time.monotonic() - self._began) * (os.cpu_count() or 1)
        others = max(0.0, _busy() - self._busy - (_own() - self._own)) / seconds
        return f"others took {others:.0%} of the machine meanwhile, load average {os.getloadavg()[0]:.1f}"


def _busy() -> float:
    user, nice, system, _idle, _waiting, irq, soft = map(int, Path("/proc/stat").read_text().split()[1:8])
    return (user + nice + system + irq + soft) / os.sysconf("SC_CLK_TCK")


def _own() -> float:
    """Of this process and of all that it started, once they have ended."""
    return sum(os.times()[:4])


def table(lines: list[Line], said: str) -> str:
    """The lines as a Markdown table, with the day and the machine."""
    model = next((x.partition(":")[2].strip() for x in _cpuinfo() if x.startswith("model name")), platform.machine())
    cores = sum(line.startswith("processor") for line in _cpuinfo()) or 1
    head = f"{datetime.date.today().isoformat()}, {cores} × {model}, Python {platform.python_version()}; {said}:"
    rows = [f"| {line.what} | {line.value} | {line.goal or ''} | {_verdict(line)} |" for line in lines]
    return "\n".join([head, "", "| figure | measured | goal | |", "| --- | --- | --- | --- |", *rows])


def _cpuinfo() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return []


def _verdict(line: Line) -> str:
    return "" if line.reached is None else ("reached" if line.reached else "**missed**")


def main(argv: list[str] | None = None) -> int:
    """Measure, print, and with ``--write`` put each table into its place in ``bot.md``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="names of measures, comma between them")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the load and idling last")
    parser.add_argument("--rate", type=float, default=200.0, help="deliveries a second")
    parser.add_argument("--kills", type=int, default=200, help="how many times the bot is killed")
    parser.add_argument("--rounds", type=int, default=3, help="how many times a replica is killed")
    parser.add_argument("--megabytes", type=int, default=1_000, help="history of the large repository")
    parser.add_argument("--services", type=int, default=5_000, help="services of which the bot is asked")
    parser.add_argument("--drifts", type=int, default=20_000, help="open drifts of these services")
    parser.add_argument("--folder", type=Path, help="where to work (default: a temporary directory)")
    parser.add_argument("--write", action="store_true", help="put the tables into benchmarks/bot.md")
    given = parser.parse_args(argv)
    measures = _measures(
        Asked(given.seconds, given.rate, given.kills, given.rounds, given.megabytes, given.services, given.drifts)
    )
    names = [name for name in given.only.split(",") if name] or list(measures)
    unknown = set(names) - set(measures)
    if unknown:
        parser.error(f"no such measure: {', '.join(sorted(unknown))}")
    missed = False
    for name in names:
        with tempfile.TemporaryDirectory(prefix="bench-bot-", dir=given.folder) as folder:
            tell(f"{name} …")
            machine = Machine()
            lines = measures[name](Path(folder))
            shown = table(lines, machine.said())
        print(f"\n{name}\n\n{shown}\n", flush=True)
        missed = missed or any(line.reached is False for line in lines)
        if given.write:
            page = PAGE.read_text(encoding="utf-8")
            PAGE.write_text(report.between(page, BEGIN.format(name), END.format(name), shown), encoding="utf-8")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
