"""What a headline is about: a linear classifier on a title's vector."""

import io
from dataclasses import dataclass
from zipfile import BadZipFile

import numpy as np

from service.errors import ArtifactError
from service.head import Floats, Vectors
from service.types import TOPICS, Topic


@dataclass(frozen=True, slots=True)
class TopicHead:
    """``weights`` (topics, width + 1), float64: rows in the order of TOPICS, the intercept last."""

    weights: Floats

    def predict(self, vectors: Vectors) -> list[Topic]:
        """The likeliest topic of each row."""
        # Not one product of matrices: it may add up in another order for another number of rows.
        rows = vectors.astype(np.float64)
        likelihoods = np.stack([np.vecdot(rows, one[:-1]) + one[-1] for one in self.weights])
        return [TOPICS[index] for index in likelihoods.argmax(0)]

    def to_bytes(self) -> bytes:
        """As an ``.npz`` file."""
        buffer = io.BytesIO()
        np.savez(buffer, weights=self.weights)
        return buffer.getvalue()


def topic_head_from_bytes(content: bytes) -> TopicHead:
    """What ``to_bytes`` wrote, never executed; ArtifactError when it is not such a file."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            weights = np.asarray(arrays["weights"])
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as exc:
        raise ArtifactError(f"topics.npz cannot be used: {exc}") from exc
    sound = weights.dtype == np.float64 and weights.ndim == 2 and np.isfinite(weights).all()
    if not sound or len(weights) != len(TOPICS):
        raise ArtifactError(f"topics.npz does not hold float64 weights ({len(TOPICS)}, n)")
    return TopicHead(weights)
