"""Words of code and of prose brought to one form, so that ``BlocklistPoll``, ``blocklist_poll`` and
``-storage.trace.blocklist-poll`` can meet.

Two families: *names* (compound identifiers, joined and lower-cased: ``blocklistpoll``) are telling; *words* (their
parts and ordinary words, singular) are many and weak.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from analyzers.vocabulary import words as split_words

_TOKEN = re.compile(r"[A-Za-z_$][A-Za-z0-9_]*(?:[-./:][A-Za-z0-9_]+)*")
_PART = re.compile(r"[-./:]")
_STOP = frozenset(
    "a an and are as at be but by can could do does for from has have how if in into is it its may more must no not of "
    "on one or our out should so some such than that the their them then there these they this those to too up use "
    "used using very via was we were what when where which while who will with would you your also any all each only "
    "other same see set get new run make made need want like just via etc e g i ie eg nil none null true false self "
    "return returns func function def class import const let var type string int bool float error err str dict list "
    "public private static void final package struct interface map key value name test tests todo note http https www "
    "com org io github html md if else elif for while try except".split()
)


@lru_cache(maxsize=200_000)
def joined(name: str) -> str:
    """The name without case and separators: ``Blocklist_Poll`` → ``blocklistpoll``."""
    lower = name.lower()
    return lower if lower.isalnum() else "".join(filter(str.isalnum, lower))


@lru_cache(maxsize=200_000)
def singular(word: str) -> str:
    """A crude singular that is the same on both sides, which is all that matching needs."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


@lru_cache(maxsize=200_000)
def _expand(token: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names and the words of one raw token."""
    if token.isalpha() and (token.islower() or token[1:].islower() or token.isupper()):  # most are ordinary words
        word = token.lower()
        return (), (singular(word),) if len(word) > 1 and word not in _STOP else ()
    names: list[str] = []
    parts = [part for part in _PART.split(token) if part]
    pieces: list[str] = []
    for part in parts:
        split = split_words(part)
        pieces += split
        if len(split) > 1:
            names.append(joined(part))
    if len(parts) > 1 and len(pieces) > 1 and "://" not in token:
        names.append(joined(token))
        if len(parts) > 2:
            names.append(joined("".join(parts[-2:])))
    kept = tuple(singular(w) for w in pieces if len(w) > 1 and w not in _STOP and not w.isdigit())
    return tuple(dict.fromkeys(names)), kept


def terms(text: str) -> tuple[Counter[str], Counter[str]]:
    """The names and the words of a text, each with how often."""
    names: dict[str, int] = {}  # a Counter that is missing a key asks a method of its own
    plain: dict[str, int] = {}
    for token, count in Counter(_TOKEN.findall(text)).items():
        found_names, found_words = _expand(token)
        for name in found_names:
            names[name] = names.get(name, 0) + count
        for word in found_words:
            plain[word] = plain.get(word, 0) + count
    return Counter(names), Counter(plain)


_NUMBER = re.compile(r"\d(?<![\w.]\d)[\d_]*(?:\.\d+)?(?:[a-zA-Z]{1,3})?(?![\w.])")  # digit first: re skips to it


def numbers(text: str) -> Counter[str]:
    """Telling numbers of a text as written (``3100``, ``15m``): at least two characters, not 00 to 10."""
    return Counter(n for n in _NUMBER.findall(text) if len(n) > 1 and n not in {"10", "00"})
