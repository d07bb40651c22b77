"""The main flow on one screen: diffs and runbooks in, report out. Pure; ``workspace.py`` gathers the inputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from analyzers.model import Change, ChangeKind, FactKind, Finding, Severity
from analyzers.pipeline import Analysis, analyse
from runbooks import documented, leaning
from runbooks import verdict as judging
from runbooks.contradiction import Contradiction, contradictions
from runbooks.edited import Edition, SectionKey, after_edit, key_of, still_stands, substance, third_value
from runbooks.folders import folders_of, places
from runbooks.index import Index
from runbooks.inputs import Inputs, Mapped
from runbooks.kept import Head, kept_places
from runbooks.leaning import MAX_SUSPECTS, FindingFor
from runbooks.mapping import rank
from runbooks.model import Decision, Report, Runbook, Status, Summary, Verdict
from runbooks.outcomes import outcomes_of
from runbooks.query import Query, build, names_of
from runbooks.terms import joined

__all__ = ["MAX_SUSPECTS", "Inputs", "Mapped", "check", "judge", "map_sections"]

MAX_UNCOVERED = 100
"""Risky changes that no section speaks of, reported per diff; a note counts the others."""

MAX_FOLDERS = 4
"""Folders that the note names."""

MAX_OPEN = 3
"""Sections shown for a line that may be false; as many as are shown where nothing names what changed."""

Told = list[tuple[Contradiction, Finding]]
"""False lines, each with the finding to show for it."""


def map_sections(inputs: Inputs) -> Mapped:
    """Analyse the diffs and rank the sections of the before runbooks."""
    analysis = analyse(inputs.diffs, inputs.limits, inputs.disabled)
    index = _index(inputs, inputs.before)
    if not analysis.changes:  # then nobody waits for history
        return Mapped(analysis, build(analysis), index, ())
    query = build(analysis)
    past = tuple(inputs.past(query.paths))
    ranked = rank(analysis, query, index, covers=_covers(inputs, index, query), past=past)
    return Mapped(analysis, query, index, tuple(ranked), past)


def check(inputs: Inputs, decisions: Sequence[Decision] = ()) -> Report:
    """The report on a diff. Deterministic in its inputs; people's decisions are one of them."""
    return judge(inputs, map_sections(inputs), decisions)


def judge(inputs: Inputs, mapped: Mapped, decisions: Sequence[Decision] = ()) -> Report:
    """The second half of ``check``: verdicts on sections that are already ranked."""
    beyond: list[Finding] = []
    verdicts = list(_verdicts(inputs, mapped, beyond))
    moved = {path: old for old, path in inputs.moved.items()}
    judged = [judging.decided(v, decisions, _directed(inputs, v, moved), inputs.as_of) for v in verdicts]
    analysis = mapped.analysis
    skipped = tuple(dict.fromkeys((*inputs.skipped, *analysis.skipped)))
    counts = Counter(v.status for v in judged)
    summary = Summary(
        files=len(analysis.diffs),
        changes=sum(change.kind is not ChangeKind.MOVED for change in analysis.changes),
        findings=len(analysis.findings),
        counts=tuple((status.value, counts.get(status, 0)) for status in Status),
        runbooks=len(inputs.after),
        sections=sum(len(runbook.sections) for runbook in inputs.after),
    )
    return Report(
        inputs.base, inputs.head, inputs.policy_revision, tuple(judged), outcomes_of(judged, analysis), skipped,
        summary, complete=not skipped, notes=(*inputs.notes, *_notes(analysis, beyond)),
    )  # fmt: skip


def _directed(inputs: Inputs, verdict: Verdict, moved: Mapping[str, str]) -> judging.Directed | None:
    """The directives of a verdict's section; ``moved`` gives the base path of a runbook that this diff moved."""
    if verdict.section is None:
        return None
    path, slug = key_of(verdict.section)
    return inputs.directives.get((moved.get(path, path), slug))


def _index(inputs: Inputs, runbooks: Iterable[Runbook]) -> Index:
    return Index((runbook, inputs.terms(runbook)) for runbook in runbooks)


def _covers(inputs: Inputs, index: Index, query: Query) -> Callable[[int], str]:
    claimed = [inputs.covers(document.runbook, query.paths) for document in index.documents]
    return lambda number: claimed[number]


