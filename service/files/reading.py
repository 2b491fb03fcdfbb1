"""Any of the formats -> rows."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.errors import InputError
from service.files.csv_rows import CsvReader
from service.files.json_rows import JsonReader
from service.files.places import Format, Place, Source, place, reading
from service.files.rows import Fields, Reader


def reader_of(opened: Source, format_: Format) -> Reader:
    """The reader for a format; MissingExtraError for Parquet without pyarrow."""
    if format_ == "parquet":
        from service.files.parquet import ParquetReader

        return ParquetReader(opened.file)
    return CsvReader(opened.file) if format_ == "csv" else JsonReader(opened.file)


def rows_of(path: Path) -> Iterator[tuple[Fields, str | None]]:
    """The rows of a file, each with the reason why it could not be read, if so.

    The format is in the extension. InputError, with the file's name, when the file as a whole is not readable.
    """
    source = place(str(path), None)
    with reading(source) as opened, said_of(source):
        reader = reader_of(opened, source.format)  # held until the file is closed
        for chunk in reader.chunks():
            yield from zip(chunk.rows, chunk.faults, strict=True)


@contextmanager
def said_of(source: Place) -> Iterator[None]:
    """Puts the file's name before what is wrong with it."""
    try:
        yield
    except InputError as exc:
        raise InputError(f"{source}: {exc}") from exc
    except (EOFError, zlib.error, gzip.BadGzipFile) as exc:
        raise InputError(f"{source}: damaged or cut off gzip file: {exc}") from exc
