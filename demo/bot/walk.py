"""Try the bot without accounts: ``python demo/bot/walk.py DIR`` stands in for GitHub and Slack, and you are the people.

It makes a shop's repository and a ``.env`` for the bot in DIR, shows in this window what people would see in Slack, and
does what you type: open the pull request, merge it, ``/runbook digest now``. The bot itself runs in another window, in
DIR: ``runbook-drift-bot serve``. Everything is on the loopback address and ends with this window, at the latest after
two hours. docs/slack.md has the walk step by step.
"""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from demo.bot.outside import Outside, Unanswered, buttons, reason  # noqa: E402 - found in the checkout
from demo.bot.shop import CHANNEL, NAMES, PAT, free_port, github, mended, named, settings, shown, slack  # noqa: E402
from demo.bot.standins import BRANCH, NUMBER, TITLE  # noqa: E402

SECONDS = 2 * 60 * 60
MARKER = ".walk"
HELP = f"""\
  open                     dana opens pull request #{NUMBER}: {TITLE}
  push                     dana corrects the runbooks in the pull request
  merge                    dana merges it
  mend                     dana corrects the runbooks on main
  /runbook digest now      pat asks the bot something; also mine, status payments, quiet 2 days, help …
  dana: /runbook mine      the same as dana, or sam
  press Still accurate: the proxy keeps them
                           pat presses a button of the newest message that has it, with a reason
  schedule                 runbook-drift-bot schedule --next 7d
  help, quit"""


class Walk:
    """The stand-ins, and what is typed."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._screen = folder, threading.RLock()
        self.github = github(folder / "payments")
        self.slack = slack(self._heard)
        self._port = free_port()
        self._outside = Outside(self._port)
        said = settings(self.github, self.slack, folder.resolve() / "state", self._port)
        lines = (f"{name}={_quoted(value)}\n" for name, value in said.items())
        (folder / ".env").write_text("".join(lines), encoding="utf-8")
        (folder / ".env").chmod(0o600)

    def stop(self) -> None:
        """Close the ports."""
        self.github.stop()
        self.slack.stop()

    def do(self, line: str) -> None:
        """What one line asks for."""
        who, _, asked = line.rpartition(": /runbook") if ": /runbook" in line else ("", "", line)
        text = f"/runbook{asked}" if who else line
        user = next((known for known, name in NAMES.items() if name == who.strip()), PAT)
        word, _, rest = text.partition(" ")
        if word == "/runbook":
            self._command(user, rest)
        elif word == "press":
            self._press(*rest.partition(": ")[::2])
        elif word == "schedule":
            self._schedule()
        elif word in {"open", "push", "merge", "mend"}:
            self._change(word)
        else:
            self.say(HELP)

    def say(self, text: str) -> None:
        """Words of ours."""
        with self._screen:
            print(text, flush=True)

    # -- as GitHub --

    def _change(self, word: str) -> None:
        merged = bool(self.github.pulls[NUMBER].merged)
        if word in {"push", "merge"} and merged:
            self.say("It is merged already: `mend` corrects the runbooks on main.")
            return
        if word == "mend" and not merged:
            self.say("It is not merged yet: `push` corrects the runbooks in the pull request.")
            return
        if word in {"push", "mend"} and self._is_mended(BRANCH if word == "push" else "main"):
            self.say("They are corrected already.")
            return
        if word in {"push", "mend"}:
            mended(self.github, BRANCH if word == "push" else "main")
        if word == "merge":
            self.github.merge()
        if word != "mend":
            action = {"open": "opened", "push": "synchronize", "merge": "closed"}[word]
            self._delivered(f"pull_request ({action})", self._outside.deliver_pull(action, self.github.pull()))
        if word in {"merge", "mend"}:
            self._delivered("push (main)", self._outside.deliver_push(self.github))

    def _is_mended(self, branch: str) -> bool:
        return "`SESSION_TTL` is 5 minutes" in self.github.text("docs/runbooks/sessions.md", branch)

    def _delivered(self, what: str, status: int) -> None:
        self.say(f"GitHub delivers {what}; the bot answers {status}.")

    # -- as people in Slack --

    def _command(self, user: str, text: str) -> None:
        views = len(self.slack.views)
        answer = self._outside.command(user, text, CHANNEL)
        if answer:
            self._show(f"Slack, an answer that only {NAMES[user]} sees", answer)
        for view in self.slack.views[views:]:
            self._show(f"Slack, a modal that only {NAMES[user]} sees", view)

    def _press(self, label: str, why: str) -> None:
        known = [
            (message, action, value)
            for message in reversed(self.slack.messages)
            for name, action, value in buttons(message)
            if name.casefold() == label.strip().casefold()
        ]
        if not known:
            self.say(f"No message has a button “{label}”.")
            return
        views, whispers = len(self.slack.views), len(self.slack.whispers)
        message, action, value = known[0]
        self._outside.press(PAT, message["channel"], action, value)
        for view in self.slack.views[views:]:
            self._show("Slack, a modal that only pat sees", view)
            if view.get("submit") and why:
                self._outside.submit(PAT, view, {**reason(why), **_initial(view)})
            elif view.get("submit"):
                self.say(f"To send it off, say why: press {label}: REASON")
        for word in self.slack.whispers[whispers:]:
            told = {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": word["text"]}}]}
            self._show("Slack, a word that only pat sees", told)

    def _schedule(self) -> None:
        command = [sys.executable, "-m", "bot.cli", "schedule", "--next", "7d"]
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            command, cwd=self._folder, env=environment, capture_output=True, text=True, check=False, timeout=60
        )
        self.say(f"$ runbook-drift-bot schedule --next 7d\n{named(done.stdout or done.stderr).rstrip()}")

    # -- what people see --

    def _heard(self, message: Mapping[str, Any]) -> None:
        """A message was posted or changed."""
        channel = str(message["channel"])
        where = f"#{NAMES[channel]}" if channel in NAMES else f"direct message to {NAMES.get(f'U{channel[1:]}', '?')}"
        self._show(f"Slack, {where}{', in a thread' if message.get('thread_ts') else ''}", message)

    def _show(self, caption: str, message: Mapping[str, Any]) -> None:
        lines = "\n".join(f"│ {line}".rstrip() for line in shown(message))
        self.say(f"\n{caption}:\n{lines}\n")


def _command() -> str:
    """The bot's command as it stands beside the Python that runs this."""
    beside = Path(sys.executable).parent / "runbook-drift-bot"
    return str(beside) if beside.exists() else "runbook-drift-bot"


