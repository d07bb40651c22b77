"""Where output and errors end: bytes to standard output, messages to standard error, and the exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from analyzers.model import DriftError
from runbooks import __version__

CLEAN, DRIFT, FAILED, INTERRUPTED = 0, 1, 2, 130
"""Exit codes; 130 is the shells' convention for an interrupt."""

UNWRITTEN = "could not write the report"

DEBUG = "RUNBOOK_DRIFT_DEBUG"
"""Environment variable that shows the traceback of an unexpected error."""


def write(text: str, *, exact: bool = False) -> int:
    """Write to standard output without newline translation; returns :data:`CLEAN`.

    A character that the locale cannot hold is escaped. ``exact`` text (a patch) goes out as the bytes it came from,
    unless a terminal would read it. A reader that went away (``| head``) is no error and changes no exit code. Raises
    DriftError where the text cannot be written.
    """
    if sys.stdout is None:
        raise DriftError(f"{UNWRITTEN}: standard output is closed")
    if exact and not sys.stdout.isatty():
        data = text.encode("utf-8", "surrogateescape")
    else:
        if exact:
            from runbooks.formats import printable

            text = "".join(f"{printable(line)}\n" for line in text.splitlines())
        data = text.encode(sys.stdout.encoding or "utf-8", "backslashreplace")
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        _forget_output()
    except OSError as problem:
        _forget_output()
        raise DriftError(f"{UNWRITTEN}: {problem.strerror or problem}") from None
    return CLEAN


def _forget_output() -> None:
    """Give standard output's buffer an end that takes it: Python would complain again when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(text: str) -> None:
    """Write lines to standard error, made safe to show; where nobody can read them, the exit code has to do."""
    from runbooks.formats import printable

    if sys.stderr is not None:
        with suppress(OSError):
            sys.stderr.write("".join(f"{printable(line)}\n" for line in text.split("\n")))
            sys.stderr.flush()


def leave(code: int) -> NoReturn:
    """End the process now. An interpreter that takes itself apart takes 20 ms for it; git's helpers end with their
    pipes, and what was written is flushed here."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            if stream is not None:
                stream.flush()
    os._exit(code)


def ended(work: Callable[[], int]) -> int:
    """The exit code of the work. The one place where errors end: as a message, not as a traceback nobody asked for."""
    try:
        return work()
    except DriftError as problem:
        complain(f"error: {problem}")
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as problem:
        _unexpected(problem)
    return FAILED


def tool_version() -> str:
    """The version, which the package's metadata are made from: reading it back from those takes 40 ms."""
    return __version__


def _unexpected(problem: Exception) -> None:
    """One line to paste into a bug report, and how to get more."""
    import platform
    import traceback

    if os.environ.get(DEBUG):
        complain("".join(traceback.format_exception(problem)).rstrip())
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    places = [(os.path.relpath(f.filename, root), f) for f in traceback.extract_tb(problem.__traceback__)]
    ours = [(path, f) for path, f in places if path.split(os.sep)[0] in {"analyzers", "runbooks"}]
    at = f" at {ours[-1][0]}:{ours[-1][1].lineno} in {ours[-1][1].name}" if ours else ""
    what = " ".join(f"{type(problem).__name__}: {problem}".split())[:300]
    about = f"runbook-drift {tool_version()}, Python {platform.python_version()}, {platform.system()}"
    complain(f"error: unexpected {what}{at} ({about})")
    complain(f"This is a defect of runbook-drift: please report the line above. {DEBUG}=1 shows the traceback.")
