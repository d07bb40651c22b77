"""The command line. Options in, exit code out: 0 clean, 1 drift at or above ``fail_on``, 2 could not check.

Everything but Typer is imported inside the command that needs it: ``--help`` loads no git and no grammar, and no
command loads the bot's dependencies.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer

from analyzers.model import DriftError
from runbooks.config import FailOn
from runbooks.console import CLEAN, DRIFT, FAILED, UNWRITTEN, complain, ended, leave, tool_version, write

if TYPE_CHECKING:
    from runbooks.formats import Presentation
    from runbooks.model import Report
    from runbooks.workspace import Options


class FormatName(StrEnum):
    """The names of :data:`runbooks.formats.REGISTRY`, repeated so that ``--help`` need not import it."""

    TEXT = "text"
    JSON = "json"
    PATCH = "patch"


class ListingName(StrEnum):
    """How ``status`` reports."""

    TEXT = "text"
    JSON = "json"


app = typer.Typer(
    name="runbook-drift",
    help="Find the runbook lines that a change of behaviour has made false.",
    epilog="Exit codes: 0 clean, 1 drift at or above fail_on, 2 could not check.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96},
)


def main(argv: list[str] | None = None) -> int:
    """Run a command line and return its exit code; never raises. Without ``argv`` it is the entry point of a process
    with ``sys.argv``, which ends here."""
    if argv is None:
        gc.set_threshold(50_000, 20, 50)  # a process that ends soon; the default looks for cycles 40 times a second
        leave(_run(sys.argv[1:]))
    return _run(argv)


def _run(arguments: list[str]) -> int:
    try:
        typer.main.get_command(app).main(args=arguments, prog_name="runbook-drift", standalone_mode=True)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else CLEAN if end.code is None else FAILED
    except OSError as problem:  # of Typer's own texts, such as --help
        complain(f"error: {UNWRITTEN}: {problem.strerror or problem}")
        return FAILED
    return CLEAN


# -- the commands -------------------------------------------------------------------------------------------------


def _show_version(wanted: bool) -> None:
    if wanted:
        raise typer.Exit(ended(lambda: write(f"runbook-drift {tool_version()}\n")))


@app.callback()
def _general(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a date; write it as 2027-01-15") from None


@app.command(name="check")
def check_command(
    base: Annotated[
        str | None,
        typer.Option(metavar="REV", help="Compare with the merge base of REV and head [default: the default branch]."),
    ] = None,
    head: Annotated[
        str | None, typer.Option(metavar="REV", help="What to check [default: HEAD with uncommitted work].")
    ] = None,
    repo: Annotated[str, typer.Option(metavar="DIR", help="The repository, or a directory in it.")] = ".",
    staged: Annotated[bool, typer.Option("--staged", help="Check what a commit would contain.")] = False,
    output: Annotated[FormatName, typer.Option("--format", help="How to report.")] = FormatName.TEXT,
    patch: Annotated[
        bool, typer.Option("--patch", help="Short for --format patch: suggestions for git apply.")
    ] = False,
    without_doc_changes: Annotated[
        bool, typer.Option("--without-doc-changes", help="Answer as if the diff had changed no runbook.")
    ] = False,
    config_from: Annotated[
        str | None,
        typer.Option(metavar="REV", help="Revision whose configuration counts [default: the target branch's tip]."),
    ] = None,
    as_of: Annotated[
        date | None,
        typer.Option(metavar="DATE", parser=_date, help="The day that snoozes are held against [default: today]."),
    ] = None,
    trust_owner: Annotated[
        bool, typer.Option("--trust-owner", help="Go on although another user owns the repository.")
    ] = False,
    fail_on: Annotated[
        FailOn | None, typer.Option(help="Weakest status that exits with 1 [default: the configuration's].")
    ] = None,
    timings: Annotated[bool, typer.Option("--timings", help="Print how long each step took, to stderr.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Show every section, change and skipped file.")] = False,
) -> None:
    """Check a diff against the runbooks: which lines are false now, and which sections lean on it."""

    def work() -> int:
        from runbooks.workspace import Options

        if patch and output is FormatName.JSON:
            raise DriftError("--patch and --format json are two different outputs: give one of them")
        options = Options(
            repo=repo, base=base, head=head, staged=staged, config_from=config_from, trust_owner=trust_owner,
            without_doc_changes=without_doc_changes, as_of=as_of,
        )  # fmt: skip
        name = FormatName.PATCH if patch else output
        return _check(options, name, fail_on, everything=everything, timings=timings)

    raise typer.Exit(ended(work))


@app.command(name="rules")
def rules_command() -> None:
    """List the rules: id, area and what each one sees."""

    def work() -> int:
        from analyzers.rules import all_rules
        from runbooks import documented

        pages = {rule.ID: rule.__doc__ for rule in all_rules()} | {documented.ID: documented.__doc__}
        rows = [(rule, rule.partition("/")[0], _first_line(page)) for rule, page in pages.items()]
        widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
        return write("".join(f"{i:<{widths[0]}}  {area:<{widths[1]}}  {text}\n" for i, area, text in rows))

    raise typer.Exit(ended(work))


@app.command(name="explain")
def explain_command(rule: Annotated[str, typer.Argument(metavar="RULE", help="A rule's id.")]) -> None:
    """Print a rule's page: what it sees, why it matters, and what to write in the runbook."""

    def work() -> int:
        from analyzers.rules import all_rules
        from runbooks import documented

        known = {module.ID: module.__doc__ or "" for module in all_rules()} | {documented.ID: documented.__doc__ or ""}
        if rule not in known:
            from difflib import get_close_matches

            near = get_close_matches(rule, known, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else "`runbook-drift rules` lists them"
            raise DriftError(f"there is no rule {rule!r}; {hint}")
        return write(f"# {rule}\n\n{known[rule].strip()}\n")

    raise typer.Exit(ended(work))


@app.command(name="anchors")
def anchors_command(file: Annotated[str, typer.Argument(metavar="FILE", help="A Markdown file.")]) -> None:
    """Show a runbook as the tool reads it: its owner, its sections, and what each section mentions."""

    def work() -> int:
        from pathlib import Path

        from runbooks.outline import outline
        from runbooks.parse import parse

        try:
            data = Path(file).read_bytes()
        except (OSError, ValueError) as problem:
            reason = getattr(problem, "strerror", None) or str(problem)
            raise DriftError(f"cannot read {file}: {reason}") from None
        return write(outline(parse(file, data, revision="worktree")))

    raise typer.Exit(ended(work))


@app.command(name="status")
def status_command(
    service: Annotated[str | None, typer.Argument(metavar="[SERVICE]", help="A service's name [default: all].")] = None,
    repo: Annotated[str, typer.Option(metavar="DIR", help="The repository, or a directory in it.")] = ".",
    rev: Annotated[str | None, typer.Option(metavar="REV", help="What to look at [default: the work tree].")] = None,
    output: Annotated[ListingName, typer.Option("--format", help="How to report.")] = ListingName.TEXT,
    as_of: Annotated[
        date | None,
        typer.Option(metavar="DATE", parser=_date, help="The day to reckon from [default: today]."),
    ] = None,
    trust_owner: Annotated[
        bool, typer.Option("--trust-owner", help="Go on although another user owns the repository.")
    ] = False,
) -> None:
    """Say how services stand: their runbooks, owners and reviews."""

    def work() -> int:
        from runbooks import status
        from runbooks.survey import survey_of

        surveyed = survey_of(repo, rev, trust_owner=trust_owner)
        render = status.as_json if output is ListingName.JSON else status.as_text
        shown = status.chosen(surveyed, service)
        return write(render(surveyed, shown, as_of or date.today(), everything=service is None))

    raise typer.Exit(ended(work))


# -- what they do -------------------------------------------------------------------------------------------------


def _check(options: Options, name: FormatName, fail_on: FailOn | None, *, everything: bool, timings: bool) -> int:
    started = perf_counter()
    from runbooks.cache import Cache
    from runbooks.check import check
    from runbooks.formats import load
    from runbooks.shelf import Library
    from runbooks.workspace import load_inputs

    imported = perf_counter()
    cache = Cache.of_user()
    inputs = load_inputs(options, Library(cache=cache))
    gathered = perf_counter()
    report = check(inputs, inputs.config.decisions)
    checked = perf_counter()
    presentation = _presentation(name, everything, checked - started, inputs.head_text)
    write(load(name).render(report, presentation), exact=name is FormatName.PATCH)
    if timings:
        steps = {"import": imported - started, "read": gathered - imported, "check": checked - gathered}
        steps["write"] = perf_counter() - checked
        complain("timings: " + ", ".join(f"{step} {seconds:.3f} s" for step, seconds in steps.items()))
    cache.tidy()
    return _exit_code(report, fail_on or inputs.config.fail_on, inputs.config.fail_on_skipped)


def _exit_code(report: Report, fail_on: FailOn, fail_on_skipped: bool) -> int:
    """1 for drift, also when something was not read: what was found stands."""
    ladder = [FailOn.CONTRADICTED, FailOn.SUSPECT, FailOn.UNCOVERED]
    failing = ladder[: ladder.index(fail_on) + 1] if fail_on in ladder else []
    if any(verdict.status.value in failing for verdict in report.verdicts):
        return DRIFT
    if fail_on_skipped and not report.complete:
        complain(f"error: {len(report.skipped)} files were not read in full, and fail_on_skipped is set")
        return FAILED
    return CLEAN


def _presentation(
    name: FormatName, everything: bool, seconds: float, head_text: Callable[[str], bytes | None]
) -> Presentation:
    from shutil import get_terminal_size

    from runbooks.formats import Presentation

    terminal = sys.stdout is not None and sys.stdout.isatty()
    colour = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    width = get_terminal_size().columns if terminal else 0
    return Presentation(colour and name is FormatName.TEXT, width, everything, seconds, head_text)


def _first_line(page: str | None) -> str:
    return (page or "").strip().partition("\n")[0]


if __name__ == "__main__":
    sys.exit(main())
