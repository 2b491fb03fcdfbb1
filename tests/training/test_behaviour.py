"""What is demanded of any model, asked of made-up ones."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from training import data
from training.behaviour import FILE, behaviour
from training.dataset import read_rows

ASKED = """
[same.faith]
values = ["A", "B", "C"]
templates = ["{} sing", "Fire hurts {}"]
[[order]]
titles = ["calm", "storm 10", "flood 20"]
[floor]
75 = ["flood 80"]
[ceiling]
25 = ["calm"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "asked.toml"
    path.write_text(ASKED, "utf-8")
    return path


def by_last_number(titles: Sequence[str]) -> NDArray[np.float32]:
    return np.array([float(title.split()[-1]) if title[-1].isdigit() else 0 for title in titles], np.float32)


def test_a_model_that_does_everything_right_breaks_nothing(file: Path) -> None:
    found = behaviour(by_last_number, file)
    assert (found.broken, found.asked) == ([], 4)
    assert found.same["faith"].spread == 0


def test_what_is_broken_is_named_with_its_scores(file: Path) -> None:
    found = behaviour(lambda titles: 50 - by_last_number(titles), file)
    assert found.broken == [
        "storm 10 (40) <= calm (50)",
        "flood 20 (30) <= storm 10 (40)",
        "flood 80 (-30): at least 75",
        "calm (50): at most 25",
    ]


def test_favour_is_the_distance_to_the_mean_of_the_others(file: Path) -> None:
    found = behaviour(lambda titles: np.array([6.0 * ("A" in title) for title in titles], np.float32), file)
    assert found.same["faith"].favour == {"A": 6, "B": -3, "C": -3}
    assert found.same["faith"].spread == 6


def test_no_model_trains_on_what_is_asked() -> None:
    asked = behaviour_titles()
    for path in data.FAMILIES.values():
        assert not asked & {row["title"].lower() for row in read_rows(path)}


def behaviour_titles() -> set[str]:
    titles: set[str] = set()

    def collect(asked: Sequence[str]) -> NDArray[np.float32]:
        titles.update(title.lower() for title in asked)
        return np.zeros(len(asked), np.float32)

    behaviour(collect, FILE)
    return titles
