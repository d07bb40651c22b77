"""Tokens of source without a grammar: comments by the file's family, strings with quotes folded, words, numbers.

Exact enough that formatting and comments leave the multiset of tokens alone; nothing more is claimed.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analyzers.syntax import Lines

_STRINGS = r"""|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'"""
_TRIPLE = r'''|"""[\s\S]*?"""'''
_BACKTICK = r"""|`(?:\\[\s\S]|[^`\\])*`"""


@dataclass(frozen=True, slots=True)
class Family:
    """A family of comment syntaxes. ``spans`` finds comments and strings; each alternative starts with a literal, so
    that the regex engine skips code at the speed of a character search. ``hash_at_word`` means that ``#`` opens a
    comment only at the start of a word (shells, Ruby)."""

    spans: re.Pattern[str]
    comments: tuple[str, ...]
    hash_at_word: bool = True


def _family(pattern: str, comments: str) -> Family:
    return Family(re.compile(pattern), tuple(comments.split()))


_C = r"//[^\n]*|/\*[\s\S]*?(?:\*/|\Z)"
SLASH = _family(_C + _TRIPLE + _STRINGS + _BACKTICK, "// /*")
RUST = _family(_C + r"""|"(?:\\[\s\S]|[^"\\])*"|'(?:\\[^\n']{1,9}|[^'\\\n])'""", "// /*")
PHP = _family(_C + r"|#(?!\[)[^\n]*" + r"""|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""", "// /* #")
HASH = _family(r"#[^\n]*" + _TRIPLE + _STRINGS, "#")
RUBY = _family(r"#[^\n]*|=begin\b[\s\S]*?\n=end[^\n]*" + _STRINGS, "# =begin")
HCL = _family(_C + r"|#[^\n]*" + _STRINGS, "// /* #")
SQL = _family(r"--[^\n]*|/\*[\s\S]*?(?:\*/|\Z)|#[^\n]*|'(?:''|\\.|[^'\\])*'" + r'|"[^"\n]*"|`[^`\n]*`', "-- /* #")
DASH = _family(r"--\[\[[\s\S]*?\]\]|--[^\n]*|\{-[\s\S]*?-\}" + _STRINGS, "-- {-")
SEMI = _family(r";[^\n]*" + r"""|"(?:\\.|[^"\\])*\"""", ";")
PERCENT = _family(r"%[^\n]*" + r"""|"(?:\\.|[^"\\\n])*\"""", "%")
MARKUP = _family(
    r"<!--[\s\S]*?(?:-->|\Z)|\{#[\s\S]*?#\}|\{\{-?\s*/\*[\s\S]*?\*/|\{\{!--[\s\S]*?--\}\}|<%#[\s\S]*?%>|<%--[\s\S]*?--%>"
    + _STRINGS,
    "<!-- {# {{ <%# <%--",
)
COMPONENT = _family(r"<!--[\s\S]*?(?:-->|\Z)|" + _C + _STRINGS + _BACKTICK, "<!-- // /*")
PLAIN = _family(r"#[^\n]*" + _STRINGS, "#")

_BY_SUFFIX: dict[str, Family] = {
    suffix: family
    for suffixes, family in (
        ("js jsx mjs cjs ts tsx mts cts java kt kts scala sc groovy gradle cs fs swift c h cc cpp hpp cxx m dart proto"
         " thrift avdl zig v bicep cue sol jenkinsfile less json5", SLASH),
        ("rs", RUST),
        ("php phtml inc", PHP),
        ("rb rake gemspec ru podspec cr", RUBY),
        ("tf tfvars hcl nomad nix", HCL),
        ("sql psql ddl", SQL),
        ("lua hs elm adb ads vhd", DASH),
        ("clj cljs edn el lisp scm rkt asm s", SEMI),
        ("erl hrl tex pro", PERCENT),
        ("html htm xml xsl xsd svg erb haml hbs ejs mustache twig j2 jinja jinja2 njk csproj props targets pom xhtml"
         " jelly tmpl tpl gotmpl plist resx config", MARKUP),
        ("vue svelte astro", COMPONENT),
        ("sh bash zsh ksh fish bats pl pm r jl ex exs tcl mk mak make cmake ps1 psm1 graphql gql awk rego bzl star"
         " bazel gd nim service timer socket rules txt crontab yml yaml coffee feature", HASH),
    )
    for suffix in suffixes.split()
}  # fmt: skip


