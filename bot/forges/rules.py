"""What a branch of GitHub requires before a merge, as far as we may read it: classic protection and rulesets."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import quote

from bot.forges.api import Answer, Json, items, number_of, of, text_of
from bot.ports import Gone, Refused


class Ask(Protocol):
    """A request on a repository."""

    def __call__(self, verb: str, repo: str, rest: str) -> Answer:
        """The answer. Raises the ports' errors."""
        ...


def required(ask: Ask, repo: str, branch: str) -> tuple[tuple[str, ...] | None, int | None]:
    """The names of the required checks and the number of required reviews; None for what may not be read.

    Rulesets are readable by everybody, classic protection by administrators only; its checks are also told with the
    branch. What rulesets require counts even where the rest is not known.
    """
    checks, reviews = _rulesets(ask, repo, branch)
    classic_checks, classic_reviews = _classic(ask, repo, branch)
    known = [found for found in (checks, classic_checks) if found is not None]
    names = tuple(dict.fromkeys(name for found in known for name in found))
    complete = classic_checks is not None and checks is not None
    if reviews is None or classic_reviews is None:  # what one of them requires is required, whatever the other says
        return (names if names or complete else None), (reviews or classic_reviews or None)
    return (names if names or complete else None), max(reviews, classic_reviews)


def _rulesets(ask: Ask, repo: str, branch: str) -> tuple[list[str] | None, int | None]:
    try:
        rules = items(ask("GET", repo, f"/rules/branches/{quote(branch, safe='')}").data)
    except Gone:  # an older server, which has none
        return [], 0
    except Refused:
        return None, None
    checks: list[str] = []
    reviews = 0
    for rule in rules:
        parameters = of(rule.get("parameters"))
        if rule.get("type") == "required_status_checks":
            checks += [text_of(check.get("context")) for check in items(parameters.get("required_status_checks"))]
        elif rule.get("type") == "pull_request":
            reviews = max(reviews, number_of(parameters.get("required_approving_review_count")))
    return checks, reviews


def _classic(ask: Ask, repo: str, branch: str) -> tuple[list[str] | None, int | None]:
    name = quote(branch, safe="")
    try:
        told = of(ask("GET", repo, f"/branches/{name}").data)
        if told.get("protected") is False:
            return [], 0
    except Refused:
        told = {}
    short = of(of(told.get("protection")).get("required_status_checks"))
    try:
        data = of(ask("GET", repo, f"/branches/{name}/protection").data)
    except Refused:
        return (_contexts(short) if short else None), None
    reviews = of(data.get("required_pull_request_reviews"))
    return _contexts(of(data.get("required_status_checks"))), number_of(reviews.get("required_approving_review_count"))


def _contexts(data: dict[str, Json]) -> list[str]:
    """Names of required checks: ``contexts`` is GitHub's older list, ``checks`` the newer one of the same."""
    old = data.get("contexts")
    named = [text_of(name) for name in old] if isinstance(old, list) else []
    named += [text_of(check.get("context")) for check in items(data.get("checks"))]
    return list(dict.fromkeys(filter(None, named)))
