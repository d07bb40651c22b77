"""What in a repository operates something: knobs that people turn, and the paths where nothing is operated.

Most assignments in a program are no settings. One counts when it stands in a configuration format, in a class or file
that is called configuration, or is bound to a flag, a tag or a variable (how the twelve-factor guide and the
Prometheus and Kubernetes projects lay their settings out).
"""

from __future__ import annotations

import re
from dataclasses import replace

from analyzers.findings import shown
from analyzers.model import Change, ChangeKind, Fact, FactKind, Unit
from analyzers.patterns import regex
from analyzers.rules.wording import stated
from analyzers.vocabulary import leaf, words

_NOT_OPERATED = regex(
    r"(?:^|/)(?:examples?|samples?|demos?|hack|website|docs?|bench(?:marks?)?|\.devcontainer|\.vscode|mockups?|playground"
    r"|tutorials?|stories|storybook|quickstart|crater|fuzz(?:ing)?|testutils?|integration|e2e[-_\w]*|dev|devnet|devenv"
    r"|scripts?-dev|dev-?scripts?|local|build-image|ui-test|i18n|locales?|translations|migrations|openapi|swagger|schemas?"
    r"|dashboards?|forms|lints?)/"
    r"|(?:^|/)(?:openapi|swagger|mkdocs|catalog-info|codecov|\.?renovate|dependabot|\.?golangci|\.pre-commit-config|tsconfig"
    r"|package|composer|nx|lerna|turbo|\.?goreleaser|\.?mergify|_config|antora\w*|zensical|[\w-]*lint\w*)[^/]*\.(?:ya?ml|json5?|toml)$"
    r"|(?:^|/)\.env\.(?:dev\w*|test\w*|local|ci)$|(?:^|/)(?:local|dev|test)\.env$"
    r"|(?:^|/)[^/]*(?:Dockerfile|compose)[-._](?:dev\w*|test\w*|local|override|debug)(?:\.ya?ml)?$|(?:^|/)\.devcontainer"
    r"|(?:^|/)\.github/(?!workflows/|actions/)|dashboard[^/]*\.json$",
    re.IGNORECASE,
)
"""Examples, documents, developers' tools and machines, interface descriptions and dashboards: they change without any
effect on what runs."""

_FORMAT = regex(
    r"\.(?:ya?ml|json5?|jsonc|toml|ini|cfg|conf|properties|env|jsonnet|libsonnet|tf|tfvars|hcl|nomad|tpl|tmpl|gotmpl|j2|erb)$"
    r"|(?:^|/)(?:[^/]*\.)?(?:Dockerfile|Containerfile)[^/]*$|(?:^|/)\.env[^/]*$",
    re.IGNORECASE,
)
_DATA_FORMAT = regex(r"\.(?:ya?ml|json5?|jsonc)$", re.IGNORECASE)
_DEPLOYED = regex(
    r"[a-z]*config(?:s|uration|map)?|confs?|settings?|environments?|envs?|[a-z]*values|deploy\w*|charts?|helm(?:file)?|k8s"
    r"|kube\w*|manifests?|operations|ops|infra\w*|inventory|inventories|group|host|vars|roles|ansible|playbooks?|kustom\w*"
    r"|overlays|base|etc|prod|production|staging|docker|compose|monitoring|observability|prometheus|alertmanager|argo\w*"
    r"|grafana|terraform|pulumi|concourse|jsonnet|mixins?|systemd|nginx|application|app|appsettings|defaults|limits"
    r"|overrides|alerts?|rules|runtime|serverless|template|fly|render|manifest|flags|features?",
    re.IGNORECASE,
)
"""Paths of YAML and JSON that is configuration. Elsewhere those formats hold data and schemas as often."""

_DEEPEST = 8
"""Parts of a dotted key beyond which a document is data (a form, a tree of content), not settings."""

