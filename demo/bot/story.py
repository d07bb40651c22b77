"""``make demo-bot``: a pull request with drift, from its opening until its runbooks are true again, in one terminal.

``python demo/bot/story.py [DIR]`` starts stand-ins for GitHub and Slack and the real ``runbook-drift-bot serve`` on
SQLite in a temporary directory, sends what GitHub and Slack would send (signed), shows what people would see, and
writes all of it to ``DIR/preview.html``. No account, no network; everything it started ends with it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from bot.slack.preview import page  # noqa: E402 - found in the checkout, installed or not
from demo.bot.outside import Outside, Unanswered, reason  # noqa: E402
from demo.bot.shop import CHANNEL, DANA, PAT, SAM, free_port, github, mended, named, settings, shown, slack  # noqa: E402
from demo.bot.standins import NUMBER, REPOSITORY, TITLE  # noqa: E402

T = TypeVar("T")

LIMIT = 55.0
"""Seconds after which the demo gives up, whatever it waits for."""


class Gave(Exception):  # noqa: N818 - the demo gave up
    """Something did not happen in time."""


class Story:
    """The stand-ins, the bot, and what was seen so far."""

    def __init__(self, folder: Path) -> None:
        self._began = time.monotonic()
        self._folder = folder
        self.github = github(folder / "payments")
        self.slack = slack()
        self._port = free_port()
        self._outside = Outside(self._port)
        self._process: subprocess.Popen[bytes] | None = None
        self.seen: list[tuple[str, Mapping[str, object]]] = []

    def start(self) -> None:
        """Start ``runbook-drift-bot serve`` and wait until it is ready."""
        self._environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        self._environment |= settings(self.github, self.slack, self._folder / "state", self._port)
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bot.cli", "serve"], cwd=self._folder, env=self._environment, stdout=log,
                stderr=log,
            )  # fmt: skip

        def ready() -> bool:
            if self._process is None or self._process.poll() is not None:
                raise Gave("the bot ended while it started")
            try:
                return self._outside.ask("GET", "/readyz")[0] == 200
            except OSError:
                return False

        self.until("the bot is ready", ready)

    def stop(self) -> None:
        """End all that was started."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self.github.stop()
        self.slack.stop()

    def evidence(self) -> str:
        """What ``evidence verify`` says of the chain, with its records counted."""
        asked = [sys.executable, "-m", "bot.cli", "evidence"]
        export, verify = (
            subprocess.run(
                [*asked, word], cwd=self._folder, env=self._environment, capture_output=True, text=True, check=False
            ).stdout
            for word in ("export", "verify")
        )
        return f"{len(export.splitlines())} records, {verify.strip()}"

    def log(self) -> str:
        """The end of the bot's log."""
        path = self._folder / "log"
        return path.read_text(errors="replace")[-3000:] if path.exists() else ""

    def until(self, what: str, found: Callable[[], T]) -> T:
        """Wait for something, as long as the demo may last."""
        while not (value := found()):
            if time.monotonic() - self._began > LIMIT:
                raise Gave(f"it took too long until {what}")
            time.sleep(0.05)
        return value

    # -- as GitHub and Slack --

    def deliver(self, action: str) -> int:
        """A delivery about the pull request; returns the status."""
        return self._outside.deliver_pull(action, self.github.pull())

    def command(self, user: str, text: str) -> dict[str, Any]:
        """``/runbook TEXT`` in the channel; returns the answer."""
        return self._outside.command(user, text, CHANNEL)

    def press(self, user: str, action: str) -> dict[str, Any]:
        """Press a button of the alert; returns the modal that opens."""
        known = len(self.slack.views)
        self._outside.press(user, CHANNEL, action, f"{REPOSITORY}#{NUMBER}")
        return self.until("a modal opens", lambda: self.slack.views[known:])[0]

    def submit(self, user: str, view: Mapping[str, Any], why: str) -> dict[str, Any]:
        """Submit a modal with all its sections and a reason; returns what the person is told."""
        known = len(self.slack.whispers)
        self._outside.submit(user, view, reason(why))
        return self.until("an answer comes", lambda: self.slack.whispers[known:])[0]

    def mend(self) -> None:
        """Push what makes code and runbooks agree."""
        mended(self.github)

    # -- what people see --

    def alert(self, sign: str) -> dict[str, Any]:
        """The one message of the channel, once it says something."""
        told = self.until(
            f"the channel says {sign!r}", lambda: [m for m in self.slack.top(CHANNEL) if sign in json.dumps(m)]
        )
        return told[0]

    def check(self, conclusion: str) -> str:
        """The check run of the head, once it has that conclusion, in a line."""
        head = self.github.pull()["head"]["sha"]
        told = self.until(
            f"the check is a {conclusion}",
            lambda: [r for r in self.github.checks if r["head_sha"] == head and r["conclusion"] == conclusion],
        )[-1]
        return f"Check run {told['name']} on {head[:7]}: {conclusion}: {told['output']['title']}"

    def show(self, caption: str, message: Mapping[str, object]) -> None:
        """Print a message in a box, and keep it for the page."""
        self.seen.append((caption, message))
        print(f"  {caption}")
        for line in shown(message):
            print(f"  │ {line}".rstrip())
        print()


