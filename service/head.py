"""The last step of a score: Bayesian linear regression on a title's vector.

Its posterior is in the artifact, so that new labels change it exactly and at once (Bishop 2006, "Pattern Recognition
and Machine Learning", section 3.3), and its variance says how much they leave open.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.arrays import arrays_from_bytes, arrays_to_bytes
from service.errors import ArtifactError

Vectors = NDArray[np.float32]
"""Of titles, (n, width)."""
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Head:
    """Posterior of the weights of a vector's entries and, last, of the intercept; all float64.

    ``mean`` is (width + 1,) in points, ``precision`` (width + 1, width + 1) in units of 1 / ``noise``, and ``noise``
    the variance of a label of weight 1 in points squared.
    """

    mean: Floats
    precision: Floats
    noise: float

    def predict(self, vectors: Vectors) -> Floats:
        """Points, (n,), not yet calibrated nor cut to 0-100. A row's bits do not depend on the other rows."""
        points: Floats = np.vecdot(vectors.astype(np.float64), self.mean[:-1]) + self.mean[-1]
        return points

    def variance(self, vectors: Vectors) -> Floats:
        """Predictive variance in points squared, (n,): of the weights and of a label's noise together."""
        rows = with_one(vectors)
        of_weights: Floats = (rows * np.linalg.solve(self.precision, rows.T).T).sum(1)
        return self.noise * (1.0 + of_weights)

    def updated(self, vectors: Vectors, i_scores: Floats, weights: Floats) -> "Head":
        """The posterior after more labels: the same whether they come at once, one by one or in another order."""
        rows = with_one(vectors)
        precision: Floats = self.precision + (rows.T * weights) @ rows
        mean = np.linalg.solve(precision, self.precision @ self.mean + rows.T @ (weights * i_scores))
        return Head(mean.astype(np.float64), precision, self.noise)

    def to_bytes(self) -> bytes:
        """As an ``.npz`` file."""
        return arrays_to_bytes(mean=self.mean, precision=self.precision, noise=np.array(self.noise))


def head_from_bytes(content: bytes) -> Head:
    """What ``to_bytes`` wrote, never executed; ArtifactError when it is not such a file."""
    mean, precision, noise = arrays_from_bytes(content, "head.npz", "mean", "precision", "noise")
    sound = (
        all(one.dtype == np.float64 and np.isfinite(one).all() for one in (mean, precision, noise))
        and mean.ndim == 1
        and precision.shape == (len(mean), len(mean))
        and noise.shape == ()
    )
    if not sound:
        raise ArtifactError("head.npz does not hold a posterior: float64 mean (n,), precision (n, n) and noise ()")
    return Head(mean, precision, float(noise))


def with_one(vectors: NDArray[np.floating[Any]]) -> Floats:
    """Rows (n, width + 1) that a head's mean is multiplied with: a 1 for the intercept stands behind each vector."""
    return np.column_stack([vectors.astype(np.float64), np.ones(len(vectors))])
