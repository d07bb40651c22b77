"""Addresses on the forge's web pages: built from checked parts, never echoed from a payload."""

from __future__ import annotations

from urllib.parse import quote

from bot.model import Item, Pull, PullRef, PullState

MAX_URL = 600
"""Longer addresses are left out: Slack takes 3,000, but three sections have to fit into one message."""


def pull_url(web: str, ref: PullRef) -> str:
    """The page of a pull request."""
    return _joined(web, ref.repo, "pull", str(ref.number))


def file_url(web: str, repo: str, revision: str, path: str, line: int = 0) -> str:
    """A file at a revision; Markdown as source, since only that has lines. Empty where no safe address exists."""
    built = _joined(web, repo, "blob", revision, path)
    if not built:
        return ""
    plain = "?plain=1" if line and path.casefold().endswith((".md", ".markdown")) else ""
    return f"{built}{plain}{_at(line)}"


def edit_url(web: str, repo: str, branch: str, path: str, line: int = 0) -> str:
    """The forge's editor at a line."""
    built = _joined(web, repo, "edit", branch, path)
    return f"{built}{_at(line)}" if built else ""


def runbook_url(web: str, pull: Pull, item: Item) -> str:
    """The runbook line of an item, as the pull request's head has it."""
    return file_url(web, pull.ref.repo, pull.head_sha, item.runbook, item.line) if item.runbook else ""


def code_url(web: str, pull: Pull, item: Item) -> str:
    """The code line of an item: at the head, or at the target branch where the head has it no more."""
    revision = pull.base_sha if item.code_gone else pull.head_sha
    return file_url(web, pull.ref.repo, revision, item.code_path, item.code_line)


def editor_url(web: str, pull: Pull, item: Item) -> str:
    """The editor for a runbook line: on the pull request's own branch where it is known, so that the mend lands in
    the same change; after the merge, or where it is not known, on the target branch."""
    if pull.head_ref and pull.head_repo and pull.state is not PullState.MERGED:
        return edit_url(web, pull.head_repo, pull.head_ref, item.runbook, item.line)
    return edit_url(web, pull.ref.repo, pull.base_ref, item.runbook, item.line)


def _at(line: int) -> str:
    return f"#L{line}" if line > 0 else ""


def _joined(web: str, repo: str, *parts: str) -> str:
    """An address of quoted parts; empty when a part is missing, climbs, or the whole is too long."""
    segments = [segment for part in (repo, *parts) for segment in part.split("/")]
    if any(segment in {"", ".", ".."} for segment in segments):
        return ""
    built = "/".join([web.rstrip("/"), *(quote(segment, safe="", errors="replace") for segment in segments)])
    return built if len(built) <= MAX_URL else ""
