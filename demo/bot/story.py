"""``make demo-bot``: a pull request with drift, from its opening until its runbooks are true again, in one terminal.

``python demo/bot/story.py [DIR]`` starts stand-ins for GitHub and Slack and the real ``runbook-drift-bot serve`` on
SQLite in a temporary directory, sends what GitHub and Slack would send (signed), shows what people would see, and
writes all of it to ``DIR/preview.html``. No account, no network; everything it started ends with it.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.slack.preview import page, terminal

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(ROOT / "demo"))

from build import main as build  # noqa: E402 - scripts, not packages
from standins import APP, AUTHOR, BRANCH, NUMBER, OWNER, REPOSITORY, TITLE, GitHub, Slack  # noqa: E402

T = TypeVar("T")

LIMIT = 55.0
"""Seconds after which the demo gives up, whatever it waits for."""
WEBHOOK_SECRET, SIGNING_SECRET = "demo-webhook-secret", "demo-signing-secret"
CHANNEL, DANA, PAT, SAM, GROUP = "C0ONCALL", "U0DANA", "U0PAT", "U0SAM", "S0IDENTITY"
NAMES = {DANA: "dana", PAT: "pat", SAM: "sam", GROUP: "identity", CHANNEL: "on-call"}

CONFIG = """\
# What the target branch says to the bot: its services, and that it wants to be reviewed at all.
[services.payments]
paths = ["payments/**", "deploy/**"]
runbooks = ["docs/runbooks/payments.md", "docs/runbooks/sessions.md"]
owners = ["@shop/platform"]
channel = "#on-call"
"""
MENDED = (
    ("docs/runbooks/sessions.md", "`SESSION_TTL` is 1 hour", "`SESSION_TTL` is 5 minutes"),
    ("docs/runbooks/payments.md", "`GATEWAY_TIMEOUT_SECONDS` (30 seconds)", "`GATEWAY_TIMEOUT_SECONDS` (10 seconds)"),
)
"""What the author takes over from the suggested edits: path, before, after."""


class Gave(Exception):  # noqa: N818 - the demo gave up
    """Something did not happen in time."""


class Story:
    """The stand-ins, the bot, and what was seen so far."""

    def __init__(self, folder: Path) -> None:
        self._began = time.monotonic()
        self._folder = folder
        self._repository = folder / "payments"
        with open(os.devnull, "w") as nowhere:
            told, sys.stdout = sys.stdout, nowhere
            try:
                build(self._repository)
            finally:
                sys.stdout = told
        self.github = GitHub(self._repository)
        self.github.git("switch", "--quiet", "main")
        (self._repository / ".runbook-drift.toml").write_text(CONFIG)
        self._commit("Runbooks are checked")
        self.github.git("switch", "--quiet", BRANCH)
        self.slack = Slack({CHANNEL: "on-call"}, {GROUP: (PAT,)})
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.seen: list[tuple[str, Mapping[str, object]]] = []

    def settings(self) -> dict[str, str]:
        """The settings of the bot, as they would stand in ``.env``."""
        return {
            "GITHUB_API_URL": f"{self.github.url}/api", "GITHUB_WEB_URL": self.github.url,
            "GITHUB_APP_ID": str(APP), "GITHUB_APP_PRIVATE_KEY": _private_key(),
            "GITHUB_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "SLACK_API_URL": f"{self.slack.url}/api/", "SLACK_BOT_TOKEN": "xoxb-demo",
            "SLACK_SIGNING_SECRET": SIGNING_SECRET, "SLACK_DEFAULT_CHANNEL": "#on-call",
            "PEOPLE": f"{AUTHOR}={DANA},{OWNER}={PAT},payments-oncall={PAT}", "TEAMS": f"@shop/identity={GROUP}",
            "STATE_DIR": str(self._folder / "state"), "HOST": "127.0.0.1", "PORT": str(self._port), "WORKERS": "1",
        }  # fmt: skip

    def start(self) -> None:
        """Start ``runbook-drift-bot serve`` and wait until it is ready."""
        self._environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **self.settings()}
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bot.cli", "serve"], cwd=self._folder, env=self._environment, stdout=log,
                stderr=log,
            )  # fmt: skip

        def ready() -> bool:
            if self._process is None or self._process.poll() is not None:
                raise Gave("the bot ended while it started")
            try:
                return self.ask("GET", "/readyz")[0] == 200
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

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        """One request to the bot."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=15)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body or None, named)
            said = connection.getresponse()
            return said.status, said.read()
        finally:
            connection.close()

    def deliver(self, action: str) -> int:
        """A delivery about the pull request, signed as GitHub signs; returns the status."""
        pull = self.github.pull()
        payload = {
            "action": action, "number": NUMBER, "pull_request": pull, "sender": pull["user"],
            "repository": pull["base"]["repo"], "installation": {"id": 1},
        }  # fmt: skip
        body = json.dumps(payload).encode()
        mark = hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
        return self.ask(
            "POST", "/github/webhook", body, X_GitHub_Event="pull_request", X_GitHub_Delivery=f"demo-{action}",
            X_Hub_Signature_256=f"sha256={mark}", Content_Type="application/json",
        )[0]  # fmt: skip

    def from_slack(self, form: Mapping[str, str]) -> dict[str, Any]:
        """A form signed as Slack signs; returns what the bot answers."""
        body, now = urlencode(form).encode(), str(int(time.time()))
        mark = hmac.new(SIGNING_SECRET.encode(), f"v0:{now}:".encode() + body, hashlib.sha256).hexdigest()
        status, said = self.ask(
            "POST", "/slack/events", body, X_Slack_Request_Timestamp=now, X_Slack_Signature=f"v0={mark}",
            Content_Type="application/x-www-form-urlencoded",
        )  # fmt: skip
        if status != 200:
            raise Gave(f"the bot answered Slack with {status}")
        answer: dict[str, Any] = json.loads(said) if said.startswith(b"{") else {}
        return answer

    def press(self, user: str, action: str) -> dict[str, Any]:
        """Press a button of the alert; returns the modal that opens."""
        known = len(self.slack.views)
        pressed = {
            "type": "block_actions", "user": {"id": user}, "team": {"id": "T0SHOP"}, "channel": {"id": CHANNEL},
            "trigger_id": "demo", "container": {"type": "message"},
            "actions": [{"type": "button", "action_id": action, "block_id": "b", "value": f"{REPOSITORY}#{NUMBER}"}],
        }  # fmt: skip
        self.from_slack({"payload": json.dumps(pressed)})
        return self.until("a modal opens", lambda: self.slack.views[known:])[0]

    def submit(self, user: str, view: Mapping[str, Any], reason: str) -> dict[str, Any]:
        """Submit a modal with all its sections and a reason; returns what the person is told."""
        known = len(self.slack.whispers)
        options = next(b["element"]["options"] for b in view["blocks"] if b.get("block_id") == "sections")
        values = {"sections": {"sections": {"selected_options": options}}, "reason": {"reason": {"value": reason}}}
        sent = {
            "type": "view_submission", "user": {"id": user}, "team": {"id": "T0SHOP"},
            "view": {**view, "id": "V0DEMO", "state": {"values": values}},
        }  # fmt: skip
        self.from_slack({"payload": json.dumps(sent)})
        return self.until("an answer comes", lambda: self.slack.whispers[known:])[0]

    def mend(self) -> None:
        """Push what makes code and runbooks agree: the suggested edits, and the guard that went by mistake."""
        for path, before, after in MENDED:
            file = self._repository / path
            file.write_text(file.read_text().replace(before, after))
        self.github.git("checkout", "--quiet", "main", "--", "payments/api.py")
        self._commit("Runbooks as suggested; refunds ask for the role again")

    def _commit(self, message: str) -> None:
        """A commit of everything, without anything of the user's own configuration."""
        plain = ["-c", "user.name=Dana", "-c", "user.email=dana@example.com", "-c", "commit.gpgsign=false"]
        self.github.git("add", "--all")
        self.github.git(*plain, "-c", f"core.hooksPath={os.devnull}", "commit", "--quiet", "--message", message)

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

    def show(self, caption: str, shown: Mapping[str, object]) -> None:
        """Print a message in a box, and keep it for the page."""
        self.seen.append((caption, shown))
        print(f"  {caption}")
        for line in _named(terminal(shown, 92)).rstrip("\n").split("\n"):
            print(f"  │ {_bold(line)}".rstrip())
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
    command = {"command": "/runbook", "text": "status payments", "user_id": PAT, "channel_id": CHANNEL}
    story.show("Slack, an answer that only pat sees:", story.from_slack(command))

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
        except Gave as problem:
            print(f"\nThe demo stopped: {problem}. The bot's log ends:\n{story.log()}")
            return 1
        except KeyboardInterrupt:
            print("\nStopped.")
            return 130
        finally:
            story.stop()
    out.mkdir(parents=True, exist_ok=True)
    preview = out / "preview.html"
    preview.write_text(_named(page(story.seen, f"runbook-drift: {REPOSITORY} #{NUMBER}")), encoding="utf-8")
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


def _named(text: str) -> str:
    """Slack shows names; messages hold ids."""
    for known, name in NAMES.items():
        text = text.replace(f"@{known}", f"@{name}")
    return text


def _bold(line: str) -> str:
    """Slack's bold as the terminal's, or as plain text where the output is none."""
    shown = "\033[1m\\1\033[22m" if sys.stdout.isatty() else r"\1"
    return re.sub(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])", shown, line)


def _private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(".demo/bot")))
