"""Git processes of the checkout: what they may do, what they get to know, and how they end.

Every command runs in an environment of our own making: no configuration of the machine or the user, no hooks, filters,
prompts, credential helpers or cookies, and only the transports that were asked for. A token is a header that git reads
from its environment (``GIT_CONFIG_*``); it is in no argument, no file and no error.
"""

from __future__ import annotations

import base64
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from bot.ports import Gone, Refused, Unavailable

MAX_OUTPUT = 128_000_000
"""Bytes of one command's output that are read: a list of about a million files."""
MAX_ERRORS = 20_000
_STEP = 0.05
"""Seconds between two looks at a running command."""

_KEPT = ("PATH", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy", "SSL_CERT_FILE",
         "SSL_CERT_DIR", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "LD_LIBRARY_PATH", "TMPDIR")  # fmt: skip
"""The only variables that git gets from ours: where programs, certificates and the proxy are."""
_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_ATTR_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "true", "SSH_ASKPASS": "true", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LFS_SKIP_SMUDGE": "1", "HOME": os.devnull, "XDG_CONFIG_HOME": os.devnull, "LC_ALL": "C",
}  # fmt: skip
_SETTINGS = {
    "core.hooksPath": os.devnull, "core.fsmonitor": "false", "core.attributesFile": os.devnull, "core.pager": "cat",
    "credential.helper": "", "http.cookieFile": "", "http.followRedirects": "false", "protocol.version": "2",
    "submodule.recurse": "false", "fetch.recurseSubmodules": "false", "gc.auto": "0", "maintenance.auto": "false",
    "transfer.fsckObjects": "true", "fetch.unpackLimit": "1", "protocol.allow": "never", "safe.directory": "*",
    "http.lowSpeedLimit": "1", "http.lowSpeedTime": "30", "transfer.credentialsInUrl": "die", "pack.threads": "1",
    "transfer.bundleURI": "false", "fetch.showForcedUpdates": "false", "fetch.writeCommitGraph": "false",
} | {
    # Slips of software of long ago that real histories carry and that harm nobody who only reads.
    f"fetch.fsck.{name}": "ignore"
    for name in ("zeroPaddedFilemode", "badTimezone", "missingSpaceBeforeDate", "missingSpaceBeforeEmail",
                 "missingEmail", "missingNameBeforeEmail", "badDate", "badDateOverflow", "badFilemode",
                 "nullSha1", "gitmodulesUrl", "gitmodulesName", "gitmodulesParse", "missingTaggerEntry")
}  # fmt: skip
_HEX = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class TooLarge(Refused):
    """A transfer or an output passed its limit and was stopped."""


class Remote(NamedTuple):
    """Where to fetch from, and the token for it (empty for none)."""

    url: str
    token: str

    def __repr__(self) -> str:
        return f"Remote({self.url!r}, token={'***' if self.token else ''!r})"


class Done(NamedTuple):
    """How a command ended."""

    status: int
    output: bytes
    errors: str


def is_commit_id(text: str) -> bool:
    """Whether a text is a full object id, and nothing that git could take for an option or a ref."""
    return bool(_HEX.fullmatch(text))


def allowed_url(url: str, *, loopback: bool) -> str:
    """The transport of an address. Raises ``Refused`` for anything but HTTPS without credentials; ``loopback`` also
    allows plain HTTP to this machine, and files."""
    parts = urlsplit(url)
    if re.search(r"[\s\0-\x1f\x7f]", url) or "@" in parts.netloc or parts.query or parts.fragment:
        raise Refused("the address to fetch from is not a plain one", "bad_url")
    if parts.scheme == "https" and parts.hostname:
        return "https"
    if loopback and parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1", "localhost"}:
        return "http"
    if loopback and parts.scheme == "file":
        return "file"
    raise Refused("repositories are fetched over HTTPS only", "bad_url")


