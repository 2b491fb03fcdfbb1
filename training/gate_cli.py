"""``iscore-train gate``: the verdict on a version, printed and kept."""

from pathlib import Path
from typing import Annotated

import typer

from training.gate import Reason, Verdict, verdict
from training.whole import written_whole


def gate(
    champion: Annotated[Path, typer.Argument(help="Folder of the version that serves.")],
    challenger: Annotated[Path, typer.Argument(help="Folder of the version that would replace it.")],
    labels: Annotated[Path, typer.Option(help="Snapshot of judgements (`iscore labels snapshot`).")],
    out: Annotated[Path | None, typer.Option(help="File to write the verdict to, as JSON.")] = None,
) -> None:
    """Judge by what the newsroom held back whether a version may replace the current one. Ties keep it."""
    from training.reports import reports

    one, other = reports(champion, challenger, labels)
    found = verdict(one, other)
    typer.echo(_table(found))
    typer.echo(f"{one.ms_per_headline:.2f} and {other.ms_per_headline:.2f} ms per headline, as measured now", err=True)
    if out:
        with written_whole(out) as temporary:
            temporary.write_bytes(found.to_json())


def _table(found: Verdict) -> str:
    head = f"| question | {found.champion} | {found.challenger} | difference | needed | passed |"
    rows = [_row(one) for one in found.reasons]
    return "\n".join([head, "| --- | --- | --- | --- | --- | --- |", *rows, "", found.summary])


def _row(one: Reason) -> str:
    numbers = ["" if value is None else f"{value:g}" for value in (one.champion, one.challenger)]
    gap = "" if one.interval is None else f"{one.difference:+g} ({one.interval[0]:+g} to {one.interval[1]:+g})"
    return f"| {' | '.join([one.name, *numbers, gap, one.needed, 'yes' if one.passed else 'no'])} |"
