"""Showing a sheet on GitHub: a check run where we are an App, else a commit status and one comment.

Both carry a digest of what they show, so that publishing the same again is noticed and does nothing, and a publication
that was interrupted goes on where it stopped. Annotations can only be added to a check run; when they have to change,
a new run of the same name takes the place of the one before.
"""

from __future__ import annotations

import re
from typing import Protocol

from bot.forges.api import Answer, Api, Json, items, number_of, of, text_of
from bot.forges.auth import Credentials
from bot.model import CheckSheet, Conclusion, Pull, content_hash, encoded
from bot.ports import Gone, Refused, Unavailable

NAME = "runbook-drift"
"""The name of our check run and the context of our status."""
MAX_ANNOTATIONS = 50
"""Annotations in one request ("Create a check run")."""
MAX_OUTPUT = 65_535
"""Characters of a check run's summary and of its text; counted in bytes here, which is never more."""
MAX_STATUS = 140
"""Characters of a commit status' description."""
MAX_MESSAGE = 60_000
"""Bytes of an annotation's message; GitHub takes 64 KB."""
_LIMITS = {"label": 20, "description": 40, "identifier": 20}
_MARKER = "<!-- runbook-drift:check -->"
_DIGEST = re.compile(r"<!-- runbook-drift ([0-9a-f]{24}) -->\s*\Z")
_STATE = {Conclusion.SUCCESS: "success", Conclusion.FAILURE: "failure", Conclusion.NEUTRAL: "success"}
"""A status knows no neutral; our own failure must not hold anybody up, and the description says what happened."""
_ACTIONS_LOGIN = "github-actions[bot]"
"""Whose comments a workflow's own token writes; that token may not ask who it is."""


class Ask(Protocol):
    """A request on a repository."""

    def __call__(
        self, verb: str, repo: str, rest: str, *, parameters: dict[str, str | int] | None = None,
        body: dict[str, Json] | None = None,
    ) -> Answer:  # fmt: skip
        """The answer. Raises the ports' errors."""
        ...


def clipped(text: str, limit: int) -> str:
    """A text of at most ``limit`` bytes in UTF-8, cut at a line where one is near, and saying that it was cut."""
    data = text.encode("utf-8", "replace")
    if len(data) <= limit:
        return data.decode()
    note = "\n\n… cut here: too long to show."
    kept = data[: max(0, limit - len(note.encode()))].decode("utf-8", "ignore")
    line = kept.rfind("\n")
    return (kept[:line] if line > len(kept) - 2_000 and line > 0 else kept) + note


