"""What a public repository's history says of its merged changes: which there were, who wrote them, who is on Slack."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from benchmarks.processes import git
from bot.model import PullRef
from runbooks.owners import CODEOWNERS_PATHS

REPO = "public/busy"
_LOGIN = re.compile(r"(?:\d+\+)?([A-Za-z0-9-]+(?:\[bot\])?)@users\.noreply\.github\.com")
_HANDLE = re.compile(r"@([A-Za-z0-9][A-Za-z0-9-]*)(?![\w/-])")


@dataclass(frozen=True)
class Change:
    """A merged change: a commit on the first parents of the branch with the one before it, when it was merged, who
    wrote it, and the paths that it touches."""

    number: int
    base: str
    head: str
    at: datetime
    author: str
    title: str
    paths: frozenset[str]

    @property
    def ref(self) -> PullRef:
        """Its pull request."""
        return PullRef(REPO, self.number)


def merged(mirror: Path, tip: str, since: str) -> list[Change]:
    """The changes that a branch took in since a day, oldest first. Where a commit is dated before the one under it, it
    counts as merged with that. Raises ``subprocess.CalledProcessError`` for an unknown revision."""
    form = "--format=%x01%H%x00%P%x00%cI%x00%an%x00%ae%x00%s%x00"
    said = git(
        mirror, "log", "--first-parent", "-m", "--name-only", "--reverse", f"--since-as-filter={since}", form, tip
    )
    found: list[Change] = []
    for number, entry in enumerate(filter(None, said.split("\x01")), start=1):
        head, parents, at, name, email, title, paths = entry.split("\0", 6)
        if parents:
            moment = datetime.fromisoformat(at)
            moment = max(moment, found[-1].at) if found else moment
            touched = frozenset(paths.split("\n")) - {""}
            found.append(Change(number, parents.split()[0], head, moment, login(name, email), title[:200], touched))
    return found


def login(name: str, email: str) -> str:
    """Somebody's login: what GitHub's own address says, else made of the name."""
    known = _LOGIN.fullmatch(email)
    return known[1] if known else re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-") or "nobody"


def people(mirror: Path, tip: str, changes: list[Change]) -> dict[str, str]:
    """A Slack user for each login that is no bot's: authors, and whoever ``CODEOWNERS`` names at either end."""
    names = {change.author for change in changes if not change.author.endswith("[bot]")}
    for revision in (changes[0].base, tip):
        listed = set(git(mirror, "ls-tree", "--name-only", "-r", revision, "--", *CODEOWNERS_PATHS).split("\n"))
        for path in CODEOWNERS_PATHS:
            if path in listed:
                names |= set(_HANDLE.findall(git(mirror, "show", f"{revision}:{path}")))
    return {name.casefold(): "U" + re.sub(r"[^A-Z0-9]", "", name.upper())[:18].ljust(4, "0") for name in sorted(names)}
