"""CI definitions: GitHub Actions workflows and actions, GitLab CI, and the other services' files as plain job fields.

Names of steps are texts for people, so a step is known by the action it uses or as a script of its job.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from analyzers.documents import settings
from analyzers.documents.entries import Context, Handler, Item, Kind, Owner, brief, walk
from analyzers.model import NO_VALUE, Fact, FactKind, Value

_SECRET = re.compile(r"\bsecrets\.([A-Za-z_][A-Za-z0-9_]*)")
_OTHER_CI = re.compile(
    r"(?:^|/)(?:\.circleci/[^/]+|\.travis|azure-pipelines[^/]*|\.drone|\.woodpecker[^/]*|\.buildkite/[^/]+|appveyor|\.appveyor"
    r"|bitbucket-pipelines|cloudbuild[^/]*|\.semaphore/[^/]+|buildspec[^/]*|\.cirrus|\.tekton/[^/]+)\.ya?ml$"
    r"|(?:^|/)\.azure-pipelines/|(?:^|/)\.gitlab/ci/"
)
_GITLAB_KEYWORDS = frozenset({"stages", "default", "include", "workflow", "variables", "image", "services", "cache"})


def workflow_name(path: str) -> str:
    """The name under which people speak of a workflow: its file's stem."""
    stem = re.sub(r"\.ya?ml$", "", path.rsplit("/", 1)[-1])
    if stem in {"action", "config", "pipeline"} and "/" in path:
        stem = path.rsplit("/", 2)[-2].lstrip(".")
    return stem.lstrip(".")


def reader(root: Item, path: str) -> str:
    """Which reader of this module a document gets: ``github``, ``action``, ``gitlab``, ``other`` or an empty string."""
    if re.search(r"(?:^|/)\.(?:github|gitea|forgejo)/workflows/[^/]+\.ya?ml$", path):
        return "github"
    if re.search(r"(?:^|/)action\.ya?ml$", path) and root.get("runs") is not None:
        return "action"
    if re.search(r"(?:^|/)[^/]*\.?gitlab-ci[^/]*\.ya?ml$", path):
        return "gitlab"
    if root.get("jobs") is not None and (root.get("on") is not None or root.get("true") is not None):
        return "github"
    return "other" if _OTHER_CI.search(path) else ""


def read(root: Item, context: Context, kind: str) -> Iterator[Fact]:
    """The facts of a CI document; ``kind`` comes from :func:`reader`."""
    name = workflow_name(root.page.path)
    inner = replace(context, base=root, leaf=_leaf, owner=Owner(name, root))
    if kind in {"github", "action"}:
        handlers: tuple[Handler, ...] = (_silent, _schedule, _permissions, _job, _step, *_variables)
        yield from walk(root, replace(inner, handlers=handlers), skip_handlers=True)
    else:
        handlers = (_names, _gitlab_variables, *_variables, settings.images, settings.prose)
        handlers = (_gitlab_job, *handlers) if kind == "gitlab" else (_job, *handlers)
        yield from walk(root, replace(inner, handlers=handlers), skip_handlers=True)


def _leaf(item: Item, context: Context) -> Iterator[Fact]:
    """A field: ``ci_job`` with key ``workflow/job field``; references to secrets are facts of their own."""
    owner = context.owner
    text = brief(_script(item.text)) if "\n" in item.text else brief(item.text)
    field = context.key(item)
    if owner is None or not field:
        return
    yield from _secrets(item, item.text, owner)
    if item.kind is Kind.NULL and item.parent is not None and item.parent.key != "on":
        return
    yield item.fact(FactKind.CI_JOB, f"{owner.name} {field}", settings.quantity(text, field), owner=owner)


def _secrets(item: Item, text: str, owner: Owner) -> Iterator[Fact]:
    for name in dict.fromkeys(_SECRET.findall(text)):
        if name != "GITHUB_TOKEN":
            yield item.fact(FactKind.SECRET, name, Value("CI secret"), owner=owner)


def _script(text: str) -> str:
    """A shell script without comment lines and blank lines."""
    lines = (line.strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line and not line.startswith("#"))


# -- GitHub Actions ---------------------------------------------------------------------------------------------------


def _silent(item: Item, context: Context) -> Iterable[Fact] | None:
    return () if item.key in {"name", "run-name", "description", "branding", "author", "defaults"} else None


def _names(item: Item, context: Context) -> Iterable[Fact] | None:
    """Names of steps and jobs; the name of a deploy environment does count."""
    named = item.key in {"name", "displayName", "label", "alias"} and item.kind is Kind.SCALAR
    return () if named and (item.parent is None or item.parent.key != "environment") else None


