"""``iscore audit``, and the changes that other commands write into the log."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from service.cli.kept import kept
from service.cli.main import main
from service.store.editorial import Entry

OPML = b"""<opml version="2.0"><body><outline text="Harbour" xmlUrl="https://h.example/rss"/>
<outline text="Valley" xmlUrl="https://v.example/rss"/></body></opml>"""


class Result(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture
def iscore(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs ``iscore …`` in this process, with its state in a folder of its own."""
    monkeypatch.setenv("ISCORE_STATE", str(tmp_path / "state"))

    def run(*arguments: object) -> Result:
        with pytest.raises(SystemExit) as exited:
            main([*map(str, arguments)])
        out, err = capfd.readouterr()
        return Result(int(exited.value.code or 0), out, err)

    return run


def logged() -> list[tuple[str, str, str, dict[str, object]]]:
    with kept() as store:
        entries = [one.entry for one in store.audit.entries(100)]
    return [(one.by, one.action, one.subject, dict(one.details)) for one in entries]


def keep(*entries: Entry) -> None:
    with kept() as store:
        for entry in entries:
            store.audit.add(entry)


def test_help_has_a_summary_and_an_example(iscore: Run) -> None:
    answer = iscore("audit", "export", "--help")
    assert answer.code == 0
    assert "Usage: iscore audit export" in answer.out
    assert "Examples:\n    iscore audit export --out log.csv" in answer.out


def test_export_writes_json_lines_newest_first_to_a_pipe(iscore: Run) -> None:
    keep(Entry("ada", "pin.end", "p1", {"kind": "mute"}), Entry("schedule", "run.start", "r1", {"kind": "house"}))
    code, out, err = iscore("audit", "export")
    rows = [json.loads(line) for line in out.splitlines()]
    assert [(row["number"], row["says"]) for row in rows] == [
        (2, "started training r1 (house)"),
        (1, "lifted a mute"),
    ]
    assert (code, err) == (0, "the log is written to the pipe\n")


@pytest.mark.parametrize(("name", "options"), [("log.csv", []), ("log.txt", ["--format", "csv"])])
def test_export_writes_csv_to_a_file(iscore: Run, tmp_path: Path, name: str, options: list[str]) -> None:
    keep(Entry("ada", "pin.end", "=SUM(A1)"))
    target = tmp_path / name
    assert iscore("audit", "export", "--out", target, *options).out == ""
    (row,) = csv.DictReader(io.StringIO(target.read_text()))
    assert (row["by"], row["subject"]) == ("ada", "'=SUM(A1)")


def test_a_format_outweighs_the_files_name(iscore: Run, tmp_path: Path) -> None:
    keep(Entry("ada", "pin.end", "p1"))
    iscore("audit", "export", "--out", tmp_path / "log.csv", "--format", "jsonl")
    assert json.loads((tmp_path / "log.csv").read_text())["subject"] == "p1"


def test_an_empty_log_is_an_empty_file(iscore: Run, tmp_path: Path) -> None:
    assert iscore("audit", "export").out == ""
    assert iscore("audit", "export", "--format", "csv").out == "number,at,by,name,action,subject,says,details\r\n"


@pytest.mark.parametrize("arguments", [["--format", "xml"], ["--out", "log.parquet"]])
def test_another_format_is_refused_and_nothing_is_written(
    iscore: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert iscore("audit", "export", *arguments).code == 2
    assert not list(tmp_path.glob("log.*"))


# --- what feeds write -------------------------------------------------------------------------------


def test_feeds_that_are_added_and_removed_are_logged_once(iscore: Run) -> None:
    url = "https://h.example/rss"
    for _ in range(2):  # the second time changes nothing
        iscore("feeds", "add", url, "--name", "Harbour")
    for _ in range(2):
        iscore("feeds", "remove", url + "#top")
    assert logged() == [
        ("command line", "feed.remove", url, {}),
        ("command line", "feed.add", url, {"name": "Harbour"}),
    ]


def test_feeds_that_are_imported_are_logged_with_those_that_are_new(iscore: Run, tmp_path: Path) -> None:
    file = tmp_path / "feeds.opml"
    file.write_bytes(OPML)
    iscore("feeds", "add", "https://v.example/rss", "--no-check")
    for _ in range(2):
        assert iscore("feeds", "import", file).code == 0
    assert logged()[0] == ("command line", "feed.import", str(file), {"new": 1, "feeds": ["https://h.example/rss"]})
    assert len(logged()) == 2
