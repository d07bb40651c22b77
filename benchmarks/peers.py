"""Comparable tools, installed from the package index into environments of their own, on the same commit.

No tool does the same as ``check``; these two come nearest, each from one side. Semgrep reads a diff with syntax trees
(``--baseline-commit``), here with four local rules of this module. Staledocs finds documents that lag behind code: each
runbook is paired with the files that ``staledocs init --suggest`` names for it, and acknowledged at base as a user
would, outside the measured time. Both need a work tree, so the commit and its parent are rebuilt in a repository of two
commits that borrows the mirror's objects. A tool that cannot be installed or prepared is reported, never fatal.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.processes import Command, git, git_variables, new_repository, tell
from runbooks.config import Config
from runbooks.discovery import discover

PEERS = ("semgrep", "staledocs")
"""Package names; each installs a program of its own name."""

RULES = """\
rules:
  - id: timeout-in-a-call
    languages: [python]
    severity: WARNING
    message: How long something waits is written here.
    pattern: $CALL(..., timeout=$SECONDS, ...)
  - id: guard-on-a-function
    languages: [python]
    severity: WARNING
    message: This function is guarded.
    patterns:
      - pattern: |
          @$GUARD(...)
          def $NAME(...): ...
      - metavariable-regex:
          metavariable: $GUARD
          regex: (require|requires|permission)_.*
  - id: timeout-in-a-struct
    languages: [go]
    severity: WARNING
    message: How long something waits is written here.
    pattern: "$TYPE{..., Timeout: $VALUE, ...}"
  - id: timeout-in-yaml
    languages: [yaml]
    severity: WARNING
    message: How long something waits is written here.
    pattern: "timeout: $VALUE"
"""

INSTALL_SECONDS = 600.0
SETUP_SECONDS = 600.0
"""For one step of a preparation; staledocs takes most of a minute to suggest pairs in a repository of 1,900 files."""

Call = Callable[[Sequence[str], Path, Mapping[str, str], float], "subprocess.CompletedProcess[str]"]
"""Runs a command line in a folder with more variables and a limit in seconds; raises as ``subprocess.run`` does."""


class PeerError(Exception):
    """A peer could not be installed or prepared; the text goes into the table."""


@dataclass(frozen=True)
class Peer:
    """One tool: its program and version, or why there is none."""

    name: str
    program: Path | None = None
    version: str = ""
    problem: str = ""

    @property
    def title(self) -> str:
        """Name and version, as tables show them."""
        return f"{self.name} {self.version}".strip()


def call(
    argv: Sequence[str], folder: Path, variables: Mapping[str, str], limit: float
) -> subprocess.CompletedProcess[str]:
    """Run a step of the preparation to its end, output kept. Raises ``CalledProcessError`` and ``TimeoutExpired``."""
    return subprocess.run(
        list(argv), cwd=folder, env=os.environ | dict(variables), timeout=limit, check=True, capture_output=True,
        text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def install(name: str, folder: Path, call: Call = call) -> Peer:
    """A peer in a new environment under ``folder`` (its own: semgrep pins many packages). Never raises for a failure
    of the installation: the result says it."""
    place = folder / name
    program = place / "bin" / name
    try:
        call([sys.executable, "-m", "venv", str(place)], folder, {}, INSTALL_SECONDS)
        call([str(place / "bin" / "pip"), "install", "--quiet", name], folder, {}, INSTALL_SECONDS)
        said = call([str(program), "--version"], folder, variables(folder), SETUP_SECONDS).stdout.split()
    except (OSError, subprocess.SubprocessError) as error:
        return Peer(name, problem=f"not installed: {_reason(error)}")
    return Peer(name, program, said[-1] if said else "")


def _reason(error: Exception) -> str:
    """A short reason without anybody's paths or hosts; the rest goes to stderr."""
    tell(f"{error}: {getattr(error, 'stderr', '') or ''}")
    if isinstance(error, subprocess.CalledProcessError):
        return f"{Path(error.cmd[0]).name} ended with {error.returncode}"
    if isinstance(error, subprocess.TimeoutExpired):
        return f"{Path(error.cmd[0]).name} took longer than {error.timeout:g} s"
    return type(error).__name__


def variables(home: Path) -> dict[str, str]:
    """Variables of a peer's process: a home of its own, nothing sent, nothing asked."""
    return git_variables() | {
        "HOME": str(home), "SEMGREP_SEND_METRICS": "off", "SEMGREP_ENABLE_VERSION_CHECK": "0",
    }  # fmt: skip


def rebuild(mirror: Path, base: str, head: str, folder: Path, at_base: Callable[[Path], None]) -> tuple[str, str]:
    """A commit and its parent as the two commits of a new repository in ``folder``, head checked out: (base, head).

    Objects are borrowed from the mirror. Files whose content the mirror lacks (and submodules) are left out on both
    sides, for a work tree must be clean. ``at_base`` may add files to the base commit, whose folder it gets; they stay
    at head. Raises ``subprocess.CalledProcessError`` when git fails.
    """
    missing = _missing(mirror, base) | _missing(mirror, head)
    new_repository(folder)
    objects = git(mirror, "rev-parse", "--git-path", "objects")
    (folder / ".git/objects/info/alternates").write_text(f"{(mirror / objects).resolve()}\n", encoding="utf-8")
    _commit(folder, base, missing, "base")
    before = set(git(folder, "ls-files", "-z").split("\0"))
    at_base(folder)
    git(folder, "add", "-A", "-f")
    added = [path for path in git(folder, "ls-files", "-z").split("\0") if path and path not in before]
    if added:
        git(folder, "commit", "-q", "-m", "what the peers keep in a repository")
    first = git(folder, "rev-parse", "HEAD")
    kept = git(folder, "ls-files", "-s", "-z", "--", *added) if added else ""
    _commit(folder, head, missing, "head", kept)
    return first, git(folder, "rev-parse", "HEAD")


