"""Build the demo: a git repository of a small payments service with its runbooks, and a branch that changes it.

``python demo/build.py DIR`` makes DIR anew. ``main`` is the tree under ``demo/shop/main``; the branch
``shorter-sessions`` is checked out and has what differs under ``demo/shop/branch``. Dates and names are fixed, so the
commits are the same on every machine.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

SHOP = Path(__file__).resolve().parent / "shop"
MARKER = "runbook-drift demo\n"


def main(target: Path) -> int:
    """Make the repository; refuses to replace a directory that is not a demo."""
    if target.exists():
        description = target / ".git" / "description"
        if not description.exists() or description.read_text() != MARKER:
            print(f"{target} exists and is not a demo of ours: remove it, or name another directory")
            return 2
        shutil.rmtree(target)
    target.mkdir(parents=True)
    _git(target, "init", "--quiet", "--initial-branch=main")
    (target / ".git" / "description").write_text(MARKER)
    shutil.copytree(SHOP / "main", target, dirs_exist_ok=True)
    _commit(target, "Payments service with its runbooks", "2026-03-02T09:00:00Z")
    _git(target, "switch", "--quiet", "--create", "shorter-sessions")
    shutil.copytree(SHOP / "branch", target, dirs_exist_ok=True)
    _commit(target, "Shorten sessions, let support refund, calm the gateway alert", "2026-03-09T16:30:00Z")
    print(f"{target}: a small service with its runbooks, on the branch shorter-sessions:")
    print(_git(target, "diff", "--stat", "main...shorter-sessions"), end="")
    return 0


def _commit(target: Path, message: str, when: str) -> None:
    _git(target, "add", "--all")
    _git(target, "commit", "--quiet", "--message", message, GIT_AUTHOR_DATE=when, GIT_COMMITTER_DATE=when)


def _git(target: Path, *arguments: str, **extra: str) -> str:
    """Run git without anything of the user's configuration, so that hooks and signing stay out of the demo."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", **extra}
    for role in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{role}_NAME": "Demo", f"GIT_{role}_EMAIL": "demo@example.com"}
    done = subprocess.run(
        ["git", "-C", str(target), *arguments], env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(".demo/shop")))
