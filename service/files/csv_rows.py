"""CSV (RFC 4180, UTF-8, with a header line), read and written a chunk at a time."""

import csv
import io
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, BinaryIO

from service.errors import InputError
from service.files.rows import CHUNK_ROWS, Chunk, Fields, RowChunk, all_columns, merged
from service.files.values import SURROGATES, as_text

MAX_CELL_CHARS = 16 << 20
"""The longest cell; a quote that is never closed would otherwise take the rest of the file for one."""
_BOM = b"\xef\xbb\xbf"


class CsvReader:
    """Columns that share a name become ``name``, ``name.1``, as pandas has it; empty lines are left out.

    Bytes that are not UTF-8 and quotes that do not match make one bad row: reading goes on behind it.
    """

    def __init__(self, file: io.BufferedReader) -> None:
        csv.field_size_limit(MAX_CELL_CHARS)
        self.has_bom = file.peek(len(_BOM))[: len(_BOM)] == _BOM
        # Held here, because a wrapper that nobody holds closes the file under it.
        self._text = io.TextIOWrapper(file, "utf-8-sig", errors="surrogateescape", newline="")
        self._records = _records(_Lines(self._text))
        header = next(self._records, None)
        if header is None:
            raise InputError("the file is empty: CSV needs a header line")
        if isinstance(header, str) or SURROGATES.search("".join(header)):
            raise InputError("the header line is not CSV in UTF-8")
        self.columns: dict[str, type] = dict.fromkeys(_distinct(header), str)

    def chunks(self) -> Iterator[RowChunk]:
        """See Reader."""
        names = list(self.columns)
        while records := list(islice(self._records, CHUNK_ROWS)):
            rows: list[Fields] = [
                {} if isinstance(one, str) else dict(zip(names, one, strict=False)) for one in records
            ]
            yield RowChunk(rows, [_fault(one, len(names)) for one in records])


class CsvWriter:
    """Quotes only where they are needed, lines end in a newline, no value is an empty cell."""

    def __init__(self, file: BinaryIO, columns: Mapping[str, type], bom: bool) -> None:
        self._file = file
        self._names = all_columns(columns)
        file.write((_BOM if bom else b"") + _lines([self._names]))

    def write(self, chunk: Chunk, judged: Sequence[Fields]) -> None:
        """See Writer."""
        self._file.write(_lines([[as_text(row.get(name)) for name in self._names] for row in merged(chunk, judged)]))

    def close(self) -> None:
        """Nothing is kept back."""


class _Lines:
    """Lines of text that can be taken back to the start of the current record."""

    def __init__(self, text: Iterator[str]) -> None:
        self._text, self._again, self.record = text, deque[str](), list[str]()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._text)
        self.record.append(line)
        return line

    def give_back(self) -> str:
        """The first line of the record; the others will be read again."""
        first, *rest = self.record
        self._again.extendleft(reversed(rest))
        return first


def _records(lines: _Lines) -> Iterator[list[str] | str]:
    """The cells of each record, or the text of a line whose quotes do not match."""
    while True:
        lines.record.clear()
        try:
            for cells in csv.reader(lines, strict=True):
                if cells:
                    yield cells
                lines.record.clear()
            return
        except csv.Error:
            yield lines.give_back().rstrip("\r\n")


def _fault(record: list[str] | str, width: int) -> str | None:
    if isinstance(record, str):
        return f"row cannot be read, its quotes do not match: {record}"
    if len(record) < width:
        return f"row has {len(record)} cells, the header has {width}"
    if len(record) > width:
        surplus = _lines([record[width:]]).decode("utf-8", "surrogateescape").rstrip("\n")
        return f"row has {len(record)} cells, the header has {width}; left out: {surplus}"
    text = "".join(record)
    return None if text.isascii() or not SURROGATES.search(text) else "row is not UTF-8"


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    lines: list[str] = []
    # Until Python 3.13 a bare \r in a cell is quoted only when \r is part of the line end.
    csv.writer(_Sink(lines), lineterminator="\r\n").writerows(rows)
    return "".join(line[:-2] + "\n" for line in lines).encode("utf-8", "surrogateescape")


class _Sink:
    def __init__(self, lines: list[str]) -> None:
        self.write: Any = lines.append


def _distinct(names: Sequence[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        unique, count = name, 0
        while unique in seen or (count and unique in names):
            count += 1
            unique = f"{name}.{count}"
        seen.add(unique)
        yield unique
