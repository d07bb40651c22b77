"""One answer of the doctor."""

from __future__ import annotations

from dataclasses import dataclass

TIMEOUT = 10.0
"""Seconds that the doctor waits for a service."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One thing that was looked at: ``state`` is ``ok``, ``warning`` or ``missing``; ``text`` says what to do."""

    state: str
    subject: str
    text: str