def _initial(view: Mapping[str, Any]) -> dict[str, Any]:
    """The day that a modal proposes."""
    picked = next((b["element"].get("initial_date") for b in view["blocks"] if b.get("block_id") == "until"), None)
    return {"until": {"until": {"selected_date": picked}}} if picked else {}


def _quoted(value: str) -> str:
    """A value as ``.env`` has it: on one line."""
    escaped = value.replace("\n", "\\n")
    return f'"{escaped}"'


def typed(seconds: float) -> Iterator[str]:
    """Lines of standard input, until it or the time ends."""
    ends, rest = time.monotonic() + seconds, b""
    while (left := ends - time.monotonic()) > 0:
        if sys.stdin.isatty() and not rest:
            print("> ", end="", flush=True)
        if not select.select([sys.stdin], [], [], left)[0]:
            return
        read = os.read(sys.stdin.fileno(), 65536)
        if not read:
            return
        *lines, rest = (rest + read).split(b"\n")
        yield from (line.decode(errors="replace").strip() for line in lines)


def main(folder: Path) -> int:
    """Stand in until the window is closed."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).exists():
        print(f"{folder} is not empty and was not made by this command: name another directory")
        return 2
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARKER).touch()
    walk = Walk(folder)
    print(f"GitHub stands in at {walk.github.url}, Slack at {walk.slack.url}; the bot's settings are in {folder}/.env.")
    print(
        f"In another window:\n\n  cd {folder.resolve()}\n  {_command()} serve\n\nHere, type one of\n\n{HELP}\n",
        flush=True,
    )
    try:
        for line in typed(SECONDS):
            if line in {"quit", "exit"}:
                break
            try:
                if line:
                    walk.do(line)
            except OSError:
                walk.say("The bot does not answer. Does `runbook-drift-bot serve` run in the other window?")
            except Unanswered as problem:
                walk.say(str(problem))
    except KeyboardInterrupt:
        print()
    finally:
        walk.stop()
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit("Say in which directory: python demo/bot/walk.py DIR")
    sys.exit(main(Path(sys.argv[1])))
