"""The pointer to the current version names one that exists, and moves at once or not at all."""

import threading
from pathlib import Path

import pytest

from service.errors import UnknownModelError
from service.registry import Registry
from tests.tiny_models import write_version


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    for name in ("tiny-2", "tiny-1"):
        write_version(tmp_path / name)
    return Registry(tmp_path)


def test_versions_are_the_folders_with_a_manifest_by_name(registry: Registry) -> None:
    (registry.folder / "empty").mkdir()
    (registry.folder / ".new-x").mkdir()
    (registry.folder / ".new-x" / "manifest.json").write_text("{}")
    (registry.folder / "README.md").write_text("# Models")
    assert registry.versions() == ["tiny-1", "tiny-2"]


def test_a_folder_that_there_is_not_holds_no_versions(tmp_path: Path) -> None:
    assert Registry(tmp_path / "none").versions() == []
    with pytest.raises(UnknownModelError, match="iscore models use"):
        Registry(tmp_path / "none").current()


def test_nothing_is_current_before_the_first_choice(registry: Registry) -> None:
    with pytest.raises(UnknownModelError, match="iscore models use"):
        registry.current()
    assert registry.use("tiny-1") is None
    assert registry.current() == "tiny-1"


def test_a_choice_says_what_was_current_so_that_it_can_be_taken_back(registry: Registry) -> None:
    registry.use("tiny-1")
    assert registry.use("tiny-2") == "tiny-1"
    assert registry.use("tiny-1") == "tiny-2"
    assert registry.current() == "tiny-1"


@pytest.mark.parametrize("name", ["none-1", "", "..", ".", "../tiny-1", "tiny-1/", "CURRENT", "/", "tiny-1\0"])
def test_a_version_that_there_is_not_is_refused_and_nothing_moves(registry: Registry, name: str) -> None:
    registry.use("tiny-1")
    with pytest.raises(UnknownModelError, match="tiny-1, tiny-2"):
        registry.use(name)
    assert registry.current() == "tiny-1"
    assert sorted(path.name for path in registry.folder.iterdir()) == ["CURRENT", "tiny-1", "tiny-2"]


@pytest.mark.parametrize("content", [b"none-1\n", b"", b"../tiny-1", b"\xff\xfe", b"tiny-1\ntiny-2\n"])
def test_a_pointer_to_nothing_is_said_and_can_be_replaced(registry: Registry, content: bytes) -> None:
    (registry.folder / "CURRENT").write_bytes(content)
    with pytest.raises(UnknownModelError):
        registry.current()
    assert registry.use("tiny-2") is None
    assert registry.current() == "tiny-2"


def test_a_pointer_written_by_hand_is_read_without_its_line_end(registry: Registry) -> None:
    (registry.folder / "CURRENT").write_bytes(b" tiny-2\r\n")
    assert registry.current() == "tiny-2"


def test_the_pointer_is_old_or_new_at_every_instant(registry: Registry) -> None:
    registry.use("tiny-1")
    seen: set[str] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            seen.add(registry.current())

    watcher = threading.Thread(target=watch)
    watcher.start()
    for _ in range(50):
        registry.use("tiny-2")
        registry.use("tiny-1")
    done.set()
    watcher.join()
    assert seen <= {"tiny-1", "tiny-2"}
    assert sorted(path.name for path in registry.folder.iterdir()) == ["CURRENT", "tiny-1", "tiny-2"]


def test_the_pointer_can_be_read_by_other_users(registry: Registry) -> None:
    registry.use("tiny-1")
    assert (registry.folder / "CURRENT").stat().st_mode & 0o777 == 0o644
