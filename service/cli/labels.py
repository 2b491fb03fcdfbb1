"""``iscore labels``: what editors judged, in and out of files, and as what training reads."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from service.cli.kept import kept
from service.cli.output import note
from service.cli.scoring import EXIT_BAD_ROWS
from service.errors import InputError

if TYPE_CHECKING:
    from service.labels.rows import Found, Import
    from service.store.sql import SqlStore

app = typer.Typer(no_args_is_help=True, help="Import and export what editors judged.")

_SHOWN = 20  # of bad rows, on a terminal's page


@app.command("import")
def import_(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help="CSV, JSON lines (also .gz) or Label Studio's JSON (.json)."),
    ],
    by: Annotated[str, typer.Option(help="Who judged, where a row does not say.")] = "import",
    scale: Annotated[
        int | None,
        typer.Option(min=2, max=100, help="Scores are steps from 1 to this, such as stars; default: points, 0-100."),
    ] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Import the good rows although others are bad.")] = False,
) -> None:
    """Keep the judgements of files. A row that was imported before is kept once.

    A row has title and i_score; or kind (score, pair, best_worst, cannot_judge), title_2 ..., best, worst and reason
    as `iscore labels export` writes them; and by, at and seconds, if it likes. Label Studio's ratings are stars
    from 1 to 5, unless --scale says otherwise. When one row is bad, nothing is imported from any file.

    Prints how many rows came to what, tab-separated: created, duplicate (kept before), conflict (the editor's own
    judgement of the same titles stands), left out (not judged), bad. Each that was not kept is named with its reason.

    Exit codes: 0 all went well, 3 some rows are bad or in conflict, 2 nothing imported, 1 anything else.

    \b
    Examples:
      iscore labels import editors.csv
      iscore labels import project-7.json --scale 10 --skip-bad
    """
    from service.labels.rows import Import, name_of

    asked = Import(name_of(by, "--by") or "import", datetime.now(UTC), scale)
    found = {file: _found(file, asked) for file in files}
    done: Counter[str] = Counter()
    for file, one in found.items():
        _tell(file, one.bad)
        _tell(file, one.left_out)
        done += Counter({"left out": len(one.left_out), "bad": len(one.bad)})
    if done["bad"] and not skip_bad:
        raise InputError(f"{done['bad']} bad row(s): nothing is imported; mend them, or use --skip-bad")
    for file, one in found.items():
        done.update(_kept(file, one))
    for outcome in ("created", "duplicate", "conflict", "left out", "bad"):
        sys.stdout.write(f"{outcome}\t{done[outcome]}\n")
    if done["bad"] or done["conflict"]:
        raise typer.Exit(EXIT_BAD_ROWS)


@app.command()
def export(
    format: Annotated[
        Literal["jsonl", "csv", "labelstudio"], typer.Option(help="What to write; labelstudio is JSON that it imports.")
    ] = "jsonl",
    out: Annotated[str, typer.Option(metavar="FILE", help="Where to write; - is standard output.")] = "-",
    by: Annotated[str | None, typer.Option(help="Only of this key or rater.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Also what was undone or corrected, and the undos.")] = False,
) -> None:
    """Write what was judged and stands. `iscore labels import` reads it again.

    \b
    Examples:
      iscore labels export --format csv --out labels.csv
      iscore labels export --all > everything.jsonl
    """
    from service.files.places import Place, writing
    from service.labels.files import written

    if all_ and format == "labelstudio":
        raise InputError("Label Studio's JSON has no place for what was undone: leave out --all")
    with kept() as store:
        events = store.labels.standing(by)
        if all_:
            events = [one for _, one in store.labels.events(limit=sys.maxsize) if by in (None, one.by)]
    with writing(Place(None if out == "-" else Path(out), "jsonl")) as target:
        target.writelines(written(events, format))
    note(f"written: {len(events)}")


@app.command()
def snapshot(
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to write: JSON lines.")],
) -> None:
    """Write the judgements that training learns from, and print the file's SHA-256.

    Repeats and what could not be judged are left out. `iscore-train house` and `gate` read it.

    \b
    Example:
      iscore labels snapshot --out labels.jsonl
    """
    from service.judgements import held_out, read_snapshot, write_snapshot

    with kept() as store:
        digest = write_snapshot(out, store.labels.standing())
    judgements = read_snapshot(out)
    kinds = Counter(one.kind for one in judgements)
    counts = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()) or "none"
    sys.stdout.write(digest + "\n")
    note(f"judgements: {counts}; held out for measuring: {sum(map(held_out, judgements))}")


def _found(file: str, asked: "Import") -> "Found":
    from service.files.places import Place, place, reading
    from service.files.reading import reader_of, said_of
    from service.labels.label_studio import read_tasks
    from service.labels.rows import from_rows

    if file.lower().endswith(".json"):
        source = Place(Path(file), "jsonl")
        with reading(source) as opened, said_of(source):
            return read_tasks(opened.file.read(), asked)
    source = place(file, "jsonl" if file == "-" else None)
    with reading(source) as opened, said_of(source):
        reader = reader_of(opened, source.format)
        rows = (row for chunk in reader.chunks() for row in zip(chunk.rows, chunk.faults, strict=True))
        return from_rows(rows, asked, csv=source.format == "csv")


def _kept(file: str, found: "Found") -> Counter[str]:
    from service.store.editorial import Entry

    events = [event for _, event in found.events.values()]
    entry = Entry("command line", "label.import", Path(file).name, {"rows": len(events)})
    with kept() as store:
        outcomes: list[str] = [*store.labels.add(events, entry)]
        known = dict(_by_id(store)) if "duplicate" in outcomes else {}
    problems: list[str] = []
    for number, (place, event) in enumerate(found.events.values()):
        if event.id in known and known[event.id] != (event.by, event.judgement, event.undoes):
            outcomes[number] = "conflict"
            problems.append(f"{place}: is not kept: its id is that of another event; leave the id out for a new one")
        elif outcomes[number] == "conflict":
            problems.append(f"{place}: is not kept: {_STANDS}")
    _tell(file, problems)
    return Counter(outcomes)


_STANDS = "the same editor's judgement of these titles stands, or what it undoes or corrects does not"


def _by_id(store: "SqlStore") -> Iterator[tuple[str, object]]:
    for _, event in store.labels.events(limit=sys.maxsize):
        yield event.id, (event.by, event.judgement, event.undoes)


def _tell(file: str, lines: Sequence[str]) -> None:
    for line in lines[:_SHOWN]:
        note(f"{file}: {line}")
    if len(lines) > _SHOWN:
        note(f"{file}: ... and {len(lines) - _SHOWN} more")