def _commit(folder: Path, revision: str, missing: set[str], message: str, kept: str = "") -> None:
    """The tree of a revision, less some paths and with others (``ls-files -s -z``), as the next commit, checked out."""
    git(folder, "read-tree", "--reset", revision)
    if missing:
        git(folder, "update-index", "-z", "--force-remove", "--stdin", data="".join(f"{path}\0" for path in missing))
    if kept:
        git(folder, "update-index", "-z", "--index-info", data=kept)
    git(folder, "commit", "-q", "--allow-empty", "--no-verify", "-m", message)
    git(folder, "reset", "-q", "--hard")
    git(folder, "clean", "-ffdqx")  # what the last commit had and this one lacks: the index forgot it above


def _missing(mirror: Path, revision: str) -> set[str]:
    """Paths of a revision whose objects the mirror lacks."""
    rows = [row.split("\t", 1) for row in git(mirror, "ls-tree", "-r", "-z", revision).split("\0") if row]
    names = [row[0].split()[2] for row in rows]
    known = git(mirror, "cat-file", "--batch-check", data="".join(f"{name}\n" for name in names)).splitlines()
    return {path for (_, path), line in zip(rows, known, strict=True) if line.endswith("missing")}


def commands(
    mirror: Path, base: str, head: str, folder: Path, peers: Sequence[Peer], call: Call = call
) -> dict[str, Command | str]:
    """The measured command of each peer on one commit, by its title, or why there is none. Work in ``folder``."""
    found: dict[str, Command | str] = {peer.title: peer.problem for peer in peers}
    able = {peer.name: peer for peer in peers if peer.program is not None}
    tree, home = folder / "tree", folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    environment = variables(home)
    problems: dict[str, str] = {}

    def at_base(place: Path) -> None:
        if "staledocs" in able:
            try:
                acknowledge(able["staledocs"], place, environment, call)
            except (OSError, ValueError, PeerError, subprocess.SubprocessError) as error:
                reason = str(error) if isinstance(error, PeerError) else _reason(error)
                problems["staledocs"] = f"not prepared: {reason}"

    if not able:
        return found
    try:
        first, _ = rebuild(mirror, base, head, tree, at_base)
    except (OSError, subprocess.SubprocessError) as error:
        return found | {peer.title: f"no work tree: {_reason(error)}" for peer in able.values()}
    rules = folder / "rules.yaml"
    rules.write_text(RULES, encoding="utf-8")
    arguments = {
        "semgrep": ["scan", "--baseline-commit", first, "--config", str(rules), "--metrics=off",
                    "--disable-version-check", "--quiet", "."],
        "staledocs": ["check", "--json"],
    }  # fmt: skip
    for name, peer in able.items():
        found[peer.title] = problems.get(name) or Command([str(peer.program), *arguments[name]], tree, environment)
    return found


def acknowledge(peer: Peer, place: Path, environment: Mapping[str, str], call: Call = call) -> None:
    """Set staledocs up in a work tree as its quick start says: documents (ours: the runbooks that ``check`` would
    find), the pairs it suggests, and every pair acknowledged. Raises ``PeerError`` when it suggests no pair."""

    def ask(*arguments: str) -> str:
        return call([str(peer.program), *arguments], place, environment, SETUP_SECONDS).stdout

    paths = [path for path in git(place, "ls-files", "-z").split("\0") if path]
    settings: dict[str, object] = {
        "version": 1,
        "gate": "warn",
        "source": {"include": ["**"], "exclude": ["vendor/**", "**/*.md", ".staledocs*/**", ".staledocs.yaml"]},
        "docs": {"include": list(discover(paths, Config())) or ["**/*.md"]},
    }
    config = place / ".staledocs.yaml"
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    suggested = yaml.safe_load(ask("init", "--suggest")) or {}
    if not isinstance(suggested, dict) or not suggested.get("pairs"):
        raise PeerError("it suggests no pair of document and code")
    complete = yaml.safe_dump(settings | suggested)
    config.write_text(complete, encoding="utf-8")
    rules = {rule["doc"]: rule for rule in suggested["pairs"]}
    for pair in json.loads(ask("explain", "--json"))["pairs"]:
        # Every call resolves all pairs of the configuration, some seconds: while one is acknowledged it is alone there.
        config.write_text(yaml.safe_dump(settings | {"pairs": [rules[pair["doc"]]]}), encoding="utf-8")
        named = next((claim["token"] for claim in pair.get("claims", ())), pair["doc"])
        ask("ack", pair["doc"], "--confirm", pair["token"], "-m", f"compared {named}")
    config.write_text(complete, encoding="utf-8")
