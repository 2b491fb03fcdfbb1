"""The trained scorer: titles in, i-Scores out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service import artifact
from service.artifact import Artifact
from service.calibration import calibration_from_json
from service.encoder import Encoder, available_cpus
from service.errors import ArtifactError
from service.head import Vectors, head_from_bytes
from service.topics import topic_head_from_bytes
from service.types import Topic

GOLDEN_TOLERANCE = 0.01
"""In points. Kernels of other processors move a score by some 1e-5; another model moves it by whole points."""

UNREADABLE = "words are unknown to the model"
"""What ``unfamiliar`` ends in."""


class ImportanceModel:
    """A checked and warmed model version. Its methods may be called from several threads."""

    def __init__(self, source: Artifact, threads: int) -> None:
        self.version = source.version
        self.manifest = source.manifest
        try:
            self.encoder = Encoder(source.files["encoder.onnx"], source.files["tokenizer.json"], threads)
            self.head = head_from_bytes(source.files["head.npz"])
            self.topic_head = topic_head_from_bytes(source.files["topics.npz"])
            self.calibration = calibration_from_json(source.json("calibration.json"))
        except ArtifactError as exc:
            raise ArtifactError(f"{source.version}: {exc}") from exc
        if not self.encoder.width + 1 == len(self.head.mean) == self.topic_head.weights.shape[1]:
            raise ArtifactError(f"{source.version}: its heads are not of the width of its encoder's vectors")

    def predict(self, titles: Sequence[str]) -> NDArray[np.float32]:
        """Raw i-Scores, shape (n,), float32, 0-100, in input order; the same bits in any batch and any order."""
        return self.scores(self.encoder.encode(titles))

    def scores(self, vectors: Vectors) -> NDArray[np.float32]:
        """Raw i-Scores of titles that were encoded before."""
        return self.calibration.apply(self.head.predict(vectors))

    def unfamiliar(self, words: int, broken: int) -> str | None:
        """Why the vocabulary cannot read a title, in words for its reader; None when it can. See ``Encoder.read``."""
        return f"{broken} of its {words} {UNREADABLE}" if broken > words / 2 else None

    def topics(self, vectors: Vectors) -> list[Topic]:
        """Topics of titles that were encoded before."""
        return self.topic_head.predict(vectors)


def load(folder: Path, threads: int = 0) -> ImportanceModel:
    """Size caps, SHA-256, schema, golden scores, warm: in that order, or ArtifactError.

    ``threads`` 0 means as many as the process may use.
    """
    source = artifact.read(folder)
    model = ImportanceModel(source, threads or available_cpus())
    _check_golden(model, source.json("golden.json"))  # scores enough titles to warm the session as well
    return model


def _check_golden(model: ImportanceModel, golden: object) -> None:
    rows = golden if isinstance(golden, list) else []
    pairs: list[tuple[Any, Any]] = [
        (row.get("title"), row.get("score")) if isinstance(row, dict) else (None, None) for row in rows
    ]
    if not pairs or not all(isinstance(title, str) and _is_score(score) for title, score in pairs):
        raise ArtifactError(f"{model.version}: golden.json holds no titles with scores")
    try:
        scores = model.predict([title for title, _ in pairs])
    except Exception as exc:
        raise ArtifactError(f"{model.version}: encoder.onnx cannot read: {exc}") from exc
    worst = float(np.abs(scores - np.array([score for _, score in pairs])).max())
    if not worst <= GOLDEN_TOLERANCE:  # written so that NaN fails, which numpy's max keeps and Python's may lose
        raise ArtifactError(f"{model.version}: golden scores are off by {worst:.3f} points, at most {GOLDEN_TOLERANCE}")


def _is_score(value: object) -> bool:
    return isinstance(value, (int, float)) and 0 <= value <= 100  # NaN is not
