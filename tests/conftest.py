"""What several rooms' tests share."""

from pathlib import Path

import pytest
from hypothesis import settings

from service.model import ImportanceModel, load
from service.registry import Registry
from service.settings import read_settings

# No deadlines: a busy machine is no failure. The same examples in every run: a red suite can be run again.
settings.register_profile("iscore", deadline=None, derandomize=True, database=None)
settings.load_profile("iscore")


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """The folder of model versions: the shipped one, or what ISCORE_MODELS names."""
    return read_settings().models


@pytest.fixture(scope="session")
def model(models_dir: Path) -> ImportanceModel:
    """The current model, loaded once: it keeps no state between calls."""
    registry = Registry(models_dir)
    return load(registry.path(registry.current()))
