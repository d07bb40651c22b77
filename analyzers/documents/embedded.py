"""Files inside files: a ConfigMap's ``tempo.yaml: |`` is read one level deep, with the lines of the outer file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from analyzers.config_files import setting_facts
from analyzers.documents.entries import Context, Item, Kind, walk
from analyzers.documents.yaml_text import dedented
from analyzers.documents.yaml_tree import YamlPage
from analyzers.model import Fact, Span
from analyzers.patterns import regex

_YAML_NAME = regex(r"\.(?:ya?ml|rules|json)$")
_LINES_NAME = regex(r"\.(?:ini|cfg|conf|properties|env|cnf|config|toml|alloy|river)$|^\.env$|^(?:my\.cnf|Corefile)$")
_SCRIPT_KEYS = frozenset("run script command args before_script after_script cmd shell query expr sql message".split())
_FIRST_KEY = regex(r"^(?:- )?[\"']?[A-Za-z_][\w./-]*[\"']?:(?:\s|$)")
_ASSIGNMENT = regex(r"^\s*([A-Za-z_][\w./-]*)\s*(?:[=:]\s*|\s+)(.*?)\s*[;,]?\s*$")
_SECTION = regex(r"^\s*\[+([^\[\]]+)\]+\s*$")
MAX_EMBEDDED_LINES = 5000
"""Lines of an embedded file that are read."""


def blocks(item: Item, context: Context) -> Iterable[Fact] | None:
    """A text that holds a configuration file: YAML (or JSON) by name or by look, else lines of assignments. In a
    literal block every line counts for itself; a quoted string is read as a whole."""
    if item.kind is not Kind.SCALAR or context.embedded or item.key in _SCRIPT_KEYS:
        return None
    place = item.block_lines()
    if place is not None and place[1] - place[0] <= MAX_EMBEDDED_LINES:
        lines = dedented([item.page.raw(number) for number in range(place[0], place[1] + 1)])
    elif place is None and "\n" in item.text and len(item.text) <= MAX_EMBEDDED_LINES * 80:
        lines = item.text.split("\n")
    else:
        return None
    name = item.key
    prefix = f"{context.key(item)}: " if "." not in name else f"{name}: "
    inner = replace(context, prefix=prefix, embedded=1, base=None)
    if _LINES_NAME.search(name):
        return _assignments(item, place, lines, inner)
    if _YAML_NAME.search(name) or _looks_like_yaml(lines):
        return _yaml(item, place, lines, inner, named=bool(_YAML_NAME.search(name)))
    return None


def _looks_like_yaml(lines: list[str]) -> bool:
    first = next((line for line in lines if line.strip() and not line.lstrip().startswith(("#", "{{"))), "")
    return bool(_FIRST_KEY.match(first))


def _yaml(
    item: Item, place: tuple[int, int] | None, lines: list[str], context: Context, *, named: bool
) -> Iterable[Fact] | None:
    data = ("\n".join(lines) + "\n").encode("utf-8", "replace")
    fixed = None if place else (item.first, item.last)
    page = YamlPage(item.page.path, item.page.revision, data, place[0] - 1 if place else 0, fixed)
    if page.source.partial and page.second is None and not named:
        return None
    return _documents(page, context)


def _documents(page: YamlPage, context: Context) -> Iterator[Fact]:
    for document in page.documents(context.lines):
        yield from walk(document, context)


def _assignments(item: Item, place: tuple[int, int] | None, lines: list[str], context: Context) -> Iterator[Fact]:
    """``name = value``, ``name: value`` and ``name value;`` lines below ``[section]`` headers, changed lines only."""
    section = ""
    scope = context.owner.name if context.owner else ""
    for number, line in enumerate(lines, start=place[0] if place else 0):
        header = _SECTION.match(line)
        if header:
            section = header.group(1).strip() + "."
            continue
        if place and not any(start <= number <= end for start, end in context.lines):
            continue
        found = _ASSIGNMENT.match(line)
        if found is None or found.group(2) in {"", "{", "["}:
            continue
        span = Span(item.page.revision, item.page.path, number, number) if place else item.span
        text = found.group(2).strip("\"'")
        yield from setting_facts(f"{context.prefix}{section}{found.group(1)}", text, span, line.strip(), scope=scope)
