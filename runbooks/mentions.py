"""What one code-like string names: the content of a code span, or a word of prose that looks like code.

Shapes only; whether the code knows the name is decided by mapping. All functions are pure and cached by their text,
because runbooks say the same names over and over. Every regex is anchored or has disjoint neighbours, so hostile text
costs linear time, and strings past :data:`LONGEST` are not read at all.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from analyzers.patterns import regex
from runbooks.lexicon import EXTENSIONS, FILES, FUNCTIONS, KUBERNETES, PRODUCTS, ROOTS, SWITCHES, TOOLS, VERBS, WEAK
from runbooks.model import AnchorKind

LONGEST = 300
"""Longest code span or word that is read, in characters; longer ones are dumps, not names."""


class Mention(NamedTuple):
    """One thing named: kind, canonical name, and the value written with it (``--ttl=5m`` → ``5m``) or an empty text."""

    kind: AnchorKind
    target: str
    value: str = ""


Mentions = tuple[Mention, ...]

_SIZE = regex(
    r"[~<>=≤≥+-]{0,2}\s?\$?\d[\d_,]*(?:\.\d+)?(?:[A-Za-zµ]{1,3}|\s?(?:%|percent|bytes?|[KMGTP]i?B"
    r"|(?:milli|micro|nano)?sec(?:ond)?s?|ms|min(?:ute)?s?|hours?|days?|weeks?|months?|years?))?(?:\d{1,4}[a-z]{1,2}){0,4}\Z"
)
_DATE_OR_HASH = regex(r"\d{4}-\d\d(?:-\d\d)?\Z|(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}\Z")
_FLAG = regex(r"(--?[A-Za-z][\w.-]*)(?:=(.*))?\Z", re.DOTALL)
_ENV = regex(r"(?:\$\{?)?([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?::?-[^}]*)?\}?(?:=(.*))?\Z", re.DOTALL)
_IDENTIFIER = regex(r"[A-Za-z_][\w]*(?:(?:\.|::|->|#|-|:)[\w]+)*(?:\(\))?\Z")
_ASSIGNMENT = regex(r"[\"']?([A-Za-z_][\w./-]*)[\"']?\s*(?::\s+|\s=\s|=)\s*(\S.*)\Z", re.DOTALL)
_URL = regex(r"[a-z][a-z0-9+.-]{1,10}://([^\s/?#\"'`]*)([^\s?#\"'`]*)")
_HOST_PORT = regex(r"(?:[\w.<>*\[\]{}$-]*):(\d{2,5})(?:/\w*)?\Z")
_PORT_PAIR = regex(r"(?<![\w:.])(\d{2,5}):(\d{2,5})(?![\w:])")
_IMAGE = regex(r"((?:[\w.-]+(?::\d+)?/)+[\w.-]+):([\w][\w.-]*)\Z")
_PATH = regex(r"[\w.@~*+${}<>%/-]+\Z")
_LINE_SUFFIX = regex(r"(?::\d+(?:-\d+)?|#L\d+(?:-L\d+)?)\Z")
_BLOB = regex(r"https?://[\w.-]+/[\w.-]+/[\w.-]+/(?:-/)?(?:blob|tree|raw|edit)/[^/\s]+/([^\s?#]+)")
_CODE_WORD = regex(r"[A-Za-z_][\w]*(?:[.:-]\w+)*")
_MESSAGE = regex(r"(?:\|=|!=|=~|\|~)\s*[\"`]([^\"`]{8,200})[\"`]")
_LABEL = regex(r"\b(?:container|app|job|name|component|service|deployment|statefulset)=~?\"([\w|.-]{2,120})\"")
_CAMEL = regex(r"[A-Za-z]*[a-z0-9][A-Z]\w*\Z")


def is_value(text: str) -> bool:
    """Whether a whole code span or table cell is a value: a number with an optional unit, or a switch word."""
    return text.lower() in SWITCHES or is_quantity(text)


def is_quantity(text: str) -> bool:
    """Whether a text is a number with an optional unit (``30``, ``1h30m``, ``95%``); dates and hashes are not."""
    return len(text) < 40 and _SIZE.match(text) is not None and _DATE_OR_HASH.match(text) is None


def is_codeish(name: str) -> bool:
    """Whether a name is spelt as no English word is: ``_``, ``.``, ``-``, a digit, or a hump inside."""
    return any(c in name for c in "_.-:/") or any(c.isdigit() for c in name) or _CAMEL.match(name) is not None


def blob_path(url: str) -> str:
    """The path inside the repository to which a forge's blob, tree or raw URL leads, or an empty string."""
    found = _BLOB.match(url)
    return found[1].rstrip("/") if found else ""


@lru_cache(maxsize=20_000)
def in_code(text: str) -> Mentions:
    """What a code span names: ``("--ttl=5m")`` → a flag with a value; weak words and dumps → nothing."""
    text = text.strip()
    if len(text) < 2 or len(text) > LONGEST or text.lower() in WEAK or text in WEAK:
        return (Mention(AnchorKind.VALUE, text, text),) if len(text) == 1 and text.isdigit() else ()
    if is_quantity(text):
        return (Mention(AnchorKind.VALUE, text, text),)
    if not any(c.isspace() for c in text):
        return _one_word(text)
    return _several_words(text)


