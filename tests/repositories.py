"""Real git repositories for tests: made in a temporary directory, with fixed names and dates."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


class TempRepo:
    """A repository on the branch ``main``. Methods read like sentences."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        """Run git in the repository, free of the machine's configuration; its output without the last newline."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        for role in ("AUTHOR", "COMMITTER"):
            environment |= {f"GIT_{role}_NAME": "Test", f"GIT_{role}_EMAIL": "test@example.com"}
            environment |= {f"GIT_{role}_DATE": "2026-03-02T09:00:00Z"}
        command = ["git", "-C", str(self.root), "-c", "protocol.file.allow=always", *arguments]
        done = subprocess.run(command, env=environment, check=True, capture_output=True)
        return done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")

    def write(self, files: dict[str, str | bytes | None]) -> None:
        """Write files into the work tree; None removes one."""
        for name, content in files.items():
            path = self.root / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self, files: dict[str, str | bytes | None], message: str = "change") -> str:
        """Write files and commit everything; the commit's id."""
        self.write(files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def branch(self, name: str) -> None:
        """Start a branch here."""
        self.git("switch", "--quiet", "--create", name)

    def switch(self, name: str) -> None:
        """Go to a branch."""
        self.git("switch", "--quiet", name)
