"""``iscore score`` and ``iscore rescore``: titles and files -> scores."""

import io
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from service.cli.output import note, progress_bar, summary
from service.settings import read_settings

if TYPE_CHECKING:
    from service.model import ImportanceModel

EXIT_BAD_ROWS = 3


def score(
    titles: Annotated[list[str] | None, typer.Argument(metavar="TEXT", help="Headlines to score.")] = None,
    file: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Score the lines of a text file; - is standard input."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print a JSON object a line.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say how many points each word adds.")] = False,
) -> None:
    """Print the i-Score (0-100) of headlines.

    On a terminal the answer is a table; in a pipe it is tab-separated: score, band, headline. Empty
    lines are left out. A headline that cannot be scored has no score, and its reason goes to standard
    error; so does why a score means little: not English, or too short for a headline.

    Exit codes: 0 all scored, 3 some were not, 2 wrong call, 1 anything else.

    \b
    Examples:
      iscore score "Stocks stage cautious recovery on hopes Trump will negotiate tariffs"
      iscore score --explain "Dam bursts above valley town, thousands flee"
      iscore score --file headlines.txt | sort -rn | head
    """
    if (file is None) == (not titles):
        raise typer.BadParameter("give headlines or --file, one of the two", param_hint="TEXT")
    from service.files.rows import CHUNK_ROWS, ERROR_COLUMN

    bad = 0
    lines = _lines(file) if file is not None else iter(titles or [])
    model = current_model()
    write = _write_json if json else _write_table if sys.stdout.isatty() else _write_tabs
    while chunk := list(islice(lines, CHUNK_ROWS)):
        judged = _judged(model, chunk)
        if explain:
            judged = [_explained(model, title, added) for title, added in zip(chunk, judged, strict=True)]
        write(chunk, judged)
        for title, added in zip(chunk, judged, strict=True):
            if reason := added.get(ERROR_COLUMN):
                bad += 1
                note(f"{title[:60]!r}: {reason}")
            elif doubt := added["low_confidence"]:
                note(f"{title[:60]!r} is uncertain: {doubt}")
    if bad:
        raise typer.Exit(EXIT_BAD_ROWS)


def rescore(
    source: Annotated[str, typer.Argument(metavar="IN", help="File with headlines; - is standard input.")],
    target: Annotated[str, typer.Argument(metavar="OUT", help="File to write; may be IN; - is standard output.")],
    title_column: Annotated[str, typer.Option(metavar="NAME", help="Column that holds the headlines.")] = "title",
    format: Annotated[
        Literal["csv", "jsonl"] | None,
        typer.Option(help="Format of - and of names whose extension tells none; default jsonl for -."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="VERSION|DIR", help="A name from `iscore models list`, or a version's folder."),
    ] = None,
) -> None:
    """Score every row of a file with the current model, or to try another with --model.

    Reads and writes CSV (.csv), JSON lines (.jsonl, .ndjson), both also with .gz, and Parquet
    (.parquet; needs the "scale" extra); IN and OUT may differ in format. Text is UTF-8. All rows and
    columns are kept in their order. Added are

    \b
      i_score      0-100, whole
      i_score_raw  0-100, unrounded: what to sort by
      band         top, major or notable
      model        version that gave the score
      error        why a row has no score (JSON lines: only on such rows)

    and replace columns of these names. A row without a usable headline (none, not text, longer than
    300 characters, broken CSV or JSON) gets its reason in "error" and stops nothing. OUT appears when
    it is complete; until then, and when the run fails, it is what it was. Memory does not grow with
    the file.

    Exit codes: 0 every row scored, 3 some rows have errors, 2 wrong call or unusable file, 1 anything
    else.

    \b
    Examples:
      iscore rescore archive.csv archive.parquet --title-column headline
      zcat 2026-*.jsonl.gz | iscore rescore - - | jq -c 'select(.i_score >= 80)'
      iscore rescore archive.csv tried.csv --model var/state/models/headline-base-5-house-1f0c2b7a
    """
    from service.batch import rescore as run
    from service.files.places import place

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the unfinished file is removed
    ends = place(source, format), place(target, format)
    chosen = chosen_model(model)
    with progress_bar() as watch:
        done = run(chosen, *ends, title_column, watch)
    note(f"{target}: {summary(done)}, model {chosen.version}")
    if done.bad_rows:
        raise typer.Exit(EXIT_BAD_ROWS)


