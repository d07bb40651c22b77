"""Whether a line that names what is gone from here names it of another system: "nginx has `--max-depth` too".

A flag or a variable of the same name may be another program's, a secret of the forge or a name of an older release. A
line that says so is not false because this repository dropped the name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from analyzers.model import Change, FactKind
from analyzers.patterns import regex
from analyzers.vocabulary import words
from runbooks.columns import cells
from runbooks.hosts import COMPONENTS
from runbooks.index import Index
from runbooks.lexicon import TOOLS
from runbooks.lines import Line
from runbooks.model import Section
from runbooks.phrases import HARMLESS, UPSTREAM, VERSION, WORD, doubtful_title
from runbooks.terms import joined, singular

_PAST = frozenset(
    "old older legacy former previous previously deprecated obsolete retired archive archived upstream vendor".split()
)
"""Words of labels, columns and headings under which a name is not one of today's, or not ours."""
_SENTENCE = regex(r"(?<!\be\.g)(?<!\bi\.e)[.!?;][`'\")*_]*\s")
_CLAUSE = regex(r"[,;:()]\s?|\s[–—-]\s")
_LABEL = regex(r"[\s>]*(?:[-*+]\s+|\d{1,9}[.)]\s+)?[*_]*([^:`]{1,60}?)[*_]*:[*_]*\s")
_HAS = regex(
    r"\b(?:has|have|had|uses|reads|takes|accepts|expects|exports|needs|requires|honou?rs|supports|sets|gets|knows|"
    r"defines|provides|ships|comes|wants|passes|logs|emits|exposes|fires|offers|understands|speaks|calls|names|keeps|"
    r"stores|holds)\b",
    re.IGNORECASE,
)
_KEPT = regex(
    r"\b(?:secrets?|credentials?|vault|keychain|keystore|passwords?|1password|bitwarden|tickets?)\b"
    r"(?:\s+(?:key|named|called|entry|item|is|in|the))*[`'\"*_\s:]*\Z",
    re.IGNORECASE,
)
_KEPT_BEHIND = regex(
    r"[`'\"*_)\]]*\s+(?:(?:is|as)\s+)?(?:\(?(?:an?|the)\s+)?(?:[\w-]+\s+){0,2}(?:secrets?|credentials?|vault|keychain)\b",
    re.IGNORECASE,
)
_WHOSE = regex(r"([A-Za-z][\w-]*)['’]s\s+(?:[\w-]+\s+){0,2}[`'\"*_-]*\Z")
_PROPER = regex(
    r"(?<=[\w,] )[`*]*([A-Z][A-Za-z0-9-]*)[`*]*\s+(?:(?:[a-z]+\s+)?(?:variable|setting|flag|option|parameter|token|key|"
    r"metric|alert|argument|switch)s?\s+)?[`'\"*_-]*\Z"
)
_WHERE = regex(
    r"[^\s`'\"*,;]{0,40}[`'\"*_)\]]*\s+(?:(?:flag|option|variable|setting|parameter|metric|alert|env var)\s+)?"
    r"(in|of|from|on|by|for)\s+(?:the\s+)?[`*]*([A-Za-z][\w-]*)"
)
_AT_FIRST = regex(r"\A\W*(?:In|On|For|With|At|Under)\s+(?:the\s+)?([A-Z][\w-]*)")
_GLOSS = regex(r"[^\s`'\"*,;]{0,40}[`'\"*_]*\s+\(([A-Z][\w-]*)\)")
_NEARER = 3
_UNRELATED = regex(r"\b(?:unrelated|not ours|another|different)\b", re.IGNORECASE)
_SPAN = regex(r"`([^`]*)`")
_PROMPT = regex(r"\s*(?:>\s+)?(?:[-*+]\s+)?(?:[$#❯➜]\s+)?")
_SETTING = regex(r"[A-Za-z_]\w*=\S*\Z")
_WRAPPERS = frozenset("sudo env time exec nohup nice command".split())
_LAUNCHERS = frozenset(
    "python python2 python3 go docker podman nerdctl java node npm npx yarn pnpm cargo make bash sh zsh uv poetry "
    "pipenv bundle ruby rake php dotnet mvn gradle compose tini dumb-init".split()
)
_GENERIC = frozenset(
    "cli ctl server service app cmd bin main daemon worker binary program command exe the your my local".split()
)
_MOST = 8
"""Mentions of a name on one line that are looked at; a line with more is data."""
COMMON = 0.25
"""Share of all sections from which on a word is the product's name."""


