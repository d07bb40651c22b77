"""The predicate behind *contradicted*: one line names the subject and states the before value, and the after value is
incompatible with it. A predicate, not a score: when in doubt it is silent and the section stays *suspect*.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from analyzers import values
from analyzers.model import Change, ChangeKind, Confidence, Fact, FactKind, Value
from analyzers.vocabulary import words
from runbooks.index import Index
from runbooks.model import Section, Suggestion
from runbooks.query import names_of
from runbooks.terms import joined

StillDefined = Callable[[str], bool]
"""Whether the code at head still contains a name as a whole word; asked only for names that a diff removed."""

_VALUED = frozenset(
    {
        FactKind.SETTING, FactKind.LIMIT, FactKind.PORT, FactKind.ENV_VAR, FactKind.CLI_FLAG, FactKind.RETENTION,
        FactKind.CREDENTIAL_LIFETIME, FactKind.SCHEDULE, FactKind.WORKLOAD, FactKind.FEATURE_FLAG, FactKind.CRYPTO,
        FactKind.ACCESS_POLICY, FactKind.BACKUP, FactKind.STORAGE_NAME,
    }
)  # fmt: skip
_NAMED = frozenset({FactKind.CLI_FLAG, FactKind.ENV_VAR, FactKind.METRIC, FactKind.ALERT})

_TOKEN = re.compile(r"[A-Za-z_$-][A-Za-z0-9_]*(?:[-./][A-Za-z0-9_]+)*")
_ADVICE = re.compile(
    r"\b(?:increase|decrease|raise|lower|reduce|bump|e\.g\.|for example|such as|for instance|at least|at most|"
    r"recommend\w*|suggest\w*|try|tune|instead of|override\w*|if you|consider)\b",
    re.IGNORECASE,
)
_HISTORY = re.compile(
    r"\b(?:was|were|used to|previously|formerly|earlier|before (?:v|version|release)|until|changed from|prior to|"
    r"deprecated|removed in|renamed|no longer|since v?\d|as of v?\d|introduced in|added in)\b",
    re.IGNORECASE,
)
_HISTORY_PATH = re.compile(r"upgrad|release|changelog|migrat|history|whats?-?new|breaking", re.IGNORECASE)
_EXAMPLE_PATH = re.compile(
    r"(?:^|[/._-])(?:examples?|samples?|demos?|dev|development|staging|sandbox|local|tests?|integration|ci|qa|preview)"
    r"(?:[/._-]|$)",
    re.IGNORECASE,
)
_PORT_USE = re.compile(
    r"(?:port[- ]forward\w*(?:\s+\w+){0,3}?\s+(?:to\s+)?|\bports?\s+(?:is\s+|to\s+|of\s+)?`?"
    r"|localhost:|127\.0\.0\.1:|0\.0\.0\.0:|https?://[\w.-]{1,80}:)(\d{2,5})\b",
    re.IGNORECASE,
)
_PORT_NOISE = frozenset(
    "port ports http https grpc service deployment config yaml operations listen server docker compose jsonnet "
    "libsonnet kube main spec deploy".split()
)
NEAR = 60
"""Characters between a name and the value it is said to have, at most; wider and the sentence speaks of two things."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A line that is now false: where it stands, why, and the corrected line when it can be written."""

    change: Change
    section: Section
    line: int
    quote: str
    reason: str
    suggestion: Suggestion | None


def contradictions(changes: Sequence[Change], index: Index, still_defined: StillDefined) -> Iterator[Contradiction]:
    """Every line of the indexed sections that a change has made false, each line once."""
    seen: set[tuple[str, int]] = set()
    ambiguous = _ambiguous(changes)
    checks = (_by_value(changes, index, ambiguous), _by_port(changes, index), _by_name(changes, index, still_defined))
    for found in (item for check in checks for item in check):
        place = (found.section.path, found.line)
        if place not in seen:
            seen.add(place)
            yield found


def _ambiguous(changes: Sequence[Change]) -> frozenset[str]:
    """Names which this diff moves from or to more than one value: no single sentence can be told from them."""
    stated: dict[str, set[tuple[str, str]]] = {}
    for change in changes:
        if change.fact.kind in _VALUED and change.before and change.after:
            pair = (change.before.value.text, change.after.value.text)
            for name in _telling_names(change.before):
                stated.setdefault(name, set()).add(pair)
    return frozenset(name for name, pairs in stated.items() if len(pairs) > 1)


