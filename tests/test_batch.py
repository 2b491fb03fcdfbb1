import csv
import gzip
import io
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from service.batch import Progress, rescore
from service.errors import InputError, MissingExtraError
from service.files.parquet import GROUP_ROWS, score_table
from service.files.places import Place, place
from service.files.rows import CHUNK_ROWS, judge
from service.model import ImportanceModel
from service.scoring import score_fields, score_titles

TITLES = [
    "Earthquake of magnitude 7.8 strikes eastern Turkey",
    "Ten household items to clean with vinegar",
    'He said "no", then left, and came back',
    "Élections à Paris — «un séisme» 🌍",
    "Ten household items to clean with vinegar",
]
NAMES = ["x.csv", "x.csv.gz", "x.jsonl", "x.ndjson", "x.jsonl.gz", "x.parquet"]


class LengthModel:
    """Scores a title by its length and remembers what it was asked."""

    version = "length-1"

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def predict(self, titles: Sequence[str]) -> NDArray[np.float32]:
        self.asked.append(list(titles))
        return np.array([len(title) % 101 for title in titles], np.float32)


class InterruptedModel(LengthModel):
    """Somebody presses Ctrl-C when the second chunk is scored."""

    def predict(self, titles: Sequence[str]) -> NDArray[np.float32]:
        if self.asked:
            raise KeyboardInterrupt
        return super().predict(titles)


def run(model: object, source: Path, target: Path, title_column: str = "title") -> Progress:
    return rescore(model, place(str(source), None), place(str(target), None), title_column)  # type: ignore[arg-type]


