"""Plain text: every file without a grammar. Says little, and everything at low confidence.

The changed lines become ``text`` facts, one per word or literal (a multiset, so moving, wrapping and re-indenting
cancel out), telling ``key = value`` pairs become settings, and look-ups of environment variables become ``env_var``.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from analyzers import values
from analyzers.config_files import is_tooling
from analyzers.languages import Reading, Side
from analyzers.languages.text_lexer import Lexed, Token, family_of
from analyzers.model import NO_VALUE, Confidence, Fact, FactKind, Span, Value
from analyzers.syntax import QUOTE_CHARS
from analyzers.vocabulary import leaf, setting_kind

_MAX_TOKENS = 30_000
"""Tokens a side beyond which the rest is not read: such a file is data."""

_MAX_TEXT = 200
"""Longest literal that is kept whole."""

_ENV = re.compile(
    r"""(?:process\.env\.|import\.meta\.env\.)(?P<dotted>[A-Z][A-Z0-9_]{2,80})\b"""
    r"""|(?:process\.env|import\.meta\.env|\bENV|\$_(?:ENV|SERVER))\[\s*["'](?P<indexed>[A-Z][A-Z0-9_]{2,80})["']\s*\]"""
    r"""|\b(?:ENV\.fetch|getenv|env::var(?:_os)?|env!|env|GetEnvironmentVariable|System\.get_env|envOrElse|Env\.get)"""
    r"""\s*\(\s*["'](?P<called>[A-Z][A-Z0-9_]{2,80})["']"""
)
"""Ways in which the common languages ask for an environment variable."""

_ENV_DEFAULT = re.compile(
    r"""\s*(?:\)|\])?\s*(?:,|\|\||\?\?|\?:)\s*(?:"([^"\n]{0,120})"|'([^'\n]{0,120})'|(\d[\w.]*))"""
)

_SHELL_ENV = re.compile(r"\$\{(?P<name>[A-Z][A-Z0-9_]{2,80}):?[-=?](?P<default>[^${}]{0,120})[}]?")
"""A shell's ``${NAME:-default}`` and ``${NAME:?message}``."""

_SHELL = re.compile(r"\.(?:sh|bash|zsh|ksh)$|(?:^|/)(?:docker-)?entrypoint$")

_CONFIGURATION = re.compile(r"\.(?:tf|tfvars|hcl|nomad|xml|config|service|timer|tmpl|tpl|gotmpl|j2)$", re.IGNORECASE)
"""Formats in which every assignment is a setting."""

_CONFIGURING_CODE = re.compile(
    r"(?:^|/)config/[^/]+\.\w+$|(?:^|/)(?:config|settings|constants?|defaults)\.[a-z]+$|(?:^|/)config/.*\.rb$",
    re.IGNORECASE,
)
"""Program source in which an assignment of a number or of true and false is a setting."""

_BLOCK = re.compile(
    r"^[ \t]*(resource|variable|module|data|output|provider|locals|terraform|job|moved|check)\b"
    r"[ \t]*((?:\"[^\"\n]{0,120}\"[ \t]*){0,2})\{",
    re.MULTILINE,
)
"""Head of a top-level block of HCL: ``resource "aws_s3_bucket" "logs" {``."""

_CONSTANT = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$")
_ATOM = re.compile(r"(?:true|false|on|off|yes|no|null|nil|none)$", re.IGNORECASE)
_TELLING_STRING = re.compile(r"[\w./:@%+\-${}*]{1,120}$")
_ASSIGNING = frozenset({"=", ":", "=>", ":="})
_ENDING = frozenset({",", ";", ")", "}", "]"})


def read(side: Side) -> Reading:
    """What the changed lines say as far as plain text tells."""
    if is_tooling(side.path):
        return Reading(())
    lexed = Lexed(side.data.decode("utf-8", "replace"), family_of(side.path))
    reader = _Reader(side, lexed)
    facts: list[Fact] = []
    partial = ""
    for tokens in lexed.tokens(side.lines):
        facts += reader.words(tokens)
        facts += reader.settings(tokens)
        if len(facts) > _MAX_TOKENS:
            facts, partial = facts[:_MAX_TOKENS], f"plain text, read up to {_MAX_TOKENS:,} tokens"
            break
    facts += reader.variables()
    return Reading(tuple(facts), partial)


class _Reader:
    """The facts of one side; a line's quote is cut once."""

    def __init__(self, side: Side, lexed: Lexed) -> None:
        self.side = side
        self.lexed = lexed
        self.configuration = bool(_CONFIGURATION.search(side.path))
        self.configuring = bool(_CONFIGURING_CODE.search(side.path))
        self.blocks: list[tuple[int, str]] = []
        if side.path.endswith((".tf", ".hcl", ".nomad")):
            self.blocks = [(lexed.line_of(m.start()), _block_name(m)) for m in _BLOCK.finditer(lexed.text)]
        self._places: dict[int, tuple[Span, str]] = {}

    def fact(self, kind: FactKind, key: str, value: Value, line: int, aliases: Sequence[str] = ()) -> Fact:
        place = self._places.get(line)
        if place is None:
            starts = self.lexed.starts
            end = starts[line] - 1 if line < len(starts) else len(self.lexed.text)
            quote = self.lexed.text[starts[line - 1] : end].strip()[:QUOTE_CHARS]
            place = self._places[line] = (Span(self.side.revision, self.side.path, line, line), quote)
        return Fact(kind, key, value, place[0], place[1], None, "", tuple(aliases), (), Confidence.LOW)

    def words(self, tokens: Sequence[Token]) -> Iterator[Fact]:
        """One ``text`` fact for each word, number and string; signs that compare or negate count too."""
        for token in tokens:
            if token.kind != "sign" or token.text in {"==", "===", "!=", "!==", "<=", ">=", "&&", "||", "!"}:
                yield self.fact(FactKind.TEXT, token.text[:_MAX_TEXT], NO_VALUE, token.line)

    def settings(self, tokens: Sequence[Token]) -> Iterator[Fact]:
        """``key = value``, ``key: value``, ``key => value``, ``define('KEY', value)``, each with a whole literal."""
        for index in range(1, len(tokens) - 1):
            sign, key, value = tokens[index], tokens[index - 1], tokens[index + 1]
            if key.kind not in {"word", "string"} or value.kind == "sign":
                continue
            if sign.text == "," and key.kind == "string" and index > 2 and tokens[index - 3].text.lower() == "define":
                pass
            elif sign.text not in _ASSIGNING:
                continue
            following = tokens[index + 2] if index + 2 < len(tokens) else None
            if following is not None and not value.ends_line and following.text not in _ENDING:
                continue
            name = _typed_name(tokens, index) if sign.text == "=" else key.text
            fact = self._setting(name, value, value.line)
            if fact is not None:
                yield fact

    def _setting(self, name: str, literal: Token, line: int) -> Fact | None:
        """The pair as a setting when the name means something in operation, or the file is configuration."""
        if not re.match(r"[A-Za-z_][\w.-]{1,80}$", name):
            return None
        if literal.kind == "word" and not _ATOM.match(literal.text):
            return None
        if literal.kind == "string" and not _TELLING_STRING.match(literal.text):
            return None
        value = values.parse_value(literal.text, name)
        kind = setting_kind(name, value)
        if kind is FactKind.SECRET:
            return None
        if kind is FactKind.SETTING and not (self.configuration or _CONSTANT.match(name)):
            switch = literal.kind == "word" and literal.text.lower() in {"true", "false"}
            if not (self.configuring and (switch or value.number is not None)):
                return None
        index = bisect_right(self.blocks, (line, "\uffff")) - 1
        key = f"{self.blocks[index][1]}.{name}" if index >= 0 else name
        return self.fact(kind, key, value, line, (leaf(key),) if leaf(key) != key else ())

    def variables(self) -> Iterator[Fact]:
        """Look-ups of environment variables on the changed lines, with a literal default where one follows."""
        text, starts = self.lexed.text, self.lexed.starts
        comments = [(start, end) for start, end, comment in self.lexed.spans if comment]
        for first, last in self.side.lines:
            begin = starts[min(first, len(starts)) - 1]
            stop = starts[last] if last < len(starts) else len(text)
            for at, name, literal in self._lookups(begin, stop):
                if not any(start <= at < end for start, end in comments):
                    value = values.parse_value(literal, name) if literal else NO_VALUE
                    yield self.fact(FactKind.ENV_VAR, name, value, self.lexed.line_of(at))

    def _lookups(self, begin: int, stop: int) -> Iterator[tuple[int, str, str]]:
        """Offset, name and default of each look-up."""
        text = self.lexed.text
        for match in _ENV.finditer(text, begin, stop):
            found = _ENV_DEFAULT.match(text, match.end())
            literal = next((group for group in found.groups() if group is not None), "") if found else ""
            yield match.start(), match["dotted"] or match["indexed"] or match["called"], literal
        if _SHELL.search(self.side.path):
            for match in _SHELL_ENV.finditer(text, begin, stop):
                yield match.start(), match["name"], "" if ":?" in match.group() else match["default"]


def _block_name(head: re.Match[str]) -> str:
    """``variable "region"`` → ``var.region``; ``resource "aws_s3_bucket" "logs"`` → ``aws_s3_bucket.logs``."""
    labels = re.findall(r'"([^"]*)"', head[2])
    kind = {"variable": "var", "resource": "", "locals": "local"}.get(head[1], head[1])
    return ".".join(part for part in (kind, *labels) if part)


def _typed_name(tokens: Sequence[Token], index: int) -> str:
    """The name left of ``=``: past a type annotation (``limit: number = 5``), with its owner (``self.limit``)."""
    at = index - 1
    if at >= 2 and tokens[at - 1].text == ":" and tokens[at - 2].kind == "word":
        at -= 2
    name = tokens[at].text
    while at >= 2 and tokens[at - 1].text == "." and tokens[at - 2].kind == "word":
        at -= 2
        if tokens[at].text not in {"this", "self"}:
            name = f"{tokens[at].text}.{name}"
    return name.lstrip("@$")
