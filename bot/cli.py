"""``runbook-drift-bot``: serve, doctor, schedule, evidence. What is heavy is imported in the command that needs it."""

from __future__ import annotations

import os
import signal
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from analyzers.model import DriftError
from runbooks.console import tool_version

app = typer.Typer(
    name="runbook-drift-bot",
    help="Tell owners in Slack which runbook lines a pull request makes false, until they are true again.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96},
)
evidence_app = typer.Typer(help="The chain of evidence.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(evidence_app, name="evidence")

FileOption = Annotated[
    Path | None, typer.Option("--settings", metavar="FILE", help="A TOML file with settings; the environment wins.")
]


class ExportFormat(StrEnum):
    """How evidence is written."""

    JSONL = "jsonl"
    CSV = "csv"


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"runbook-drift-bot {tool_version()}")
        raise typer.Exit


@app.callback()
def _general(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


@app.command()
def serve(settings: FileOption = None) -> None:
    """Serve: deliveries in, reviews, Slack messages and check runs out."""
    import uvicorn

    from bot import observe
    from bot.app import Application
    from bot.settings import load

    loaded = load(settings)
    os.umask(0o077)  # what is stored quotes code of private repositories: it is for this user alone
    observe.set_up(loaded.log_level)
    application = Application(loaded)
    config = uvicorn.Config(
        application.web.app, host=loaded.host, port=loaded.port, log_config=None, access_log=False, lifespan="on",
        timeout_graceful_shutdown=5, server_header=False,
    )  # fmt: skip
    server = uvicorn.Server(config)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    server.run()
    if not server.started:
        raise DriftError("the server did not start; the log says why")


def _leave(number: int, _frame: FrameType | None) -> None:
    """uvicorn hands a signal on when all is drained. Threads of work that sleeps until a service is back would keep the
    process for minutes; that work is on record."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0 if number == signal.SIGTERM else 128 + number)


@app.command()
def doctor(settings: FileOption = None) -> None:
    """Look at every credential, permission, channel and clock, and say what is missing."""
    from bot.doctor import examine, report
    from bot.settings import load
    from bot.store.opening import look

    raise typer.Exit(report(examine(load(settings), look), sys.stdout.write))


@app.command()
def schedule(
    settings: FileOption = None,
    ahead: Annotated[str, typer.Option("--next", metavar="SPAN", help="How far to look: 7d, 2w.")] = "7d",
) -> None:
    """Show who would get which reminder and when, without sending anything."""
    from bot.agenda import as_text, days_of
    from bot.app import planned
    from bot.settings import load

    for line in as_text(planned(load(settings), days_of(ahead))):
        typer.echo(line)


@evidence_app.command()
def verify(settings: FileOption = None) -> None:
    """Prove that no record was changed, left out or added."""
    from bot.doctor import store_url
    from bot.evidence import verify as verified
    from bot.settings import load
    from bot.store.opening import open_existing

    store = open_existing(store_url(load(settings)))
    with store.chain() as (records, anchor):
        problems = verified(records, anchor)
    store.close()
    for problem in problems:
        typer.echo(problem, err=True)
    typer.echo(f"{len(problems)} problems" if problems else "unbroken")
    raise typer.Exit(1 if problems else 0)


@evidence_app.command()
def export(
    settings: FileOption = None,
    output: Annotated[ExportFormat, typer.Option("--format", help="How to write it.")] = ExportFormat.JSONL,
    since: Annotated[datetime | None, typer.Option(metavar="DATE", help="From this day on.")] = None,
    until: Annotated[datetime | None, typer.Option(metavar="DATE", help="Before this day.")] = None,
) -> None:
    """Write the records of a period to standard output."""
    from bot.doctor import store_url
    from bot.evidence import export as exported
    from bot.settings import load
    from bot.store.opening import open_existing

    store = open_existing(store_url(load(settings)))
    records = store.evidence(since and since.replace(tzinfo=UTC), until and until.replace(tzinfo=UTC))
    for line in exported(records, output.value):
        sys.stdout.write(line)
    store.close()


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return the exit code: 0 well, 1 something is missing or broken, 2 could not."""
    try:
        typer.main.get_command(app).main(args=argv, prog_name="runbook-drift-bot", standalone_mode=True)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except DriftError as problem:
        from bot.observe import redacted

        sys.stderr.write(f"error: {redacted(str(problem))}\n")
        return 2
    except BrokenPipeError:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
