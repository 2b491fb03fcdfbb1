"""A file that something else may read is never seen half-written."""

from pathlib import Path

import pytest

from training.whole import written_whole


def test_the_old_file_stands_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.csv"
    for text in ("old", "new"):
        with written_whole(path) as temporary:
            assert not path.exists() or path.read_text() == "old"
            temporary.write_text(text)
    assert path.read_text() == "new"


def test_an_error_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError), written_whole(path) as temporary, temporary.open("w", 1, "ascii") as file:
        file.writelines(["half\n", "\u2026"])
    assert [one.read_text() for one in tmp_path.iterdir()] == ["old"]
