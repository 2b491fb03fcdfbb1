"""What a newsroom's taste may change in a head, and what one more label would tell of it. Pure, numpy only.

The posterior of 60,000 labels is too stiff for a few hundred to move. So the change has a prior of its own: any
direction of a title's vector may change, those that tell topics apart perhaps more. How much of each is averaged over
WEIGHTS and TOPIC_SHARES when it is learnt (training/taste.py); what to ask for is chosen by their mean.
"""

import numpy as np

from service.head import Floats, Vectors, with_one
from service.topics import TopicHead

WEIGHTS = (0.002, 0.006, 0.017, 0.05)
"""How far a change may go: what one label counts against it."""
TOPIC_SHARES = (0.0, 3.0)
"""How much freer the directions of topics are than all others."""
_LEVEL_WEIGHT = 30.0
"""How much freer the level of all scores is than a direction of the vector."""


def prior_root(topics: TopicHead, share: float) -> Floats:
    """A square root of the prior's covariance for weight 1; isotropic where ``share`` is 0."""
    apart = topics.weights[:, :-1] - topics.weights[:, :-1].mean(0)
    apart *= np.sqrt(apart.shape[1] / max(float((apart**2).sum()), 1e-12))  # as much in all as the isotropic part
    values, vectors = np.linalg.eigh(np.eye(apart.shape[1]) + share * apart.T @ apart)
    root = np.zeros((len(values) + 1, len(values) + 1))
    root[:-1, :-1] = (vectors * np.sqrt(values)) @ vectors.T
    root[-1, -1] = np.sqrt(_LEVEL_WEIGHT)
    return root


def taste_rows(topics: TopicHead, vectors: Vectors) -> Floats:
    """Titles (n, width + 1) so measured that the change has unit variance in any direction, and a label's noise too."""
    root = np.sqrt(np.mean(WEIGHTS)) * prior_root(topics, float(np.mean(TOPIC_SHARES)))
    rows: Floats = with_one(vectors) @ root
    return rows


class Unknown:
    """What is not known of a taste, over all titles of a pool, while labels of some of them come in.

    ``rows`` and ``known``, what was judged before, are from :func:`taste_rows`. Chooses by design as in Yu, Bi and
    Tresp 2006, "Active learning via transductive experimental design": no label's value is needed, only that it comes.
    """

    def __init__(self, rows: Floats, known: Floats) -> None:
        self._rows = rows
        self._spread: Floats = rows.T @ rows / max(len(rows), 1)
        self._covariance: Floats = np.linalg.inv(np.eye(rows.shape[1]) + known.T @ known).astype(np.float64)
        there = rows @ self._covariance
        self._variances: Floats = (there * rows).sum(1)
        self._shared: Floats = ((there @ self._spread) * there).sum(1)
        """Of each title, the mean over the pool of its squared covariance with the others."""

    def told(self) -> Floats:
        """(n,): by how much a label of each title would lower the mean variance of all, in units of the noise."""
        return self._shared / (1 + self._variances)

    def learn(self, row: int) -> None:
        """One title gets a label: Sherman and Morrison's formula for all that depends on the covariance."""
        gone = self._covariance @ self._rows[row] / np.sqrt(1 + self._variances[row])
        of_each, of_all = self._rows @ gone, self._spread @ gone
        shared = self._rows @ (self._covariance @ of_all)
        self._shared = self._shared - 2 * of_each * shared + of_each**2 * (gone @ of_all)
        self._variances = self._variances - of_each**2
        self._covariance = self._covariance - np.outer(gone, gone)
