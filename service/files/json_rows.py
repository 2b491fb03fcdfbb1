"""JSON lines: one object a line, read and written a chunk at a time."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import BinaryIO

from service.errors import InputError
from service.files.rows import CHUNK_ROWS, Chunk, Fields, RowChunk, merged
from service.files.values import as_json, legible

MAX_LINE_BYTES = 64 << 20
LINE_COLUMN = "line"
"""Holds the text of a line that is not a JSON object, so that nothing of the input is lost."""


class JsonReader:
    """Empty lines are left out. ``columns`` are known only when ``scan`` has seen the file before."""

    def __init__(self, file: BinaryIO, columns: Mapping[str, type] | None = None) -> None:
        self._file = file
        self.columns = columns

    def chunks(self) -> Iterator[RowChunk]:
        """See Reader. InputError for a line that is too long to be held in memory."""
        records = (_record(line) for line in _lines(self._file))
        while batch := list(islice(records, CHUNK_ROWS)):
            yield RowChunk([row for row, _ in batch], [fault for _, fault in batch])


class JsonWriter:
    """Rows keep their own fields; only a row without a score has ``error``."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, chunk: Chunk, judged: Sequence[Fields]) -> None:
        """See Writer."""
        self._file.write("".join(as_json(row) + "\n" for row in merged(chunk, judged)).encode())

    def close(self) -> None:
        """Nothing is kept back."""


def scan(file: BinaryIO) -> dict[str, type]:
    """All columns of a file, in order of appearance, each with the type that holds all of its values."""
    found: dict[str, type | None] = {}
    for chunk in JsonReader(file).chunks():
        for row in chunk.rows:
            for name, value in row.items():
                found[name] = _common(found.get(name), value)
    return {name: kind or str for name, kind in found.items()}


def _lines(file: BinaryIO) -> Iterator[bytes]:
    mark, number = b"\xef\xbb\xbf", 1
    while line := file.readline(MAX_LINE_BYTES):
        if len(line) == MAX_LINE_BYTES:
            raise InputError(f"line {number} is longer than {MAX_LINE_BYTES >> 20} MiB: is this JSON lines?")
        if stripped := line.removeprefix(mark if number == 1 else b"").strip():
            yield stripped
        number += 1


def _record(line: bytes) -> tuple[Fields, str | None]:
    try:
        text = line.decode()
        row = json.loads(text)
    except UnicodeDecodeError:
        return {LINE_COLUMN: line.decode(errors="replace")}, "line is not UTF-8"
    except (ValueError, RecursionError) as exc:
        return {LINE_COLUMN: text}, f"line is not JSON: {exc}"
    if not isinstance(row, dict):
        return {LINE_COLUMN: text}, "line is not a JSON object"
    if "\\ud" in text.lower():  # may be half of a character, which no other format can hold
        row = json.loads(legible(json.dumps(row, ensure_ascii=False)))
    return row, None


def _common(kind: type | None, value: object) -> type | None:
    if value is None:
        return kind
    new: type = type(value) if isinstance(value, str | bool | float) else object
    if type(value) is int and -(2**63) <= value < 2**63:
        new = int
    if kind is None or kind is new:
        return new
    return float if {kind, new} == {int, float} else object
