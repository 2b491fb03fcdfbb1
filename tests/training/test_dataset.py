"""Label files: what is taken, and what a bad row is told."""

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from service.errors import InputError
from service.types import Label
from training.dataset import read_labels

ROWS = [
    {"title": "Dam bursts above valley town", "i_score": 81.0, "weight": 2.0},
    {"title": "Cat shows win", "i_score": 7.0},
]
LABELS = [Label("Dam bursts above valley town", 81.0, 2.0), Label("Cat shows win", 7.0, 1.0)]


def write(path: Path) -> Path:
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    elif path.suffix == ".csv":
        path.write_text("title,i_score,weight\nDam bursts above valley town,81,2\nCat shows win,7,\n", "utf-8")
    else:
        text = "".join(json.dumps(row) + "\n" for row in ROWS)
        path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize("name", ["l.csv", "l.jsonl", "l.jsonl.gz", "l.parquet"])
def test_every_format_gives_the_same_labels(tmp_path: Path, name: str) -> None:
    assert read_labels(write(tmp_path / name)) == LABELS


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('{"title": "Dam bursts", "i_score": 101}', "row 2: i_score is 101"),
        ('{"title": "Dam bursts", "i_score": "high"}', "row 2: i_score is 'high'"),
        ('{"title": "Dam bursts", "i_score": NaN}', "row 2: i_score is nan"),
        ('{"title": "Dam bursts"}', "row 2: i_score is None"),
        ('{"title": "...", "i_score": 5}', "row 2: title is empty"),
        ('{"title": "Dam bursts", "i_score": 5, "weight": -1}', "row 2: weight is -1"),
        ("not json", "row 2: "),
    ],
)
def test_a_bad_row_is_named_with_its_number_and_reason(tmp_path: Path, row: str, reason: str) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text('{"title": "Fine headline", "i_score": 50}\n' + row + "\n", "utf-8")
    with pytest.raises(InputError, match=reason):
        read_labels(path)


def test_many_bad_rows_are_counted_and_the_first_ten_told(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("title,i_score\n" + "A headline,-1\n" * 12, "utf-8")
    with pytest.raises(InputError, match=r"12 bad row.*\n(.*\n){10}\.\.\. and 2 more"):
        read_labels(path)


@pytest.mark.parametrize("name", ["missing.csv", "labels.xlsx"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=name):
        read_labels(tmp_path / name)
