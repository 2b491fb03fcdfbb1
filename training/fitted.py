"""A trained network: scores normalised titles."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from training.lexical import Lexical, TokenIds


@dataclass(frozen=True, slots=True)
class Fitted:
    """A trained network with the scale of its output, and the linear model beside it."""

    network: SentenceTransformer
    mean: float
    deviation: float
    lexical: Lexical
    lexical_share: float

    def scores(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Scores of normalised titles on the 0-100 scale, (n,) and not yet clipped."""
        out = self.network.encode(list(texts), batch_size=64, convert_to_numpy=True, show_progress_bar=False)
        return self.combined(np.asarray(out, np.float64)[:, 0] * self.deviation + self.mean, texts)

    def combined(self, deep: NDArray[np.float64], texts: Sequence[str]) -> NDArray[np.float64]:
        """The network's scores of ``texts``, (n,), together with those of the linear model."""
        wide = [self.lexical(torch.tensor([ids])).item() for ids in token_ids(self.network, texts).rows]
        return (1 - self.lexical_share) * deep + self.lexical_share * np.array(wide)


def token_ids(network: SentenceTransformer, texts: Sequence[str]) -> TokenIds:
    """Token ids as the network sees them."""
    return TokenIds(network.tokenizer(list(texts), truncation=True, max_length=network.max_seq_length)["input_ids"])