def family_of(path: str) -> Family:
    """The comment family of a path by its suffix; names without one (Makefile, Jenkinsfile, hooks) by name."""
    name = path.rsplit("/", 1)[-1].lower()
    if name == "jenkinsfile" or name.startswith("jenkinsfile"):
        return SLASH
    return _BY_SUFFIX.get(name.rsplit(".", 1)[-1], PLAIN)


@dataclass(frozen=True, slots=True)
class Token:
    """``kind`` is ``word``, ``number``, ``string`` or ``sign``; ``text`` is canonical (a string's content);
    ``line`` is 1-based; ``ends_line`` says that nothing but a comment follows on the line."""

    kind: str
    text: str
    line: int
    ends_line: bool = False


_TOKEN = re.compile(
    r"(?P<number>(?<![\w$])\.?\d(?:[\w.]|(?<=[eE])[+-])*%?)|(?P<word>[@$]*[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*[?!]?"
    r"(?:-[A-Za-z]\w*)*)|(?P<sign>=>|:=|[=!<>]=+|&&|\|\||\?\?|<-|->|::|[-+*/%<>=!:.,;(){}\[\]|&?])|(?P<end>\n)"
)


class Lexed:
    """A text with its comments and strings found, from which ranges of lines can be tokenised."""

    def __init__(self, text: str, family: Family) -> None:
        self.text = text
        self.family = family
        self.starts = _line_starts(text)
        self.spans = list(_spans(text, family))

    def line_of(self, offset: int) -> int:
        """The 1-based line of an offset."""
        return bisect_right(self.starts, offset)

    def tokens(self, lines: Lines) -> Iterator[list[Token]]:
        """For each range of lines its tokens; a string that only partly lies in a range counts whole, once."""
        ends = [span[1] for span in self.spans]
        done = 0
        for first, last in lines:
            start = max(self.starts[min(first, len(self.starts)) - 1], done)
            stop = self.starts[last] if last < len(self.starts) else len(self.text)
            found: list[Token] = []
            index = bisect_right(ends, start)
            while index < len(self.spans) and self.spans[index][0] < stop:
                begin, end, comment = self.spans[index]
                self._code(start, begin, found)
                if not comment:
                    found.append(Token("string", _content(self.text[begin:end]), self.line_of(begin)))
                start = end
                index += 1
            self._code(start, stop, found)
            done = max(start, stop)
            yield _with_line_ends(found)

    def _code(self, start: int, stop: int, found: list[Token]) -> None:
        line = self.line_of(start)
        for match in _TOKEN.finditer(self.text, start, max(start, stop)):
            kind = match.lastgroup or ""
            if kind == "end":
                line += 1
            else:
                found.append(Token(kind, match.group(), line))


def _with_line_ends(tokens: Sequence[Token]) -> list[Token]:
    return [
        Token(token.kind, token.text, token.line, index + 1 == len(tokens) or tokens[index + 1].line != token.line)
        for index, token in enumerate(tokens)
    ]


def _line_starts(text: str) -> list[int]:
    starts = [0]
    position = text.find("\n")
    while position >= 0:
        starts.append(position + 1)
        position = text.find("\n", position + 1)
    return starts


def _spans(text: str, family: Family) -> Iterator[tuple[int, int, bool]]:
    """Comments (True) and strings (False) in order. What looks like a comment inside a word or a URL is neither."""
    position = 0
    while match := family.spans.search(text, position):
        start, end = match.span()
        before = text[start - 1] if start else "\n"
        opened = match.group()
        if opened.startswith("//") and before == ":":
            position = start + 2
        elif opened.startswith("#") and family.hash_at_word and not before.isspace() and before not in ";)}],|&":
            position = start + 1
        elif opened.startswith("'") and before.isalnum():
            position = start + 1  # an apostrophe in prose, not a literal
        else:
            yield start, end, opened.startswith(family.comments)
            position = max(end, start + 1)


def _content(literal: str) -> str:
    """A string's content with quotes, needless escapes and layout folded away."""
    body = literal[3:-3] if literal.startswith('"""') and len(literal) >= 6 else literal[1:-1]
    return " ".join(body.replace("\\'", "'").replace('\\"', '"').split())
