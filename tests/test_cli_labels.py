"""``iscore labels``: the real commands on a real store."""

import gzip
import hashlib
import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from service.cli.kept import kept
from service.cli.main import main
from service.judgements import held_out, read_snapshot
from service.store.editorial import Entry, LabelEvent
from training.dataset import read_labels

DAM, PORT = "Dam bursts above town", "Port reopens after strike"
ROWS = f"title,i_score,by\n{DAM},70,ann\n{PORT},30,bob\n"
TASKS = [
    {
        "data": {"text": DAM},
        "annotations": [{"result": [{"type": "rating", "value": {"rating": 5}}], "completed_by": 3}],
    },
    {"data": {"text": PORT}, "annotations": []},
]


class Result(NamedTuple):
    code: int
    out: str
    err: list[str]

    @property
    def counts(self) -> list[int]:
        """created, duplicate, conflict, left out, bad"""
        names, counts = zip(*(line.split("\t") for line in self.out.splitlines()), strict=True)
        assert names == ("created", "duplicate", "conflict", "left out", "bad")
        return [int(count) for count in counts]


Run = Callable[..., Result]


@pytest.fixture
def labels(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Run:
    """Runs ``iscore labels …`` in this process, with its state in a folder of its own."""
    monkeypatch.setenv("ISCORE_STATE", str(tmp_path / "state"))

    def run(*arguments: object, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(stdin))))
        with pytest.raises(SystemExit) as exited:
            main(["labels", *map(str, arguments)])
        sys.stdout.flush()
        out, err = capfdbinary.readouterr()
        return Result(int(exited.value.code or 0), out.decode(), err.decode().splitlines())

    return run


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    (tmp_path / "editors.csv").write_text(ROWS)
    return tmp_path / "editors.csv"


def standing() -> list[LabelEvent]:
    with kept() as store:
        return store.labels.standing()


@pytest.mark.parametrize("name", ["import", "export", "snapshot"])
def test_help_has_a_summary_and_an_example(labels: Run, name: str) -> None:
    answer = labels(name, "--help")
    assert answer.code == 0
    assert f"Usage: iscore labels {name}" in answer.out
    assert re.search(rf"Examples?:\n    iscore labels {name}", answer.out)


# --- import ------------------------------------------------------------------------------------------------


def test_files_of_all_formats_are_kept_once_however_often_they_come(labels: Run, rows: Path, tmp_path: Path) -> None:
    (tmp_path / "more.jsonl.gz").write_bytes(gzip.compress(json.dumps({"title": DAM, "i_score": 5}).encode()))
    (tmp_path / "tasks.json").write_text(json.dumps(TASKS))
    files = (rows, tmp_path / "more.jsonl.gz", tmp_path / "tasks.json")
    first = labels("import", *files)
    assert (first.code, first.counts) == (0, [4, 0, 0, 1, 0])
    assert first.err == [f"{tmp_path / 'tasks.json'}: task 2: has no annotations"]
    assert labels("import", *files).counts == [0, 4, 0, 1, 0]
    assert [(one.by, one.judgement and one.judgement.i_score) for one in standing()] == [
        *(("ann", 70), ("bob", 30), ("import", 5), ("labelstudio-3", 90))
    ]
    with kept() as store:
        entries = [one.entry for one in store.audit.entries(9)]
    assert entries[-1] == Entry("command line", "label.import", "editors.csv", {"rows": 2})
    assert len(entries) == 3


