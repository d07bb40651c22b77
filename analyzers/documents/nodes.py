"""Children of a syntax node that stand on changed lines, found without visiting the others."""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.syntax import Lines, Node


def children_on(node: Node, lines: Lines | None, limit: int = 0) -> Iterator[Node]:
    """The node's children in file order, each once: those that touch the 1-based inclusive line ranges, or all when
    ``lines`` is None. ``limit`` > 0 stops after that many. A cursor jumps to each range, so an object of 200,000
    members costs as much as one of ten.
    """
    cursor = node.walk()
    seen: set[int] = set()
    for first, last in lines if lines is not None else ((1, node.end_point[0] + 1),):
        cursor.reset(node)
        if cursor.goto_first_child_for_point((max(0, first - 1), 0)) is None:
            continue
        while True:
            child = cursor.node
            if child is None or child.start_point[0] + 1 > last:
                break
            if child.id not in seen:
                seen.add(child.id)
                yield child
                if limit and len(seen) >= limit:
                    return
            if not cursor.goto_next_sibling():
                break


def last_line(node: Node) -> int:
    """The 1-based last line that the node's text stands on (an end at column 0 belongs to the line before)."""
    row, column = node.end_point[0], node.end_point[1]
    return row if column == 0 and row > node.start_point[0] else row + 1


def problem_line(root: Node, lines: Lines) -> int:
    """The first changed line on which the grammar met text that it could not read, or 0. Errors elsewhere in the file
    do not touch what is read."""
    if not root.has_error:
        return 0
    stack = [root]
    while stack:
        node = stack.pop()
        if node.is_error or node.is_missing:
            return max(node.start_point[0] + 1, min((first for first, _ in lines), default=1))
        stack.extend(reversed([child for child in children_on(node, lines) if child.has_error]))
    return 0