def _one_word(text: str) -> Mentions:
    if "://" in text:
        return in_url(text)
    if found := _FLAG.match(text):
        return (Mention(AnchorKind.FLAG, found[1].rstrip(".-"), bare(found[2])),) if len(found[1]) > 2 else ()
    if found := _ENV.match(text):
        return (Mention(AnchorKind.ENV_VAR, found[1], bare(found[2])),)
    if (found := _HOST_PORT.match(text)) and 10 <= int(found[1]) <= 65_535 and not _looks_like_file(text):
        return (Mention(AnchorKind.PORT, found[1], found[1]),)
    if found := _IMAGE.match(text):
        path = _LINE_SUFFIX.sub("", text)
        if _looks_like_file(path):
            return _path_or_route(path)
        return (Mention(AnchorKind.NAME, found[1], found[2]),)
    path, both, symbol = text.partition("::")
    if both and _looks_like_file(path) and _IDENTIFIER.match(symbol):
        return (*_path_or_route(path), Mention(AnchorKind.NAME, symbol.removesuffix("()")))
    if "/" in text or _looks_like_file(text):
        return _path_or_route(text)
    if _IDENTIFIER.match(text):
        return (Mention(AnchorKind.NAME, text.removesuffix("()")),)
    if (found := _ASSIGNMENT.match(text)) and not found[2].startswith(("=", "~")) and len(found[1]) > 1:
        return (Mention(AnchorKind.NAME, found[1], bare(found[2])),)
    return identifiers(text)


def _several_words(text: str) -> Mentions:
    first, _, rest = text.partition(" ")
    if first in VERBS and rest.lstrip().startswith("/"):
        return (Mention(AnchorKind.ROUTE, f"{first} {_route(rest.split()[0])}"),)
    if is_command(text):
        return in_command(text)
    found = _ASSIGNMENT.match(text)
    if found and len(found[1]) > 1 and not found[2].startswith(("=", "~")) and "=" not in found[2]:
        kind = AnchorKind.ENV_VAR if _ENV.match(found[1]) else AnchorKind.NAME
        return (Mention(kind, found[1], bare(found[2])), *_flags(text))
    if first.startswith("-") and (flag := _FLAG.match(first)):
        return _flags(text) if len(flag[1]) > 2 else identifiers(text)
    names = (*_flags(text), *identifiers(text))
    # A message that code logs or raises is looked up by its words on call; keep it whole, out of a log query's quotes.
    quoted = _MESSAGE.search(text)
    words = (quoted[1] if quoted else text).split()
    plain = sum(word.strip("'\",.:!%").isalpha() for word in words)
    if 3 <= len(words) <= 3 * plain // 2:
        return (Mention(AnchorKind.NAME, " ".join(words)), *names)
    return names


def is_command(text: str) -> bool:
    """Whether a line starts a program: a prompt, a known tool, a script path, or a name followed by a long flag."""
    words = text.removeprefix("$ ").split(None, 12)
    while words and (("=" in words[0] and _ENV.match(words[0])) or words[0] in ("sudo", "env", "time")):
        words = words[1:]
    if not words:
        return False
    if words[0] in TOOLS or (words[0].startswith(("./", "../", "/")) and len(words) > 1):
        return True
    return bool(_IDENTIFIER.match(words[0])) and any(w.startswith("--") and len(w) > 3 for w in words[1:])


@lru_cache(maxsize=20_000)
def in_command(text: str) -> Mentions:
    """A command line as one command mention, then its flags with their values, variables, paths, names and ports."""
    text = " ".join(text.removeprefix("$ ").split()).rstrip("\\ ")
    found = [Mention(AnchorKind.COMMAND, text)]
    words = text.split()
    skip_value = False
    for index, word in enumerate(words):
        word = _unquoted(word)
        if skip_value or not word:
            skip_value = False
            continue
        following = _unquoted(words[index + 1]) if index + 1 < len(words) else ""
        if (flag := _FLAG.match(word)) and len(flag[1]) > 2:
            value = bare(flag[2])
            if not value and is_value(following):
                value, skip_value = following, True
            found.append(Mention(AnchorKind.FLAG, flag[1].rstrip(".-"), value))
        elif pair := _PORT_PAIR.match(word):
            found.extend(Mention(AnchorKind.PORT, port, port) for port in dict.fromkeys(pair.groups()))
        else:
            found.extend(_argument(word, first=index == 0))
    return tuple(found)


def _unquoted(word: str) -> str:
    """A word of a command line without separators and without quotes that are not closed within it."""
    word = word.strip("\\,;|&()")
    for quote in "\"'":
        if word.count(quote) % 2 or (word[:1] == word[-1:] == quote):
            word = word.strip(quote)
    return word


def _argument(word: str, *, first: bool) -> Mentions:
    kind, _, name = word.partition("/")
    if kind.lower() in KUBERNETES and name and not _looks_like_file(word):
        return (Mention(AnchorKind.NAME, name),) if _IDENTIFIER.match(name) else ()
    if first and word in TOOLS:
        return ()
    if "/" in word or _ENV.match(word) or _looks_like_file(word):
        return _one_word(word) if len(word) <= LONGEST else ()
    return identifiers(word)