def _telling_names(fact: Fact) -> tuple[str, ...]:
    """The fact's names that cannot be mistaken for another thing, joined: two words or more, or a long upper-case."""
    names = []
    for name in names_of(fact):
        short = name.lstrip("-")
        if len(words(short)) >= 2 and len(joined(short)) >= 8:
            names.append(joined(short))
    return tuple(dict.fromkeys(names))


def _by_value(changes: Sequence[Change], index: Index, ambiguous: frozenset[str]) -> Iterator[Contradiction]:
    for change in changes:
        before, after = change.before, change.after
        if before is None or after is None or before.kind not in _VALUED or change.kind is ChangeKind.MOVED:
            continue
        if Confidence.LOW in (before.confidence, after.confidence) or values.same(before.value, after.value):
            continue
        if _EXAMPLE_PATH.search(before.span.path) or not before.value.text or not after.value.text:
            continue
        for name in _telling_names(before):
            if name in ambiguous:
                continue
            for place in index.by_name.get(name, []):
                yield from _in_section(change, name, before.value, after.value, index.sections[place].section)


def _in_section(change: Change, name: str, before: Value, after: Value, section: Section) -> Iterator[Contradiction]:
    if _HISTORY_PATH.search(section.path):
        return
    for number, line, kind in _lines(section):
        if _HISTORY.search(line) or (_ADVICE.search(line) and "default" not in line.lower()):
            continue
        spot = _stated(line, kind, name, before, after)
        if spot is None:
            continue
        start, end = spot
        written = line[start:end]
        reason = f"the line says {written}; the code now says {after.text}"
        yield Contradiction(
            change, section, number, line.strip(), reason, _corrected(section, number, line, spot, after)
        )


def _lines(section: Section) -> Iterator[tuple[int, str, str]]:
    """Line number, text and block kind of every line of a section that can make a statement."""
    for block in section.blocks:
        if block.kind in {"heading", "html"}:
            continue
        for offset, line in enumerate(block.text.split("\n")):
            if line.strip():
                yield block.start_line + offset, line.rstrip("\r"), block.kind


def _stated(line: str, kind: str, name: str, before: Value, after: Value) -> tuple[int, int] | None:
    """Where the line gives the before value to the name, or None."""
    spots = [m for m in _TOKEN.finditer(line) if _is_name(m.group(), name)]
    if not spots:
        return None
    if before.number is not None:
        found = values.quantities(line)
        if any(values.same(q.value, after) and not values.same(q.value, before) for q in found):
            return None
        for quantity in found:
            if not values.same(quantity.value, before) or not values.incompatible(quantity.value, after):
                continue
            if any(_belongs(line, kind, spot, quantity.start, quantity.text) for spot in spots):
                return quantity.start, quantity.end
        return None
    return _literal(line, spots, before.text, after.text)


def _is_name(token: str, name: str) -> bool:
    parts = re.split(r"[./]", token)
    return joined(token) == name or joined(parts[-1]) == name or joined("".join(parts[-2:])) == name


def _belongs(line: str, kind: str, spot: re.Match[str], start: int, text: str) -> bool:
    """Whether the quantity at ``start`` is said of the name at ``spot``: right after it, in its table row, or called
    its default."""
    between = line[spot.end() : start]
    if start < spot.end() or (len(between) > NEAR and kind != "row"):
        return False
    if re.fullmatch(r"[`'\"\])}]*\s*(?:[:=]|is|of|to|\(|defaults? to|\(default:?)\s*[`'\"]*", between.strip() or ":"):
        return True
    bare = re.fullmatch(r"\d{1,2}", text) is not None
    if re.search(r"default", line[max(0, spot.start() - 40) : start], re.IGNORECASE):
        return ". " not in between
    if kind != "row" or between.count("|") > 3:
        return False
    cell = line[line.rfind("|", 0, start) + 1 :].split("|", 1)[0]
    return not bare or cell.strip(" `*") == text


def _literal(line: str, spots: Sequence[re.Match[str]], before: str, after: str) -> tuple[int, int] | None:
    """The place of a literal value set beside the name (``NAME=value``, ``name: value``, default `value`)."""
    if len(before) < 2 or len(before) > 80 or "\n" in before or before.casefold() == after.casefold():
        return None
    plain = re.fullmatch(r"[\w./:@-]+", before)
    if not plain or not re.fullmatch(r"[\w./:@ -]+", after):
        return None
    for spot in spots:
        rest = line[spot.end() :]
        found = re.match(
            r"[`'\"\])}]*\s*(?:[:=]|is|defaults? to|\((?:the )?default(?: is|:)?)\s*[`'\"]*("
            + re.escape(before)
            + r")(?![\w./-])",
            rest,
            re.IGNORECASE,
        )
        if found:
            return spot.end() + found.start(1), spot.end() + found.end(1)
    return None


