"""What a file's path says about its statements: an example's or a test's, a deployment's, one environment's."""

from __future__ import annotations

import re

from analyzers.vocabulary import words

_EXAMPLE_PATH = re.compile(
    r"(?:^|[/._-])(?:examples?|samples?|demos?|dev|development|staging|sandbox|local|test\w{0,8}|fixtures?|"
    r"mocks?|e2e|bench\w{0,8}|integration|ci|qa|preview)"
    r"(?:[/._-]|$)",
    re.IGNORECASE,
)
_DEPLOYED = re.compile(
    r"\.(?:ya?ml|json|jsonnet|libsonnet|toml|tf|tfvars|hcl|ini|cfg|conf|properties|tpl)$|(?:^|[/.])\.?env(?:[._-]|$)"
    r"|dockerfile|(?:docker-)?compose|procfile",
    re.IGNORECASE,
)
_ENVIRONMENT = re.compile(
    r"(?:^|/)(?:environments?|envs?|overlays|workspaces?|clusters?|stages?|regions?|tenants?)/([^/.]+)", re.IGNORECASE
)
_MAIN = frozenset("prod production live main base default defaults common global all shared".split())
_LESSER = frozenset("staging dev development sandbox qa uat preprod preview".split())


def is_example(path: str) -> bool:
    """Whether what a file states holds only for an example, a test or a developer's own machine."""
    return _EXAMPLE_PATH.search(path) is not None


def deployed(path: str) -> bool:
    """Whether a file configures or deploys, as opposed to program source that reads what it is given."""
    return _DEPLOYED.search(path) is not None


def of_another_environment(path: str, context: set[str]) -> bool:
    """Whether a file sets the value for one environment and the runbook speaks of another, or of none in particular
    while the file is not the main one's."""
    here = set(words(path))
    if (context & _LESSER) - here:
        return True
    found = _ENVIRONMENT.search(path)
    name = set(words(found.group(1))) if found else set()
    return bool(name) and not name & _MAIN and not name & context
