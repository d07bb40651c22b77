"""Styled lines with a terminal's colours, in its width. Rich is imported only when a terminal reads the output."""

from __future__ import annotations

from collections.abc import Callable, Iterable

Line = tuple[tuple[str, str], ...]
"""One line as (style, text) pieces; an empty style is plain text. Styles are Rich's (``bold red``, ``dim``)."""

NARROW = 40
"""Columns below which nothing is wrapped: the result would be a column of words."""


def coloured(lines: Iterable[Line], width: int, indent_of: Callable[[Line], int]) -> str:
    """The lines with colours. A line that is wider than ``width`` columns (not characters) goes on in the next line,
    under the column that ``indent_of`` gives, or is cut where that is 0."""
    from io import StringIO

    from rich.console import Console
    from rich.text import Text

    columns = width or 200
    target = StringIO()
    console = Console(file=target, force_terminal=True, width=columns, highlight=False, emoji=False, markup=False)
    for line in lines:
        text = Text.assemble(*((piece, style) for style, piece in line))
        text.rstrip()
        indent = indent_of(line)
        parts = [text]
        if indent and text.cell_len > columns >= NARROW:
            first, *rest = text.wrap(console, columns)
            parts = [
                first,
                *(Text(" " * indent) + part for part in Text(" ").join(rest).wrap(console, columns - indent)),
            ]
        for part in parts:
            part.rstrip()
            console.print(part, no_wrap=True, overflow="ellipsis", crop=True)
    return target.getvalue()
