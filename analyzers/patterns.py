"""Regular expressions that are compiled when they are first used.

A check needs about half of the tool's patterns, and compiling all of them at import took a tenth of its time.
"""

from __future__ import annotations

import re
from typing import AnyStr, Generic, cast


class _Lazy(Generic[AnyStr]):
    """Stands for a compiled pattern; its methods become this object's own at first use, so that later calls cost
    nothing more."""

    def __init__(self, source: AnyStr, flags: int) -> None:
        self._source: AnyStr = source
        self._flags = flags

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        compiled = re.compile(self._source, self._flags)
        for method in ("match", "search", "fullmatch", "finditer", "findall", "sub", "subn", "split", "pattern"):
            self.__dict__[method] = getattr(compiled, method)
        return self.__dict__[name] if name in self.__dict__ else getattr(compiled, name)


def regex(source: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """A pattern like that of :func:`re.compile`, whose errors also show at first use (a test uses each one)."""
    return cast("re.Pattern[AnyStr]", _Lazy(source, flags))
