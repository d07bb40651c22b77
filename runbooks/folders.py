"""Folders that stand for many paths: what a deleted service left behind is one thing to a reader, not a hundred."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence


def folders_of(paths: Sequence[str], most: int) -> dict[str, str]:
    """Each path's folder (empty at the top), cut to as many leading parts as leave ``most`` folders or fewer; its first
    part where even those are more."""
    above = {path: path.split("/")[:-1] for path in paths}
    deepest = max(map(len, above.values()), default=0)
    for depth in range(deepest, 0, -1):
        found = {path: "/".join(parts[:depth]) for path, parts in above.items()}
        if depth == 1 or len(set(found.values())) <= most:
            return found
    return dict.fromkeys(above, "")


def spread(paths: Sequence[str], shown: int, of_folder: int, most: int) -> tuple[list[int], str]:
    """Which of so many paths to show, by number and in order: ``of_folder`` of each folder, then those that come first,
    ``shown`` at most; and where the others are, as :func:`places` says it, empty where all are of one folder."""
    folders = folders_of(paths, most)
    taken: Counter[str] = Counter()
    first: list[int] = []
    rest: list[int] = []
    for number, path in enumerate(paths):
        taken[folders[path]] += 1
        (first if taken[folders[path]] <= of_folder else rest).append(number)
    chosen = sorted([*first, *rest][:shown])
    left = [path for number, path in enumerate(paths) if number not in chosen]
    return chosen, places((folders[path] for path in left), most) if len(taken) > 1 else ""


def places(folders: Iterable[str], most: int) -> str:
    """``6 in billing/, 3 in deploy/``: how many are in each folder, the fullest first, ``most`` of them by name."""
    found = Counter(folders)
    named = ", ".join(f"{count} in {folder or '.'}/" for folder, count in found.most_common(most))
    return f"{named} …" if len(found) > most else named
