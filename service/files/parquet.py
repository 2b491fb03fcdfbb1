"""Parquet through pyarrow: row groups are streamed, column types and the schema's metadata are kept."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, BinaryIO

from service.errors import InputError, MissingExtraError
from service.files.rows import ADDED_COLUMNS, CHUNK_ROWS, Chunk, Fields, judge
from service.files.values import as_text, legible
from service.model import ImportanceModel

try:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq
except ImportError as exc:
    raise MissingExtraError("Parquet", "scale") from exc

GROUP_ROWS = 65_536
"""Rows in a row group that is written; also the most that are held in memory."""

_TYPES = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_(), object: pa.string()}
_ADDED = pa.schema(
    list(zip(ADDED_COLUMNS, [pa.int64(), pa.float64(), pa.string(), pa.string(), pa.string()], strict=True))
)


class TableChunk:
    """A chunk that stays in Arrow's columns unless somebody asks for rows."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table
        self.faults: list[str | None] = [None] * len(table)

    @cached_property
    def rows(self) -> list[Fields]:
        """The rows as dicts; times as text, because Python's own times end at the microsecond."""
        table = self.table
        for index, field in enumerate(table.schema):
            if pa.types.is_timestamp(field.type):
                text = pc.replace_substring(table.column(index).cast(pa.string()), " ", "T", max_replacements=1)
                table = table.set_column(index, field.name, text)
        return list(table.to_pylist())

    def titles(self, column: str) -> list[object]:
        """See Chunk."""
        return list(self.table.column(column).to_pylist())


class ParquetReader:
    """InputError for a file that is not Parquet."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            self._file = pq.ParquetFile(file)
        except (pa.ArrowException, OSError) as exc:  # broken Thrift is an OSError
            raise InputError(f"the file is not Parquet: {exc}") from exc
        self.schema = self._file.schema_arrow
        self.row_count = int(self._file.metadata.num_rows)
        if len(set(self.schema.names)) < len(self.schema.names):
            raise InputError("two columns share a name")
        self.columns: dict[str, type] = {field.name: _kind(field.type) for field in self.schema}

    def chunks(self) -> Iterator[TableChunk]:
        """See Reader. InputError when the file is damaged further on."""
        try:
            for batch in self._file.iter_batches(CHUNK_ROWS):
                yield TableChunk(pa.Table.from_batches([batch], self.schema))
        except (pa.ArrowException, OSError) as exc:
            raise InputError(f"the Parquet file is damaged: {exc}") from exc


class ParquetWriter:
    """Writes row groups of GROUP_ROWS rows."""

    def __init__(self, file: BinaryIO, columns: Mapping[str, type], schema: pa.Schema | None) -> None:
        source = schema or pa.schema([(name, _TYPES[kind]) for name, kind in columns.items()])
        self._source, self._waiting = source, list[pa.Table]()
        kept = [field for field in source if field.name not in ADDED_COLUMNS]
        self._schema = pa.schema([*kept, *_ADDED], source.metadata)
        self._writer = pq.ParquetWriter(file, self._schema)

    def write(self, chunk: Chunk, judged: Sequence[Fields]) -> None:
        """See Writer."""
        table = chunk.table if isinstance(chunk, TableChunk) else _table(chunk.rows, self._source)
        self._waiting.append(with_columns(table, judged))
        if sum(map(len, self._waiting)) >= GROUP_ROWS:
            self._flush()

    def close(self) -> None:
        """See Writer."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.concat_tables(self._waiting), GROUP_ROWS)
            self._waiting = []


def score_table(model: ImportanceModel, table: pa.Table, title_column: str = "title") -> pa.Table:
    """A table with scores and errors added: what an engine maps over its batches (Ray: ``batch_format="pyarrow"``)."""
    return with_columns(table, judge(model, table.column(title_column).to_pylist()))


def with_columns(table: pa.Table, judged: Sequence[Fields]) -> pa.Table:
    """A table with the added columns at its end, in place of those of the same names."""
    table = table.drop_columns([name for name in table.column_names if name in ADDED_COLUMNS])
    for field in _ADDED:
        table = table.append_column(field, pa.array([added.get(field.name) for added in judged], field.type))
    return table


def _kind(type_: Any) -> type:
    value_type = type_.value_type if pa.types.is_dictionary(type_) else type_
    text = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)
    return str if any(is_text(value_type) for is_text in text) else object


def _table(rows: Sequence[Fields], schema: pa.Schema) -> pa.Table:
    return pa.table([_array([row.get(field.name) for row in rows], field.type) for field in schema], schema=schema)


def _array(values: Sequence[object], type_: Any) -> Any:
    if type_ == pa.string():
        values = [None if value is None else legible(as_text(value)) for value in values]
    if type_ == pa.float64():  # pyarrow refuses whole numbers that a float cannot hold exactly
        values = [float(value) if isinstance(value, int) else value for value in values]
    return pa.array(values, type_)
