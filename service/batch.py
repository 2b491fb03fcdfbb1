"""File -> scoring -> file: in a stream, in order, and one bad row never stops the others."""

import io
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import BinaryIO, cast

from service.errors import InputError
from service.files.csv_rows import CsvReader, CsvWriter
from service.files.json_rows import LINE_COLUMN, JsonReader, JsonWriter, scan
from service.files.places import Place, Source, reading, writing
from service.files.reading import reader_of, said_of
from service.files.rows import ADDED_COLUMNS, ERROR_COLUMN, Chunk, Reader, Writer, judge
from service.model import ImportanceModel


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. ``share`` is 0-1, or None when the end is not known, as with pipes."""

    rows: int
    bad_rows: int
    seconds: float
    share: float | None


def rescore(
    model: ImportanceModel,
    source: Place,
    target: Place,
    title_column: str = "title",
    watch: Callable[[Progress], None] = lambda progress: None,
) -> Progress:
    """Copy every row and column of ``source`` to ``target`` with scores added; says at the end what was done.

    ``watch`` hears of every chunk. Memory does not grow with the file. InputError when one of the two
    cannot be opened, is not of its format or has no ``title_column``; ``target`` is then as it was before.
    """
    if title_column in ADDED_COLUMNS:
        raise InputError(f"{title_column!r} cannot hold the titles: scoring writes a column of that name")
    started, rows, bad_rows = time.perf_counter(), 0, 0
    with ExitStack() as stack:
        opened = stack.enter_context(reading(source))
        with said_of(source):
            reader = _reader(opened, source, target, stack)
        if reader.columns is not None:
            _check_column(title_column, reader.columns, source)
        file = stack.enter_context(writing(target))
        writer = stack.enter_context(closing(_writer(file, target, reader)))
        for chunk in _chunks(reader, source):
            if reader.columns is None and not rows:
                _check_column(title_column, [name for row in chunk.rows for name in row], source)
            judged = judge(model, chunk.titles(title_column), chunk.faults)
            writer.write(chunk, judged)
            if target.path is None:
                file.flush()
            rows += len(judged)
            bad_rows += sum(ERROR_COLUMN in added for added in judged)
            watch(Progress(rows, bad_rows, time.perf_counter() - started, _share(opened, reader, rows)))
    return Progress(rows, bad_rows, time.perf_counter() - started, 1.0)


def _reader(opened: Source, source: Place, target: Place, stack: ExitStack) -> Reader:
    if source.format != "jsonl" or target.format == "jsonl":
        return reader_of(opened, source.format)
    file = _rewindable(opened.file, stack)  # CSV and Parquet begin with all columns, JSON lines end with them
    columns = scan(file)
    file.seek(0)
    return JsonReader(file, columns)


def _writer(file: BinaryIO, target: Place, reader: Reader) -> Writer:
    if target.format == "jsonl":
        return JsonWriter(file)
    if target.format == "csv":
        return CsvWriter(file, reader.columns or {}, bom=isinstance(reader, CsvReader) and reader.has_bom)
    from service.files.parquet import ParquetReader, ParquetWriter

    return ParquetWriter(file, reader.columns or {}, reader.schema if isinstance(reader, ParquetReader) else None)


def _rewindable(file: io.BufferedReader, stack: ExitStack) -> BinaryIO:
    if file.seekable():
        return file
    copy = cast(BinaryIO, stack.enter_context(tempfile.TemporaryFile()))
    shutil.copyfileobj(file, copy)
    copy.seek(0)
    return copy


def _check_column(title_column: str, columns: Iterable[str], source: Place) -> None:
    known = dict.fromkeys(column for column in columns if column != LINE_COLUMN)
    if known and title_column not in (*known, LINE_COLUMN):
        names = ", ".join(list(known)[:50])
        raise InputError(f"{source} has no column {title_column!r}: choose with --title-column among {names}")


def _chunks(reader: Reader, source: Place) -> Iterator[Chunk]:
    with said_of(source):
        yield from reader.chunks()


def _share(opened: Source, reader: Reader, rows: int) -> float | None:
    total_rows: int | None = getattr(reader, "row_count", None)  # a Parquet file says how many it has
    if total_rows:
        return rows / total_rows
    return opened.raw.tell() / opened.size_bytes if opened.size_bytes else None