def _schedule(item: Item, context: Context) -> Iterable[Fact] | None:
    if item.key != "cron" or item.kind is not Kind.SCALAR or context.owner is None:
        return None
    return (item.fact(FactKind.SCHEDULE, f"{context.owner.name} schedule", Value(item.text), owner=context.owner),)


def _permissions(item: Item, context: Context) -> Iterable[Fact] | None:
    """``permissions``: one grant per scope of the token, or one for all (``write-all``)."""
    owner = context.owner
    if item.key != "permissions" or owner is None:
        return None
    if item.kind is Kind.SCALAR:
        return (item.fact(FactKind.ROLE_GRANT, "permissions all", Value(item.text), owner=owner),)
    return [
        child.fact(FactKind.ROLE_GRANT, f"permissions {child.key}", Value(child.text), owner=owner)
        for child in item.touching(context.lines)
    ]


def _job(item: Item, context: Context) -> Iterable[Fact] | None:
    jobs = item.parent
    if jobs is None or jobs.key != "jobs" or jobs.parent is not context.base or item.kind is not Kind.MAPPING:
        return None
    if context.owner is None or context.owner.item is not context.base:
        return None  # a field named "jobs" of a job
    name = f"{workflow_name(item.page.path)}/{item.key}"
    return walk(item, replace(context, owner=Owner(name, item), base=item), skip_handlers=True)


def _step(item: Item, context: Context) -> Iterable[Fact] | None:
    """A step: ``uses ACTION`` with its version, inputs as ``uses ACTION with.NAME``; scripts as ``run``."""
    if item.kind is not Kind.MAPPING or item.parent is None or item.parent.key != "steps" or context.owner is None:
        return None
    return _step_facts(item, context, context.owner)


def _step_facts(item: Item, context: Context, owner: Owner) -> Iterator[Fact]:
    action, _, version = item.scalar("uses").partition("@")
    label = f"{owner.name} uses {action}" if action else f"{owner.name} run"
    for child in item.touching(context.lines):
        if child.key in {"name", "id"}:
            continue
        yield from _secrets(child, child.text, owner)
        if child.key == "uses":
            yield child.fact(FactKind.CI_JOB, label, Value(version), owner=owner)
        elif child.key == "run":
            yield child.fact(FactKind.CI_JOB, label, Value(brief(_script(child.text))), owner=owner)
        elif child.key == "with" and child.kind is Kind.MAPPING:
            for entry in child.touching(context.lines):
                yield from _secrets(entry, entry.text, owner)
                value = settings.quantity(entry.text, entry.key)
                yield entry.fact(FactKind.CI_JOB, f"{label} with.{entry.key}", value, owner=owner)
        elif child.kind in {Kind.MAPPING, Kind.SEQUENCE}:
            yield from walk(child, context)
        elif child.text:
            yield child.fact(FactKind.CI_JOB, f"{label} {child.key}", Value(brief(child.text)), owner=owner)


def _environment(item: Item, context: Context) -> Iterable[Fact] | None:
    """Variables under ``env``; a job's ``environment`` is the deploy target and no variable."""
    if item.parent is None or item.parent.key not in {"env", "environment"} or context.owner is None:
        return None
    if item.parent.key == "environment" and not re.match(r"^[A-Z][A-Z0-9_]*$", item.key):
        return None
    if item.kind not in {Kind.SCALAR, Kind.NULL} or not item.key:
        return None
    value = settings.quantity(item.text, item.key)
    return [item.fact(FactKind.ENV_VAR, item.key, value, scope=""), *_secrets(item, item.text, context.owner)]


_variables: tuple[Handler, ...] = (_environment,)


# -- GitLab CI --------------------------------------------------------------------------------------------------------


def _gitlab_variables(item: Item, context: Context) -> Iterable[Fact] | None:
    if item.parent is None or item.parent.key != "variables" or not item.key:
        return None
    text = item.text if item.kind is Kind.SCALAR else item.scalar("value")
    return (item.fact(FactKind.ENV_VAR, item.key, settings.quantity(text, item.key) if text else NO_VALUE, scope=""),)


def _gitlab_job(item: Item, context: Context) -> Iterable[Fact] | None:
    if item.parent is not context.base or item.kind is not Kind.MAPPING or item.key in _GITLAB_KEYWORDS:
        return None
    if context.owner is None or context.owner.item is not context.base:
        return None
    name = f"{workflow_name(item.page.path)}/{item.key}"
    return walk(item, replace(context, owner=Owner(name, item), base=item), skip_handlers=True)
