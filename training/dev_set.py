"""The development set as a version keeps it: vectors and ratings. Its titles are not ours to publish."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.arrays import arrays_from_bytes, arrays_to_bytes
from service.artifact import Artifact
from service.errors import ArtifactError
from service.head import Vectors
from service.types import TOPICS
from training.metrics import Scores

DEV_SET = "dev.npz"


@dataclass(frozen=True, slots=True)
class DevSet:
    """Any head of the encoder that made ``vectors`` (n, width) can be judged by it, without a title.

    ``i_scores`` (n,) are mean ratings, 0-100, and ``topics`` (n,) what the version's own classifier says, by position
    in TOPICS. Vectors are kept in 16 bits, which moves a score by some hundredths of a point.
    """

    vectors: Vectors
    i_scores: Scores
    topics: NDArray[np.uint8]

    def to_bytes(self) -> bytes:
        """As an ``.npz`` file."""
        vectors, i_scores = self.vectors.astype(np.float16), self.i_scores.astype(np.float32)
        return arrays_to_bytes(vectors=vectors, i_scores=i_scores, topics=self.topics)


def dev_set_of(version: Artifact) -> DevSet:
    """What a version keeps; ArtifactError when it is of format 2, or damaged."""
    if DEV_SET not in version.files:
        raise ArtifactError(f"{version.version} has no {DEV_SET}: it is of format 2; make it anew with this iscore")
    vectors, i_scores, topics = arrays_from_bytes(version.files[DEV_SET], DEV_SET, "vectors", "i_scores", "topics")
    sound = (
        [str(one.dtype) for one in (vectors, i_scores, topics)] == ["float16", "float32", "uint8"]
        and vectors.ndim == 2
        and i_scores.shape == topics.shape == (len(vectors),)
        and np.isfinite(vectors).all()
        and np.isfinite(i_scores).all()
        and (topics < len(TOPICS)).all()
    )
    if not sound:
        raise ArtifactError(f"{DEV_SET} does not hold vectors (n, width), i_scores (n,) and topics (n,)")
    return DevSet(vectors.astype(np.float32), i_scores.astype(np.float64), topics)