_CONFIGURATION_PATH = regex(
    r"(?:^|/)(?:config|configs|conf|settings|environments?|envs?|flags?|options?|defaults?|limits?|runtime_?config"
    r"|validation)(?:/|\.\w+$|_\w+\.\w+$)|(?:config|settings|flags|options|defaults)\.\w+$",
    re.IGNORECASE,
)
_HOLDER_WORDS = frozenset(
    "config configs configuration cfg conf settings setting options option opts flags flag params defaults default "
    "limits overrides args env environment".split()
)
_CONSTANT = regex(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$|DEFAULT\w*$|[dD]efault[A-Z]\w+$")
_PIPELINE = regex(
    r"(?:^|/)\.(?:github|gitlab|circleci|semaphore|buildkite|azure-pipelines|travis|drone|woodpecker)[^/]*"
    r"|(?:^|/)(?:azure-pipelines|bitbucket-pipelines|cloudbuild|appveyor)[^/]*\.ya?ml$",
    re.IGNORECASE,
)
_DELIVERING = frozenset(
    "deploy deployment deploys deploying release releases publish rollout rollback promote production prod staging "
    "migrate provision terraform apply cd delivery pipeline infrastructure".split()
)
_NOT_DELIVERING = frozenset(
    "docs doc pages website site storybook preview lint label labels labeler scorecard scorecards codeql stale hugo "
    "e2e backport changelog notes drafter checks".split()
)
_BUILD_WORDS = frozenset("version versions sha sha256 sha512 checksum digest revision commit hash sum tag".split())
_TEXT = regex(r"\s\w+\s\w+\s\w")


def is_aside(fact: Fact) -> bool:
    """Whether the file is of a kind that is never operated: examples, documents, tools, dashboards."""
    return bool(_NOT_OPERATED.search(fact.span.path))


def is_data(fact: Fact) -> bool:
    """Whether a setting is of no concern: aside, or in YAML or JSON that by its path is data rather than
    configuration."""
    return is_aside(fact) or (bool(_DATA_FORMAT.search(fact.span.path)) and not _is_deployed(fact))


def in_configuration(fact: Fact) -> bool:
    """Whether the fact stands in a configuration format (YAML, TOML, INI, a Dockerfile…) and not in a program."""
    return bool(_FORMAT.search(fact.span.path))


def is_local(fact: Fact) -> bool:
    """Whether it is an argument or a local of a function, so that its name alone tells nobody anything."""
    return fact.symbol is not None and fact.symbol.kind in {"function", "method"} and bool(fact.scope)


def is_knob(fact: Fact) -> bool:
    """Whether a setting is one that is turned in operation, by where it stands and what it is bound to."""
    if is_data(fact) or is_build_input(fact) or _TEXT.search(fact.value.text):
        return False
    if in_configuration(fact) or _bound(fact):
        return True
    if is_local(fact) and not _holder(fact):
        return False
    return _holder(fact) or bool(_CONFIGURATION_PATH.search(fact.span.path))


def _is_deployed(fact: Fact) -> bool:
    path = fact.span.path
    pieces = re.split(r"[/._-]+", path)
    return ("/" not in path or any(map(_DEPLOYED.fullmatch, pieces))) and fact.key.count(".") < _DEEPEST


def is_default_constant(fact: Fact) -> bool:
    """Whether it is a constant of a module: by its spelling (``MAX_RETRIES``, ``defaultTimeout``), or by its number."""
    if is_aside(fact) or is_local(fact) or in_configuration(fact) or is_build_input(fact):
        return False
    return bool(_CONSTANT.search(leaf(fact.key))) or fact.value.number is not None


def in_pipeline(fact: Fact) -> bool:
    """Whether the fact stands in the definition of a build or deployment pipeline."""
    return bool(_PIPELINE.search(fact.span.path))


def delivers(fact: Fact) -> bool:
    """Whether a part of a pipeline releases or deploys, by the names of its file, workflow and job; documentation and
    test sites are not meant."""
    found = set(words(fact.key)) | set(words(fact.scope)) | set(words("/".join(fact.span.path.split("/")[-2:])))
    return bool(found & _DELIVERING) and not found & _NOT_DELIVERING


def is_build_input(fact: Fact) -> bool:
    """Whether the name is that of a version or checksum: bumped all the time, and shown by the image or the lock."""
    return bool(set(words(leaf(fact.key))[-2:]) & _BUILD_WORDS)


def is_telling_quantity(fact: Fact) -> bool:
    """Whether the value is a time, a size, a share, or a number under a name of its own."""
    if fact.value.number is None:
        return False
    return fact.value.unit not in {Unit.NONE, Unit.COUNT} or not is_local(fact)


def _bound(fact: Fact) -> bool:
    return bool(fact.attribute("tag") or fact.attribute("env")) or any(
        alias.startswith("-") or (alias.isupper() and len(alias) > 3 and alias != leaf(fact.key))
        for alias in fact.aliases
    )


def _holder(fact: Fact) -> bool:
    """Whether the class, object or function around the name is called configuration."""
    parts = fact.key.replace("/", ".").split(".")[:-1]
    parts += fact.symbol.name.split(".")[:-1] if fact.symbol else []
    if fact.scope and not is_local(fact):
        parts.append(fact.scope)
    return any(_HOLDER_WORDS & set(words(part)) for part in parts)


def silent_text(before: str, after: str) -> bool:
    """Whether two values differ only in letters' case, in blanks, or in the kind of brackets and quotes."""
    return _bare(before) == _bare(after)


def _bare(text: str) -> str:
    return "".join(c for c in text.casefold() if not c.isspace() and c not in "[](){}\"',")


def is_step(fact: Fact) -> bool:
    """Whether it is an argument of a named step in a list (``[Restart the service].become``): a procedure, which is
    stated when it changes, not when it comes or goes."""
    return fact.key.startswith("[")


def told(change: Change) -> str:
    """``wording.stated``, but with the object around a field (``CronJob/cleanup spec.schedule``), and an item that came
    into a list or left it is said to be one."""
    change = Change(change.kind, _placed(change.before), _placed(change.after))
    fact = change.fact
    if fact.quote.startswith("- ") and not fact.key.endswith("]") and ":" not in fact.quote.split("#")[0]:
        if change.kind is ChangeKind.ADDED:
            return f"{fact.key} now includes {quoted(fact)}."
        if change.kind is ChangeKind.REMOVED:
            return f"{fact.key} no longer includes {quoted(fact)}."
    return stated(change)


def _placed(fact: Fact | None) -> Fact | None:
    """The fact with its object's name before its key."""
    if fact is None or "/" not in fact.scope or fact.scope in fact.key or not in_configuration(fact):
        return fact
    return replace(fact, key=f"{fact.scope} {fact.key}")


def named_change(noun: str, change: Change, *, gone: str, new: str) -> str:
    """A sentence for a thing with a name, such as a flag: ``The flag --x …``. ``gone`` and ``new`` complete it for a
    removal (``is gone``) and an addition (``is new``)."""
    before, after = change.before, change.after
    name = display(change.fact)
    if after is None:
        was = f"; its default was {shown(before)}" if before is not None and before.value.text else ""
        return f"The {noun} {name} {gone}{was}."
    if before is None:
        now = f"; its default is {shown(after)}" if after.value.text else ""
        return f"The {noun} {name} {new}{now}."
    if change.kind is ChangeKind.RENAMED:
        values = "" if shown(before) == shown(after) else f", and its default {quoted(before)} became {quoted(after)}"
        return f"The {noun} {display(before)} is now called {name}{values}."
    return f"The default of the {noun} {name} changed from {quoted(before)} to {quoted(after)}."


def quoted(fact: Fact | None) -> str:
    """A value for a sentence; ``nothing`` when it has none."""
    return shown(fact) or "nothing"


def display(fact: Fact) -> str:
    """The name as people write it: flags with their dashes."""
    if fact.kind is FactKind.CLI_FLAG:
        return next((alias for alias in fact.aliases if alias.startswith("--")), f"--{fact.key}")
    return fact.key


def difference(before: str, after: str) -> tuple[str, str]:
    """The words in which two texts differ, without the words that both begin and end with."""
    was, now = before.split(), after.split()
    start = 0
    while start < min(len(was), len(now)) and was[start] == now[start]:
        start += 1
    end = 0
    while end < min(len(was), len(now)) - start and was[-1 - end] == now[-1 - end]:
        end += 1
    # one word of context before, so that "> 5" does not become "5"
    begin = max(0, start - 1)
    return " ".join(was[begin : len(was) - end]), " ".join(now[begin : len(now) - end])


def cut(text: str, limit: int = 90) -> str:
    """A text on one line, cut with an ellipsis."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"