def _corrected(section: Section, number: int, line: str, spot: tuple[int, int], after: Value) -> Suggestion | None:
    start, end = spot
    written = line[start:end]
    replacement = values.render_like(written, after) if after.number is not None else after.text
    if not replacement or replacement == written:
        return None
    return Suggestion(section.path, number, line, line[:start] + replacement + line[end:])


def _by_port(changes: Sequence[Change], index: Index) -> Iterator[Contradiction]:
    """A port in a URL or after the word port, when the diff moves that port everywhere it touches it and the section
    speaks of the thing whose port it is."""
    moved: dict[str, list[Change]] = {}
    kept: set[str] = set()
    for change in changes:
        if change.fact.kind is not FactKind.PORT:
            continue
        before, after = change.before, change.after
        if before and after and before.value.number is not None and after.value.number is not None:
            if before.value.number != after.value.number and before.confidence is not Confidence.LOW:
                moved.setdefault(f"{before.value.number:g}", []).append(change)
            kept.add(f"{after.value.number:g}")
        elif after and after.value.number is not None:
            kept.add(f"{after.value.number:g}")
    for port, found in moved.items():
        targets = {f"{c.after.value.number:g}" for c in found if c.after and c.after.value.number is not None}
        real = [c for c in found if not _EXAMPLE_PATH.search(c.path)]
        if len(targets) != 1 or port in kept or not real or len(port) < 4:
            continue
        yield from _port_lines(port, targets.pop(), real, index)


def _port_lines(port: str, target: str, changes: Sequence[Change], index: Index) -> Iterator[Contradiction]:
    subjects = {w for c in changes for w in words(f"{c.path} {c.fact.key} {c.fact.scope}") if len(w) > 3}
    subjects -= _PORT_NOISE
    for terms in index.sections:
        section = terms.section
        if port not in section.text or _HISTORY_PATH.search(section.path):
            continue
        for number, line, _ in _lines(section):
            about = {w for w in words(f"{line} {section.title} {section.path}") if len(w) > 3}
            shared = subjects & about
            if not shared or target in line or _HISTORY.search(line):
                continue
            for found in _PORT_USE.finditer(line):
                if found.group(1) == port:
                    near = _closest(changes, about)
                    reason = f"the line uses port {port}; the code now listens on {target}"
                    after = line[: found.start(1)] + target + line[found.end(1) :]
                    after = after.replace(f"{target}:{port}", f"{target}:{target}")
                    suggestion = Suggestion(section.path, number, line, after)
                    yield Contradiction(near, section, number, line.strip(), reason, suggestion)
                    break


def _closest(changes: Sequence[Change], about: set[str]) -> Change:
    return max(changes, key=lambda c: len(about & set(words(f"{c.path} {c.fact.key} {c.fact.scope}"))))


def _by_name(changes: Sequence[Change], index: Index, still_defined: StillDefined) -> Iterator[Contradiction]:
    """A flag, variable, metric or alert that this diff took away for good, still named in code style."""
    for change in changes:
        before = change.before
        if before is None or before.kind not in _NAMED or before.confidence is Confidence.LOW:
            continue
        if change.kind not in {ChangeKind.REMOVED, ChangeKind.RENAMED}:
            continue
        name = before.key
        if len(words(name)) < 2 or len(name) < 8:
            continue
        places = index.by_name.get(joined(name), [])
        if not places or still_defined(name):
            continue
        renamed = change.after.key if change.kind is ChangeKind.RENAMED and change.after else ""
        for place in places:
            yield from _named_lines(change, name, renamed, index.sections[place].section)


def _named_lines(change: Change, name: str, renamed: str, section: Section) -> Iterator[Contradiction]:
    if _HISTORY_PATH.search(section.path):
        return
    exact = re.compile(r"(?<![\w.-])(-{0,2})" + re.escape(name) + r"(?![\w-])")
    kind = change.fact.kind.value.replace("_", " ")
    for number, line, _ in _lines(section):
        found = exact.search(line)
        if found is None or _HISTORY.search(line):
            continue
        suggestion = None
        if renamed:
            suggestion = Suggestion(section.path, number, line, exact.sub(lambda m: m.group(1) + renamed, line))
        now = f"it is now {renamed}" if renamed else "nothing in the code defines it any more"
        yield Contradiction(
            change, section, number, line.strip(), f"the line names the {kind} {name}; {now}", suggestion
        )