class Home:
    """What is known of the repository whose names are gone: the words of its changed paths and of its runbooks."""

    def __init__(self, changes: Iterable[Change], index: Index) -> None:
        self._index = index
        self._words = frozenset(singular(word) for path in {c.path for c in changes} for word in words(path))
        self._product: dict[str, bool] = {}

    def knows(self, name: str, about: frozenset[str]) -> bool:
        """Whether all words of a name are of the changed files, of the page (``about``), general, or the product's."""
        parts = [part for part in map(singular, words(name)) if not part.isdigit()]
        return all(part in self._words or part in about or part in HARMLESS or self._common(part) for part in parts)

    def _common(self, word: str) -> bool:
        if word not in self._product:
            places = len(self._index.by_word.get(word, ()))
            self._product[word] = places > max(10, COMMON * len(self._index.sections))
        return self._product[word]


def of_another_system(change: Change, line: Line, section: Section, home: Home, spots: Iterable[re.Match[str]]) -> bool:
    """Whether a line that names what is gone, at ``spots``, may name it of another system, another place or an older
    release."""
    fact = change.before
    assert fact is not None
    own = frozenset(singular(word) for word in words(f"{fact.key} {fact.span.path}"))
    about = own | frozenset(singular(word) for word in words(f"{section.path} {' '.join(section.headings)}"))
    titles = [title for title in section.headings if joined(fact.key) not in joined(title)]
    if any(_past(title, own) for title in titles):
        return True
    label = _LABEL.match(line.text)
    if label and (_past(label[1], own) or VERSION.search(label[1])):
        return True
    for spot in islice(spots, _MOST):
        if line.kind == "row" and _headed_past(line, spot, own):
            return True
        if fact.kind is FactKind.CLI_FLAG and any(not _ours(command, home, about) for command in _commands(line, spot)):
            return True
        if line.kind != "fence" and _said_of_another(line, spot, home, about):
            return True
    return False


def _past(text: str, own: frozenset[str]) -> bool:
    return doubtful_title(text, own, _PAST) and not {singular(w) for w in words(text)}.isdisjoint(_PAST)


def _headed_past(line: Line, spot: re.Match[str], own: frozenset[str]) -> bool:
    """Whether the column of a name, or a cell before it, says that it is one of the past."""
    titles = cells(line.header) if line.header else ()
    for place, cell in enumerate(cells(line.text)):
        if cell.start <= spot.start() < cell.end:
            return place < len(titles) and _past(titles[place].text, own)
        if len(cell.text.split()) <= _NEARER and _past(cell.text, own):
            return True
    return False


def _said_of_another(line: Line, spot: re.Match[str], home: Home, about: frozenset[str]) -> bool:
    """Whether the words before or behind a name in its sentence make it another system's."""
    before, behind = _sentence(line, spot)
    if VERSION.search(before) or UPSTREAM.search(before) or _UNRELATED.search(f"{before} {behind}"):
        return True
    if _KEPT.search(before) or _KEPT_BEHIND.match(behind):
        return True
    named = [found[1] for pattern in (_WHOSE, _PROPER, _AT_FIRST) if (found := pattern.search(before))]
    glossed = _GLOSS.match(behind)
    if glossed:
        named.append(glossed[1])
    if any(not home.knows(name, about) for name in named if _proper(name) or name.islower()):
        return True
    first = WORD.match(before.lstrip("*_([ "))
    if first and first.group().lower() in COMPONENTS and not home.knows(first.group(), about):
        return True
    where = _WHERE.match(behind)
    placed = where is not None and (_proper(where[2]) or (where[1] != "on" and where[2].lower() in COMPONENTS))
    if where is not None and placed and not home.knows(where[2], about):
        return True
    clause = _CLAUSE.split(before)[-1]
    verb = _HAS.search(clause)
    return verb is not None and not all(home.knows(word, about) for word in WORD.findall(clause[: verb.start()]))


