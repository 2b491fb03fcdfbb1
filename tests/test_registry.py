"""The pointer to the current version names one that exists, and moves at once or not at all; two folders are one."""

import threading
from pathlib import Path

import pytest

from service.errors import ArtifactError, UnknownModelError
from service.registry import Registry, registry_of
from service.settings import read_settings
from tests.tiny_models import write_version


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    for name in ("tiny-2", "tiny-1"):
        write_version(tmp_path / name)
    return Registry(tmp_path)


def test_versions_are_the_folders_with_a_manifest_by_name(registry: Registry) -> None:
    (registry.shipped / "empty").mkdir()
    (registry.shipped / ".new-x").mkdir()
    (registry.shipped / ".new-x" / "manifest.json").write_text("{}")
    (registry.shipped / "README.md").write_text("# Models")
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
    assert sorted(path.name for path in registry.shipped.iterdir()) == ["CURRENT", "tiny-1", "tiny-2"]


@pytest.mark.parametrize("content", [b"none-1\n", b"", b"../tiny-1", b"\xff\xfe", b"tiny-1\ntiny-2\n"])
def test_a_pointer_to_nothing_is_said_and_can_be_replaced(registry: Registry, content: bytes) -> None:
    (registry.shipped / "CURRENT").write_bytes(content)
    with pytest.raises(UnknownModelError):
        registry.current()
    assert registry.use("tiny-2") is None
    assert registry.current() == "tiny-2"


def test_a_pointer_written_by_hand_is_read_without_its_line_end(registry: Registry) -> None:
    (registry.shipped / "CURRENT").write_bytes(b" tiny-2\r\n")
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
    assert sorted(path.name for path in registry.shipped.iterdir()) == ["CURRENT", "tiny-1", "tiny-2"]


def test_the_pointer_can_be_read_by_other_users(registry: Registry) -> None:
    registry.use("tiny-1")
    assert (registry.shipped / "CURRENT").stat().st_mode & 0o777 == 0o644


# --- versions that are shipped, and the newsroom's own ---


@pytest.fixture
def both(tmp_path: Path) -> Registry:
    """tiny-1 is shipped and current, house-1 was made here."""
    write_version(tmp_path / "shipped" / "tiny-1")
    write_version(tmp_path / "own" / "house-1")
    Registry(tmp_path / "shipped").use("tiny-1")
    return Registry(tmp_path / "shipped", tmp_path / "own")


def test_versions_of_both_folders_are_listed_and_say_where_they_come_from(both: Registry) -> None:
    assert [(name, both.origin(name)) for name in both.versions()] == [("house-1", "own"), ("tiny-1", "shipped")]
    assert both.own is not None
    assert (both.path("house-1"), both.path("tiny-1")) == (both.own / "house-1", both.shipped / "tiny-1")


def test_without_a_choice_of_ones_own_the_shipped_one_counts(both: Registry) -> None:
    assert both.current() == "tiny-1"
    assert Registry(both.shipped, both.shipped / "none").current() == "tiny-1"


def test_a_choice_of_ones_own_counts_and_leaves_the_shipped_folder_as_it_is(both: Registry) -> None:
    before = {path: path.stat().st_mtime_ns for path in [both.shipped, *both.shipped.rglob("*")]}
    assert both.use("house-1") == "tiny-1"
    assert (both.current(), Registry(both.shipped).current()) == ("house-1", "tiny-1")
    assert {path: path.stat().st_mtime_ns for path in [both.shipped, *both.shipped.rglob("*")]} == before


def test_who_goes_back_to_the_shipped_choice_follows_the_next_release(both: Registry) -> None:
    both.use("house-1")
    assert both.use("tiny-1") == "house-1"
    write_version(both.shipped / "tiny-2")
    Registry(both.shipped).use("tiny-2")
    assert both.current() == "tiny-2"


def test_a_shipped_version_that_is_not_the_shipped_choice_is_chosen_for_good(both: Registry) -> None:
    write_version(both.shipped / "tiny-2")
    both.use("tiny-2")
    assert (both.current(), Registry(both.shipped).current()) == ("tiny-2", "tiny-1")


def test_the_folder_for_ones_own_is_made_with_the_first_choice(both: Registry, tmp_path: Path) -> None:
    write_version(both.shipped / "tiny-2")
    fresh = Registry(both.shipped, tmp_path / "state" / "models")
    fresh.use("tiny-2")
    assert (tmp_path / "state" / "models" / "CURRENT").read_text() == "tiny-2\n"


def test_a_name_in_both_folders_is_an_error_that_names_both(both: Registry, tmp_path: Path) -> None:
    write_version(tmp_path / "own" / "tiny-1")
    for read in (both.current, lambda: both.path("tiny-1"), lambda: both.use("tiny-1")):
        with pytest.raises(ArtifactError, match=r"two versions 'tiny-1', .*shipped/tiny-1 and .*own/tiny-1"):
            read()
    assert both.versions() == ["house-1", "tiny-1"]
    assert both.use("house-1") is None


def test_a_choice_that_is_gone_is_said_with_its_name(both: Registry) -> None:
    assert both.own is not None
    (both.own / "CURRENT").write_text("house-9\n")
    with pytest.raises(UnknownModelError, match=r"own/CURRENT names 'house-9'.*iscore models use.*house-1, tiny-1"):
        both.current()


def test_settings_name_the_shipped_folder_and_the_state_that_holds_ones_own(tmp_path: Path) -> None:
    settings = read_settings(state=tmp_path / "state", models=tmp_path / "shipped")
    assert registry_of(settings) == Registry(tmp_path / "shipped", tmp_path / "state" / "models")
    assert registry_of(read_settings(state=tmp_path, models=tmp_path / "models")) == Registry(tmp_path / "models")
