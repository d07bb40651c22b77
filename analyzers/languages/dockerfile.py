"""Dockerfiles: base images, ports, environment, entry points, health checks, and the build steps.

Read without a grammar. The format is a list of instructions on logical lines (Docker's "Dockerfile reference":
continuations, comments between continued lines, the ``escape`` directive, here-documents), which takes one page to
read exactly; the published tree-sitter grammar (0.2.0) met errors in 70 of 323 Dockerfiles of public repositories and
lost the rest of the file after each.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analyzers import values
from analyzers.languages import Reading, Side
from analyzers.model import NO_VALUE, Fact, FactKind, Span, Value, digest
from analyzers.syntax import QUOTE_CHARS

_DIRECTIVE = re.compile(r"#\s*escape\s*=\s*([\\`])\s*$", re.IGNORECASE)
_INSTRUCTION = re.compile(r"\s*([A-Za-z]+)(?:\s+(.*))?$", re.DOTALL)
_HEREDOC = re.compile(r"""(?<!<)<<-?(["']?)([A-Za-z_]\w*)\1""")
_FLAG = re.compile(r"--?([A-Za-z][\w.-]*)=(.*)$", re.DOTALL)
_OPTION = re.compile(r"\s*--([a-z-]+)=(\S+)")
_IMAGE = re.compile(r"(?P<repo>[^\s@]+?)(?::(?P<tag>[^/@\s]*|\$\{[^}]*\}[^/@\s]*))?(?:@(?P<digest>\S+))?$")

_IGNORED_ENV = frozenset("PATH DEBIAN_FRONTEND LANG LANGUAGE LC_ALL PS1 TERM".split())
"""Variables of the build or the shell that say nothing about the service."""

_BUILD_STEPS = frozenset({"RUN", "COPY", "ADD", "SHELL", "ONBUILD"})
_RUNTIME_FIELDS = frozenset({"USER", "WORKDIR", "STOPSIGNAL"})


@dataclass(frozen=True, slots=True)
class Instruction:
    """One logical line: the upper-case keyword, its ``--name=value`` options, the rest with continuations and comments
    folded away, the stage's name (empty when it has none), and the 1-based lines it stands on."""

    keyword: str
    options: tuple[tuple[str, str], ...]
    rest: str
    stage: str
    first: int
    last: int


def read(side: Side) -> Reading:
    """Facts of the instructions that touch the changed lines. Never raises: an unknown instruction states nothing."""
    lines = side.data.decode("utf-8", "replace").split("\n")
    stages: set[str] = set()
    facts: list[Fact] = []
    for instruction in _instructions(lines):
        if any(instruction.first <= last and first <= instruction.last for first, last in side.lines):
            facts += _Facts(side, lines, instruction).read(stages)
        if instruction.keyword == "FROM" and instruction.stage:
            stages.add(instruction.stage)
    return Reading(tuple(facts))


def _instructions(lines: Sequence[str]) -> Iterator[Instruction]:
    """The logical lines in file order."""
    directive = _DIRECTIVE.match(lines[0]) if lines else None
    escape = directive.group(1) if directive else "\\"
    stage = ""
    index = 0
    while index < len(lines):
        first = index
        parts: list[str] = []
        while index < len(lines):
            line = lines[index].strip()
            index += 1
            if not line or line.startswith("#"):
                if not parts:
                    break
                continue
            if line.endswith(escape):
                parts.append(line[:-1].strip())
                continue
            parts.append(line)
            break
        match = _INSTRUCTION.match(" ".join(part for part in parts if part))
        if match is None:
            continue
        keyword, rest = match.group(1).upper(), match.group(2) or ""
        last = index
        if keyword in {"RUN", "COPY", "ADD"}:
            rest, index = _with_heredocs(rest, lines, index)
            last = index
        options, rest = _options(rest)
        if keyword == "FROM":
            words = rest.split()
            stage = words[2].lower() if len(words) == 3 and words[1].lower() == "as" else ""
        yield Instruction(keyword, options, rest, stage, first + 1, last)


def _with_heredocs(rest: str, lines: Sequence[str], index: int) -> tuple[str, int]:
    """The instruction's text with the bodies of its here-documents appended, and the index of the next line."""
    for _, marker in _HEREDOC.findall(rest):
        body: list[str] = []
        end = index
        while end < len(lines) and lines[end].strip() != marker:
            body.append(lines[end])
            end += 1
        if end == len(lines):
            break  # no terminator: not a here-document (an arithmetic shift, a quoted text)
        rest += "\n" + "\n".join(line.strip() for line in body if line.strip() and not line.strip().startswith("#"))
        index = end + 1
    return rest, index


def _options(rest: str) -> tuple[tuple[tuple[str, str], ...], str]:
    options: list[tuple[str, str]] = []
    position = 0
    while match := _OPTION.match(rest, position):
        options.append((match.group(1), match.group(2)))
        position = match.end()
    return tuple(options), rest[position:].strip()


def words_of(rest: str) -> list[str]:
    """The words of a command in either form, ``["app", "-v"]`` or ``app -v``; one word when it cannot be split."""
    if rest.startswith("["):
        try:
            parsed = json.loads(rest)
        except (ValueError, RecursionError):
            parsed = None
        if isinstance(parsed, list):
            return [item for item in parsed if isinstance(item, str)]
    try:
        return shlex.split(rest)
    except ValueError:  # unbalanced quotes
        return rest.split()


def _assignments(rest: str) -> Iterator[tuple[str, str]]:
    """``A=1 B="two words"`` and the older ``A two words``."""
    head = rest.split(None, 1)
    if head and "=" not in head[0]:
        yield head[0], head[1].strip("\"'") if len(head) > 1 else ""
        return
    for word in words_of(rest):
        name, equals, value = word.partition("=")
        if equals:
            yield name, value


class _Facts:
    """The facts of one instruction."""

    def __init__(self, side: Side, lines: Sequence[str], instruction: Instruction) -> None:
        self.instruction = instruction
        self.span = Span(side.revision, side.path, instruction.first, instruction.last)
        self.quote = lines[instruction.first - 1].strip()[:QUOTE_CHARS]

    def fact(self, kind: FactKind, key: str, value: Value = NO_VALUE, *, scope: str = "") -> Fact:
        aliases = (f"--{key}", f"-{key}") if kind is FactKind.CLI_FLAG else ()
        return Fact(kind, key, value, self.span, self.quote, None, scope, aliases)

    def read(self, stages: set[str]) -> Iterator[Fact]:
        """``stages`` are the names of earlier stages, which are no images."""
        keyword, rest, stage = self.instruction.keyword, self.instruction.rest, self.instruction.stage
        if keyword == "FROM":
            yield from self._image(rest, stages)
        elif keyword == "EXPOSE":
            for port in rest.split():
                yield self.fact(FactKind.PORT, "EXPOSE", values.parse_value(port.split("/")[0], "port"), scope=stage)
        elif keyword == "ENV":
            for name, value in _assignments(rest):
                if name not in _IGNORED_ENV:
                    yield self.fact(FactKind.ENV_VAR, name, values.parse_value(value, name))
        elif keyword == "ARG":
            for word in words_of(rest):
                name, _, value = word.partition("=")
                yield self.fact(FactKind.SETTING, name, values.parse_value(value, name), scope=stage)
        elif keyword in {"ENTRYPOINT", "CMD"}:
            yield from self._command(keyword, rest)
        elif keyword == "HEALTHCHECK":
            for name, value in self.instruction.options:
                yield self.fact(FactKind.LIMIT, f"HEALTHCHECK {name}", values.parse_value(value, name), scope=stage)
            yield from self._command(keyword, re.sub(r"^CMD\s+", "", rest, flags=re.IGNORECASE))
        elif keyword == "VOLUME":
            for path in words_of(rest):
                yield self.fact(FactKind.STORAGE_NAME, "VOLUME", Value(path), scope=stage)
        elif keyword in _RUNTIME_FIELDS:
            yield self.fact(FactKind.WORKLOAD, keyword, Value(" ".join(words_of(rest))), scope=stage)
        elif keyword in _BUILD_STEPS:
            options = " ".join(f"{name}={value}" for name, value in self.instruction.options)
            yield self.fact(FactKind.BEHAVIOUR, keyword, Value(digest(options, _folded(rest))))

    def _image(self, rest: str, stages: set[str]) -> Iterator[Fact]:
        name = rest.split()[0] if rest.split() else ""
        if not name or name == "scratch" or name.lower() in stages:
            return
        match = _IMAGE.match(name)
        if match is None:
            return
        version = "@".join(part for part in (match["tag"], match["digest"]) if part)
        yield self.fact(FactKind.IMAGE, match["repo"], Value(version), scope=self.instruction.stage)

    def _command(self, keyword: str, rest: str) -> Iterator[Fact]:
        words = words_of(rest)
        if words:
            yield self.fact(FactKind.TARGET, keyword, Value(" ".join(words)), scope=self.instruction.stage)
        for word in words[1:]:
            flag = _FLAG.match(word)
            if flag:
                name, value = flag.groups()
                yield self.fact(FactKind.CLI_FLAG, name, values.parse_value(value, name))


def _folded(text: str) -> str:
    """A shell command with its layout folded."""
    return " ".join(text.split())
