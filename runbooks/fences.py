"""What the lines of a fenced block name: commands, settings with values, variables, flags, paths, ports, identifiers.

A fence is read line by line by its language's habits, never with a grammar: runbooks show fragments, prompts,
placeholders and output.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from analyzers.patterns import regex
from runbooks.mentions import (
    LONGEST,
    Mention,
    Mentions,
    bare,
    identifiers,
    in_command,
    in_prose,
    in_url,
    is_command,
    is_value,
)
from runbooks.model import AnchorKind

_SHELL = frozenset("sh bash shell zsh console shell-session shellsession terminal fish powershell ps1 cmd".split())
_KEYED = frozenset(
    "yaml yml json jsonc json5 toml ini conf cfg properties env dotenv hcl terraform tf jsonnet libsonnet "
    "helm kubernetes nginx systemd".split()
)
_QUERY = frozenset("promql logql metricsql traceql sql psql mysql postgresql pgsql".split())
_OUTPUT = frozenset("text txt output log logs plaintext none mermaid dot plantuml".split())

_DIFF = regex(r"(?:u?diff|patch)(?:\W|\Z)")
_KEY = regex(r"(\s*)(-\s+)?[\"']?([A-Za-z_$][\w./$-]*)[\"']?\s*(?::(?=\s|$)|=(?![=~>])|:=)\s*(.*)\Z")
_DEFAULTED = regex(r"\s*(?:-\s+)?\[?([\w.-]+):\s*<[^<>]*>\s*\|\s*default\s*=\s*(\S.*)\Z")
_ASSIGN = regex(
    r"\s*(?:export\s+|ENV\s+|ARG\s+|set\s+|\$env:)?([A-Z][A-Z0-9_]{2,})\s?=\s?(\"[^\"]*\"|'[^']*'|\S*)\s*(?:#.*)?\Z"
)
_SCRIPT = frozenset("sh bash shell zsh fish".split())
_CALL = regex(r"(?!(?:if|then|fi|for|do|done|else|elif|while|case|esac|function)\b)[a-z][\w.-]*\s+[\w./<$\"'-]")
_DEFAULT = regex(r"\bdefaults?(?:\s{1,3}(?:is|to|value)){0,3}\s{0,3}[:=]?\s{0,3}[`\"']?([\w.%]+)", re.IGNORECASE)
_WORD = regex(r"(?<![\w./:@$~{}>-])[\w./:@$~{}-]*?(?:[_/]|\.[A-Za-z]|[a-z\d][A-Z]|--?[a-z]|:\d)[\w./:@$~{}=%#,-]*")
# What one word can stretch over, with the character before it that keeps it from being read.
_RUN = regex(r">?[\w./:@$~{}=%#,-]+")
_PROMPT = regex(r"\s*(?:\$|❯|➜|[\w.@~/:-]{0,60}[$#]|>)\s+(?=\S)")
_COMMENT = regex(r"(?:^|\s)(?:#|//)\s?(.*)\Z")

MOST_LINES = 2_000
"""Lines of one fence that are read; longer ones are dumps."""


def mentions(text: str, info: str) -> Iterator[tuple[int, Mention]]:
    """Each mention of a fence with its line's index from 0. ``info`` is the fence's info string."""
    language = info.split(None, 1)[0].strip("{}.").lower() if info.strip() else ""
    lines = text.split("\n")[:MOST_LINES]
    if is_diff(info, lines):
        lines = ["" if line.startswith("-") else line[1:] for line in lines]
    prompted = any(line.lstrip().startswith("$ ") for line in lines)
    keys: list[tuple[int, str]] = []
    continued = False
    for index, line in enumerate(lines):
        line = line[: LONGEST * 4]
        if not line.strip():
            continued = False
            continue
        # The lines of a command after a backslash hold its flags; each is named at its own line, to be quotable.
        found = in_command(line[:LONGEST])[1:] if continued else _line(line, language, prompted, keys)
        continued = line.rstrip().endswith("\\") and (continued or any(m.kind is AnchorKind.COMMAND for m in found))
        for mention in found:
            yield index, mention


def is_diff(info: str, lines: Sequence[str]) -> bool:
    """Whether a fence shows a change: by its language, or since it has a hunk's header, or lines that begin with a plus
    beside some that begin with a minus (YAML has lists, but no plus)."""
    language = info.split(None, 1)[0].strip("{}.").lower() if info.strip() else ""
    if _DIFF.match(language):
        return True
    signs = {line[:1] for line in lines[:MOST_LINES] if line[:3] not in ("---", "+++")}
    return {"+", "-"} <= signs or any(line.startswith("@@ ") for line in lines[:MOST_LINES])


def _line(line: str, language: str, prompted: bool, keys: list[tuple[int, str]]) -> Mentions:
    stripped = line.strip()
    if language in _QUERY:
        return identifiers(stripped)
    if "|" in line and (found := _DEFAULTED.match(line)):
        return (Mention(AnchorKind.NAME, found[1], bare(found[2].rstrip("] "))),)
    if "=" in line and (found := _ASSIGN.match(line)):
        return (Mention(AnchorKind.ENV_VAR, found[1], bare(found[2])), *_words(found[2] or ""))
    if language not in _KEYED and language not in _OUTPUT:
        command = _command(stripped, language, prompted)
        if command:
            return command
    if language not in _SHELL and language not in _OUTPUT and (found := _KEY.match(line)):
        return _keyed(found, keys)
    return _words(line)


def _command(line: str, language: str, prompted: bool) -> Mentions:
    if line.startswith("#"):
        return _words(line)
    prompt = _PROMPT.match(line)
    if prompt:
        return (
            in_command(line[prompt.end() :][:LONGEST]) if language in _SHELL or is_command(line[prompt.end() :]) else ()
        )
    if prompted:
        return ()
    if (is_command(line) and (language in _SHELL or not language)) or (language in _SCRIPT and _CALL.match(line)):
        return in_command(line[:LONGEST])
    return ()


def _keyed(found: re.Match[str], keys: list[tuple[int, str]]) -> Mentions:
    """``key: value`` as a name with a value; under other keys also by its dotted path, which is more exact."""
    indent = len(found[1]) + len(found[2] or "")
    key, rest = found[3], found[4].strip()
    while keys and keys[-1][0] >= indent:
        keys.pop()
    comment = _COMMENT.search(rest) if "#" in rest or "//" in rest else None
    value = bare(rest[: comment.start()] if comment else rest)
    dotted = ".".join((*(name for _, name in keys[-5:]), key))
    if len(keys) < 50:
        keys.append((indent, key))
    if not value or value in "{[|>{}[]" or value.startswith(("{", "[", "|", ">", "&", "*")):
        return (*((Mention(AnchorKind.NAME, key),) if "_" in key else ()), *_words(rest))
    names = tuple(dict.fromkeys((key, dotted)))
    default = _DEFAULT.search(rest) if "default" in rest.lower() else None
    stated = [default[1]] if default and is_value(default[1]) else []
    if not stated or is_value(value):
        stated.insert(0, value)
    out = [Mention(AnchorKind.NAME, name, text) for text in dict.fromkeys(stated) for name in names]
    return (*out, *_words(rest))


def _words(line: str) -> Mentions:
    return tuple(mention for run in _RUN.findall(line) for mention in _word(run))


@lru_cache(maxsize=20_000)
def _word(run: str) -> Mentions:
    word = _WORD.search(run)  # at most one: it reaches to the end of the run
    if word is None:
        return ()
    text = word[0].rstrip(",.:;")
    if "://" in text:
        return in_url(text)
    if text.startswith("-"):
        return in_prose(text) or (_short_flag(text) if "-" in text[1:] else ())
    return in_prose(text)


def _short_flag(text: str) -> Mentions:
    name, _, value = text.partition("=")
    plain = name.lstrip("-").replace("-", "").replace(".", "").isalnum()
    return (Mention(AnchorKind.FLAG, name, bare(value)),) if plain and len(name) > 4 and name[1].isalpha() else ()