def _notes(analysis: Analysis, beyond: Sequence[Finding]) -> Iterator[str]:
    if beyond:
        folders = folders_of([finding.change.path for finding in beyond], MAX_FOLDERS)
        where = places((folders[finding.change.path] for finding in beyond), MAX_FOLDERS)
        yield f"not listed: {len(beyond)} more changes that no runbook speaks of ({where})"
    if analysis.set_aside:
        yield "not compared: " + ", ".join(f"{count} {reason}" for reason, count in analysis.set_aside)
    if analysis.plain:
        shown = ", ".join(analysis.plain[:3]) + ("…" if len(analysis.plain) > 3 else "")
        yield f"read as plain text (at most suspect): {len(analysis.plain)} ({shown})"


def _verdicts(inputs: Inputs, mapped: Mapped, beyond: list[Finding]) -> Iterator[Verdict]:
    """False lines, then corrected ones, then sections that lean on the diff, then what nobody documents; what of that
    is past the limit is added to ``beyond``."""
    analysis = mapped.analysis
    if not analysis.changes:
        return
    after_index = _index(inputs, inputs.after) if inputs.documents_changed else mapped.index
    after = Edition.of(inputs.before, inputs.after, inputs.moved)
    finding_for = _finding_lookup(analysis, mentioned=documented.ID not in inputs.disabled)
    settled: set[SectionKey] = set()
    shown: set[tuple[str, str]] = set()

    def told() -> Iterator[Verdict]:
        yield from _false_lines(inputs, mapped, after, after_index, finding_for, settled, shown)
        yield from leaning.leaning(inputs, mapped, after, finding_for, settled)
        if after.written:
            covers = _covers(inputs, after_index, mapped.query)
            fresh = rank(analysis, mapped.query, after_index, covers=covers, past=mapped.past)
            yield from leaning.written(inputs, analysis, fresh, after, finding_for, settled)

    for verdict in told():
        shown.add((verdict.finding.rule, verdict.finding.subject))
        yield verdict
    yield from leaning.also(inputs, mapped, after, settled, shown)
    bare = list(_uncovered(analysis, (mapped.index, after_index), shown))
    yield from map(judging.uncovered, bare[:MAX_UNCOVERED])
    beyond += bare[MAX_UNCOVERED:]


def _false_lines(
    inputs: Inputs,
    mapped: Mapped,
    after: Edition,
    after_index: Index,
    finding_for: FindingFor,
    settled: set[SectionKey],
    shown: set[tuple[str, str]],
) -> Iterator[Verdict]:
    """Lines of head that are false, contradicted ones before those that another place of the code bears out; then the
    sections whose line was false at base. Adds the sections to ``settled``, and to ``shown`` the findings of changes
    that made a line false beside the one that its verdict names."""
    now, open_lines = _told(inputs, mapped.analysis, after_index, finding_for)
    beside = (finding_for(change) for found, _ in now for change in found.also)
    shown.update((finding.rule, finding.subject) for finding in beside if finding is not None)
    then: Told = []
    if inputs.documents_changed:
        then, _ = _told(inputs, mapped.analysis, mapped.index, finding_for)
        now += _third_values(inputs, then, after, after_index, {(f.section.path, f.line) for f, _ in now})
    kept = kept_places([found for found, _ in now], _head(inputs))
    settled.update(key_of(found.section) for found, _ in now)
    for number, (found, finding) in enumerate(now):
        if number not in kept:
            yield judging.contradicted(found, finding, inputs.owners(found.section), inputs.head)
    for number, place in kept.items():
        found, finding = now[number]
        yield judging.doubtful(found, finding, inputs.owners(found.section), inputs.head, place)
    gone = _went(then, now, after)
    settled.update(key_of(after.counterpart(found.section) or found.section) for found, _ in gone)
    then = [t for t in then if t not in gone]
    for _, group in groupby(sorted(then, key=lambda t: key_of(t[0].section)), key=lambda t: key_of(t[0].section)):
        lines = list(group)
        section = after.counterpart(lines[0][0].section) or lines[0][0].section
        if key_of(section) not in settled:
            settled.add(key_of(section))
            yield _since_base(inputs, lines, after)
    yield from _open_lines(inputs, open_lines, settled)


def _open_lines(inputs: Inputs, lines: Told, settled: set[SectionKey]) -> Iterator[Verdict]:
    """Lines that may be false, one a section, of sections that this diff left as they are: worth a look wherever they
    rank. Where there are many the setting is spoken of everywhere, and the ranking chooses."""
    sections: dict[SectionKey, tuple[Contradiction, Finding]] = {}
    for found, finding in lines:
        sections.setdefault(key_of(found.section), (found, finding))
    if sections and inputs.documents_changed:
        unedited = {(section.path, section.text) for runbook in inputs.before for section in runbook.sections}
        sections = {k: pair for k, pair in sections.items() if (pair[0].section.path, pair[0].section.text) in unedited}
    fresh = [key for key in sections if key not in settled]
    for key in fresh if len(fresh) <= MAX_OPEN else ():
        found, finding = sections[key]
        settled.add(key)
        yield judging.doubtful(found, finding, inputs.owners(found.section), inputs.head, found.doubt)