def in_url(url: str) -> Mentions:
    """A URL's file (blob links), its explicit port, and for hosts of the own network the route."""
    if path := blob_path(url):
        return (Mention(AnchorKind.PATH, path),)
    found = _URL.match(url)
    if not found:
        return ()
    host, _, port = found[1].rpartition(":")
    mentions: list[Mention] = []
    if host and port.isdigit():
        mentions.append(Mention(AnchorKind.PORT, port, port))
    else:
        host = found[1]
    local = "." not in host or host.endswith((".svc", ".local", ".internal")) or host.startswith("127.")
    if len(found[2]) > 1 and local:
        mentions.append(Mention(AnchorKind.ROUTE, _route(found[2])))
    return tuple(mentions)


@lru_cache(maxsize=20_000)
def in_prose(word: str) -> Mentions:
    """What a word of prose names if it is spelt like code (``session_ttl``, ``QueueLag``, ``--ttl``)."""
    if len(word) > LONGEST:
        return ()
    if "://" in word:
        return in_url(word)
    word = word.rstrip(".:-/@") if not word.startswith("/") else word.rstrip(".:@")
    if word.startswith("-"):
        found = _FLAG.match(word)
        plain = found is None or len(found[1]) < 4 or (not word.startswith("--") and "." not in found[1])
        return () if found is None or plain else (Mention(AnchorKind.FLAG, found[1], bare(found[2])),)
    if found := _ENV.match(word):
        return (Mention(AnchorKind.ENV_VAR, found[1], bare(found[2])),)
    if found := _HOST_PORT.match(word):
        return (Mention(AnchorKind.PORT, found[1], found[1]),) if found[1] and not word[0].isdigit() else ()
    if "/" in word:
        real = _looks_like_file(word) or (word.startswith("/") and word.count("/") > 1)
        return _path_or_route(word) if real and "@" not in word else ()
    if "@" in word or word in PRODUCTS or word in FUNCTIONS:
        return ()
    if _looks_like_file(word):
        return (Mention(AnchorKind.PATH, word),)
    if _IDENTIFIER.match(word) and ("_" in word.strip("_") or _CAMEL.match(word)):
        return (Mention(AnchorKind.NAME, word.removesuffix("()")),)
    return ()


@lru_cache(maxsize=20_000)
def identifiers(text: str) -> Mentions:
    """Code-like identifiers inside an expression: the metric names of a query, the parts of a call."""
    text = text[: LONGEST * 4]
    names = dict.fromkeys(name for name in _CODE_WORD.findall(text) if _is_name(name))
    for label in _LABEL.findall(text) if '="' in text or '=~"' in text else ():
        names.update(dict.fromkeys(name for name in label.split("|") if _IDENTIFIER.match(name)))
    return tuple(Mention(AnchorKind.ENV_VAR if _ENV.match(name) else AnchorKind.NAME, name) for name in names)


def _is_name(name: str) -> bool:
    if len(name) < 3 or len(name) > 150 or name in FUNCTIONS:
        return False
    return "_" in name.strip("_") or _CAMEL.match(name) is not None or ("." in name and not name[-1].isdigit())


def _flags(text: str) -> Mentions:
    if "-" not in text:
        return ()
    found: list[Mention] = []
    words = text.split()
    for index, word in enumerate(words):
        flag = _FLAG.match(word.strip("\"'`,;()"))
        if flag and len(flag[1]) > 3:
            following = words[index + 1] if index + 1 < len(words) else ""
            value = bare(flag[2]) or (following if is_value(following) else "")
            found.append(Mention(AnchorKind.FLAG, flag[1].rstrip(".-"), value))
    return tuple(found)


def _looks_like_file(text: str) -> bool:
    last = text.rsplit("/", 1)[-1]
    if last in FILES or last.startswith("Dockerfile."):
        return True
    stem, dot, extension = last.rpartition(".")
    return bool(dot and extension.lower() in EXTENSIONS and (stem or "/" in text) and not stem.endswith("."))


def _path_or_route(text: str) -> Mentions:
    path = _LINE_SUFFIX.sub("", text)
    if text.startswith("/") and not _looks_like_file(path):
        first = text[1:].split("/", 1)[0]
        if first not in ROOTS:
            return (Mention(AnchorKind.ROUTE, _route(text)),) if len(text) > 2 else ()
    if not _PATH.match(path) or not any(c.isalpha() for c in path):
        return identifiers(text)
    return (Mention(AnchorKind.PATH, path.removeprefix("./").rstrip("/") or path),)


def _route(text: str) -> str:
    return text.split("?", 1)[0].rstrip(".,;:)\"'") or "/"


def bare(text: str | None) -> str:
    """A value without quotes, trailing comma or comment."""
    if not text:
        return ""
    text = text.split(" #", 1)[0].strip().rstrip(",;").strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'`":
        text = text[1:-1]
    return text if len(text) <= LONGEST else ""