def save(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Rows as a file of the format that the name says, made without the code under test."""
    opener = gzip.open if path.suffix == ".gz" else open
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif ".csv" in path.name:
        with opener(path, "wt", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    else:
        with opener(path, "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
    return path


def content(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def saved(path: Path) -> list[dict[str, Any]]:
    """What a reader of the format finds in a file."""
    if path.suffix == ".parquet":
        return list(pq.read_table(path).to_pylist())
    if ".csv" in path.name:
        return list(csv.DictReader(io.StringIO(content(path).decode("utf-8-sig"), newline="")))
    return [json.loads(line) for line in content(path).splitlines()]


def csv_run(tmp_path: Path, text: str | bytes, target: str = "out.csv") -> list[dict[str, Any]]:
    source = tmp_path / "in.csv"
    source.write_bytes(text if isinstance(text, bytes) else text.encode())
    run(LengthModel(), source, tmp_path / target)
    return saved(tmp_path / target)


def jsonl_run(tmp_path: Path, text: str | bytes, target: str = "out.jsonl") -> list[dict[str, Any]]:
    source = tmp_path / "in.jsonl"
    source.write_bytes(text if isinstance(text, bytes) else text.encode())
    run(LengthModel(), source, tmp_path / target)
    return saved(tmp_path / target)


# --- every format -----------------------------------------------------------------------------------


@pytest.mark.parametrize("out", NAMES)
@pytest.mark.parametrize("into", NAMES)
def test_rows_columns_and_scores_are_the_same_from_every_format_to_every_format(
    model: ImportanceModel, tmp_path: Path, into: str, out: str
) -> None:
    rows = [{"id": str(i), "title": title, "note": "a, b"} for i, title in enumerate(TITLES)]
    source = save(tmp_path / f"in{into}", rows)
    done = run(model, source, tmp_path / f"out{out}")
    found = saved(tmp_path / f"out{out}")
    assert (done.rows, done.bad_rows) == (5, 0)
    assert [{name: row[name] for name in ("id", "title", "note")} for row in found] == rows
    assert list(found[0])[:7] == ["id", "title", "note", "i_score", "i_score_raw", "band", "model"]
    for row, raw in zip(found, score_titles(model, TITLES), strict=True):
        expected = score_fields(raw, model.version)
        assert float(row["i_score_raw"]) == raw
        assert int(row["i_score"]) == expected["i_score"]
        assert (row["band"], row["model"]) == (expected["band"], model.version)


@pytest.mark.parametrize("out", NAMES)
@pytest.mark.parametrize("into", NAMES)
def test_a_bad_row_gets_its_reason_in_every_format_and_stops_nothing(tmp_path: Path, into: str, out: str) -> None:
    rows = [{"title": title} for title in ("Good one", "…", "x" * 301, "Good two")]
    done = run(LengthModel(), save(tmp_path / f"in{into}", rows), tmp_path / f"out{out}")
    found = saved(tmp_path / f"out{out}")
    assert (done.rows, done.bad_rows) == (4, 2)
    assert [bool(row.get("error")) for row in found] == [False, True, True, False]
    assert found[1]["error"].startswith("title is empty")
    assert found[2]["error"].startswith("title is too long: 301")
    assert all(
        row.get(name) in (None, "") for row in found[1:3] for name in ("i_score", "i_score_raw", "band", "model")
    )


@pytest.mark.parametrize("name", NAMES)
def test_rescoring_a_rescored_file_onto_itself_changes_nothing(tmp_path: Path, name: str) -> None:
    path = save(tmp_path / name, [{"title": "One", "x": "1"}, {"title": "", "x": "2"}, {"title": "Three", "x": "3"}])
    run(LengthModel(), path, path)
    once = path.read_bytes()
    run(LengthModel(), path, path)
    assert path.read_bytes() == once


@pytest.mark.parametrize("name", NAMES)
def test_old_scores_wherever_they_stand_are_replaced(tmp_path: Path, name: str) -> None:
    old = {"model": "old", "title": "A headline", "i_score": "99", "error": "old", "x": "1", "band": "top"}
    run(LengthModel(), save(tmp_path / f"in{name}", [old]), tmp_path / name)
    (row,) = saved(tmp_path / name)
    assert [key for key in row if key != "error"] == ["title", "x", "i_score", "i_score_raw", "band", "model"]
    assert (int(row["i_score"]), row["model"], row.get("error") or None) == (10, "length-1", None)


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_title_column_is_refused_with_the_names_there_are(tmp_path: Path, name: str) -> None:
    source = save(tmp_path / f"in{name}", [{"id": "1", "headline": "One"}])
    with pytest.raises(InputError, match=r"has no column 'title'.* id, headline"):
        run(LengthModel(), source, tmp_path / name)
    assert not (tmp_path / name).exists()
    assert run(LengthModel(), source, tmp_path / name, "headline").bad_rows == 0


def test_titles_cannot_come_from_a_column_that_scoring_replaces(tmp_path: Path) -> None:
    source = save(tmp_path / "in.csv", [{"band": "The Beatles"}])
    with pytest.raises(InputError, match="'band' cannot hold the titles"):
        run(LengthModel(), source, tmp_path / "out.csv", "band")


# --- CSV --------------------------------------------------------------------------------------------


def test_csv_keeps_quotes_line_breaks_commas_and_spaces_in_cells(tmp_path: Path) -> None:
    cells = ['say ""', "two\nlines", "two\r\nlines", "bare\rreturn", " a, b ", "'", "🟢", "=1+1", "\x00"]
    rows = [{"title": f"Title {i}", "cell": cell} for i, cell in enumerate(cells)]
    run(LengthModel(), save(tmp_path / "in.csv", rows), tmp_path / "out.csv")
    assert [row["cell"] for row in saved(tmp_path / "out.csv")] == cells


def test_csv_is_written_without_needless_quotes_and_with_plain_line_ends(tmp_path: Path) -> None:
    csv_run(tmp_path, 'title,"n"\r\n"One",1\r\n')
    assert (tmp_path / "out.csv").read_bytes() == (
        b"title,n,i_score,i_score_raw,band,model,error\nOne,1,3,3.0,notable,length-1,\n"
    )


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_csv_keeps_the_byte_order_mark_that_spreadsheets_need(tmp_path: Path, bom: bytes) -> None:
    (row,) = csv_run(tmp_path, bom + '"title",x\nÉté,1\n'.encode())
    assert row["title"] == "Été"
    assert (tmp_path / "out.csv").read_bytes().startswith(bom + b"title,x")


def test_csv_lines_of_a_wrong_width_are_bad_rows_and_lose_nothing(tmp_path: Path) -> None:
    short, good, long_ = csv_run(tmp_path, 'title,n\nShort\nGood,1\nLong,1,"a ""b""",c\n')
    assert (short["title"], short["error"]) == ("Short", "row has 1 cells, the header has 2")
    assert good["error"] == ""
    assert (long_["title"], long_["n"]) == ("Long", "1")
    assert long_["error"] == 'row has 4 cells, the header has 2; left out: "a ""b""",c'


def test_csv_reading_goes_on_behind_a_line_whose_quotes_do_not_match(tmp_path: Path) -> None:
    text = 'title,n\nOne,1\n"Two,2\nThree,3\n"Four" x,4\n"Five\nlines",5\n"Six,6\n'
    rows = csv_run(tmp_path, text)
    assert [row["title"] for row in rows] == ["One", "", "Three", "", "Five\nlines", ""]
    assert [row["error"].partition(": ")[2] for row in rows] == ["", '"Two,2', "", '"Four" x,4', "", '"Six,6']


def test_csv_with_very_many_broken_lines_is_read_to_the_end(tmp_path: Path) -> None:
    rows = csv_run(tmp_path, "title,n\n" + '"a" b,1\n' * 20_000 + "Last,2\n")
    assert len(rows) == 20_001
    assert rows[-1]["i_score"] == "4"


def test_csv_bytes_that_are_not_utf_8_make_one_bad_row_and_are_kept(tmp_path: Path) -> None:
    rows = csv_run(tmp_path, b"title,n\nCaf\xe9 bombed,1\nGood,2\n", "out.jsonl")
    assert [row.get("error") for row in rows] == ["row is not UTF-8", None]
    assert rows[0]["title"] == "Caf\ufffd bombed"
    run(LengthModel(), tmp_path / "in.csv", tmp_path / "out.csv")
    assert b"\nCaf\xe9 bombed,1," in (tmp_path / "out.csv").read_bytes()
    run(LengthModel(), tmp_path / "in.csv", tmp_path / "out.parquet")
    assert saved(tmp_path / "out.parquet")[0]["title"] == "Caf\ufffd bombed"


def test_csv_columns_that_share_a_name_are_all_kept(tmp_path: Path) -> None:
    (row,) = csv_run(tmp_path, "title,n,n,,,n.1\nOne,1,2,3,4,5\n")
    assert list(row)[:6] == ["title", "n", "n.2", "", ".1", "n.1"]
    assert list(row.values())[:6] == ["One", "1", "2", "3", "4", "5"]


def test_csv_empty_lines_are_left_out(tmp_path: Path) -> None:
    assert [row["title"] for row in csv_run(tmp_path, "\n\ntitle,n\n\nOne,1\n\n\nTwo,2\n\n")] == ["One", "Two"]


def test_csv_with_long_cells_is_read(tmp_path: Path) -> None:
    (row,) = csv_run(tmp_path, f"title,body\nOne,{'x' * 500_000}\n")
    assert (len(row["body"]), row["i_score"]) == (500_000, "3")


@pytest.mark.parametrize("text", [b"", b"\n\n", b'"title\n', b"titl\xe9\nOne\n", "title\nOne\n".encode("utf-16")])
def test_csv_without_a_readable_header_is_refused(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(InputError, match="header"):
        csv_run(tmp_path, text)
    assert os.listdir(tmp_path) == ["in.csv"]


@pytest.mark.parametrize("out", NAMES)
def test_a_file_without_rows_gives_a_file_without_rows(tmp_path: Path, out: str) -> None:
    assert csv_run(tmp_path, "title,n\n", out) == []
    assert jsonl_run(tmp_path, "", out) == []
    pq.write_table(pa.table({"title": pa.array([], pa.string())}), tmp_path / "in.parquet")
    assert run(LengthModel(), tmp_path / "in.parquet", tmp_path / out).rows == 0
    if ".csv" in out:
        assert content(tmp_path / out) == b"title,i_score,i_score_raw,band,model,error\n"


# --- JSON lines -------------------------------------------------------------------------------------


def test_jsonl_keeps_values_of_every_kind(tmp_path: Path) -> None:
    line = (
        '{"title": "One", "a": [1, {"b": null}], "big": 123456789012345678901234567890, "t": true, "u": "é 🌍 \\u2028"}'
    )
    (row,) = jsonl_run(tmp_path, line + "\n")
    assert {name: row[name] for name in json.loads(line)} == json.loads(line)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{'title': 'x'}", "line is not JSON: "),
        (b"[1, 2]", "line is not a JSON object"),
        (b'"title"', "line is not a JSON object"),
        (b'{"title": "caf\xe9"}', "line is not UTF-8"),
        (b"[" * 100_000, "line is not JSON: "),
        (b'{"n": ' + b"9" * 5000 + b"}", "line is not JSON: "),
        (b"{}", "title is missing"),
        (b'{"title": null}', "title is missing"),
        (b'{"title": 5}', "title is not text: it is of type int"),
        (b'{"title": ["x"]}', "title is not text: it is of type list"),
        (b'{"title": " "}', "title is empty"),
    ],
)
def test_jsonl_bad_lines_get_a_reason_and_stop_nothing(tmp_path: Path, line: bytes, reason: str) -> None:
    first, bad, last = jsonl_run(tmp_path, b'{"title": "One"}\n' + line + b'\n{"title": "Two!"}')
    assert (first["i_score"], last["i_score"]) == (3, 4)
    assert bad["error"].startswith(reason)
    assert "i_score" not in bad
    if "line" in bad:
        assert bad["line"] == line.decode(errors="replace")


