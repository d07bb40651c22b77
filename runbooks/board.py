"""Where signals are added up: by signal and section, with the strongest example of each."""

from __future__ import annotations

from collections import defaultdict


class Board:
    """Accumulates signals by section and remembers the strongest example of each."""

    def __init__(self) -> None:
        self.sums: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
        self.best: dict[tuple[str, int], tuple[float, str]] = {}

    def add(self, signal: str, place: int, weight: float, example: str = "") -> None:
        """Add ``weight`` to a section's signal; ``example`` is what a person would be shown for it."""
        self.sums[signal][place] += weight
        known = self.best.get((signal, place))
        if example and (known is None or weight > known[0]):
            self.best[(signal, place)] = (weight, example)

    def most(self, signal: str, place: int, weight: float, example: str = "") -> None:
        """Keep the largest weight instead of the sum."""
        if weight > self.sums[signal][place]:
            self.sums[signal][place] = weight
            if example:
                self.best[(signal, place)] = (weight, example)
