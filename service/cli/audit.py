"""``iscore audit``: who changed what."""

from typing import Annotated, Literal

import typer

from service.cli.kept import kept
from service.cli.output import note
from service.errors import InputError

app = typer.Typer(no_args_is_help=True, help="Who changed what, and when.")


@app.callback()
def audit() -> None:
    """Who changed what, and when."""


@app.command()
def export(
    format_: Annotated[
        Literal["csv", "jsonl"] | None, typer.Option("--format", help="Default: as the file's name says, else jsonl.")
    ] = None,
    out: Annotated[str, typer.Option(metavar="FILE", help="Where to write; - is standard output.")] = "-",
) -> None:
    """Write the whole log, newest first: number, time, who, their name, action, subject, words, details.

    \b
    Examples:
      iscore audit export --out log.csv
      iscore audit export --format csv > log.csv
    """
    from service.editor.audit import rows, written
    from service.files.places import place, writing

    where = place(out, format_ or "jsonl")
    chosen = format_ or where.format
    if chosen == "parquet":
        raise InputError(f"{out}: the log is written as csv or jsonl")
    with kept() as store, writing(where) as target:
        target.writelines(written(rows(store), chosen))
    note(f"the log is written to {where}")