def current_model() -> "ImportanceModel":
    """The model that the settings point to, loaded and checked."""
    return chosen_model(None)


def chosen_model(choice: str | None) -> "ImportanceModel":
    """A version by its name or its folder, loaded and checked; None: the current one."""
    from service.model import load
    from service.registry import registry_of

    settings = read_settings()
    registry = registry_of(settings)
    folder = Path(choice).resolve() if choice else None
    if folder is None or not folder.is_dir() or choice in registry.versions():
        folder = registry.path(choice or registry.current())
    return load(folder, settings.threads)


def _lines(file: str) -> Iterator[str]:
    from service.files.places import place, reading

    with (
        reading(place(file, "jsonl")) as source,
        io.TextIOWrapper(source.file, "utf-8-sig", errors="surrogateescape") as text,
    ):
        yield from filter(None, map(str.strip, text))


def _explained(model: "ImportanceModel", title: str, added: dict[str, Any]) -> dict[str, Any]:
    from service.explain import explain

    return {**added, "why": asdict(explain(model, title))} if "band" in added else added


def _judged(model: "ImportanceModel", lines: Sequence[str]) -> list[dict[str, Any]]:
    """Per line all that can be said of its score, or the reason why it has none."""
    from service.files.rows import ERROR_COLUMN, checked
    from service.forms import score_view
    from service.language import language_of
    from service.scoring import full_scores, score_fields

    cleaned, reasons = checked(lines, [_undecodable(line) for line in lines])
    titles = [title for title, reason in zip(cleaned, reasons, strict=True) if reason is None]
    languages = [language_of(title) for title in titles]
    found = iter(
        {**score_fields(one.raw, model.version), "topic": one.topic, "language": language, **score_view(one)}
        for one, language in zip(full_scores(model, titles, languages), languages, strict=True)
    )
    return [next(found) if reason is None else {ERROR_COLUMN: reason} for reason in reasons]


def _undecodable(line: str) -> str | None:
    from service.files.values import SURROGATES

    return "line is not UTF-8" if SURROGATES.search(line) else None


def _write_json(titles: Sequence[str], judged: Sequence[dict[str, Any]]) -> None:
    from service.files.values import as_json

    for title, added in zip(titles, judged, strict=True):
        sys.stdout.write(as_json({"title": title, **added}) + "\n")


def _write_tabs(titles: Sequence[str], judged: Sequence[dict[str, Any]]) -> None:
    from service.text import clean

    for title, added in zip(titles, judged, strict=True):
        points = "".join(f"\t{word['word']} {word['points']:+.1f}" for word in _words(added))
        sys.stdout.write(f"{added.get('i_score', '')}\t{added.get('band', '')}\t{clean(title)}{points}\n")


def _write_table(titles: Sequence[str], judged: Sequence[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from service.bands import band_named
    from service.explain import level
    from service.text import clean

    table = Table.grid(padding=(0, 2))
    for title, added in zip(titles, judged, strict=True):
        mark = ("", "") if "band" not in added else (f"{added['i_score']:>3} / 100", band_named(added["band"]).symbol)
        table.add_row(*mark, Text(clean(title)))
        if words := _words(added):
            pieces = [(f"{word['word']} ", _STYLES[level(word["points"])]) for word in words]
            points = [(f"{word['points']:+.0f}  ", "dim") for word in words]
            line = Text.assemble(*(part for pair in zip(pieces, points, strict=True) for part in pair))
            table.add_row("", "", Text.assemble((f"{added['why']['base']:.0f}  ", "dim"), line))
    Console().print(table)


_STYLES = ("blue", "", "yellow", "bold red")  # by level


def _words(added: dict[str, Any]) -> list[dict[str, Any]]:
    return added["why"]["words"] if "why" in added else []