def test_one_bad_row_stops_all_files_unless_bad_rows_are_skipped(labels: Run, rows: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text(f"title,i_score\nRain delays final,20\n,30\n{DAM},999\n")
    refused = labels("import", rows, bad)
    assert (refused.code, refused.out, standing()) == (2, "", [])
    assert refused.err == [
        f"{bad}: row 2: titles: score needs 1, in a list",
        f"{bad}: row 3: i_score: must be a number from 0 to 100",
        "error: 2 bad row(s): nothing is imported; mend them, or use --skip-bad",
    ]
    skipped = labels("import", rows, bad, "--skip-bad", "--by", "desk")
    assert (skipped.code, skipped.counts) == (3, [3, 0, 0, 0, 2])
    assert standing()[-1].by == "desk"


def test_what_is_in_conflict_is_named_and_the_rest_is_kept(labels: Run, rows: Path, tmp_path: Path) -> None:
    labels("import", rows)
    labels("export", "--format", "csv", "--out", tmp_path / "out.csv")
    edited = (tmp_path / "out.csv").read_text().replace(",30,", ",35,") + "\n"
    (tmp_path / "out.csv").write_text(edited)
    (tmp_path / "again.csv").write_text(f"title,i_score,by\n{DAM},60,ann\nRain delays final,20,ann\n")
    answer = labels("import", tmp_path / "again.csv", tmp_path / "out.csv")
    assert (answer.code, answer.counts) == (3, [1, 1, 2, 0, 0])
    assert answer.err[0].startswith(f"{tmp_path / 'again.csv'}: row 1: is not kept: the same editor's judgement")
    assert answer.err[1].startswith(f"{tmp_path / 'out.csv'}: row 2: is not kept: its id is that of another event")


def test_a_scale_of_steps_is_read_as_points(labels: Run, tmp_path: Path) -> None:
    lines = f'{{"title": "{DAM}", "i_score": 10}}\n'
    assert labels("import", "-", "--scale", 10, stdin=lines.encode()).counts[0] == 1
    (event,) = standing()
    assert event.judgement is not None
    assert event.judgement.i_score == 95


def test_only_so_many_bad_rows_are_printed(labels: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("title,i_score\n" + f"{DAM},999\n" * 25)
    answer = labels("import", tmp_path / "bad.csv")
    assert len(answer.err) == 22
    assert answer.err[20] == f"{tmp_path / 'bad.csv'}: ... and 5 more"


@pytest.mark.parametrize(
    ("name", "content"), [("x.json", b"{"), ("x.txt", b""), ("x.csv", b""), ("missing.json", None)]
)
def test_a_file_that_cannot_be_read_is_one_line(labels: Run, tmp_path: Path, name: str, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    answer = labels("import", tmp_path / name)
    assert (answer.code, answer.out, len(answer.err)) == (2, "", 1)
    assert str(tmp_path / name) in answer.err[0]


# --- export --------------------------------------------------------------------------------------------------


def test_an_export_holds_what_stands_or_everything(labels: Run, rows: Path, tmp_path: Path) -> None:
    labels("import", rows)
    first, second = standing()
    with kept() as store:
        store.labels.add([LabelEvent("undo-0001", first.by, first.at, undoes=first.id)])
    answer = labels("export")
    assert [json.loads(line)["id"] for line in answer.out.splitlines()] == [second.id]
    assert answer.err == ["written: 1"]
    everything = labels("export", "--all").out
    assert len(everything.splitlines()) == 3
    assert labels("export", "--all", "--by", "bob").err == ["written: 1"]
    assert labels("export", "--format", "labelstudio", "--all").code == 2
    assert labels("import", "-", stdin=everything.encode()).counts == [0, 3, 0, 0, 0]


@pytest.mark.parametrize(("format_", "name"), [("csv", "o.csv"), ("jsonl", "o.jsonl"), ("labelstudio", "o.json")])
def test_an_export_is_known_when_it_is_imported(
    labels: Run, rows: Path, tmp_path: Path, format_: str, name: str
) -> None:
    labels("import", rows)
    assert labels("export", "--format", format_, "--out", tmp_path / name).out == ""
    assert labels("import", tmp_path / name).counts == [0, 2, 0, 0, 0]


# --- snapshot ------------------------------------------------------------------------------------------------


def test_a_snapshot_is_named_by_its_digest_and_training_reads_its_scores(labels: Run, tmp_path: Path) -> None:
    (tmp_path / "all.csv").write_text(
        "kind,title,title_2,i_score,best,reason\n"
        + "".join(f"score,Storm {n} nears the coast,,{n},,\n" for n in range(20))
        + f"pair,{DAM},{PORT},,0,\ncannot_judge,Hm,,,,no news\n"
    )
    labels("import", tmp_path / "all.csv")
    answer = labels("snapshot", "--out", tmp_path / "snapshot.jsonl")
    assert answer.out.strip() == hashlib.sha256((tmp_path / "snapshot.jsonl").read_bytes()).hexdigest()
    judgements = read_snapshot(tmp_path / "snapshot.jsonl")
    held = [one for one in judgements if held_out(one)]
    assert answer.err == [f"judgements: 20 score, 1 pair; held out for measuring: {len(held)}"]
    scores = {one.titles[0]: one.i_score for one in judgements if one.kind == "score" and not held_out(one)}
    assert {one.title: one.i_score for one in read_labels(tmp_path / "snapshot.jsonl")} == scores
    assert 0 < len(scores) < 20


def test_a_snapshot_of_nothing_is_empty(labels: Run, tmp_path: Path) -> None:
    answer = labels("snapshot", "--out", tmp_path / "snapshot.jsonl")
    assert answer.err == ["judgements: none; held out for measuring: 0"]
    assert (tmp_path / "snapshot.jsonl").read_bytes() == b""
    assert labels("snapshot", "--out", tmp_path / "missing" / "snapshot.jsonl").code == 2