class Publisher:
    """Publishes sheets with what the credentials allow."""

    def __init__(self, ask: Ask, api: Api, credentials: Credentials) -> None:
        self._ask = ask
        self._api = api
        self._credentials = credentials
        self._login = ""

    def publish(self, pull: Pull, sheet: CheckSheet) -> None:
        """Show the sheet on the pull request's head. Raises the ports' errors."""
        if self._credentials.app_id:
            self._check_run(pull, sheet)
        else:
            self._status(pull, sheet)
            self._comment(pull, sheet)

    # -- check runs -------------------------------------------------------------------------------------------------

    def _check_run(self, pull: Pull, sheet: CheckSheet) -> None:
        digest = content_hash(encoded(sheet), pull.head_sha)
        annotations = _annotations(sheet)
        body = _run(pull, sheet, digest)
        output = of(body["output"])
        known = self._run_of(pull)
        count = of(known.get("output")).get("annotations_count")
        shown = count if isinstance(count, int) else len(annotations)  # stand-ins do not count
        same = _digest_of(text_of(of(known.get("output")).get("summary"))) == digest
        same = same and not self._asked_again(pull, known)
        if same and shown >= len(annotations):
            return
        done = shown if same else 0
        number = number_of(known.get("id"))
        if not same:
            first: dict[str, Json] = {**body, "output": {**output, "annotations": annotations[:MAX_ANNOTATIONS]}}
            # The head cannot be changed by an update, and annotations cannot be taken back.
            again = number and count == 0
            rest = f"/check-runs/{number}" if again else "/check-runs"
            if again:
                first.pop("head_sha")
            answer = self._ask("PATCH" if again else "POST", pull.ref.repo, rest, body=first)
            number = number_of(of(answer.data).get("id"))
            done = min(MAX_ANNOTATIONS, len(annotations))
        if not number:
            raise Unavailable("GitHub named no check run", 5)
        for start in range(done, len(annotations), MAX_ANNOTATIONS):
            part = {**output, "annotations": annotations[start : start + MAX_ANNOTATIONS]}
            self._ask("PATCH", pull.ref.repo, f"/check-runs/{number}", body={"output": part})

    def _run_of(self, pull: Pull) -> dict[str, Json]:
        """Our newest check run of this pull request on its head (a head can belong to several), or nothing."""
        asked: dict[str, str | int] = {"check_name": NAME, "filter": "all", "per_page": 100,
                                       "app_id": self._credentials.app_id}  # fmt: skip
        answer = self._ask("GET", pull.ref.repo, f"/commits/{pull.head_sha}/check-runs", parameters=asked)
        ours = [
            run for run in items(of(answer.data).get("check_runs"))
            if run.get("external_id") == pull.ref.key and run.get("name") == NAME
            and number_of(of(run.get("app")).get("id")) in {0, self._credentials.app_id}
        ]  # fmt: skip
        return max(ours, key=lambda run: number_of(run.get("id")), default={})

    def _asked_again(self, pull: Pull, run: dict[str, Json]) -> bool:
        """Whether somebody pressed *Re-run* since: GitHub sets the suite back to ``queued``, where it stays until one
        of its runs is written again, while the run itself may look as before ("Rerequest a check run")."""
        if run.get("status") != "completed":
            return True
        suite = number_of(of(run.get("check_suite")).get("id"))
        if not suite:
            return False
        try:
            answer = self._ask("GET", pull.ref.repo, f"/check-suites/{suite}")
        except Gone:
            return False
        return of(answer.data).get("status") == "queued"

    # -- with a plain token -----------------------------------------------------------------------------------------

    def _status(self, pull: Pull, sheet: CheckSheet) -> None:
        body: dict[str, Json] = {
            "state": _STATE[sheet.conclusion], "context": NAME, "description": _cut(sheet.title, MAX_STATUS),
        }  # fmt: skip
        if sheet.details_url:
            body["target_url"] = sheet.details_url
        answer = self._ask("GET", pull.ref.repo, f"/commits/{pull.head_sha}/status", parameters={"per_page": 100})
        known = next((s for s in items(of(answer.data).get("statuses")) if s.get("context") == NAME), {})
        # A commit takes 1,000 statuses of one context: the same again is not sent.
        if any((known.get(key) or "") != (body.get(key) or "") for key in ("state", "description", "target_url")):
            self._ask("POST", pull.ref.repo, f"/statuses/{pull.head_sha}", body=body)

    def _comment(self, pull: Pull, sheet: CheckSheet) -> None:
        """One comment, written when there is something to do and kept up to date ever after."""
        known = self._comment_of(pull)
        if not known and sheet.conclusion is not Conclusion.FAILURE and not sheet.annotations and not sheet.text:
            return
        head = f"{_MARKER}\n### {sheet.title}\n\n"
        shown = clipped("\n\n".join(filter(None, (sheet.summary, sheet.text))), MAX_OUTPUT - len(head.encode()))
        body = head + shown
        rest = f"/issues/comments/{number_of(known.get('id'))}" if known else f"/issues/{pull.ref.number}/comments"
        if text_of(known.get("body")).replace("\r\n", "\n") != body:
            self._ask("PATCH" if known else "POST", pull.ref.repo, rest, body={"body": body})

    def _comment_of(self, pull: Pull) -> dict[str, Json]:
        """Our comment: by its marker and by who wrote it, because anybody can write a marker."""
        login = self._own_login()
        for page in range(1, 31):
            asked: dict[str, str | int] = {"per_page": 100, "page": page}
            answer = self._ask("GET", pull.ref.repo, f"/issues/{pull.ref.number}/comments", parameters=asked)
            found = items(answer.data)
            for comment in found:
                by = text_of(of(comment.get("user")).get("login"))
                if by.lower() == login.lower() and text_of(comment.get("body")).startswith(_MARKER):
                    return comment
            if not (answer.more if "link" in answer.headers else len(found) >= 100):
                break
        return {}

    def _own_login(self) -> str:
        if not self._login:
            try:
                data = of(self._api.call("GET", "/user", self._credentials.own()).data)
                self._login = text_of(data.get("login"))
            except Refused as problem:
                if problem.code == "bad_credentials":
                    raise
            self._login = self._login or _ACTIONS_LOGIN
        return self._login


def _run(pull: Pull, sheet: CheckSheet, digest: str) -> dict[str, Json]:
    """A check run without its annotations. The digest stands at the summary's end, as a comment nobody sees."""
    mark = f"\n<!-- runbook-drift {digest} -->"
    output: dict[str, Json] = {
        "title": _cut(sheet.title, 255), "summary": clipped(sheet.summary, MAX_OUTPUT - len(mark)) + mark,
    }  # fmt: skip
    if sheet.text:
        output["text"] = clipped(sheet.text, MAX_OUTPUT)
    actions: list[Json] = [
        {key: _cut(value, _LIMITS[key]) for key, value in zip(_LIMITS, action, strict=True)}
        for action in sheet.actions[:3]
    ]
    body: dict[str, Json] = {
        "name": NAME, "head_sha": pull.head_sha, "external_id": pull.ref.key, "status": "completed",
        "conclusion": sheet.conclusion.value, "output": output, "actions": actions,
    }  # fmt: skip
    if sheet.details_url:
        body["details_url"] = sheet.details_url
    return body


def _annotations(sheet: CheckSheet) -> list[Json]:
    level = "warning" if sheet.conclusion is Conclusion.FAILURE else "notice"
    return [
        {"path": path, "start_line": line, "end_line": line, "annotation_level": level, "title": _cut(title, 255),
         "message": clipped(message, MAX_MESSAGE)}
        for path, line, title, message in sheet.annotations
    ]  # fmt: skip


def _digest_of(summary: str) -> str:
    found = _DIGEST.search(summary)
    return found[1] if found else ""


def _cut(text: str, limit: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
