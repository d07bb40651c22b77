"""Texts from which a program makes a name while it runs: ``"objstore%s.config-file"``, ``f"{prefix}_ttl_seconds"``.

No search for the whole name finds these, so a name that nobody spells out may still be there.
"""

from __future__ import annotations

import re

LEAST_WORDS = 2
"""Words of a name's end that tell it from others; one (``%s_total``, ``{}.enabled``) may be any name's."""

MOST_WORDS = 12
"""Words of a name that are looked at; longer ones are no names that people type."""


def formatted(name: str) -> str:
    """A POSIX extended regular expression for lines that may format to ``name``: a placeholder (``%s``, ``{…}``,
    ``${…}``, ``#{…}``) and what the name ends in, or a quote and what it ends in from a separator on. Empty where no
    end of the name is telling."""
    parts = re.split(r"([._-])", name)
    if not re.fullmatch(r"\w[\w.-]*\w", name, re.ASCII) or len(parts) > 2 * MOST_WORDS:
        return ""
    ends = ["".join(parts[at:]) for at in range(1, len(parts) - 2 * LEAST_WORDS + 1, 2)]
    if not ends:
        return ""
    written = "|".join(end.replace(".", "[.]") for end in ends)
    bare = "|".join(end[1:].replace(".", "[.]") for end in ends)
    # A bracket expression takes a hyphen for itself where it stands last.
    return rf"(%[a-z]({written}|{bare})|[}}]({written}|{bare})|[\"'`]({written}))([^[:alnum:]_.-]|$)"
