"""A running service follows the chosen version, and never trades a working model for a broken one."""

import logging
from pathlib import Path

import pytest

from service.current import CurrentModel
from service.errors import ArtifactError, StoreError, UnknownModelError
from service.model import ImportanceModel, load
from service.registry import Registry
from tests.tiny_models import write_version


class Prepared:
    """Remembers which models were prepared; fails while it is told to."""

    def __init__(self) -> None:
        self.versions: list[str] = []
        self.fails = False

    def __call__(self, model: ImportanceModel) -> None:
        if self.fails:
            raise StoreError("the database has gone away")
        self.versions.append(model.version)


class Loads:
    """Loads models and remembers which."""

    def __init__(self) -> None:
        self.versions: list[str] = []

    def __call__(self, folder: Path, threads: int) -> ImportanceModel:
        self.versions.append(folder.name)
        return load(folder, threads)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    write_version(tmp_path / "tiny-1")
    write_version(tmp_path / "tiny-2", upside_down=True)
    write_version(tmp_path / "broken-1", encoder_onnx=b"garbage")
    registry = Registry(tmp_path)
    registry.use("tiny-1")
    return registry


@pytest.fixture
def prepared() -> Prepared:
    return Prepared()


@pytest.fixture
def loads() -> Loads:
    return Loads()


@pytest.fixture
def current(registry: Registry, prepared: Prepared, loads: Loads) -> CurrentModel:
    return CurrentModel(registry, 1, prepared, loads)


def test_the_chosen_version_serves_from_the_start(current: CurrentModel) -> None:
    assert (current.model.version, current.refused) == ("tiny-1", None)
    assert current.follow() is False


def test_without_a_sound_choice_there_is_no_start(registry: Registry, prepared: Prepared) -> None:
    registry.use("broken-1")
    with pytest.raises(ArtifactError):
        CurrentModel(registry, 1, prepared)
    (registry.shipped / "CURRENT").unlink()
    with pytest.raises(UnknownModelError):
        CurrentModel(registry, 1, prepared)


def test_a_new_choice_is_prepared_and_then_serves(
    current: CurrentModel, registry: Registry, prepared: Prepared, loads: Loads
) -> None:
    registry.use("tiny-2")
    assert current.follow() is True
    assert (current.model.version, prepared.versions) == ("tiny-2", ["tiny-2"])
    assert current.follow() is False
    assert loads.versions == ["tiny-1", "tiny-2"]


def test_a_broken_choice_is_tried_once_logged_once_and_said(
    current: CurrentModel, registry: Registry, loads: Loads, caplog: pytest.LogCaptureFixture
) -> None:
    registry.use("broken-1")
    with caplog.at_level(logging.ERROR):
        assert [current.follow() for _ in range(3)] == [False] * 3
    assert current.model.version == "tiny-1"
    assert "encoder.onnx cannot be used" in (current.refused or "")
    assert len(caplog.records) == 1
    assert loads.versions == ["tiny-1", "broken-1"]


def test_after_a_broken_choice_a_sound_one_serves(current: CurrentModel, registry: Registry) -> None:
    registry.use("broken-1")
    current.follow()
    registry.use("tiny-2")
    assert current.follow() is True
    assert (current.model.version, current.refused) == ("tiny-2", None)


def test_the_way_back_from_a_broken_choice_clears_the_complaint(current: CurrentModel, registry: Registry) -> None:
    registry.use("broken-1")
    current.follow()
    registry.use("tiny-1")
    assert current.follow() is False
    assert (current.model.version, current.refused) == ("tiny-1", None)


@pytest.mark.parametrize("content", ["", "none-1", None])
def test_a_lost_choice_is_said_until_it_is_found_again(
    current: CurrentModel, registry: Registry, content: str | None
) -> None:
    pointer = registry.shipped / "CURRENT"
    if content is None:
        pointer.unlink()
    else:
        pointer.write_text(content)
    assert current.follow() is False
    assert (current.model.version, bool(current.refused)) == ("tiny-1", True)
    registry.use("tiny-1")
    assert current.follow() is False
    assert current.refused is None


def test_a_change_that_could_not_be_prepared_is_made_up_for(
    current: CurrentModel, registry: Registry, prepared: Prepared
) -> None:
    prepared.fails = True
    registry.use("tiny-2")
    for _ in range(2):
        with pytest.raises(StoreError):
            current.follow()
    assert current.model.version == "tiny-1"
    prepared.fails = False
    assert current.follow() is True
    assert current.model.version == "tiny-2"


def test_the_old_model_serves_while_the_new_one_is_prepared(registry: Registry) -> None:
    serving: list[str] = []
    follower = CurrentModel(registry, 1, lambda model: serving.append(follower.model.version))
    registry.use("tiny-2")
    follower.follow()
    assert serving == ["tiny-1"]


def test_one_version_is_kept_beside_the_serving_one_and_no_more(current: CurrentModel, loads: Loads) -> None:
    assert current.beside("tiny-1") is current.model
    second = current.beside("tiny-2")
    assert current.beside("tiny-2") is second
    with pytest.raises(ArtifactError):
        current.beside("broken-1")
    assert current.beside("tiny-2") is not second
    assert loads.versions == ["tiny-1", "tiny-2", "broken-1", "tiny-2"]


def test_the_one_before_stays_beside_so_that_the_way_back_loads_nothing(
    current: CurrentModel, registry: Registry, loads: Loads
) -> None:
    first = current.model
    for version in ("tiny-2", "tiny-1"):
        registry.use(version)
        assert current.follow() is True
    assert current.model is first
    assert loads.versions == ["tiny-1", "tiny-2"]


def test_a_version_that_was_taken_over_is_not_followed_again(
    current: CurrentModel, registry: Registry, prepared: Prepared
) -> None:
    registry.use("tiny-2")
    current.take(current.beside("tiny-2"))
    assert (current.follow(), current.model.version, prepared.versions) == (False, "tiny-2", [])
