"""What words and pairs of neighbouring words say of importance by themselves: a sparse linear regression.

It errs otherwise than a network that reads the whole title, so that a head does better with both. Pairs are hashed
(Weinberger et al. 2009, arXiv:0902.2206).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from scipy.sparse import csr_matrix
from sklearn.linear_model import Ridge
from torch import Tensor, nn

PAIRS = 1 << 20
_FIRST, _SECOND = 1_000_003, 7_919
_MOST = np.iinfo(np.int8).max
_EDGE = 0  # padding, which stands nowhere else: the first and the last piece are in a pair each

Numbers = TypeVar("Numbers", np.ndarray, Tensor)
Ids = Sequence[np.ndarray]
"""Token ids of titles."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """int8 weights of pieces (vocabulary,) and of hashed pairs (PAIRS,), in steps of ``step``; ``level`` is what a
    title without words has. Both are in the unit of what was learnt."""

    pieces: np.ndarray
    pairs: np.ndarray
    step: float
    level: float


class Lexical(nn.Module):
    """A lexicon as a layer. It adds whole numbers, so that neither order nor company changes a bit."""

    pieces: Tensor
    pairs: Tensor

    def __init__(self, lexicon: Lexicon) -> None:
        super().__init__()
        self.register_buffer("pieces", torch.from_numpy(lexicon.pieces))
        self.register_buffer("pairs", torch.from_numpy(lexicon.pairs))
        self.step, self.level = lexicon.step, lexicon.level

    def forward(self, ids: Tensor) -> Tensor:
        """(batch,) of token ids (batch, tokens) without padding."""
        edged = nn.functional.pad(ids, (1, 1), value=_EDGE)
        pairs = _hashed(edged[:, :-1], edged[:, 1:])
        steps = self.pieces[ids].int().sum(1) + self.pairs[pairs].int().sum(1)
        return steps.float() * self.step + self.level


def fit_lexicon(ids: Ids, values: np.ndarray, weights: np.ndarray, vocabulary: int, penalty: float) -> Lexicon:
    """Weighted ridge regression on counts."""
    model = Ridge(penalty, solver="lsqr", tol=1e-3, max_iter=60)
    model.fit(_counts(ids, vocabulary), values, sample_weight=weights)
    step = float(np.abs(model.coef_).max()) / _MOST or 1.0
    codes = np.rint(model.coef_ / step).astype(np.int8)
    return Lexicon(codes[:vocabulary], codes[vocabulary:], step, float(model.intercept_))


def _counts(ids: Ids, vocabulary: int) -> csr_matrix:
    columns = [np.concatenate([row, vocabulary + _pairs(row)]) for row in ids]
    ends = np.cumsum([0, *map(len, columns)])
    found = csr_matrix(
        (np.ones(ends[-1], np.float32), np.concatenate(columns), ends), shape=(len(ids), vocabulary + PAIRS)
    )
    found.sum_duplicates()
    return found


def _pairs(row: np.ndarray) -> np.ndarray:
    edged = np.pad(row, 1, constant_values=_EDGE)
    return _hashed(edged[:-1], edged[1:])


def _hashed(first: Numbers, second: Numbers) -> Numbers:
    """Where the weights of pairs of pieces stand: the same when they are learnt and when they are read."""
    return (first * _FIRST + second * _SECOND) % PAIRS
