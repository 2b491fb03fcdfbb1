"""Vectors of titles that were read before: the queue asks for nearly the same two thousand after every few answers."""

from collections.abc import Sequence
from threading import Lock

import numpy as np

from service.head import Vectors
from service.model import ImportanceModel

_MOST = 4096
"""Titles kept, some 3 MB; reading as many takes half a second."""


class Encoded:
    """The vectors of one model at a time, newest last. For any thread."""

    def __init__(self) -> None:
        self._version = ""
        self._kept: dict[str, Vectors] = {}
        self._lock = Lock()

    def vectors(self, model: ImportanceModel, titles: Sequence[str]) -> Vectors:
        """Vectors (n, width) of titles, in input order."""
        with self._lock:
            known = dict(self._kept) if self._version == model.version else {}
        new = [title for title in dict.fromkeys(titles) if title not in known]
        known.update(zip(new, model.encoder.encode(new), strict=True))
        with self._lock:
            self._version, self._kept = model.version, {title: known[title] for title in list(known)[-_MOST:]}
        return np.array([known[title] for title in titles], np.float32).reshape(len(titles), model.encoder.width)
