"""Label events as the files that others read."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Literal

from service.labels.label_studio import to_tasks
from service.labels.rows import CSV_TITLES, disarmed, event_row
from service.store.editorial import LabelEvent

LabelFormat = Literal["jsonl", "csv", "labelstudio"]
MEDIA_TYPES: dict[LabelFormat, str] = {
    "jsonl": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "labelstudio": "application/json",
}
EXTENSIONS: dict[LabelFormat, str] = {"jsonl": "jsonl", "csv": "csv", "labelstudio": "json"}
_VALUES = (
    "i_score",
    "best",
    "worst",
    "reason",
    "by",
    "at",
    "seconds",
    "model",
    "shown",
    "replaces",
    "repeat",
    "undoes",
)
_PIECE = 1000
CSV_COLUMNS = ("id", "kind", *CSV_TITLES, *_VALUES)


def written(events: Iterable[LabelEvent], format_: LabelFormat) -> Iterator[bytes]:
    """The file, a piece at a time. Label Studio's JSON has place for judgements only, and is one piece."""
    lines = _lines(events, format_)
    while piece := b"".join(islice(lines, _PIECE)):
        yield piece


def _lines(events: Iterable[LabelEvent], format_: LabelFormat) -> Iterator[bytes]:
    if format_ == "labelstudio":
        yield (json.dumps(to_tasks(events), ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")
    elif format_ == "csv":
        yield _line(CSV_COLUMNS)
        yield from (_line(_cells(event_row(event))) for event in events)
    else:
        for event in events:
            yield (json.dumps(event_row(event), ensure_ascii=False) + "\n").encode("utf-8", "replace")


def _cells(row: dict[str, Any]) -> Iterator[str]:
    """One cell a column; text that a spreadsheet would compute is disarmed."""
    row |= dict(zip(CSV_TITLES, row.get("titles", ()), strict=False))
    for name in CSV_COLUMNS:
        value = row.get(name)
        if isinstance(value, bool):
            yield "true" if value else ""
        elif isinstance(value, float):
            yield repr(value).removesuffix(".0")
        else:
            yield disarmed("" if value is None else str(value))


def _line(cells: Iterable[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue().encode("utf-8", "replace")
