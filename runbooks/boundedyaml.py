"""YAML from strangers: safe tags only, no aliases, bounded depth and number of nodes."""

from __future__ import annotations

import yaml

MAX_DEPTH = 30
"""Levels of nesting; descriptors and front matter need five."""
MAX_NODES = 50_000

_Loader: type[yaml.SafeLoader] | type[yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_all(text: str) -> list[object]:
    """All documents of a YAML text. Whatever is wrong with it is a ValueError that says what, and where if known."""
    try:
        _check(text)
        return list(yaml.load_all(text, Loader=_Loader))
    except (yaml.YAMLError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError(_reason(error)) from None


def _check(text: str) -> None:
    depth = 0
    for nodes, event in enumerate(yaml.parse(text, Loader=_Loader)):
        if isinstance(event, yaml.AliasEvent):
            raise ValueError("aliases (`*name`) are not allowed in it")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")
        if nodes > MAX_NODES:
            raise ValueError(f"it has more than {MAX_NODES:,} parts")


def _reason(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or str(error)
    return f"{' '.join(str(what).split())[:200]}" + (f" (line {mark.line + 1})" if mark is not None else "")
