"""What a teacher tells of headlines that nobody judged, and that it can be stopped while it does."""

import csv
import gzip
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from service.head import Floats, Vectors
from service.text import headline_id
from training import data
from training.dataset import FEATURE_DEVIATION, FEATURES
from training.pseudo_label import Judge, codes, pseudo_label

TITLES = [f"Flood of {number} homes feared" for number in range(40)]
HIDDEN = 12


class ByNumber:
    """Scores "Flood of 12 homes feared" ``start`` + 12 and remembers what it was asked."""

    def __init__(self, start: float = 0.0, stop_after: int = 1_000_000) -> None:
        self.start, self.stop_after = start, stop_after
        self.asked: list[list[str]] = []

    def judge(self, texts: Sequence[str]) -> tuple[Floats, Vectors]:
        if len(self.asked) == self.stop_after:
            raise KeyboardInterrupt
        self.asked.append(list(texts))
        scores = np.array([self.start + float(text.split()[2]) for text in texts])
        waves = np.sin(scores[:, None] * np.arange(1, HIDDEN + 1) + self.start)
        return scores, waves.astype(np.float32)


@pytest.fixture(autouse=True)
def no_development_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(tmp_path, monkeypatch)


def publish(folder: Path, monkeypatch: pytest.MonkeyPatch, *rows: str) -> None:
    monkeypatch.setattr(data, "LABELS", folder)
    (folder / "rated.csv.gz").write_bytes(gzip.compress("\n".join(["id,split", *rows]).encode()))


def told(folder: Path, teachers: Sequence[Judge], titles: Sequence[str], most: int = 1000, seed: int = 0) -> Path:
    """The file that the teachers write about these titles; blocks are kept in the folder's ``work``."""
    folder.mkdir(exist_ok=True)
    (folder / "source.csv").write_text("title\n" + "".join(f"{title}\n" for title in titles), "utf-8")
    out = folder / "taught.csv.gz"
    assert pseudo_label(teachers, [folder / "source.csv"], most, seed, out, folder / "work") == len(rows(out))
    return out


def rows(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def column(path: Path, name: str) -> dict[str, str]:
    return {row["id"]: row[name] for row in rows(path)}


def test_each_headline_of_headline_length_is_scored_once(tmp_path: Path) -> None:
    again, short, long = "FLOOD  of 3 homes feared!", "Flood 5", "Flood of 7 " + "homes " * 28
    out = told(tmp_path / "a", [ByNumber()], [*TITLES, again, short, long])
    assert column(out, "i_score") == {headline_id(title): f"{n}.0" for n, title in enumerate(TITLES)}
    assert len(rows(out)) == len(TITLES)


def test_scores_stay_on_the_scale(tmp_path: Path) -> None:
    scores = column(told(tmp_path / "a", [ByNumber(start=90.0)], TITLES), "i_score")
    assert scores[headline_id(TITLES[9])] == "99.0"
    assert scores[headline_id(TITLES[30])] == "100.0"


def test_the_draw_is_as_large_as_asked_and_the_same_for_a_seed(tmp_path: Path) -> None:
    draws = [
        list(column(told(tmp_path / str(number), [ByNumber()], TITLES, most=10, seed=seed), "id"))
        for number, seed in enumerate((0, 0, 1))
    ]
    assert [len(draw) for draw in draws] == [10, 10, 10]
    assert draws[0] == draws[1]
    assert set(draws[0]) != set(draws[2])


def test_headlines_that_judge_the_models_are_never_scored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dev, train = TITLES[4], TITLES[5]
    publish(tmp_path, monkeypatch, f"{headline_id(dev)},dev", f"{headline_id(train)},train")
    teacher = ByNumber()
    found = column(told(tmp_path / "a", [teacher], [*TITLES, dev.upper()]), "id")
    assert headline_id(dev) not in found
    assert headline_id(train) in found
    assert not {dev, dev.upper()} & {text for asked in teacher.asked for text in asked}


def test_of_several_teachers_the_mean_is_taken_and_the_features_of_the_first(tmp_path: Path) -> None:
    low, high = ByNumber(), ByNumber(start=20.0)
    alone, other = told(tmp_path / "a", [low], TITLES), told(tmp_path / "b", [high], TITLES)
    both = told(tmp_path / "c", [low, high], TITLES)
    assert column(both, "i_score") == {headline_id(title): f"{n + 10}.0" for n, title in enumerate(TITLES)}
    assert column(both, "features") == column(alone, "features") != column(other, "features")


def test_features_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    teacher = ByNumber()
    out = told(tmp_path / "a", [teacher], TITLES)
    _, features = teacher.judge(teacher.asked[0])
    written = [np.frombuffer(bytes.fromhex(row["features"]), np.int8) for row in rows(out)]
    assert np.array_equal(np.array(written), codes(features))


def test_a_stopped_run_goes_on_after_the_last_finished_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.pseudo_label._BLOCK", 16)
    whole, stopped, later = ByNumber(), ByNumber(stop_after=1), ByNumber()
    expected = rows(told(tmp_path / "whole", [whole], TITLES))
    with pytest.raises(KeyboardInterrupt):
        told(tmp_path / "stopped", [stopped], TITLES)
    assert not (tmp_path / "stopped" / "taught.csv.gz").exists()
    assert rows(told(tmp_path / "stopped", [later], TITLES)) == expected
    assert [len(asked) for asked in whole.asked] == [16, 16, 8]
    assert [*stopped.asked, *later.asked] == whole.asked


def test_codes_are_bytes_on_one_scale_that_keep_nearly_all_that_varies() -> None:
    random = np.random.default_rng(0)
    spread = 2.0 ** -np.arange(6)
    features = (random.normal(size=(4000, 6)) * spread @ random.normal(size=(6, 64))).astype(np.float32)
    features += 0.02 * random.normal(size=features.shape).astype(np.float32)
    found = codes(features)
    assert (found.dtype, found.shape) == (np.int8, (4000, FEATURES))
    deviations = found.astype(float).std(0)
    assert deviations[0] == pytest.approx(FEATURE_DEVIATION, rel=0.02)
    assert (np.diff(deviations[:6]) < 0).all()
    standard = (features - features.mean(0)) / features.std(0)
    rebuilt = (
        np.column_stack([found, np.ones(4000)])
        @ np.linalg.lstsq(np.column_stack([found, np.ones(4000)]), standard, rcond=None)[0]
    )
    assert ((standard - rebuilt) ** 2).mean() < 0.03


def test_an_outlier_is_cut_and_does_not_wrap_around() -> None:
    features = np.random.default_rng(0).normal(size=(500, FEATURES)).astype(np.float32)
    features[:, 1:] *= 0.01
    features[0] = 60.0
    features[1] = -60.0
    found = codes(features)
    assert {abs(int(found[0, 0])), abs(int(found[1, 0]))} == {127}
    assert found[0, 0] == -found[1, 0]
