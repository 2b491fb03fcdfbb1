"""The command line: ``iscore serve | score | top | rescore | keys | models``.

Heavy modules are imported inside the commands that need them, so that ``--help`` answers at once
(tests/test_import_budget.py).
"""

import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from service.cli import audit, feeds, ingest, keys, labels, models, scoring, top
from service.cli.output import fail
from service.errors import IscoreError
from service.settings import Settings, read_settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # help that looks the same in a terminal, in a pipe and in the documentation
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.command()(scoring.score)
app.command()(scoring.rescore)
app.command()(top.top)
app.command()(ingest.ingest)
app.add_typer(feeds.app, name="feeds")
app.add_typer(keys.app, name="keys")
app.add_typer(labels.app, name="labels")
app.add_typer(models.app, name="models")
app.add_typer(audit.app, name="audit")


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and exit. An error that the caller can mend is one line on standard error, never a traceback."""
    try:
        app(arguments, prog_name="iscore")
    except IscoreError as exc:
        fail(str(exc), 2)
    except OSError as exc:  # disk full, input/output error
        fail(str(exc), 1)
    sys.exit(0)


def _setting(name: str) -> str:
    """An option's help, from the table of settings."""
    field = Settings.model_fields[name]
    default = f"; default {field.default}" if field.default != "" else ""
    return f"{field.description} [ISCORE_{name.upper()}{default}]"


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"iscore {version('iscore')}")  # noqa: T201
        raise typer.Exit


@app.callback()
def iscore(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Rank news headlines by importance: every headline has an i-Score of 0-100.

    Settings come from ISCORE_* environment variables; options override them. Errors are one line on
    standard error, with exit code 2 when the call can be mended and 1 otherwise.
    """


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help=_setting("host"))] = None,
    port: Annotated[int | None, typer.Option(help=_setting("port"))] = None,
    state: Annotated[Path | None, typer.Option(metavar="DIR", help=_setting("state"))] = None,
    no_sample: Annotated[bool, typer.Option("--no-sample", help="Do not load the sample headlines at start.")] = False,
    no_feeds: Annotated[bool, typer.Option("--no-feeds", help="Do not poll news feeds.")] = False,
    threads: Annotated[int | None, typer.Option(help=_setting("threads"))] = None,
    public_url: Annotated[str | None, typer.Option(metavar="URL", help=_setting("public_url"))] = None,
) -> None:
    """Run the service until it is stopped with Ctrl-C or SIGTERM.

    Requests that are under way have 10 seconds to end.

    \b
    Example:
      iscore serve --port 8080 --state /var/lib/iscore --no-sample
    """
    settings = read_settings(
        host=host,
        port=port,
        state=state,
        sample=False if no_sample else None,
        feeds=False if no_feeds else None,
        threads=threads,
        public_url=public_url,
    )
    from service.api.serve import serve as run

    run(settings)