def test_jsonl_output_is_always_valid_json_in_utf_8(tmp_path: Path) -> None:
    (row,) = jsonl_run(tmp_path, '\ufeff{"title": "Half \\ud83d emoji", "n": NaN, "m": [-Infinity]}\n')
    assert (row["title"], row["n"], row["m"], row["i_score"]) == ("Half \ufffd emoji", None, [None], 12)
    assert b"NaN" not in (tmp_path / "out.jsonl").read_bytes()


def test_jsonl_rows_with_different_fields_become_one_table(tmp_path: Path) -> None:
    text = '{"title": "One", "a": 1}\n[]\n{"b": {"c": 1}, "a": 2.5, "title": "Two!"}\n{"title": "Three", "f": true}\n'
    rows = jsonl_run(tmp_path, text, "out.csv")
    assert list(rows[0])[:5] == ["title", "a", "line", "b", "f"]
    assert [(row["title"], row["a"], row["b"], row["f"]) for row in rows] == [
        ("One", "1", "", ""),
        ("", "", "", ""),
        ("Two!", "2.5", '{"c": 1}', ""),
        ("Three", "", "", "true"),
    ]
    rows = jsonl_run(tmp_path, text, "out.parquet")
    assert [(row["a"], row["b"], row["f"], row["i_score"]) for row in rows] == [
        (1.0, None, None, 3),
        (None, None, None, None),
        (2.5, '{"c": 1}', None, 4),
        (None, None, True, 5),
    ]


