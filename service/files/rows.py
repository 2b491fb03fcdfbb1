"""Rows on their way through scoring: pure, the same for every format and every engine."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from service.model import ImportanceModel
from service.scoring import score_fields, score_titles
from service.text import clean, title_problem

SCORE_COLUMNS = ("i_score", "i_score_raw", "band", "model")
ERROR_COLUMN = "error"
ADDED_COLUMNS = (*SCORE_COLUMNS, ERROR_COLUMN)
"""What scoring adds to a row, in this order; columns of these names that a row had before are replaced."""

CHUNK_ROWS = 4096
"""Enough for two threads of the encoder, and a few times a second to see progress."""

Fields = dict[str, Any]


class Chunk(Protocol):
    """Some rows in file order."""

    @property
    def rows(self) -> Sequence[Fields]:
        """The rows as dicts of plain values."""

    @property
    def faults(self) -> Sequence[str | None]:
        """Per row, why it could not be read; None when it could."""

    def titles(self, column: str) -> list[object]:
        """Per row, what stands in a column; None where there is nothing."""


class Reader(Protocol):
    """Yields chunks; a row that cannot be read is a fault in its chunk and never an exception."""

    @property
    def columns(self) -> Mapping[str, type] | None:
        """Name -> type of the values (str, int, float, bool; object: mixed or nested); None: each row has its own."""

    def chunks(self) -> Iterator[Chunk]:
        """Chunks of at most CHUNK_ROWS rows, in file order."""


class Writer(Protocol):
    """Takes chunks with what ``judge`` made of them."""

    def write(self, chunk: Chunk, judged: Sequence[Fields]) -> None:
        """Write the rows of a chunk with what is to be added to each."""

    def close(self) -> None:
        """Write what the format kept back. The file itself stays open."""


@dataclass(frozen=True, slots=True)
class RowChunk:
    """A chunk of rows that were read one by one."""

    rows: Sequence[Fields]
    faults: Sequence[str | None]

    def titles(self, column: str) -> list[object]:
        """See Chunk."""
        return [row.get(column) for row in self.rows]


def judge(model: ImportanceModel, titles: Sequence[object], faults: Sequence[str | None] | None = None) -> list[Fields]:
    """What to add to each row: the fields of its score, or ``error`` alone with the reason why it has none.

    ``titles`` come as the file has them, whatever their type; equal ones are computed once. ``faults``
    are reasons found before, None where there is none.
    """
    cleaned, reasons = checked(titles, faults)
    raws = iter(score_titles(model, [title for title, reason in zip(cleaned, reasons, strict=True) if reason is None]))
    return [score_fields(next(raws), model.version) if reason is None else {ERROR_COLUMN: reason} for reason in reasons]


def checked(titles: Sequence[object], faults: Sequence[str | None] | None = None) -> tuple[list[str], list[str | None]]:
    """The cleaned titles, and per title why it cannot be scored; None when it can."""
    cleaned = [clean(title) if isinstance(title, str) else "" for title in titles]
    return cleaned, list(map(_reason, titles, cleaned, faults or [None] * len(cleaned)))


def all_columns(columns: Mapping[str, type]) -> list[str]:
    """The columns of an output that has a header: those of the input, then the added ones."""
    return [*(name for name in columns if name not in ADDED_COLUMNS), *ADDED_COLUMNS]


def merged(chunk: Chunk, judged: Sequence[Fields]) -> Iterator[Fields]:
    """Rows with their score or error at the end."""
    for row, added in zip(chunk.rows, judged, strict=True):
        yield {**{name: value for name, value in row.items() if name not in ADDED_COLUMNS}, **added}


def _reason(title: object, cleaned: str, fault: str | None) -> str | None:
    if fault is not None:
        return fault
    if title is None:
        return "title is missing"
    if not isinstance(title, str):
        return f"title is not text: it is of type {type(title).__name__}"
    return title_problem(cleaned)
