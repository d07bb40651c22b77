"""Half a year of a repository as the bot lives through it, on a repository of three commits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.noisepast import login, merged, people
from benchmarks.noiseworld import Analyst, Chat, Heard, Town, lived
from benchmarks.remindnoise import HOUR, Weeks, weekly
from bot.store import open_store
from tests.bot.fakes import FakeClock
from tests.repositories import TempRepo

RUNBOOK = "# Queue\n\n## Limits\n\n`QUEUE_TIMEOUT` is 30 seconds.\n"


def history(folder: Path) -> tuple[Path, str]:
    repo = TempRepo(folder / "source")
    repo.commit({"queue.py": "QUEUE_TIMEOUT = 30\n", "docs/runbooks/queue.md": RUNBOOK, "CODEOWNERS": "* @olga\n"})
    repo.commit({"queue.py": "QUEUE_TIMEOUT = 5\n"})
    repo.commit({"docs/runbooks/queue.md": RUNBOOK.replace("30 seconds", "5 seconds")})
    return repo.root / ".git", repo.commit({"README.md": "Queue\n"})


def test_changes_come_oldest_first_and_time_does_not_go_back(tmp_path: Path) -> None:
    mirror, tip = history(tmp_path)
    found = merged(mirror, tip, "2000-01-01")
    assert [sorted(change.paths) for change in found] == [["queue.py"], ["docs/runbooks/queue.md"], ["README.md"]]
    assert found[0].head == found[1].base
    assert [change.at for change in found] == sorted(change.at for change in found)
    assert people(mirror, tip, found)["olga"] == "UOLGA"


def test_a_login_is_the_one_of_the_forge_where_the_address_says_it() -> None:
    assert login("Olga O.", "17+olga@users.noreply.github.com") == "olga"
    assert login("Olga O.", "olga@example.com") == "Olga-O"


def test_drift_is_told_to_its_owner_until_a_commit_mends_it(tmp_path: Path) -> None:
    mirror, tip = history(tmp_path)
    days = (7, 21, 22)
    changes = [
        change.__class__(
            **{name: getattr(change, name) for name in ("number", "base", "head", "author", "title", "paths")},
            at=datetime(2026, 9, day, 12, tzinfo=UTC),
        )
        for change, day in zip(merged(mirror, tip, "2000-01-01"), days, strict=True)
    ]
    store = open_store(f"sqlite:///{tmp_path}/bot.db")
    known = {"olga": "UOLGA", changes[0].author: "UDANA"}
    town = Town(store, mirror, Analyst(), known, datetime(2026, 9, 1, tzinfo=UTC))
    town.begin(changes[0].base)
    list(lived(town, changes, timedelta(hours=2), HOUR))
    told = [(one.at.day, one.what) for one in town.chat.heard if one.who == "person:UOLGA"]
    assert told[0] == (9, "digest")  # a suspect of no great weight calls nobody at once
    assert [what for _, what in told].count("digest") == 2
    assert all(day < 22 for day, _ in told)
    assert (town.opened, store.drift()) == (1, ())
    assert [key.key for key in town.owners] == ["person:UOLGA"]
    store.close()


def test_who_hears_what() -> None:
    chat = Chat(clock=FakeClock())
    chat.post("C0ALL", {"text": "<@UOLGA> and <@UOLGA>, <@UDANA>"}, key="acme/shop#7")
    chat.post("C0ALL", {"text": "<@UOLGA>"}, key="acme/shop#7:more:1", thread="1")
    chat.post("DOLGA", {"text": "x"}, key="digest:person:UOLGA:2026-11-24")
    chat.post("C0PAY", {"text": "x"}, key="weekly:channel:C0PAY:2026-11-24:pay")
    assert [(one.who, one.what) for one in chat.heard] == [
        ("channel:C0ALL", "alert"), ("person:UDANA", "mentioned"), ("person:UOLGA", "mentioned"),
        ("person:UOLGA", "digest"), ("channel:C0PAY", "weekly"),
    ]  # fmt: skip


def test_weeks_are_counted_from_the_one_in_which_somebody_became_an_owner() -> None:
    def at(day: int) -> datetime:
        return datetime(2026, 9, day, 12, tzinfo=UTC)

    heard = [Heard(at(7), "olga", "digest"), Heard(at(13), "olga", "digest"), Heard(at(8), "dana", "digest")]
    found = weekly(heard, {"olga": at(2), "pat": at(14)}, at(20))
    assert found.counts == {"olga": (0, 2, 0), "pat": (0,)}
    assert (found.told(), found.loud(), found.busiest()) == ([0, 2, 0], [2], ("olga", (0, 2, 0)))
    assert Weeks({}).busiest() == ("", ())
