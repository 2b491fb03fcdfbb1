"""What a teacher's scores are given to, and who the teacher is."""

import csv
import gzip
from pathlib import Path

import pytest
from typer.testing import CliRunner

from service.text import headline_id
from tests.tiny_models import write_version
from training import data
from training.cli import app


def rows(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def teach_on_the_command_line(folder: Path, titles: list[str], *options: str) -> list[dict[str, str]]:
    write_version(folder / "up")
    write_version(folder / "down", upside_down=True)
    (folder / "source.csv").write_text("title\n" + "".join(f"{title}\n" for title in titles), "utf-8")
    out = folder / "taught.csv.gz"
    call = ["teach", str(folder / "source.csv"), "--out", str(out), "--models", str(folder), *options]
    assert CliRunner().invoke(app, call).exit_code == 0
    return rows(out)


def test_a_teacher_scores_each_headline_of_headline_length_once(tmp_path: Path) -> None:
    titles = ["w80 w80 w83", "W80  W80 w83!", "w1 w2", "w50 " * 31]
    assert teach_on_the_command_line(tmp_path, titles, "--by", "up") == [
        {"id": headline_id("w80 w80 w83"), "i_score": "81.0"}
    ]


def test_of_several_teachers_the_mean_is_taken(tmp_path: Path) -> None:
    (row,) = teach_on_the_command_line(tmp_path, ["w80 w80 w83"], "--by", "up", "--by", "down")
    assert row["i_score"] == "50.0"


def test_the_draw_is_as_large_as_asked_and_the_same_for_a_seed(tmp_path: Path) -> None:
    titles = [f"w{n} w{n} w{n}" for n in range(40)]
    draws = []
    for number, seed in enumerate("001"):
        folder = tmp_path / str(number)
        folder.mkdir()
        draws.append(teach_on_the_command_line(folder, titles, "--by", "up", "--most", "10", "--seed", seed))
    assert [len(draw) for draw in draws] == [10, 10, 10]
    assert draws[0] == draws[1] != draws[2]


def test_headlines_that_judge_the_models_are_not_taught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "LABELS", tmp_path)
    rated = f"id,split\n{headline_id('w1 w1 w1')},dev\n{headline_id('w2 w2 w2')},train\n"
    (tmp_path / "rated.csv.gz").write_bytes(gzip.compress(rated.encode()))
    (row,) = teach_on_the_command_line(tmp_path, ["w1 w1 w1", "w2 w2 w2"], "--by", "up")
    assert row["id"] == headline_id("w2 w2 w2")