def test_jsonl_numbers_that_no_column_type_holds_become_text(tmp_path: Path) -> None:
    text = '{"title": "One", "n": 99999999999999999999, "f": 9007199254740993}\n{"title": "Two", "n": 1, "f": 0.5}\n'
    rows = jsonl_run(tmp_path, text, "out.parquet")
    assert [(row["n"], row["f"]) for row in rows] == [("99999999999999999999", 9007199254740992.0), ("1", 0.5)]


def test_jsonl_of_which_no_line_is_an_object_is_all_bad_rows(tmp_path: Path) -> None:
    for out in ("out.jsonl", "out.csv"):
        assert [row["line"] for row in jsonl_run(tmp_path, '[\n"One"\n]\n', out)] == ["[", '"One"', "]"]


# --- Parquet ----------------------------------------------------------------------------------------


def test_parquet_keeps_types_nulls_and_metadata(tmp_path: Path) -> None:
    when = datetime(2026, 3, 1, 12, 0, 0, 1, UTC)
    table = pa.table(
        {
            "id": pa.array([1, None], pa.int16()),
            "title": pa.array(["One", None]).dictionary_encode(),
            "when": pa.array([when, None], pa.timestamp("ns", "UTC")),
            "price": pa.array([Decimal("1.10"), None], pa.decimal128(9, 2)),
            "tags": pa.array([["a"], None], pa.list_(pa.string())),
            "raw": pa.array([b"\xff", None]),
        }
    ).replace_schema_metadata({"origin": "feed"})
    pq.write_table(table, tmp_path / "in.parquet")
    done = run(LengthModel(), tmp_path / "in.parquet", tmp_path / "out.parquet")
    found = pq.read_table(tmp_path / "out.parquet")
    assert found.schema.metadata[b"origin"] == b"feed"
    assert found.select(table.column_names).equals(pq.read_table(tmp_path / "in.parquet"))
    assert found.schema.names[6:] == ["i_score", "i_score_raw", "band", "model", "error"]
    assert [str(found.schema.field(name).type) for name in ("i_score", "i_score_raw", "band")] == [
        "int64",
        "double",
        "string",
    ]
    assert (done.bad_rows, found["error"].to_pylist()) == (1, [None, "title is missing"])


