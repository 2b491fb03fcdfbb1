"""Where rows come from and go to: names, formats, pipes, and files that appear whole or not at all."""

import gzip
import io
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

from service.errors import InputError

Format = Literal["csv", "jsonl", "parquet"]
PIPE = "-"
_FORMATS: dict[str, Format] = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}


@dataclass(frozen=True, slots=True)
class Place:
    """A file, or standard input or output when ``path`` is None."""

    path: Path | None
    format: Format
    gzipped: bool = False

    def __str__(self) -> str:
        return "the pipe" if self.path is None else str(self.path)


def place(name: str, pipe_format: Format | None) -> Place:
    """What a name on the command line means: the format is in the extension, for a pipe it is ``pipe_format`` or jsonl.

    InputError for an extension that says nothing, unless ``pipe_format`` is given.
    """
    if name == PIPE:
        return Place(None, pipe_format or "jsonl")
    path = Path(name)
    gzipped = path.suffix.lower() == ".gz"
    extension = path.with_suffix("").suffix.lower() if gzipped else path.suffix.lower()
    format_ = _FORMATS.get(extension, pipe_format)
    if format_ is None or (gzipped and format_ == "parquet"):
        raise InputError(f"{name}: the name must end in {', '.join(_FORMATS)}, .csv.gz or .jsonl.gz; or give --format")
    return Place(path, format_, gzipped)


@dataclass(frozen=True, slots=True)
class Source:
    """An open input: ``file`` gives its content, ``raw`` knows how far the file on disk has been read."""

    file: io.BufferedReader
    raw: BinaryIO
    size_bytes: int | None
    """None for a pipe."""


@contextmanager
def reading(place: Place) -> Iterator[Source]:
    """Open an input; InputError when that is not possible."""
    if place.path is None:
        yield Source(cast(io.BufferedReader, sys.stdin.buffer), sys.stdin.buffer, None)
        return
    with ExitStack() as stack:
        raw = stack.enter_context(_opened(place.path, "rb"))
        status = os.fstat(raw.fileno())
        content: Any = gzip.GzipFile(fileobj=raw) if place.gzipped else None
        file = io.BufferedReader(content) if content else cast(io.BufferedReader, raw)
        yield Source(file, raw, status.st_size if stat.S_ISREG(status.st_mode) else None)


@contextmanager
def writing(place: Place) -> Iterator[BinaryIO]:
    """Open an output. A file is replaced when all has been written, and stays what it was when that fails."""
    if place.path is None:
        with _standard_output() as pipe:
            yield pipe
        return
    with _replacing(place.path.resolve()) as raw:
        if place.gzipped:
            with gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:  # no name, no time: same rows, same bytes
                yield cast(BinaryIO, packed)
        else:
            yield raw


@contextmanager
def _standard_output() -> Iterator[BinaryIO]:
    out = sys.stdout.buffer
    if not isinstance(out, io.RawIOBase):
        yield out
        out.flush()
        return
    # With PYTHONUNBUFFERED there is no buffer: a write may then end in the middle and tell only by its result.
    with open(out.fileno(), "wb", closefd=False) as buffered:
        yield buffered


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    if path.exists() and not path.is_file():  # a device or a named pipe is written to, never replaced
        with _opened(path, "wb") as file:
            yield file
        return
    temporary = path.with_name(f".iscore-{secrets.token_hex(6)}.part")
    try:
        with _opened(temporary, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            temporary.chmod(stat.S_IMODE(path.stat().st_mode))
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _opened(path: Path, mode: Literal["rb", "wb", "xb"]) -> BinaryIO:
    try:
        return path.open(mode)
    except OSError as exc:
        raise InputError(f"cannot open {path}: {exc.strerror}") from exc
