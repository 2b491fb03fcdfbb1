"""Arrays by name in a file of a model version: plain numbers, never pickle."""

import io
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from service.errors import ArtifactError


def arrays_to_bytes(**arrays: NDArray[Any]) -> bytes:
    """As an ``.npz`` file."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def arrays_from_bytes(content: bytes, file: str, *names: str) -> list[NDArray[Any]]:
    """The arrays ``names`` of the ``.npz`` file ``file``, never executed; ArtifactError when they are not there."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return [np.asarray(arrays[name]) for name in names]
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as exc:
        raise ArtifactError(f"{file} cannot be used: {exc}") from exc
