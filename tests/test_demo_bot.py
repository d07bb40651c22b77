"""``make demo-bot`` tells its story to the end, with nothing but what the bot needs, and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLAIN = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "TMPDIR": "/tmp"}


def test_the_story_ends_well(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "demo" / "bot" / "story.py", tmp_path / "out"], capture_output=True, text=True,
        check=False, timeout=90, cwd=tmp_path, env=PLAIN,
    )  # fmt: skip
    told = done.stdout
    assert done.returncode == 0, told + done.stderr
    assert done.stderr == ""
    parts = (
        "2 runbook lines are now wrong", "Check run runbook-drift", ": failure: ", "not linked to a GitHub login",
        "whoever wrote a change does not decide", "payments — 2 runbooks", "runbooks agree with", ": success: ",
        "unbroken",
    )  # fmt: skip
    places = [told.find(part) for part in parts]
    assert -1 not in places, dict(zip(parts, places, strict=True))
    assert places == sorted(places)
    page = (tmp_path / "out" / "preview.html").read_text(encoding="utf-8")
    assert page.count("<figure>") == 6
    assert "<script" not in page
    assert list(tmp_path.iterdir()) == [tmp_path / "out"]


def test_the_walk_leads_to_a_digest(tmp_path: Path) -> None:
    folder, told = tmp_path / "walk", tmp_path / "told"
    with told.open("wb") as screen:
        walk = subprocess.Popen(
            [sys.executable, ROOT / "demo" / "bot" / "walk.py", folder], stdin=subprocess.PIPE, stdout=screen,
            stderr=screen, cwd=tmp_path, env=PLAIN,
        )  # fmt: skip

    def type_(line: str, *answers: str) -> None:
        assert walk.stdin is not None
        known = len(told.read_text())
        os.write(walk.stdin.fileno(), f"{line}\n".encode())
        until(lambda: all(answer in told.read_text()[known:] for answer in answers), told)

    bot = [sys.executable, "-m", "bot.cli"]
    try:
        until(lambda: "Here, type one of" in told.read_text(), told)
        doctor = subprocess.run([*bot, "doctor"], cwd=folder, env=PLAIN, capture_output=True, text=True, check=False)
        assert doctor.stdout.endswith("all is there\n"), doctor.stdout
        type_("open", "The bot does not answer.")
        with (tmp_path / "log").open("wb") as log:
            server = subprocess.Popen([*bot, "serve"], cwd=folder, env=PLAIN, stdout=log, stderr=log)
        try:
            until(lambda: '"started"' in (tmp_path / "log").read_text(), tmp_path / "log")
            type_("open", "the bot answers 202", "2 runbook lines are now wrong, 3 to check")
            type_("merge", "merged; 2 runbook", "3 to check")
            type_("/runbook digest now", "on its way", "direct message to pat", "2 sections wait for you")
            type_("press Still accurate: the proxy gives up after 30", "Recorded as still accurate: 1.")
            type_("schedule", "$ runbook-drift-bot schedule --next 7d", "digest: ")
            type_("mend", "runbooks")
            type_("dana: /runbook mine", "only dana sees", "Nothing waits for you")
            type_("quit")
            assert walk.wait(10) == 0
        finally:
            server.terminate()
            server.wait(30)
    finally:
        walk.kill()
        walk.communicate()
    assert "Traceback" not in told.read_text() + (tmp_path / "log").read_text()


def test_the_walk_replaces_nothing_of_others(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    asked = [sys.executable, ROOT / "demo" / "bot" / "walk.py", tmp_path]
    done = subprocess.run(asked, env=PLAIN, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, "name another directory" in done.stdout) == (2, True)
    assert (tmp_path / "mine").exists()


def until(found: Callable[[], bool], said: Path) -> None:
    """Wait for something that is to be said."""
    deadline = time.monotonic() + 60
    while not found():
        if time.monotonic() > deadline:
            pytest.fail(said.read_text()[-3000:])
        time.sleep(0.05)
