"""GitHub's deliveries: whether they are GitHub's, and what of them the bot reads.

Pure. A signature covers a body and no time, so an old delivery that is sent again is told by its id, in the store.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Mapping

from bot.forges.api import text_of
from bot.model import Incoming, PullRef

MAX_BODY = 2_000
"""Characters of a comment that are kept: commands are short."""
MAX_NAMES = 1_000
"""Repositories of one installation event that are kept."""

_REPO = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_PREFIX = "sha256="

Detail = Iterator[tuple[str, str]]
Object = Mapping[str, object]


def verify(secret: str, body: bytes, signature_header: str) -> bool:
    """Whether ``X-Hub-Signature-256`` is this body's under the secret; in constant time, SHA-256 only. Without a
    secret nothing is."""
    if not secret or not signature_header.startswith(_PREFIX):
        return False
    told = signature_header.removeprefix(_PREFIX)
    return hmac.compare_digest(
        hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode(), told.encode("utf-8", "replace")
    )


def parse(event: str, payload: Mapping[str, object], *, delivery: str = "") -> Incoming | None:
    """What the bot needs of a delivery; None for events and actions that it does not read. ``delivery`` becomes the
    ``id``. Raises ``ValueError`` for anything that is not as GitHub sends it."""
    if event not in _READERS:
        return None
    if not isinstance(payload, Mapping):
        raise ValueError("the payload is not an object")
    actions, reader = _READERS[event]
    action = _text(payload, "action", 100) if actions else ""
    if actions and action not in actions:
        return None
    return reader(delivery, event, action, payload)


def _incoming(
    delivery: str, event: str, action: str, payload: Object, detail: Detail, *, number: int = 0, repo: str | None = None
) -> Incoming:
    sender = _object(payload, "sender", missing=True)
    installation = _object(payload, "installation", missing=True)
    name = _repo(_object(payload, "repository")) if repo is None else repo
    account = str(_number(sender, "id", missing=True) or "")  # stays when the login changes
    kept = (*detail, ("sender_type", _text(sender, "type", 40, missing=True)), ("sender_number", account))
    return Incoming(
        delivery, event, action, name, number, _text(sender, "login", 100, missing=True),
        _number(installation, "id", missing=True), tuple(pair for pair in kept if pair[1]),
    )  # fmt: skip


def _pull_request(delivery: str, event: str, action: str, payload: Object) -> Incoming:
    pull = _object(payload, "pull_request")
    head, base = _object(pull, "head"), _object(pull, "base")
    changes = _object(payload, "changes", missing=True)

    def detail() -> Detail:
        yield "head", _sha(head, "sha")
        yield "base", _sha(base, "sha")
        yield "base_ref", _text(base, "ref", 300)
        yield "draft", "true" if pull.get("draft") is True else ""
        yield "merged", "true" if pull.get("merged") is True else ""
        yield "merged_sha", _sha(pull, "merge_commit_sha", missing=True) if pull.get("merged") is True else ""
        yield "author", _text(_object(pull, "user", missing=True), "login", 100, missing=True)
        yield "changed", ",".join(sorted(name for name in ("title", "base", "body") if name in changes))

    number = _number(pull, "number")
    return _incoming(delivery, event, action, payload, detail(), number=number)


def _check_run(delivery: str, event: str, action: str, payload: Object) -> Incoming:
    run = _object(payload, "check_run")
    asked = _object(payload, "requested_action", missing=True)
    number = _number_of_run(run, _object(payload, "repository"))

    def detail() -> Detail:
        yield "head", _sha(run, "head_sha")
        yield "name", _text(run, "name", 300)
        yield "requested", _text(asked, "identifier", 100, missing=True)
        yield "app", str(_number(_object(run, "app", missing=True), "id", missing=True) or "")

    return _incoming(delivery, event, action, payload, detail(), number=number)


def _number_of_run(run: Object, repository: Object) -> int:
    """The pull request of a check run: our own note on it, else the first that GitHub names (none for forks)."""
    try:
        ref = PullRef.parse(_text(run, "external_id", 300, missing=True))
    except ValueError:
        return next(iter(_pulls(run, repository)), 0)
    if ref.repo.lower() == _repo(repository).lower():
        return ref.number
    named = _pulls(run, repository)  # our note has a name that the repository had, or it is of another one
    return ref.number if ref.number in named else 0


def _check_suite(delivery: str, event: str, action: str, payload: Object) -> Incoming:
    suite = _object(payload, "check_suite")
    pulls = _pulls(suite, _object(payload, "repository"))

    def detail() -> Detail:
        yield "head", _sha(suite, "head_sha")
        yield "pulls", ",".join(map(str, pulls))

    return _incoming(delivery, event, action, payload, detail(), number=pulls[0] if pulls else 0)


def _issue_comment(delivery: str, event: str, action: str, payload: Object) -> Incoming | None:
    issue, comment = _object(payload, "issue"), _object(payload, "comment")
    if not isinstance(issue.get("pull_request"), Mapping):
        return None
    author = _object(comment, "user", missing=True)

    def detail() -> Detail:
        body = comment.get("body")
        yield "body", text_of(body)[:MAX_BODY]
        yield "association", _text(comment, "author_association", 40, missing=True)
        yield "author", _text(author, "login", 100, missing=True)
        yield "author_type", _text(author, "type", 40, missing=True)
        yield "comment", str(_number(comment, "id"))
        yield "at", _text(comment, "created_at", 40, missing=True)

    return _incoming(delivery, event, action, payload, detail(), number=_number(issue, "number"))


def _push(delivery: str, event: str, action: str, payload: Object) -> Incoming | None:
    repository = _object(payload, "repository")
    ref, default = _text(payload, "ref", 300), _text(repository, "default_branch", 300)
    if ref != f"refs/heads/{default}" or payload.get("deleted") is True:
        return None

    def detail() -> Detail:
        yield "ref", ref
        yield "after", _sha(payload, "after")

    return _incoming(delivery, event, action, payload, detail())


def _installation(delivery: str, event: str, action: str, payload: Object) -> Incoming:
    account = _object(_object(payload, "installation"), "account", missing=True)

    def detail() -> Detail:
        yield "account", _text(account, "login", 100, missing=True)
        yield "repositories", _names(payload, "repositories")
        yield "added", _names(payload, "repositories_added")
        yield "removed", _names(payload, "repositories_removed")

    return _incoming(delivery, event, action, payload, detail(), repo="")


def _repository(delivery: str, event: str, action: str, payload: Object) -> Incoming:
    repo = _repo(_object(payload, "repository"))
    changes = _object(payload, "changes", missing=True)

    def detail() -> Detail:
        owner, _, name = repo.partition("/")
        before = _object(_object(changes, "repository", missing=True), "name", missing=True)
        whose = _object(_object(changes, "owner", missing=True), "from", missing=True)
        keeper = _object(whose, "user", missing=True) or _object(whose, "organization", missing=True)
        renamed = _text(before, "from", 100, missing=True)
        moved = _text(keeper, "login", 100, missing=True)
        yield "from", f"{moved or owner}/{renamed or name}" if renamed or moved else ""
        default = _object(changes, "default_branch", missing=True)
        yield "branch", _text(default, "from", 300, missing=True)

    return _incoming(delivery, event, action, payload, detail())


Reader = Callable[[str, str, str, Object], Incoming | None]

_READERS: Mapping[str, tuple[frozenset[str], Reader]] = {
    "pull_request": (
        frozenset("opened reopened synchronize edited ready_for_review converted_to_draft closed".split()),
        _pull_request,
    ),
    "check_run": (frozenset({"rerequested", "requested_action"}), _check_run),
    "check_suite": (frozenset({"rerequested"}), _check_suite),
    "issue_comment": (frozenset({"created"}), _issue_comment),
    "push": (frozenset(), _push),
    "installation": (
        frozenset({"created", "deleted", "suspend", "unsuspend", "new_permissions_accepted"}), _installation,
    ),
    "installation_repositories": (frozenset({"added", "removed"}), _installation),
    "repository": (
        frozenset("deleted archived unarchived edited renamed privatized publicized transferred".split()), _repository,
    ),
}  # fmt: skip
"""Event to the actions that are read (none: the event has no actions) and what reads it."""


def _object(data: Object, name: str, *, missing: bool = False) -> Object:
    found = data.get(name)
    if isinstance(found, Mapping):
        return found
    if missing and found is None:
        return {}
    raise ValueError(f"{name} is not an object")


def _text(data: Object, name: str, most: int, *, missing: bool = False) -> str:
    found = data.get(name)
    if found is None and missing:
        return ""
    if not isinstance(found, str) or (not found and not missing):
        raise ValueError(f"{name} is not a text")
    if len(found) > most or not found.isprintable():
        raise ValueError(f"{name} is too long or holds control characters")
    return found


def _number(data: Object, name: str, *, missing: bool = False) -> int:
    found = data.get(name)
    if found is None and missing:
        return 0
    if not isinstance(found, int) or isinstance(found, bool) or not 0 < found < 2**63:
        raise ValueError(f"{name} is not a number")
    return found


def _sha(data: Object, name: str, *, missing: bool = False) -> str:
    found = _text(data, name, 64, missing=missing)
    if not (_SHA.fullmatch(found) or (missing and not found)):
        raise ValueError(f"{name} is not a commit id")
    return found


def _repo(data: Object) -> str:
    found = _text(data, "full_name", 201)
    if not _REPO.fullmatch(found) or any(part in {".", ".."} for part in found.split("/")):
        raise ValueError("full_name is not the name of a repository")
    return found


def _pulls(data: Object, repository: Object) -> list[int]:
    """The pull requests of this repository among those named. A head can stand in another repository's too, and GitHub
    names those as well ("The returned pull requests do not necessarily indicate pull requests that triggered the
    check")."""
    mine = _number(repository, "id", missing=True)
    found = data.get("pull_requests")
    entries = [entry for entry in found[:100] if isinstance(entry, Mapping)] if isinstance(found, list) else []
    return [_number(entry, "number") for entry in entries if not mine or _target(entry) in {0, mine}]


def _target(pull: Object) -> int:
    """The number of the repository into which a pull request wants to go; 0 where it is not told."""
    base = _object(pull, "base", missing=True)
    return _number(_object(base, "repo", missing=True), "id", missing=True)


def _names(payload: Object, name: str) -> str:
    """Names of repositories, one a line."""
    found = payload.get(name)
    if found is None:
        return ""
    if not isinstance(found, list):
        raise ValueError(f"{name} is not a list")
    return "\n".join(_repo(entry) for entry in found[:MAX_NAMES] if isinstance(entry, Mapping))
