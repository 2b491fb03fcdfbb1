"""What a headline is about: a linear classifier on a title's vector."""

from dataclasses import dataclass

import numpy as np

from service.arrays import arrays_from_bytes, arrays_to_bytes
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
        return arrays_to_bytes(weights=self.weights)


def topic_head_from_bytes(content: bytes) -> TopicHead:
    """What ``to_bytes`` wrote, never executed; ArtifactError when it is not such a file."""
    (weights,) = arrays_from_bytes(content, "topics.npz", "weights")
    sound = weights.dtype == np.float64 and weights.ndim == 2 and np.isfinite(weights).all()
    if not sound or len(weights) != len(TOPICS):
        raise ArtifactError(f"topics.npz does not hold float64 weights ({len(TOPICS)}, n)")
    return TopicHead(weights)
