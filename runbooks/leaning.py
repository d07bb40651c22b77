"""The sections that lean on a diff without a line of theirs being false: which of them are shown, and for what."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from analyzers.model import Change, FactKind, Finding, Severity
from analyzers.pipeline import Analysis
from analyzers.vocabulary import words
from runbooks import verdict as judging
from runbooks.edited import Edition, SectionKey, holds, key_of
from runbooks.inputs import Inputs, Mapped
from runbooks.mapping import Ranked, findings_for, shipped
from runbooks.model import Verdict
from runbooks.query import names_of
from runbooks.terms import joined

MAX_SUSPECTS = 8
"""Suspect sections reported per diff: past that, reading them all is rereading the manual."""

MAX_UNNAMED = 3
"""Where no section names anything that changed, only the best ranked are suspect: the right one is among the first
three in most cases (``benchmarks/README.md``), and those after it are noise."""

_NAMES = frozenset({FactKind.ENV_VAR, FactKind.CLI_FLAG, FactKind.ALERT, FactKind.METRIC, FactKind.TABLE})

FindingFor = Callable[[Change], Finding | None]


def leaning(
    inputs: Inputs, mapped: Mapped, after: Edition, finding_for: FindingFor, settled: set[SectionKey]
) -> Iterator[Verdict]:
    """The suspect and updated sections among those of base that are not ``settled``: the ones above the threshold, and
    those that this diff deleted although they name what changed."""
    threshold = inputs.suspect_threshold if inputs.suspect_threshold is not None else shipped().suspect
    chosen = _suspects(mapped.ranked, threshold, settled, after)
    if inputs.documents_changed:
        chosen += _deleted(mapped.ranked, settled, after, chosen)
    for ranked in chosen:
        counterpart = after.counterpart(ranked.section)
        for finding in _tied(ranked, mapped.analysis, finding_for):
            owners = inputs.owners(counterpart or ranked.section)
            yield judging.leaning(ranked, finding, owners, counterpart, documents_changed=inputs.documents_changed)


def written(
    inputs: Inputs,
    analysis: Analysis,
    fresh: Sequence[Ranked],
    after: Edition,
    finding_for: FindingFor,
    settled: set[SectionKey],
) -> Iterator[Verdict]:
    """The sections that this diff wrote and that speak of the change; ``fresh`` are those of head, ranked."""
    threshold = inputs.suspect_threshold if inputs.suspect_threshold is not None else shipped().suspect
    for ranked in fresh:
        if key_of(ranked.section) not in after.written or key_of(ranked.section) in settled:
            continue
        if ranked.alert >= threshold or ranked.candidate.values.get("heading"):
            for finding in _tied(ranked, analysis, finding_for)[:1]:
                yield judging.written(ranked, finding, inputs.owners(ranked.section))


def also(
    inputs: Inputs, mapped: Mapped, after: Edition, settled: set[SectionKey], shown: set[tuple[str, str]]
) -> Iterator[Verdict]:
    """What else was found of sections that already have a verdict for one of their lines: a lost guard does not go
    unsaid because a timeout on the same page is wrong too. What is in ``shown`` is not said again."""
    for ranked in mapped.ranked:
        counterpart = after.counterpart(ranked.section)
        if key_of(counterpart or ranked.section) not in settled:
            continue
        for finding in judging.worst_first(findings_for(ranked, mapped.analysis.findings)):
            if finding.severity is Severity.LOW or (finding.rule, finding.subject) in shown:
                continue
            shown.add((finding.rule, finding.subject))
            owners = inputs.owners(counterpart or ranked.section)
            yield judging.leaning(ranked, finding, owners, counterpart, documents_changed=inputs.documents_changed)


def _suspects(ranked: Sequence[Ranked], threshold: float, settled: set[SectionKey], after: Edition) -> list[Ranked]:
    """The sections above the threshold that state a telling name of something that changed, explicit ties first, then
    by rank, and always the best ranked one. Where these are less than three, the best ranked of those that have a
    single word in common with a name ("kind" and ``Gateway.Kind``); where there is none either, the three best ranked,
    because then they are all there is to look at."""
    above = [
        r for r in ranked if r.alert >= threshold and key_of(after.counterpart(r.section) or r.section) not in settled
    ]
    best = [r for r in ranked[:1] if r in above]
    named = sorted((r for r in above if r.changes or r.explicit), key=lambda r: not r.explicit)
    telling = [r for r in named if r.explicit or _states_telling(r)]
    if len(telling) < len(named):
        words_alone = [r for r in named if r not in telling and r not in best]
        named = telling + words_alone[: max(0, MAX_UNNAMED - len({id(r) for r in (*telling, *best)}))]
    if named or settled:
        return [*(r for r in named if r.explicit), *(r for r in best if not r.explicit),
                *(r for r in named if not r.explicit and r not in best)][:MAX_SUSPECTS]  # fmt: skip
    return [r for r in ranked[:MAX_UNNAMED] if r in above]


def _deleted(
    ranked: Sequence[Ranked], settled: set[SectionKey], after: Edition, chosen: Sequence[Ranked]
) -> list[Ranked]:
    """The sections that this diff deleted although a person tied them to what changed, or they name it by a name of two
    words or more; whatever their score is, because a section that is gone has no other way to be heard."""
    known = {id(r) for r in chosen}
    return [
        r
        for r in ranked
        if id(r) not in known and key_of(r.section) not in settled and after.counterpart(r.section) is None
        and (r.explicit or any(_telling(change) for change in r.changes))
    ][:MAX_SUSPECTS]  # fmt: skip


def _states_telling(ranked: Ranked) -> bool:
    """Whether the section states a name of two words or more of something that changed, or all of a name of which
    prose says one word and means it (a variable, a flag, an alert, an address)."""
    facts = (fact for change in ranked.changes for fact in (change.before, change.after) if fact is not None)
    for fact in facts:
        if fact.kind is FactKind.ROUTE:
            return True
        whole = fact.kind in _NAMES
        names = (name for name in names_of(fact) if len(words(name)) > 1 or (whole and name == fact.key))
        if any(holds(ranked.section.text, frozenset({joined(name)})) for name in names):
            return True
    return False


def _telling(change: Change) -> bool:
    return any(len(words(name)) > 1 for fact in (change.before, change.after) if fact for name in names_of(fact))


def _tied(ranked: Ranked, analysis: Analysis, finding_for: FindingFor) -> list[Finding]:
    """The findings to show for a section: those whose names it states, else those on a definition of which it names
    something, else the changes that it names, else the diff's worst finding, else its first change. At most a few, and
    one per subject."""
    named = judging.worst_first(findings_for(ranked, analysis.findings))
    if not named:
        places = {_place(change) for change in ranked.changes if change.fact.symbol}
        named = judging.worst_first(f for f in analysis.findings if f.change.fact.symbol and _place(f.change) in places)
    if not named:
        found = (finding_for(change) for change in ranked.changes[:5])
        named = [finding for finding in found if finding is not None][:1]
    if not named:
        named = judging.worst_first(analysis.findings)[:1]
    if not named:
        found = (finding_for(change) for change in analysis.changes[:20])
        named = [finding for finding in found if finding is not None][:1]
    unique = {(finding.rule, finding.subject): finding for finding in reversed(named)}
    chosen = [finding for finding in named if unique.get((finding.rule, finding.subject)) is finding]
    return chosen[: judging.FINDINGS_PER_SECTION]


def _place(change: Change) -> tuple[str, str]:
    """Path and symbol of a change: what a section names and what a rule found are often two facts of one definition."""
    return (change.path, change.fact.symbol.name if change.fact.symbol else "")