def tell(story: Story) -> None:
    """The story itself."""
    say("The bot starts: runbook-drift-bot serve, on SQLite in a temporary directory.")
    story.start()
    say(f"1. dana opens pull request #{NUMBER} in {REPOSITORY}: “{TITLE}”.")
    sent = time.monotonic()
    note(f"GitHub delivers pull_request (opened), signed. The bot answers {story.deliver('opened')} at once.")
    alert = story.alert("GATEWAY_TIMEOUT_SECONDS")
    seconds = time.monotonic() - sent
    story.show(f"Slack, #on-call, {seconds:.1f} s after the delivery:", dict(alert))
    note(story.check("failure"))

    say("2. sam, who owns nothing here, presses “Still accurate”, ticks everything and confirms.")
    view = story.press(SAM, "still_accurate")
    story.show("Slack, a modal that only sam sees:", view)
    story.show("Slack, a word that only sam sees:", _words(story.submit(SAM, view, "looks fine to me")))
    note("dana wrote the change, so she may not wave it through either:")
    view = story.press(DANA, "still_accurate")
    story.show("Slack, a word that only dana sees:", _words(story.submit(DANA, view, "trust me")))

    say("3. pat asks how the service stands: /runbook status payments")
    story.show("Slack, an answer that only pat sees:", story.command(PAT, "status payments"))

    say("4. dana takes the suggested edits over, gives refunds their guard back (the runbook was right), and pushes.")
    story.mend()
    note(f"GitHub delivers pull_request (synchronize). The bot answers {story.deliver('synchronize')}.")
    green = story.alert("agree with the code again")
    if green["ts"] != alert["ts"] or len(story.slack.top(CHANNEL)) != 1:
        raise Gave("the channel should hold one message, updated in place")
    story.show("Slack, #on-call, the same message, updated in place:", dict(green))
    note(story.check("success"))


def main(out: Path) -> int:
    """Tell the story; 0 when all of it happened."""
    with tempfile.TemporaryDirectory(prefix="runbook-drift-demo-") as folder:
        story = Story(Path(folder))
        try:
            tell(story)
            story.stop()
            say(f"5. What an auditor finds afterwards: evidence verify: {story.evidence()}.")
        except (Gave, Unanswered) as problem:
            print(f"\nThe demo stopped: {problem}. The bot's log ends:\n{story.log()}")
            return 1
        except KeyboardInterrupt:
            print("\nStopped.")
            return 130
        finally:
            story.stop()
    out.mkdir(parents=True, exist_ok=True)
    preview = out / "preview.html"
    preview.write_text(named(page(story.seen, f"runbook-drift: {REPOSITORY} #{NUMBER}")), encoding="utf-8")
    print(f"\nEverything that was started has ended. The messages as a page: {preview}")
    return 0


def say(text: str) -> None:
    """A step of the story."""
    print(f"\n{text}\n", flush=True)


def note(text: str) -> None:
    """What happens behind it."""
    print(f"  {text}\n", flush=True)


def _words(told: Mapping[str, Any]) -> dict[str, object]:
    """Plain words as a message with one block."""
    return {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": told["text"]}}]}


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(".demo/bot")))