def _went(then: Told, now: Told, after: Edition) -> Told:
    """The lines that were false at base and stand, as false as they were, in another section of head: it was deleted,
    or this diff put them under another heading. Each is one false line, which is said where it stands now."""
    standing = {(key_of(found.section), substance(found.quote)) for found, _ in now}
    here = {(key_of(after.counterpart(f.section) or f.section), substance(f.quote)) for f, _ in then}
    said, come = {quote for _, quote in standing}, {quote for _, quote in standing - here}
    gone: Told = []
    for found, finding in then:
        section, quote = after.counterpart(found.section), substance(found.quote)
        left = section is not None and (key_of(section), quote) not in standing
        if (section is None and quote in said) or (left and quote in come):
            gone.append((found, finding))
    return gone


def _told(inputs: Inputs, analysis: Analysis, index: Index, finding_for: FindingFor) -> tuple[Told, Told]:
    """The false lines among the indexed sections, and those that may be; those aside for which no finding can be
    quoted."""
    found = contradictions(analysis.changes, index, inputs.still_defined)
    pairs = ((line, finding_for(line.change)) for line in found)
    told = [(line, finding) for line, finding in pairs if finding is not None]
    return [pair for pair in told if not pair[0].doubt], [pair for pair in told if pair[0].doubt]


def _third_values(inputs: Inputs, then: Told, after: Edition, index: Index, known: set[tuple[str, int]]) -> Told:
    """Lines that were false at base and that this diff edited to a value which the code does not state either."""
    found: Told = []
    for line, finding in then:
        section = after.counterpart(line.section)
        if section is None or section.text == line.section.text or still_stands(line, section):
            continue
        third = third_value(line, line.section, section, index, inputs.still_defined)
        if third is not None and (third.section.path, third.line) not in known:
            known.add((third.section.path, third.line))
            found.append((third, finding))
    return found


def _since_base(inputs: Inputs, lines: Told, after: Edition) -> Verdict:
    """The verdict on a section that had these false lines at base and has none at head: *updated* if this diff made
    every one of them true or took it away with its subject, else *suspect*."""
    found, finding = lines[0]
    section = after.counterpart(found.section)
    owners = inputs.owners(section or found.section)
    for line, its in lines:
        doubt = after_edit(line, section, after)
        if doubt:
            return judging.unsettled(line, its, owners, section or found.section, doubt)
    return judging.corrected(found, finding, owners, section or found.section)


def _head(inputs: Inputs) -> Head:
    changed = {diff.old_path: None for diff in inputs.diffs} | {diff.path: diff.after for diff in inputs.diffs}
    return Head(changed, inputs.naming, inputs.head_text, inputs.claims)


def _finding_lookup(analysis: Analysis, *, mentioned: bool) -> FindingFor:
    """The worst finding on a change, or (``mentioned``) one that says that documented behaviour changed; None for what
    only rules speak of that are switched off."""
    muted = {id(change) for change in analysis.muted}
    by_change: dict[int, Finding] = {}
    for finding in reversed(judging.worst_first(analysis.findings)):
        by_change[id(finding.change)] = finding

    def lookup(change: Change) -> Finding | None:
        known = by_change.get(id(change))
        if known or not mentioned or id(change) in muted:
            return known
        return next(documented.on_mention(change), None)

    return lookup


def _uncovered(analysis: Analysis, indexes: Sequence[Index], shown: set[tuple[str, str]]) -> Iterator[Finding]:
    """Risky findings whose names no section of either side states, each subject once and not if ``shown`` already."""
    seen = set(shown)
    for finding in judging.worst_first(analysis.findings):
        if finding.severity is Severity.LOW or (finding.rule, finding.subject) in seen:
            continue
        if finding.change.fact.kind is FactKind.BEHAVIOUR:
            continue
        sides = (finding.change.before, finding.change.after)
        names = {joined(name) for fact in sides if fact for name in names_of(fact)}
        if any(index.by_name.get(name) for index in indexes for name in names if len(name) > 2):
            continue
        seen.add((finding.rule, finding.subject))
        yield finding
