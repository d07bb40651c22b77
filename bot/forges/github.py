"""The ``Forge`` port on GitHub's REST API: as an App, or with a plain token."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote

from bot.forges.api import Answer, Api, Json, items, number_of, of, repo_path, text_of
from bot.forges.auth import AppCredentials, Credentials, TokenCredentials
from bot.forges.authors import authors_of
from bot.forges.publishing import Publisher, clipped
from bot.forges.rules import required
from bot.model import MOST_COMMITS, Approvals, CheckSheet, CommitAuthor, Pull, PullRef, PullState
from bot.ports import Gone, Refused, Unavailable

MAX_REVIEWS = 1_000
"""Reviews of a pull request that are read; with more, who approved is not known."""
MAX_APPROVERS = 20
"""People who approved a head of whom it is asked whether they may write."""
MAX_COMMENT = 65_000
"""Bytes of a comment; GitHub takes 65,536 characters."""
MAX_ATTEMPTS = 5
"""Attempts at one delivery after which it is not asked for again: something in it does not agree with us."""

_OURS = {"OWNER", "MEMBER", "COLLABORATOR"}
_LOGIN = re.compile(r"[A-Za-z0-9_-]{1,100}(?:\[bot\])?")
_TEAM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_SHA = re.compile(r"(?:[A-Za-z0-9-]{1,100}:)?[0-9a-f]{7,64}")


class GitHub:
    """One GitHub. ``web_url`` is where people read and git fetches."""

    def __init__(self, api: Api, credentials: Credentials, *, web_url: str = "https://github.com") -> None:
        self._api = api
        self._credentials = credentials
        self._web_url = web_url.rstrip("/")
        self._publisher = Publisher(self._ask, api, credentials)

    @classmethod
    def as_app(
        cls, app_id: int, private_key: str, *, api_url: str = "https://api.github.com",
        web_url: str = "https://github.com", seconds: int = 15,
    ) -> GitHub:  # fmt: skip
        """As a GitHub App: check runs, and an installation token per account."""
        api = Api(api_url, seconds=seconds)
        return cls(api, AppCredentials(api, app_id, private_key), web_url=web_url)

    @classmethod
    def with_token(
        cls, token: str, *, api_url: str = "https://api.github.com", web_url: str = "https://github.com",
        seconds: int = 15,
    ) -> GitHub:  # fmt: skip
        """With a plain token: a commit status and a comment instead of check runs."""
        return cls(Api(api_url, seconds=seconds), TokenCredentials(token), web_url=web_url)

    def _ask(
        self,
        verb: str,
        repo: str,
        rest: str,
        *,
        parameters: Mapping[str, str | int] | None = None,
        body: Mapping[str, Json] | None = None,
    ) -> Answer:
        """A request on a repository; with a fresh token once, when the kept one was revoked."""
        path = repo_path(repo) + rest
        try:
            return self._api.call(verb, path, self._credentials.of(repo), parameters=parameters, body=body)
        except Refused as problem:
            if problem.code != "bad_credentials" or not self._credentials.forget(repo):
                raise
        return self._api.call(verb, path, self._credentials.of(repo), parameters=parameters, body=body)

    def _pages(self, repo: str, rest: str, most: int = 10, **parameters: str | int) -> Iterator[dict[str, Json]]:
        path = repo_path(repo) + rest
        return self._api.pages(path, self._credentials.of(repo), parameters=parameters, most=most)

    # -- the port ---------------------------------------------------------------------------------------------------

    def pull(self, ref: PullRef) -> Pull:
        """The pull request as it is now. ``base_sha`` is the target branch as GitHub last compared with it; the tip
        of the moment is what :meth:`tip` says."""
        data = of(self._ask("GET", ref.repo, f"/pulls/{ref.number}").data)
        return replace(self._pull(ref.repo, data), commits=number_of(data.get("commits")))  # lists do not count them

    def open_pulls(self, repo: str) -> tuple[Pull, ...]:
        """Every open pull request of a repository, newest change first (at most 1,000): what polling looks at."""
        found = self._pages(repo, "/pulls", state="open", sort="updated", direction="desc")
        return tuple(self._pull(repo, data) for data in found)

    def _pull(self, repo: str, data: dict[str, Json]) -> Pull:
        number, head, base = number_of(data.get("number")), of(data.get("head")), of(data.get("base"))
        if not number or not text_of(head.get("sha")):
            raise Unavailable("GitHub described a pull request without number or head", 5)
        merged = bool(data.get("merged_at"))  # lists have no "merged"
        closed = text_of(data.get("state")) == "closed"
        installation, repo = self._credentials.installation(repo), _name_in(of(base.get("repo")), repo)
        state = PullState.MERGED if merged else PullState.CLOSED if closed else PullState.OPEN
        return Pull(
            PullRef(repo, number), text_of(data.get("title")), text_of(of(data.get("user")).get("login")), state,
            data.get("draft") is True, text_of(base.get("ref")), text_of(base.get("sha")), text_of(head.get("sha")),
            text_of(of(head.get("repo")).get("full_name")), f"{self._web_url}/{repo}/pull/{number}",
            text_of(data.get("merge_commit_sha")) if merged else "",
            installation=installation, head_ref=text_of(head.get("ref")),
            merged_at=_instant(text_of(data.get("merged_at"))),
            default_ref=text_of(of(base.get("repo")).get("default_branch")),
            author_number=number_of(of(data.get("user")).get("id")),
        )  # fmt: skip

    def authors(self, ref: PullRef) -> tuple[CommitAuthor, ...]:
        """Authors and co-authors of its first :data:`bot.model.MOST_COMMITS` commits, each once."""
        found: dict[str, CommitAuthor] = {}
        for number, data in enumerate(self._pages(ref.repo, f"/pulls/{ref.number}/commits", most=3)):
            if number >= MOST_COMMITS:
                break
            for author in authors_of(data):
                found.setdefault(author.login.lower() or author.email.lower() or author.name, author)
        return tuple(found.values())

    def merge_base(self, repo: str, base: str, head: str) -> str:
        """By GitHub's comparison of two commits."""
        if not (_SHA.fullmatch(base) and _SHA.fullmatch(head)):
            raise Gone("not a commit id", "no_commit")
        answer = self._ask("GET", repo, f"/compare/{base}...{head}", parameters={"per_page": 1})
        found = text_of(of(of(answer.data).get("merge_base_commit")).get("sha"))
        if not found:
            raise Gone("the two commits have no common ancestor", "no_merge_base")
        return found

    def tip(self, repo: str, branch: str = "") -> tuple[str, str]:
        """Name and commit of a branch; GitHub follows renamed ones."""
        branch = branch or text_of(of(self._ask("GET", repo, "").data).get("default_branch"))
        data = of(self._ask("GET", repo, f"/branches/{quote(branch, safe='')}").data)
        sha = text_of(of(data.get("commit")).get("sha"))
        if not sha:
            raise Gone("the branch has no commit", "no_commit")
        return text_of(data.get("name")) or branch, sha

    def standing(self, repo: str) -> tuple[str, bool]:
        """The name of now, and whether the repository is archived. What was transferred belongs to another
        installation, which is asked for where the known one does not reach it any more."""
        try:
            data = of(self._ask("GET", repo, "").data)
        except Gone:
            if not self._credentials.forget(repo):
                raise
            data = of(self._ask("GET", repo, "").data)
        return _name_in(data, repo), data.get("archived") is True

    def publish(self, pull: Pull, sheet: CheckSheet) -> None:
        """The sheet as a check run, or as a status and a comment. The same sheet twice changes nothing."""
        self._publisher.publish(pull, sheet)

    def may_write(self, repo: str, login: str) -> bool:
        """Whether a login may write to the repository. A stranger may not, and neither may a name that is none."""
        if not _LOGIN.fullmatch(login):
            return False
        try:
            data = of(self._ask("GET", repo, f"/collaborators/{quote(login, safe='')}/permission").data)
        except Gone:
            return False
        same = text_of(of(data.get("user")).get("login")).lower() in {"", login.lower()}
        return same and text_of(data.get("permission")) in {"admin", "write"}

    def approvals(self, pull: Pull) -> Approvals:
        """Logins with write access whose latest word on the pull request is an approval of exactly this head; and what
        is required. Raises ``Refused`` where that cannot be known: anybody may approve what is public, so whose word
        counts is asked of GitHub, those first whom it calls members."""
        latest: dict[str, tuple[str, str, bool]] = {}
        numbers: dict[str, int] = {}
        for number, data in enumerate(self._pages(pull.ref.repo, f"/pulls/{pull.ref.number}/reviews"), 1):
            if number >= MAX_REVIEWS:
                raise Refused("the pull request has more reviews than are read", "too_many")
            login, state = text_of(of(data.get("user")).get("login")), text_of(data.get("state")).upper()
            if login and state in {"APPROVED", "CHANGES_REQUESTED", "DISMISSED"}:  # comments change no verdict
                numbers[login] = number_of(of(data.get("user")).get("id"))
                stranger = text_of(data.get("author_association")) not in _OURS
                latest[login] = (state, text_of(data.get("commit_id")), stranger)
        approved = {login: said[2] for login, said in latest.items() if said[:2] == ("APPROVED", pull.head_sha)}
        asked = sorted(approved, key=lambda login: (approved[login], login))[:MAX_APPROVERS]
        by = tuple(sorted(login for login in asked if self.may_write(pull.ref.repo, login)))
        if len(approved) > MAX_APPROVERS and not by:
            raise Refused("more people approved than are asked about", "too_many")
        checks, reviews = required(self._ask, pull.ref.repo, pull.base_ref)
        return Approvals(by, checks, reviews, tuple(numbers[login] for login in by))

    def comment(self, ref: PullRef, body: str) -> None:
        """Answer on the pull request; cut to what GitHub takes."""
        self._ask("POST", ref.repo, f"/issues/{ref.number}/comments", body={"body": clipped(body, MAX_COMMENT)})

    def clone(self, repo: str) -> tuple[str, str]:
        """Where git fetches a repository, and the token for it, good for ten minutes at least."""
        repo_path(repo)
        return f"{self._web_url}/{repo}.git", self._credentials.token(repo)

    def in_team(self, repo: str, team: str, login: str) -> bool:
        """Whether a login is an active member of ``@owner/team``. A team elsewhere, or a name that is none, is not."""
        owner, _, slug = team.removeprefix("@").partition("/")
        if not (_TEAM.fullmatch(owner) and _TEAM.fullmatch(slug) and _LOGIN.fullmatch(login)):
            return False
        if owner.casefold() != repo.partition("/")[0].casefold():
            return False  # a repository's CODEOWNERS can only name teams of its own organisation
        path = f"/orgs/{quote(owner, safe='')}/teams/{quote(slug, safe='')}/memberships/{quote(login, safe='')}"
        try:
            answer = self._api.call("GET", path, self._credentials.of(repo))
        except Gone:
            return False
        return text_of(of(answer.data).get("state")) == "active"

    # -- the App itself ---------------------------------------------------------------------------------------------

    def failed_deliveries(self, since: datetime) -> tuple[int, ...]:
        """Deliveries since a moment that never succeeded, oldest first, by the id of their last attempt: GitHub does
        not redeliver by itself. Nothing with a plain token, which has no deliveries."""
        if not self._credentials.app_id:
            return ()
        last: dict[str, int] = {}
        attempts: Counter[str] = Counter()
        arrived: set[str] = set()
        for data in self._deliveries(since):
            guid, status = text_of(data.get("guid")), number_of(data.get("status_code"))
            last.setdefault(guid, number_of(data.get("id")))  # newest first
            attempts[guid] += 1
            if 200 <= status < 300:
                arrived.add(guid)
        failed = [number for guid, number in last.items() if guid not in arrived and attempts[guid] < MAX_ATTEMPTS]
        return tuple(reversed(failed))

    def _deliveries(self, since: datetime) -> Iterator[dict[str, Json]]:
        cursor = ""
        for _ in range(20):
            asked: dict[str, str | int] = {"per_page": 100} | ({"cursor": cursor} if cursor else {})
            answer = self._api.call("GET", "/app/hook/deliveries", self._credentials.own(), parameters=asked)
            for data in items(answer.data):
                at = _instant(text_of(data.get("delivered_at")))
                if at is not None and at < since:
                    return
                yield data
            found = re.search(r'[?&]cursor=([A-Za-z0-9_%-]+)[^>]*>; rel="next"', answer.headers.get("link", ""))
            if not found:
                return
            cursor = found[1]

    def redeliver(self, delivery: int) -> None:
        """Have GitHub send a delivery again."""
        self._api.call("POST", f"/app/hook/deliveries/{int(delivery)}/attempts", self._credentials.own())

    def describe(self) -> tuple[str, dict[str, str], tuple[str, ...]]:
        """Who we are, for ``doctor``: login, permissions (of the App; of a token its scopes, each ``granted``) and the
        events that the App receives."""
        if not self._credentials.app_id:
            answer = self._api.call("GET", "/user", self._credentials.own())
            scopes = [scope.strip() for scope in answer.headers.get("x-oauth-scopes", "").split(",")]
            return text_of(of(answer.data).get("login")), {scope: "granted" for scope in scopes if scope}, ()
        data = of(self._api.call("GET", "/app", self._credentials.own()).data)
        permissions = {name: text_of(level) for name, level in of(data.get("permissions")).items()}
        events = data.get("events")
        names = tuple(text_of(event) for event in events) if isinstance(events, list) else ()
        return f"{text_of(data.get('slug'))}[bot]", permissions, names


def _name_in(repository: dict[str, Json], asked: str) -> str:
    """The name under which a repository answers, in GitHub's own spelling: it is asked for in any case, and deliveries
    have that one. The one that was asked for where GitHub names none."""
    name = text_of(repository.get("full_name"))
    if not name:
        return asked
    repo_path(name)
    return name


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
