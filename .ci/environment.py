"""Make or reuse ``.venv`` with this project installed in it: ``python3 .ci/environment.py [EXTRA…]``.

Needs nothing but Python 3.11 or newer. What is installed is keyed by ``pyproject.toml``: as long as that file and the
interpreter stay the same, nothing is done and no network is touched.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed"


def main(extras: list[str]) -> int:
    """Leave a working environment behind, or say what is missing."""
    if sys.version_info < (3, 11):  # noqa: UP036 (runs before anything checked the version)
        print(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}: make PYTHON=python3.12 …")
        return 2
    if _works() and _installed(extras):
        return 0
    if not _works():
        print("Making .venv …", flush=True)
        venv.create(VENV, clear=True, with_pip=False, symlinks=True)
    target = f"{ROOT}[{','.join(extras)}]" if extras else str(ROOT)
    print(f"Installing {'the project' if not extras else 'the project with ' + ', '.join(extras)} …", flush=True)
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    done = subprocess.run([*_pip(), "install", *quiet, "--editable", target], check=False)
    if done.returncode:
        print("The installation failed; pip's message stands above.")
        return 2
    STAMP.write_text("\n".join([_key(), *sorted(_present() | set(extras))]))
    return 0


def _key() -> str:
    return hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()


def _installed(extras: list[str]) -> bool:
    """Whether the last installation was of this ``pyproject.toml`` and had at least these extras."""
    return STAMP.exists() and STAMP.read_text().split("\n")[0] == _key() and set(extras) <= _present()


def _present() -> set[str]:
    """The extras that were installed for this ``pyproject.toml``, with what they bring along."""
    key, *found = STAMP.read_text().split("\n") if STAMP.exists() else [""]
    present = set(found) if key == _key() else set()
    return present | ({"bot"} if "dev" in present else set())


def _works() -> bool:
    """Whether the environment's interpreter runs and is new enough; one that was upgraded away is made anew."""
    check = "import sys; sys.exit(sys.version_info < (3, 11))"
    return PYTHON.exists() and subprocess.run([PYTHON, "-c", check], check=False).returncode == 0


def _pip() -> list[str]:
    """A command that runs pip for the environment: the one bundled with Python, or else the system's."""
    own = [str(PYTHON), "-m", "pip"]
    if subprocess.run([*own, "--version"], check=False, capture_output=True).returncode:
        subprocess.run([PYTHON, "-m", "ensurepip", "--default-pip"], check=False, capture_output=True)
    systems = [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    for pip in (own, systems):
        if subprocess.run([*pip, "--version"], check=False, capture_output=True).returncode == 0:
            return pip
    raise SystemExit("This Python has no pip to install with; on Debian and Ubuntu: apt install python3-venv")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
