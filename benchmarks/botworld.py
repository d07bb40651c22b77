"""The repositories that the bot's benchmarks review, made on the spot with ``git fast-import``.

A *small* one: a service, its runbook, some files around them, and pull requests with many versions each, every version
with another lifetime of sessions than the one before. A *large* one: the same with about a gigabyte of history that
does not compress.
"""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from benchmarks.processes import git_variables

CONFIG = """\
fail_on = "contradicted"

[runbooks]
include = ["docs/runbooks/**"]

[services.shop]
paths = ["shop/**"]
runbooks = ["docs/runbooks/**"]
owners = ["@ann"]
"""
RUNBOOK = """\
# Shop

## Sessions

`SESSION_TTL_SECONDS` is 60 minutes.
"""
SETTINGS = "shop/settings.py"
SOUND = 3600
"""The lifetime that the runbook tells."""


@dataclass(frozen=True)
class Small:
    """``versions[pull]`` are the heads of one pull request, oldest first; ``seconds`` are what each of them says."""

    repository: Path
    versions: tuple[tuple[str, ...], ...]

    @staticmethod
    def seconds(pull: int, version: int, last: int) -> int:
        """The lifetime in a version: every fifth says what the runbook says, the last never does."""
        if version % 5 == 4 and version != last:
            return SOUND
        return 60 * (61 + (pull * 7 + version) % 500)

    def said(self, pull: int, version: int) -> int:
        """The lifetime in a version of a pull request."""
        return self.seconds(pull, version, len(self.versions[pull]) - 1)


def settings(seconds: int) -> str:
    """The file that pull requests change."""
    return f"SESSION_TTL_SECONDS = {seconds}\nLISTEN_PORT = 8080\n"


def small(repository: Path, pulls: int, versions: int, files: int = 40) -> Small:
    """A bare repository with so many pull requests of so many versions."""
    _begin(repository)
    marks = repository / "marks"

    def stream() -> Iterator[bytes]:
        yield from _main_commit(files)
        mark = 1
        for pull in range(pulls):
            parent = 1
            for version in range(versions):
                mark += 1
                content = {SETTINGS: settings(Small.seconds(pull, version, versions - 1)).encode()}
                yield from _commit(f"refs/pull/{pull + 1}/head", mark, parent, f"Version {version}", content)
                parent = mark

    _import(repository, stream(), marks)
    shas = dict(line.split() for line in marks.read_text().splitlines())
    heads = iter([shas[f":{number}"] for number in range(2, 2 + pulls * versions)])
    return Small(repository, tuple(tuple(next(heads) for _ in range(versions)) for _ in range(pulls)))


def large(repository: Path, megabytes: int, files: int = 2_000) -> tuple[Small, int]:
    """A bare repository with one pull request and so much history that does not compress; its bytes on disk."""
    _begin(repository)
    marks = repository / "marks"
    one = 4_000_000
    noise = random.Random(4)

    def stream() -> Iterator[bytes]:
        count = max(1, megabytes * 1_000_000 // one)
        yield from _commit("refs/heads/main", 1, 0, "Begin", {"assets/model.bin": noise.randbytes(one)})
        for number in range(2, count + 1):
            content = {"assets/model.bin": noise.randbytes(one)}
            yield from _commit("refs/heads/main", number, number - 1, f"Model {number}", content)
        yield from _main_commit(files, mark=count + 1, parent=count)
        content = {SETTINGS: settings(600).encode()}
        yield from _commit("refs/pull/1/head", count + 2, count + 1, "Shorter", content)

    _import(repository, stream(), marks)
    last = marks.read_text().splitlines()
    head = max(last, key=lambda line: int(line.split()[0][1:])).split()[1]
    size = sum(entry.stat().st_size for entry in repository.glob("objects/**/*") if entry.is_file())
    return Small(repository, ((head,),)), size


def _begin(repository: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | git_variables()
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(repository)], env=environment, check=True)
    for name in ("allowFilter", "allowAnySHA1InWant", "allowReachableSHA1InWant"):
        subprocess.run(
            ["git", "--git-dir", str(repository), "config", f"uploadpack.{name}", "true"], env=environment, check=True
        )


def _main_commit(files: int, mark: int = 1, parent: int = 0) -> Iterator[bytes]:
    content = {
        ".runbook-drift.toml": CONFIG.encode(), "docs/runbooks/shop.md": RUNBOOK.encode(),
        SETTINGS: settings(SOUND).encode(),
    }  # fmt: skip
    for number in range(files):
        words = "\n".join(f"def step_{number}_{line}(order):\n    return order + {line}\n" for line in range(40))
        content[f"shop/part_{number % 20}/module_{number}.py"] = words.encode()
    yield from _commit("refs/heads/main", mark, parent, "The shop", content)


def _commit(ref: str, mark: int, parent: int, message: str, content: dict[str, bytes]) -> Iterator[bytes]:
    yield f"commit {ref}\nmark :{mark}\ncommitter Bob <bob@example.com> {1_700_000_000 + mark} +0000\n".encode()
    yield f"data {len(message)}\n{message}\n".encode()
    if parent:
        yield f"from :{parent}\n".encode()
    for path, data in content.items():
        yield f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n"
    yield b"\n"


def _import(repository: Path, stream: Iterator[bytes], marks: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | git_variables()
    process = subprocess.Popen(
        ["git", "--git-dir", str(repository), "-c", "core.compression=1", "fast-import", "--quiet", "--force",
         "--depth=0", f"--export-marks={marks}"],
        env=environment, stdin=subprocess.PIPE,
    )  # fmt: skip
    into: BinaryIO | None = process.stdin  # type: ignore[assignment]
    assert into is not None
    for part in stream:
        into.write(part)
    into.close()
    if process.wait():
        raise RuntimeError("git fast-import failed")
