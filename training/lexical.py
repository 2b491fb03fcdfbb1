"""A linear model on word pieces and their pairs: what it sees, the encoder forgets.

Added to the encoder's score ("wide and deep", Cheng et al. 2016, arXiv:1606.07792). Its features are
looked up by token id inside the same graph, so serving needs nothing more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import Ridge
from torch import Tensor, nn

from training.dataset import Example

PAIR_BUCKETS = 1 << 17
_MIX = 40503  # odd, so that neighbouring ids do not share buckets


class Lexical(nn.Module):
    """Points from token ids (batch, tokens): the mean-like sum of table entries of pieces and of hashed pairs."""

    def __init__(self, pieces: NDArray[np.float32], pairs: NDArray[np.float32], intercept: float) -> None:
        super().__init__()
        self.pieces = nn.Parameter(torch.from_numpy(pieces), requires_grad=False)
        self.pairs = nn.Parameter(torch.from_numpy(pairs), requires_grad=False)
        self.intercept = intercept

    def forward(self, input_ids: Tensor) -> Tensor:
        """Points, (batch,)."""
        buckets = (input_ids[:, :-1] * _MIX + input_ids[:, 1:]) % PAIR_BUCKETS
        total = _exact_sum(self.pieces[input_ids]) + _exact_sum(self.pairs[buckets])
        return total * (2 * input_ids.shape[1] - 1) ** -0.5 + self.intercept


def _exact_sum(values: Tensor) -> Tensor:
    """Sums over tokens in double precision: in single, the last bit would tell the size of the batch."""
    return values.double().sum(1).float()


@dataclass(frozen=True, slots=True)
class TokenIds:
    """Token ids of several titles, of different lengths."""

    rows: Sequence[Sequence[int]]

    def features(self, pieces: int) -> csr_matrix:
        """(titles, pieces + PAIR_BUCKETS): a title's features have one value, and squares that sum to about 1."""
        columns = [self._columns(np.array(ids), pieces) for ids in self.rows]
        counts = np.array([len(one) for one in columns])
        values = np.repeat(counts**-0.5, counts)
        ends = np.concatenate([[0], counts.cumsum()])
        shape = (len(columns), pieces + PAIR_BUCKETS)
        return csr_matrix((values, np.concatenate(columns), ends), shape=shape)

    @staticmethod
    def _columns(ids: NDArray[np.int64], pieces: int) -> NDArray[np.int64]:
        return np.concatenate([ids, pieces + (ids[:-1] * _MIX + ids[1:]) % PAIR_BUCKETS])


def fit_lexical(examples: Sequence[Example], ids: TokenIds, pieces: int, penalty: float) -> Lexical:
    """Ridge regression on the examples' scores; ``pieces`` is the size of the vocabulary."""
    model = Ridge(penalty, solver="sparse_cg", tol=1e-3)
    model.fit(
        ids.features(pieces),
        np.array([example.i_score for example in examples]),
        sample_weight=np.array([example.weight for example in examples]),
    )
    table = model.coef_.astype(np.float32)
    return Lexical(table[:pieces], table[pieces:], float(model.intercept_))
