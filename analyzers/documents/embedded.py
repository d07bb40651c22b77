"""Files inside files: a ConfigMap's ``tempo.yaml: |`` is read one level deep, with the lines of the outer file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from analyzers.config_files import setting_facts
from analyzers.documents.entries import Context, Item, Kind, Page, walk
from analyzers.documents.yaml_tree import YamlPage, dedented
from analyzers.model import Fact, Span

_YAML_NAME = re.compile(r"\.(?:ya?ml|rules|json)$")
_LINES_NAME = re.compile(
    r"\.(?:ini|cfg|conf|properties|env|cnf|config|toml|alloy|river)$|^\.env$|^(?:my\.cnf|Corefile)$"
)
_SCRIPT_KEYS = frozenset("run script command args before_script after_script cmd shell query expr sql message".split())
_FIRST_KEY = re.compile(r"^(?:- )?[\"']?[A-Za-z_][\w./-]*[\"']?:(?:\s|$)")
_ASSIGNMENT = re.compile(r"^\s*([A-Za-z_][\w./-]*)\s*(?:[=:]\s*|\s+)(.*?)\s*[;,]?\s*$")
_SECTION = re.compile(r"^\s*\[+([^\[\]]+)\]+\s*$")
MAX_EMBEDDED_LINES = 5000
"""Lines of an embedded file that are read."""


def blocks(item: Item, context: Context) -> Iterable[Fact] | None:
    """A literal block that holds a configuration file: YAML (or JSON) by name or by look, else lines of assignments."""
    place = item.block_lines() if item.kind is Kind.SCALAR else None
    if place is None or context.embedded or item.key in _SCRIPT_KEYS or place[1] - place[0] > MAX_EMBEDDED_LINES:
        return None
    lines = dedented([item.page.raw(number) for number in range(place[0], place[1] + 1)])
    name = item.key
    prefix = f"{context.key(item)}: " if "." not in name else f"{name}: "
    inner = replace(context, prefix=prefix, embedded=1, base=None)
    if _LINES_NAME.search(name):
        return _assignments(item.page, place[0], lines, inner)
    if _YAML_NAME.search(name) or _looks_like_yaml(lines):
        return _yaml(item, place[0], lines, inner, named=bool(_YAML_NAME.search(name)))
    return None


def _looks_like_yaml(lines: list[str]) -> bool:
    first = next((line for line in lines if line.strip() and not line.lstrip().startswith(("#", "{{"))), "")
    return bool(_FIRST_KEY.match(first))


def _yaml(item: Item, first: int, lines: list[str], context: Context, *, named: bool) -> Iterable[Fact] | None:
    text = "\n".join(lines) + "\n"
    page = YamlPage(item.page.path, item.page.revision, text.encode("utf-8", "replace"), first - 1)
    if page.source.partial and not named:
        return None
    return _documents(page, context)


def _documents(page: YamlPage, context: Context) -> Iterator[Fact]:
    for document in page.documents(context.lines):
        yield from walk(document, context)


def _assignments(page: Page, first: int, lines: list[str], context: Context) -> Iterator[Fact]:
    """``name = value``, ``name: value`` and ``name value;`` lines below ``[section]`` headers, changed lines only."""
    section = ""
    for number, line in enumerate(lines, start=first):
        header = _SECTION.match(line)
        if header:
            section = header.group(1).strip() + "."
            continue
        if not any(start <= number <= end for start, end in context.lines):
            continue
        found = _ASSIGNMENT.match(line)
        if found is None or not found.group(2):
            continue
        span = Span(page.revision, page.path, number, number)
        scope = context.owner.name if context.owner else ""
        text = found.group(2).strip("\"'")
        yield from setting_facts(f"{context.prefix}{section}{found.group(1)}", text, span, line.strip(), scope=scope)