def environment(directory: Path, remote: Remote | None = None, *, loopback: bool = False) -> dict[str, str]:
    """The whole environment of a git command on a git directory; with ``remote`` of one that may fetch from there."""
    settings = dict(_SETTINGS)
    if remote is not None:
        settings[f"protocol.{allowed_url(remote.url, loopback=loopback)}.allow"] = "always"
        settings["remote.origin.url"] = remote.url
        if remote.token:
            secret = base64.b64encode(f"x-access-token:{remote.token}".encode()).decode()
            settings[f"http.{remote.url}.extraHeader"] = f"Authorization: Basic {secret}"
    variables = {name: os.environ[name] for name in _KEPT if name in os.environ} | _ENVIRONMENT
    variables |= {"GIT_DIR": str(directory), "GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings.items()):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


def run(
    directory: Path,
    *arguments: str,
    variables: Mapping[str, str],
    seconds: float,
    stdin: bytes = b"",
    watch: Callable[[], bool] = lambda: True,
    started: Callable[[int], None] = lambda pid: None,
) -> Done:
    """Run git in ``directory`` in a process group of its own, which is killed when ``seconds`` are over, when
    ``watch`` says no, or when the output grows past :data:`MAX_OUTPUT`. Not in a session of its own: where the kernel
    shares the processor out by session ("autogroup", sched(7)), a niceness counts for nothing outside of it.

    Raises ``Unavailable`` after the time limit or where git is missing, ``TooLarge`` for the other two.
    """
    try:
        process = subprocess.Popen(
            ["git", *arguments], cwd=directory, env=dict(variables), process_group=0,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
    except FileNotFoundError:
        raise Unavailable("git is not installed or not on PATH, or the state directory is gone") from None
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, process.pid, 10)  # deliveries and people are answered first
    started(process.pid)
    output, errors = _Drain(process.stdout, MAX_OUTPUT), _Drain(process.stderr, MAX_ERRORS, keep_on=True)
    feed = threading.Thread(target=_feed, args=(process.stdin, stdin), daemon=True)
    for thread in (output, errors, feed):
        thread.start()
    try:
        _watched(process, arguments[0], seconds, output, watch)
    finally:
        if process.returncode is None:
            end(process.pid)
            process.wait()
        for thread in (output, errors, feed):
            thread.join(5)
    if output.overflowed:
        raise TooLarge(f"git {arguments[0]} was stopped: more data than is allowed", "too_large")
    return Done(process.returncode, output.data, errors.data.decode("utf-8", "replace"))


def _watched(
    process: subprocess.Popen[bytes], name: str, seconds: float, output: _Drain, watch: Callable[[], bool]
) -> None:
    """Wait for a command to end within its limits."""
    deadline = time.monotonic() + seconds
    try:
        while process.poll() is None:
            if time.monotonic() > deadline:
                raise Unavailable(f"git {name} took longer than {seconds:.0f} s")
            if output.overflowed or not watch():
                raise TooLarge(f"git {name} was stopped: more data than is allowed", "too_large")
            output.join(_STEP)
            if not output.is_alive():
                process.wait(max(0.01, min(1.0, deadline - time.monotonic())))
    except subprocess.TimeoutExpired:
        raise Unavailable(f"git {name} did not end") from None


def end(group: int) -> None:
    """Kill a process group of ours, if there is any left of it."""
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def end_left_over(pid: int, directory: Path) -> None:
    """Kill the fetch that a killed process of ours left behind: only if it works in ``directory``, because the number
    may be somebody else's by now."""
    try:
        if pid > 1 and Path(os.readlink(f"/proc/{pid}/cwd")) == directory.resolve():
            end(pid)
    except OSError:
        return


def failure(errors: str, repo: str) -> Unavailable | Refused:
    """Git's words on a failed fetch as one of ours. None of git's own text is passed on: it quotes addresses and what
    the server said."""
    status = re.search(r"returned error: (\d{3})", errors)
    code = int(status[1]) if status else 0
    if code in {301, 302, 307, 308} or "unable to update url base from redirection" in errors:
        return Gone(f"{repo} has moved: fetching was redirected", "moved")
    if code in {404, 410, 451} or re.search(r"[Rr]epository .*not found|does not appear to be a git repo", errors):
        return Gone(f"{repo} is not there, or the credentials do not reach it", "not_found")
    if code in {401, 403} or "Authentication failed" in errors or "could not read Username" in errors:
        return Refused(f"fetching {repo} was refused: the App needs the permission contents: read", "contents")
    if "unadvertised object" in errors:
        return Gone(f"{repo} gives out branches only, not commits", "names_only")
    if re.search(r"not our ref|couldn't find remote ref", errors):
        return Gone(f"a commit of {repo} is not there any more", "no_commit")
    if re.search(r"No space left|Disk quota", errors):
        return Unavailable("the disk of the state directory is full", 60)
    if "fsck error" in errors or "error in object" in errors or "error in tree" in errors:
        return Refused(f"{repo} holds objects that git's own check refuses", "fsck")
    return Unavailable(f"fetching {repo} failed" + (f" with status {code}" if code else ""), 5)


class _Drain(threading.Thread):
    """Reads a pipe up to a limit; ``keep_on`` throws the rest away so that the writer never waits."""

    def __init__(self, pipe: object, limit: int, *, keep_on: bool = False) -> None:
        super().__init__(daemon=True)
        self._pipe, self._limit, self._keep_on = pipe, limit, keep_on
        self._parts: list[bytes] = []
        self._size = 0
        self.overflowed = False

    @property
    def data(self) -> bytes:
        return b"".join(self._parts)

    def run(self) -> None:
        with self._pipe as pipe:  # type: ignore[attr-defined]
            while part := pipe.read1(65_536):
                room = self._limit - self._size
                self._parts.append(part[:room])
                self._size += min(len(part), room)
                if len(part) > room and not self._keep_on:
                    self.overflowed = True
                    return


def _feed(pipe: object, data: bytes) -> None:
    try:
        with pipe:  # type: ignore[attr-defined]
            pipe.write(data)  # type: ignore[attr-defined]
    except BrokenPipeError:
        return
