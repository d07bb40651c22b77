"""What in a repository operates something: knobs that people turn, and the paths where nothing is operated.

Most assignments in a program are no settings. One counts when it stands in a configuration format, in a class or file
that is called configuration, or is bound to a flag, a tag or a variable (how the twelve-factor guide and the
Prometheus and Kubernetes projects lay their settings out).
"""

from __future__ import annotations

import re

from analyzers.findings import shown
from analyzers.model import Change, ChangeKind, Fact, FactKind, Unit
from analyzers.vocabulary import leaf, words

_NOT_OPERATED = re.compile(
    r"(?:^|/)(?:examples?|samples?|demos?|hack|website|docs?|bench(?:marks?)?|\.devcontainer|\.vscode|mockups?|playground"
    r"|tutorials?|stories|storybook|quickstart|crater|fuzz(?:ing)?|testutils?|integration|e2e[-_\w]*|dev(?:elopment)?env"
    r"|i18n|locales?|translations|migrations|openapi|swagger|schemas?|dashboards?)/"
    r"|(?:^|/)(?:openapi|swagger|mkdocs|catalog-info|codecov|\.?renovate|dependabot|\.?golangci|\.pre-commit-config|tsconfig"
    r"|package|composer|nx|lerna|turbo|\.?goreleaser|\.?mergify|_config|antora\w*|zensical)[^/]*\.(?:ya?ml|json5?|toml)$"
    r"|(?:^|/)\.(?:circleci|semaphore|buildkite)/|dashboard[^/]*\.json$",
    re.IGNORECASE,
)
"""Examples, documents, developers' tools, interface descriptions and dashboards: they change without any effect on
what runs."""

_FORMAT = re.compile(
    r"\.(?:ya?ml|json5?|jsonc|toml|ini|cfg|conf|properties|env|jsonnet|libsonnet|tf|tfvars|hcl|nomad|tpl|tmpl|gotmpl|j2|erb)$"
    r"|(?:^|/)(?:[^/]*\.)?(?:Dockerfile|Containerfile)[^/]*$|(?:^|/)\.env[^/]*$",
    re.IGNORECASE,
)
_CONFIGURATION_PATH = re.compile(
    r"(?:^|/)(?:config|configs|conf|settings|environments?|envs?|flags?|options?|defaults?|limits?|runtime_?config|"
    r"constants?|validation)(?:/|\.\w+$|_\w+\.\w+$)|(?:config|settings|flags|options|defaults)\.\w+$",
    re.IGNORECASE,
)
_HOLDER_WORDS = frozenset(
    "config configs configuration cfg conf settings setting options option opts flags flag params defaults default "
    "limits overrides args env environment".split()
)
_CONSTANT = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$|DEFAULT\w*$|[dD]efault[A-Z]\w+$")
_BUILD_WORDS = frozenset("version versions sha sha256 sha512 checksum digest revision commit hash sum tag".split())
_TEXT = re.compile(r"\s\w+\s\w+\s\w")


def is_aside(fact: Fact) -> bool:
    """Whether the file is of a kind that is never operated: examples, documents, tools, dashboards."""
    return bool(_NOT_OPERATED.search(fact.span.path))


def in_configuration(fact: Fact) -> bool:
    """Whether the fact stands in a configuration format (YAML, TOML, INI, a Dockerfile…) and not in a program."""
    return bool(_FORMAT.search(fact.span.path))


def is_local(fact: Fact) -> bool:
    """Whether it is an argument or a local of a function, so that its name alone tells nobody anything."""
    return fact.symbol is not None and fact.symbol.kind in {"function", "method"} and bool(fact.scope)


def is_knob(fact: Fact) -> bool:
    """Whether a setting is one that is turned in operation, by where it stands and what it is bound to."""
    if is_aside(fact) or is_build_input(fact) or _TEXT.search(fact.value.text):
        return False
    if in_configuration(fact) or _bound(fact):
        return True
    if is_local(fact) and not _holder(fact):
        return False
    return _holder(fact) or bool(_CONFIGURATION_PATH.search(fact.span.path))


def is_default_constant(fact: Fact) -> bool:
    """Whether it is a module's constant by its spelling (``MAX_RETRIES``, ``defaultTimeout``)."""
    return not is_aside(fact) and not is_local(fact) and bool(_CONSTANT.search(leaf(fact.key)))


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
        alias.startswith("-") or (alias.isupper() and len(alias) > 3) for alias in fact.aliases
    )


def _holder(fact: Fact) -> bool:
    """Whether the class, object or function around the name is called configuration."""
    parts = fact.key.replace("/", ".").split(".")[:-1]
    if fact.scope and not is_local(fact):
        parts.append(fact.scope)
    return any(_HOLDER_WORDS & set(words(part)) for part in parts)


def silent_text(before: str, after: str) -> bool:
    """Whether two values differ only in letters' case or in blanks around separators."""
    return "".join(before.split()).casefold() == "".join(after.split()).casefold()


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