def test_parquet_values_are_readable_as_text(tmp_path: Path) -> None:
    table = pa.table(
        {
            "title": ["One"],
            "when": pa.array([1_700_000_000_123_456_789], pa.timestamp("ns", "UTC")),
            "day": pa.array([19_000], pa.date32()),
            "price": pa.array([Decimal("1.10")]),
            "raw": pa.array([b"\xff"]),
            "nan": pa.array([float("nan")]),
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    for out, nothing in (("out.csv", ""), ("out.jsonl", None)):
        run(LengthModel(), tmp_path / "in.parquet", tmp_path / out)
        (row,) = saved(tmp_path / out)
        values = [row[name] for name in table.column_names[1:]]
        assert values == ["2023-11-14T22:13:20.123456789Z", "2022-01-08", "1.10", "/w==", nothing]


def test_parquet_is_written_in_large_row_groups_from_small_ones(tmp_path: Path) -> None:
    rows = GROUP_ROWS + 1
    table = pa.table({"title": ["One", "Two"] * (rows // 2) + ["End"]})
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=1000)
    run(LengthModel(), tmp_path / "in.parquet", tmp_path / "out.parquet")
    groups = pq.ParquetFile(tmp_path / "out.parquet").metadata
    assert (groups.num_rows, groups.num_row_groups) == (rows, 2)
    assert pq.read_table(tmp_path / "out.parquet")["title"].equals(table["title"])


def test_parquet_titles_that_are_not_text_are_bad_rows(tmp_path: Path) -> None:
    pq.write_table(pa.table({"title": [1, 2]}), tmp_path / "in.parquet")
    assert run(LengthModel(), tmp_path / "in.parquet", tmp_path / "out.parquet").bad_rows == 2


@pytest.mark.parametrize("damage", [b"", b"PAR1", b"title\nOne\n", b"PAR1" + b"\0" * 100 + b"PAR1"])
def test_a_file_that_is_not_parquet_is_refused(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "in.parquet").write_bytes(damage)
    with pytest.raises(InputError, match=r"in\.parquet: the file is not Parquet"):
        run(LengthModel(), tmp_path / "in.parquet", tmp_path / "out.parquet")


def test_without_pyarrow_the_command_that_installs_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "service.files.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r'pip install "iscore\[scale\]"'):
        run(LengthModel(), save(tmp_path / "in.csv", [{"title": "One"}]), tmp_path / "out.parquet")
    assert not (tmp_path / "out.parquet").exists()


def test_an_engine_gets_the_same_scores_from_its_batches(model: ImportanceModel, tmp_path: Path) -> None:
    table = pa.table({"headline": [*TITLES, None]})
    scored = score_table(model, table, "headline")
    assert scored["i_score_raw"].to_pylist() == [*score_titles(model, TITLES), None]
    assert scored["error"].to_pylist()[-1] == "title is missing"
    assert scored.slice(2, 2).equals(score_table(model, table.slice(2, 2), "headline"))


# --- the run ----------------------------------------------------------------------------------------


def test_equal_titles_are_computed_once_in_a_chunk(tmp_path: Path) -> None:
    model = LengthModel()
    source = save(tmp_path / "in.csv", [{"title": f"Title {i % 3}"} for i in range(CHUNK_ROWS + 1)])
    run(model, source, tmp_path / "out.csv")
    assert [len(asked) for asked in model.asked] == [3, 1]


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl", "x.jsonl.gz", "x.parquet"])
def test_progress_is_told_for_every_chunk_and_ends_at_the_end(tmp_path: Path, name: str) -> None:
    source = save(tmp_path / name, [{"title": f"Title {i % 3}"} for i in range(2 * CHUNK_ROWS + 1)])
    told: list[Progress] = []
    ends = place(str(source), None), place(str(tmp_path / "out.csv"), None)
    rescore(LengthModel(), *ends, watch=told.append)  # type: ignore[arg-type]
    assert [progress.rows for progress in told] == [CHUNK_ROWS, 2 * CHUNK_ROWS, 2 * CHUNK_ROWS + 1]
    shares = [progress.share for progress in told]
    assert all(share is not None and 0 < share <= 1 for share in shares)
    assert shares == sorted(shares)  # type: ignore[type-var]
    assert shares[-1] == 1


@pytest.mark.parametrize("name", NAMES)
def test_an_interrupted_run_leaves_the_output_as_it_was(tmp_path: Path, name: str) -> None:
    source = save(tmp_path / f"in{name}", [{"title": f"Title {i % 3}"} for i in range(CHUNK_ROWS + 1)])
    (tmp_path / name).write_bytes(b"precious")
    with pytest.raises(KeyboardInterrupt):
        run(InterruptedModel(), source, tmp_path / name)
    assert (tmp_path / name).read_bytes() == b"precious"
    assert sorted(os.listdir(tmp_path)) == sorted([source.name, name])


def test_a_gzip_file_that_is_cut_off_is_an_error_and_leaves_the_output_as_it_was(tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(b'{"title": "%d"}\n' % i for i in range(10_000)))
    for damaged in (whole[: len(whole) // 2], b"no gzip", whole[:500] + b"\xff" * 500 + whole[1000:]):
        (tmp_path / "in.jsonl.gz").write_bytes(damaged)
        with pytest.raises(InputError, match=r"in\.jsonl\.gz: damaged or cut off"):
            run(LengthModel(), tmp_path / "in.jsonl.gz", tmp_path / "out.jsonl")
        assert os.listdir(tmp_path) == ["in.jsonl.gz"]


def test_the_same_rows_are_packed_into_the_same_bytes(tmp_path: Path) -> None:
    source = save(tmp_path / "in.jsonl", [{"title": "One"}])
    for name in ("a.jsonl.gz", "b.jsonl.gz"):
        run(LengthModel(), source, tmp_path / name)
    assert (tmp_path / "a.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()


def test_a_replaced_file_keeps_its_mode_and_a_link_its_target(tmp_path: Path) -> None:
    source = save(tmp_path / "in.csv", [{"title": "One"}])
    (tmp_path / "real.csv").touch(mode=0o600)
    (tmp_path / "link.csv").symlink_to("real.csv")
    run(LengthModel(), source, tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert saved(tmp_path / "real.csv")[0]["i_score"] == "3"
    assert (tmp_path / "real.csv").stat().st_mode & 0o777 == 0o600


def test_a_device_is_written_to_and_never_replaced(tmp_path: Path) -> None:
    source = save(tmp_path / "in.csv", [{"title": "One"}])
    rescore(LengthModel(), place(str(source), None), Place(Path("/dev/null"), "csv"))  # type: ignore[arg-type]
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize(("source", "target"), [("none.csv", "out.csv"), (".", "out.csv"), ("in.csv", "none/out.csv")])
def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path, source: str, target: str) -> None:
    save(tmp_path / "in.csv", [{"title": "One"}])
    with pytest.raises(InputError, match=r"cannot open .*: (No such file|Is a directory)"):
        rescore(LengthModel(), Place(tmp_path / source, "csv"), Place(tmp_path / target, "csv"))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["x", "x.txt", "x.gz", "x.parquet.gz", "x.csv.zip"])
def test_a_name_that_tells_no_format_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="--format"):
        place(name, None)


def test_the_extension_wins_and_the_option_fills_in() -> None:
    assert place("-", None).format == "jsonl"
    assert place("-", "csv").format == "csv"
    assert place("x.CSV", "jsonl").format == "csv"
    assert place("/dev/stdin", "csv").format == "csv"
    assert place("x.JSONL.GZ", None) == Place(Path("x.JSONL.GZ"), "jsonl", gzipped=True)


def test_judging_says_score_or_reason_for_every_row(model: ImportanceModel) -> None:
    judged = judge(model, ["One &amp; two", None, "Fine"], [None, None, "row is broken"])
    (raw,) = score_titles(model, ["One & two"])
    assert judged == [score_fields(raw, model.version), {"error": "title is missing"}, {"error": "row is broken"}]
    assert judge(model, []) == []
