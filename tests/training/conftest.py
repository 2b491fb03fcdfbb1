"""What the training's tests share."""

import pytest
import torch


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """Networks of this size gain nothing from a second thread, and on a busy machine wait for it at every step."""
    torch.set_num_threads(1)
