"""The network that is trained: MiniLM, mean pooling and a two-layer head that puts out one score."""

from collections.abc import Iterable, Iterator
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dense, Pooling, Transformer
from torch import Tensor, nn
from torch.utils.data import Dataset
from transformers import TrainerCallback, TrainerState, TrainingArguments

from training.base_encoder import base_encoder
from training.config import FitConfig


def build(config: FitConfig) -> SentenceTransformer:
    """The untrained network. Its ``encode`` gives scores as (n, 1) float32 in standard deviations of the labels."""
    transformer = Transformer(str(base_encoder()), max_seq_length=config.max_tokens)
    for layer in transformer.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = config.dropout
    width = transformer.get_embedding_dimension()
    return SentenceTransformer(
        modules=[
            transformer,
            Pooling(width, pooling_mode="mean"),
            Dense(width, config.hidden, activation_function=nn.GELU()),
            Dense(config.hidden, 1, activation_function=nn.Identity()),
        ],
        device="cpu",
    )


class ScoreLoss(nn.Module):
    """Weighted Huber loss on scores plus the same on score differences within a contrast family.

    The second term pulls equal headlines together and pushes ordered ones apart by their labelled gap.
    Labels are (batch, 3): standardised score, weight, family number (-1: none).
    """

    def __init__(self, model: SentenceTransformer, delta: float, family_weight: float) -> None:
        super().__init__()
        self.model = model
        self.family_weight = family_weight
        self.huber = nn.HuberLoss(reduction="none", delta=delta)

    def forward(self, sentence_features: Iterable[dict[str, Tensor]], labels: Tensor) -> Tensor:
        """The loss of one batch, a scalar."""
        (features,) = sentence_features
        predicted = self.model(features)["sentence_embedding"][:, 0].float()
        actual, weight, family = labels.float().unbind(1)
        loss = (self.huber(predicted, actual) * weight).mean()
        same = torch.triu((family[:, None] == family) & (family >= 0), diagonal=1)
        if self.family_weight and same.any():
            gaps = (predicted[:, None] - predicted)[same], (actual[:, None] - actual)[same]
            # Times the share of rows in families: a batch with more of them has more to say.
            loss = loss + self.family_weight * self.huber(*gaps).mean() * (family >= 0).float().mean()
        return loss


class FamilyBatches:
    """Batches that keep each family whole and hold titles of about one length, in a new order each epoch."""

    def __init__(
        self, dataset: Dataset[Any], units: list[list[int]], lengths: list[int], batch_size: int, seed: int, **_: object
    ) -> None:
        self.units, self.lengths, self.batch_size = units, lengths, batch_size
        self.random = np.random.default_rng(seed)
        self.drop_last = False
        self.size = len(list(self._batches(np.random.default_rng(seed))))

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[list[int]]:
        yield from self._batches(self.random)

    def _batches(self, random: np.random.Generator) -> list[list[int]]:
        order = random.permutation(len(self.units))
        batches: list[list[int]] = []
        pool = self.batch_size * 20  # sorted by length within a pool: less padding, still mixed
        for start in range(0, len(order), pool):
            chosen = sorted((self.units[i] for i in order[start : start + pool]), key=self._longest)
            batches.extend(_fill(chosen, self.batch_size))
        return [batches[i] for i in random.permutation(len(batches))]

    def _longest(self, unit: list[int]) -> int:
        return max(self.lengths[index] for index in unit)  # a family is padded to its longest title


def _fill(units: list[list[int]], size: int) -> Iterator[list[int]]:
    batch: list[int] = []
    for unit in units:
        if batch and len(batch) + len(unit) > size:
            yield batch
            batch = []
        batch = batch + unit
    if batch:
        yield batch


class MovingAverage(TrainerCallback):
    """Exponential moving average of the weights (Polyak and Juditsky 1992), kept beside the training ones."""

    EVERY = 4  # steps between updates: as good, and a quarter of the copying

    def __init__(self, network: SentenceTransformer, decay: float) -> None:
        self.average = deepcopy(network).eval()
        self.decay = decay**self.EVERY
        self.pairs = list(zip(self.average.parameters(), network.parameters(), strict=True))

    def on_step_end(self, args: TrainingArguments, state: TrainerState, *_: object, **__: object) -> None:
        """Move the average; it follows faster in the first steps, which start far from the end."""
        if state.global_step % self.EVERY:
            return
        decay = min(self.decay, (1 + state.global_step) / (50 + state.global_step))
        with torch.no_grad():
            for average, current in self.pairs:
                average.lerp_(current.float(), 1 - decay)
