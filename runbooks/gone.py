"""Names that a diff took away for good: the flag, variable, metric or alert that a runbook still tells people to use.

"For good" is the hard part. A name may live on without being spelled (built from a prefix and an ending), it may belong
to another program that reads it (a deployment only passes it on), or it may stand in another file. Each of these is
refused here; what is left is gone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from analyzers.model import Change, ChangeKind, Confidence, Fact, FactKind
from analyzers.vocabulary import words
from runbooks.index import Index
from runbooks.lines import Contradiction, Line, lines_of
from runbooks.model import Block, Section, Suggestion
from runbooks.places import deployed
from runbooks.strangers import Home, of_another_system
from runbooks.terms import joined

StillDefined = Callable[[str], bool]
"""Whether the code at head still contains a name as a whole word; asked only for names that a diff removed."""

_NAMED = frozenset({FactKind.CLI_FLAG, FactKind.ENV_VAR, FactKind.METRIC, FactKind.ALERT})
MAX_QUESTIONS = 200
"""Names looked for in the tree per comparison, each at the cost of reading it; what is not looked for is not gone."""

_LEAST_CHARS = 8
"""A shorter name, or one of a single word, may be an ordinary word in a line about something else."""

_ASSIGNED = re.compile(r"""^[\s>$#-]*(?:export\s+|set\s+|-e\s+)?["']?{name}["']?\s*[:=]""".replace("{name}", "%s"))
_NEGATIVE = frozenset(
    "disable disabled deny exclude excluded forbid hide ignore no not off skip without insecure unsafe".split()
)


def gone_names(changes: Sequence[Change], index: Index, still_defined: StillDefined) -> Iterator[Contradiction]:
    """Lines that name a flag, variable, metric or alert which this diff took away for good."""
    still_defined = _bounded(still_defined)
    home = Home(changes, index)
    read = {c.before.key for c in changes if c.before and not deployed(c.before.span.path)}
    for change in changes:
        before = change.before
        if before is None or before.kind not in _NAMED or before.confidence is Confidence.LOW:
            continue
        if change.kind not in {ChangeKind.REMOVED, ChangeKind.RENAMED}:
            continue
        name = before.key
        if len(words(name)) < 2 or len(name) < _LEAST_CHARS:
            continue
        places = index.by_name.get(joined(name), [])
        passed_on = before.kind in {FactKind.ENV_VAR, FactKind.CLI_FLAG} and name not in read and not _uses(before)
        if not places or (passed_on and before.kind is FactKind.CLI_FLAG):
            continue
        if still_defined(name) or _assembled(change, still_defined):
            continue
        for place in places:
            yield from _lines_naming(change, index.sections[place].section, home, passed_on=passed_on)


def _bounded(still_defined: StillDefined) -> StillDefined:
    """The same question, asked once per name and ``MAX_QUESTIONS`` times at most: each is a search through the tree."""
    asked: dict[str, bool] = {}

    def ask(name: str) -> bool:
        if name not in asked and len(asked) < MAX_QUESTIONS:
            asked[name] = still_defined(name)
        return asked.get(name, True)

    return ask


def _uses(fact: Fact) -> bool:
    """Whether the line of a deployment file itself uses the variable (``s3://${BUCKET}``), not only hands it over."""
    return re.search(r"\$[{(]{0,2}" + re.escape(fact.key) + r"\b", fact.quote) is not None


def _assembled(change: Change, still_defined: StillDefined) -> bool:
    """Whether the code may still build the name from parts: a flag or metric of which it holds the telling end (the
    prefix is added where it is registered), a variable whose prefix and field stand apart (``env_prefix="APP_"``), a
    flag made from a parameter's name. An end that the new name of a renamed flag holds proves nothing."""
    fact = change.before
    assert fact is not None
    name, renamed = fact.key, change.after.key if change.after else ""
    cuts = [at for at, char in enumerate(name) if char == ("." if fact.kind is FactKind.CLI_FLAG else "_")][:4]
    ends = [name[at + 1 :] for at in cuts]
    if fact.kind is FactKind.ENV_VAR:
        prefixes = [name[: at + 1] for at in cuts[:2] if at > 1]
        return any(
            still_defined(prefix) and any(still_defined(form) for form in _spellings(name.removeprefix(prefix)))
            for prefix in prefixes
        )
    if fact.kind is FactKind.CLI_FLAG and fact.span.path.endswith(".py") and "-" in name:
        ends.append(name.replace("-", "_"))
    if fact.kind in {FactKind.CLI_FLAG, FactKind.METRIC}:
        return any(len(words(end)) > 2 and end not in renamed and still_defined(end) for end in ends)
    return False


def _spellings(name: str) -> tuple[str, ...]:
    """``MAX_AGE`` as code may spell the field behind it; nothing for a single word, which proves nothing."""
    parts = words(name)
    if len(parts) < 2:
        return ()
    camel = "".join(part.capitalize() for part in parts)
    return (name, name.lower(), camel, camel[0].lower() + camel[1:])


def _lines_naming(change: Change, section: Section, home: Home, *, passed_on: bool) -> Iterator[Contradiction]:
    before, after = change.before, change.after
    assert before is not None
    name = before.key
    renamed = after.key if change.kind is ChangeKind.RENAMED and after else ""
    exact = re.compile(r"(?<![\w.-])(-{0,2})" + re.escape(name) + r"(?![\w-]|[./]\w|/[\"'`\s]|/$)")
    assigned = re.compile(_ASSIGNED.pattern % re.escape(name))
    kind = before.kind.value.replace("_", " ")
    # What a person sets for a program that is not built here may be read by it whatever this deployment does.
    if passed_on and any(assigned.search(text) for text in section.text.split("\n")):
        return
    heading = _heading(section)

    def stranger(line: Line) -> bool:
        return of_another_system(change, line, section, home, exact.finditer(line.text))

    if heading is not None and not renamed and exact.search(heading.text) and not stranger(heading):
        # The section is about a thing that is gone: to say so once is enough.
        yield Contradiction(
            change, section, heading.number, heading.text.strip(),
            f"the heading names the {kind} {name}; nothing in the code mentions it any more", None,
        )  # fmt: skip
        return
    for line in (*((heading,) if heading else ()), *lines_of(section)):
        if not exact.search(line.text) or (renamed and _names(renamed, line)):
            continue
        if (passed_on and line.kind == "fence") or stranger(line):
            continue
        suggestion = None
        if renamed and not _turned(name, renamed):
            corrected = exact.sub(lambda found: found.group(1) + renamed, line.text)
            suggestion = Suggestion(section.path, line.number, line.text, corrected)
        now = f"it is now {renamed}" if renamed else "nothing in the code mentions it any more"
        what = "heading" if line is heading else "line"
        yield Contradiction(
            change, section, line.number, line.text.strip(), f"the {what} names the {kind} {name}; {now}", suggestion
        )


def _heading(section: Section) -> Line | None:
    """The section's own heading as a line that can make a statement, or None (a preamble, a chapter of history)."""
    if not section.headings:
        return None
    number, text = section.span.start_line, section.text.split("\n", 1)[0]
    return next(lines_of(replace(section, blocks=(Block("paragraph", number, number, text),))), None)


def _names(name: str, line: Line) -> bool:
    return re.search(r"(?<![\w.-])-{0,2}" + re.escape(name) + r"(?![\w-])", line.text) is not None


def _turned(before: str, after: str) -> bool:
    """Whether a rename turned the meaning round (``DISABLE_CHECK`` to ``ENABLE_CHECK``): the value has to turn too."""
    return bool(set(words(before)) & _NEGATIVE) != bool(set(words(after)) & _NEGATIVE)
