"""What the readers of configuration formats share: facts of one setting, and files that configure only tools."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers import values
from analyzers.languages import Side
from analyzers.model import NO_VALUE, Confidence, Fact, FactKind, Span, Value
from analyzers.patterns import regex
from analyzers.syntax import QUOTE_CHARS
from analyzers.vocabulary import leaf, setting_kind

_TOOLING = regex(
    r"(?:^|/)\.?(?:rustfmt|clippy|ruff|taplo|deny|_?typos|cliff|cspell|release|release-plz|rust-toolchain|book|uv|poetry"
    r"|pixi|lefthook|golangci|codecov|bandit|pdm|hatch|nextest|mise|dprint|stylua|selene|Gopkg|zensical)\.toml$"
    r"|\.versions\.toml$|(?:^|/)\.(?:cargo|holo|vscode|idea|devcontainer)/"
    r"|(?:^|/)(?:setup|versioneer|\.?bumpversion|\.?isort)\.cfg$"
    r"|(?:^|/)\.?(?:tox|pytest|mypy|flake8|pylint|lombok|coveragerc|importlinter)\.(?:ini|cfg|conf|config)$"
    r"|(?:^|/)(?:gradle-wrapper|gradle|sonar-project|crowdin)\.properties$"
    r"|(?:^|/)\.(?:editorconfig|gitignore|gitattributes|dockerignore|prettier\w*|eslint\w*|stylelint\w*|babelrc|rubocop\w*"
    r"|npmrc|nvmrc|\w+-version|pylintrc|flake8|coveragerc)(?:\.\w+)?$"
    r"|(?:^|/)(?:LICEN[CS]E|NOTICE|AUTHORS|CODEOWNERS|CHANGE(?:S|LOG)|[\w.-]+\.config\.[cm]?[jt]s)$"
)
"""Files that configure linters, formatters, builds and editors: nothing in them reaches operation."""

_MESSAGES = regex(
    r"(?:^|[/._-])(?:messages?|i18n|l10n|locales?|translations?|strings|labels|help-\w+)[/._-]", re.IGNORECASE
)
"""Bundles of texts in natural language (``Messages_de.properties``, ``i18n/…``)."""

_REFERENCE = regex(r"\$\{\??([A-Za-z_][A-Za-z0-9_]*)(?:(:-|-|:)([^${}]*))?\}")
"""``${NAME}``, HOCON's ``${?NAME}``, and defaults as in shells (``:-``) and Spring (``:``)."""

_LISTEN = regex(r"(?:^|\.)listen$")
"""nginx's and others' word for a port."""

_VARIABLE = regex(r"[A-Z][A-Z0-9_]{2,}$")


def is_tooling(path: str) -> bool:
    """Whether the file configures only developers' tools, or holds texts for people."""
    return bool(_TOOLING.search(path) or _MESSAGES.search(path))


def place(side: Side, first: int, last: int, lines: list[str]) -> tuple[Span, str]:
    """The span of 1-based lines and the quote of the first one."""
    quote = lines[first - 1].strip()[:QUOTE_CHARS] if first <= len(lines) else ""
    return Span(side.revision, side.path, first, last), quote


def setting_facts(
    key: str,
    text: str,
    span: Span,
    quote: str,
    *,
    scope: str = "",
    kind: FactKind | None = None,
    confidence: Confidence = Confidence.HIGH,
) -> Iterator[Fact]:
    """The setting ``key`` with the literal ``text`` (quotes removed), and the environment variables it refers to.

    ``kind`` fixes the kind, otherwise the name's words decide. A secret written out is stated without its content, in
    the quote too: quotes travel to chat messages.
    """
    value = values.parse_value(text, key)
    by_name = FactKind.PORT if _LISTEN.search(key) and value.number else setting_kind(key, value)
    kind = kind or by_name
    name = leaf(key)
    if by_name is FactKind.SECRET and not _REFERENCE.search(text) and value.number is None:
        value, quote = NO_VALUE, f"{name} = (not shown)"
    aliases = (name,) if name != key and len(name) > 3 else ()
    yield Fact(kind, key, value, span, quote, None, scope, aliases, (), confidence)
    for variable, _, default in _REFERENCE.findall(text):
        if _VARIABLE.match(variable):
            yield Fact(
                FactKind.ENV_VAR,
                variable,
                values.parse_value(default, variable),
                span,
                quote,
                None,
                "",
                (),
                (),
                confidence,
            )


def unquoted(text: str) -> str:
    """A literal without one pair of matching quotes and outer blanks."""
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'`":
        return text[1:-1]
    return text


def empty(value: Value) -> bool:
    """Whether a value says nothing."""
    return not value.text.strip()
