"""``make demo-bot`` tells its story to the end, with nothing but what the bot needs, and leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_story_ends_well(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "demo" / "bot" / "story.py", tmp_path / "out"], capture_output=True, text=True,
        check=False, timeout=90, cwd=tmp_path, env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "TMPDIR": "/tmp"},
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
