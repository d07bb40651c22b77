"""A heading as a reader sees it, and the anchor by which links find it."""

from __future__ import annotations

import html
import re

from runbooks.inline import code_spans

_HEADING_ID = re.compile(r"\s*\{:?\s*#([\w.:-]{1,200})[^{}]{0,200}\}\s*$")
_LINK = re.compile(r"(!?)\[([^\[\]]{0,500})\](?:\([^()]{0,500}\)|\[[^\[\]]{0,100}\])")
_TAG = re.compile(r"<(?:/?[a-zA-Z][^<>]{0,500}|!--[^>]{0,500}--)>")
_EMPHASIS = re.compile(r"(\*{1,3}|~~|(?<!\w)_{1,3})(?=\S)([^*~]{1,300}?)(?<=\S)\1(?!\w)")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_NOT_SLUG = re.compile(r"[^\w\- ]")


def plain_heading(text: str) -> str:
    """A heading as a reader sees it: without markup, link targets, images, tags and ``{#id}``, entities resolved."""
    text = _HEADING_ID.sub("", text)
    parts: list[str] = []
    done = 0
    for start, end, content in code_spans(text):
        parts += [_plain(text[done:start]), content]
        done = end
    parts.append(_plain(text[done:]))
    return " ".join("".join(parts).split())


def _plain(text: str) -> str:
    text = _LINK.sub(lambda m: "" if m[1] else m[2], text)
    text = _EMPHASIS.sub(r"\2", _TAG.sub("", text))
    return html.unescape(_ESCAPE.sub(r"\1", text))


def slug_of(heading: str) -> str:
    """The anchor of a heading as its source has it: the one that it gives itself (``{#id}``), else GitHub's."""
    explicit = _HEADING_ID.search(heading)
    return explicit[1] if explicit else slugify(plain_heading(heading))


def slugify(text: str) -> str:
    """GitHub's anchor of a plain heading: lower case, only letters, digits, ``_``, ``-``; blanks become ``-``
    (the algorithm of github-slugger, which GitHub's own rendering agrees with)."""
    return _NOT_SLUG.sub("", text.strip().lower()).replace(" ", "-")


def unique(slug: str, used: dict[str, int]) -> str:
    """The slug, numbered where ``used`` has it already, as GitHub numbers it; ``used`` is told."""
    name = slug
    while name in used:
        used[slug] += 1
        name = f"{slug}-{used[slug]}"
    used[name] = 0
    return name