def _proper(name: str) -> bool:
    """Whether a word is spelt as a name is: acronyms such as API or CLI are none, but for those of other places."""
    return name[0].isupper() and (not name.isupper() or name in {"CI", "AWS", "GCP"})


def _sentence(line: Line, spot: re.Match[str]) -> tuple[str, str]:
    """What stands before and behind a name in its sentence, over wrapped lines too; in a row in its cell."""
    before, behind = line.text[: spot.start()], line.text[spot.end() :]
    if line.kind == "row":
        cell = next((c for c in cells(line.text) if c.start <= spot.start() < c.end), None)
        if cell is not None:
            before, behind = line.text[cell.start : spot.start()], line.text[spot.end() : cell.end]
    elif line.around:
        lead, _, trail = line.around.partition(line.text.strip())
        before, behind = f"{lead} {before.lstrip()}", f"{behind} {trail}"
    marker = re.match(r"[\s>]*(?:(?:[-*+]|\d{1,9}[.)])\s+)?(?:#{1,6}\s+)?", before)
    before = before[marker.end() :] if marker else before
    return _SENTENCE.split(before)[-1], _SENTENCE.split(behind + " ")[0]


def _commands(line: Line, spot: re.Match[str]) -> Iterator[str]:
    """The command before a flag: in its code span, or its line of a fence with the lines that go on into it."""
    if line.kind == "fence":
        parts = [line.text[: spot.start()]]
        for above in reversed(line.above):
            if not above.rstrip().endswith("\\"):
                break
            parts.insert(0, above.rstrip().rstrip("\\"))
        yield " ".join(parts)
        return
    for span in _SPAN.finditer(line.text):
        if span.start() <= spot.start() < span.end():
            yield line.text[span.start(1) : spot.start()]


def _ours(command: str, home: Home, about: frozenset[str]) -> bool:
    """Whether what stands before a flag is no command, or one of this repository's."""
    found = _PROMPT.match(command)
    tokens = command[found.end() if found else 0 :].split()
    while tokens and (tokens[0] in _WRAPPERS or _SETTING.match(tokens[0]) or tokens[0] in {"|", "&&", "export"}):
        tokens = tokens[1:]
    if not tokens or tokens[0].startswith(("-", "[", "#", "//", '"', "'", "(")) or tokens[0].endswith((":", "=", ",")):
        return True
    first = tokens[0].strip("'\"`()")
    if first in _LAUNCHERS:
        rest = [token for token in tokens[1:] if not token.startswith("-")]
        return not rest or any(_names_home(token, home, about) for token in rest)
    if first in TOOLS and not home.knows(first, about):
        return False
    return _names_home(first, home, about)


def _names_home(token: str, home: Home, about: frozenset[str]) -> bool:
    """Whether a command, a module, an image or a script is of this repository, or a placeholder."""
    if token in {".", "./..."} or token.startswith(("<", "$", "{", "...", "…")) or re.match(r"\.{1,2}/", token):
        return True
    name = token.rpartition("/")[2].partition(":")[0] or token
    name = re.sub(r"\.(?:py|sh|go|js|ts|jar|exe|rb)\Z", "", name)
    parts = [part for part in map(singular, words(name)) if part not in _GENERIC]
    return all(home.knows(part, about - _GENERIC) for part in parts) and bool(words(name))
