"""The network that a teacher is: a pretrained encoder, mean pooling and a two-layer head that puts out one score."""

from collections.abc import Iterable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dense, Pooling, Transformer
from torch import Tensor, nn
from torch.utils.data import Dataset
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from service.encoder import MAX_TOKENS
from training.base_encoder import BASE_ENCODERS, base_encoder
from training.batches import batches
from training.config import TeacherConfig


def build(config: TeacherConfig) -> SentenceTransformer:
    """The untrained network. Its ``encode`` gives scores as (n, 1) float32 in standard deviations of the labels."""
    transformer = Transformer(str(base_encoder(BASE_ENCODERS[config.base])), max_seq_length=MAX_TOKENS)
    for layer in transformer.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = config.dropout
    if config.frozen_layers:
        encoder = transformer.model
        for part in (encoder.embeddings, *encoder.encoder.layer[: config.frozen_layers]):
            part.requires_grad_(False)
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


def score_loss(
    huber: nn.HuberLoss, family_weight: float, predicted: Tensor, actual: Tensor, weight: Tensor, family: Tensor
) -> Tensor:
    """Weighted Huber loss on scores plus the same on score differences within a family; tensors are (batch,).

    The second term pulls equal headlines together and pushes ordered ones apart by their labelled gap.
    ``family`` is a number, -1 for none; ``huber`` does not reduce.
    """
    loss = (huber(predicted, actual) * weight).mean()
    same = torch.triu((family[:, None] == family) & (family >= 0), diagonal=1)
    if not family_weight or not same.any():
        return loss
    gaps = (predicted[:, None] - predicted)[same], (actual[:, None] - actual)[same]
    # Times the share of rows in families: a batch with more of them has more to say.
    return loss + family_weight * huber(*gaps).mean() * (family >= 0).float().mean()


class TeacherLoss(nn.Module):
    """``score_loss`` as the trainer calls it. Labels are (batch, 3): standardised score, weight, family number."""

    def __init__(self, model: SentenceTransformer, config: TeacherConfig) -> None:
        super().__init__()
        self.model = model
        self.family_weight = config.family_weight
        self.huber = nn.HuberLoss(reduction="none", delta=config.huber_delta)

    def forward(self, sentence_features: Iterable[dict[str, Tensor]], labels: Tensor) -> Tensor:
        """The loss of one batch, a scalar."""
        (features,) = sentence_features
        predicted = self.model(features)["sentence_embedding"][:, 0].float()
        return score_loss(self.huber, self.family_weight, predicted, *labels.float().unbind(1))


class FamilyBatches:
    """``batches`` as the trainer wants them: in a new order each epoch, the same for a seed."""

    def __init__(
        self, dataset: Dataset[Any], units: list[list[int]], lengths: list[int], batch_size: int, seed: int, **_: object
    ) -> None:
        self.units, self.lengths, self.batch_size = units, lengths, batch_size
        self.seed, self.epoch = seed, 0
        self.drop_last = False
        self.size = len(self._batches())

    def __len__(self) -> int:
        """Of the first epoch; a later one may have a few more or less."""
        return self.size

    def set_epoch(self, epoch: int) -> None:
        """The trainer tells the epoch, also when it goes on from a checkpoint."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[list[int]]:
        yield from self._batches()

    def _batches(self) -> list[list[int]]:
        random = np.random.default_rng((self.seed, self.epoch))
        return batches(self.units, self.lengths, random, rows=self.batch_size)


class MovingAverage(TrainerCallback):
    """Exponential moving average of the weights (Polyak and Juditsky 1992), kept beside the training ones."""

    EVERY = 4  # steps between updates: as good, and a quarter of the copying
    FILE = "average.safetensors"

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.average = deepcopy(network).eval()
        self.decay = decay**self.EVERY
        pairs = zip(self.average.parameters(), network.parameters(), strict=True)
        self.pairs = [(average, current) for average, current in pairs if current.requires_grad]

    def update(self, step: int) -> None:
        """Move the average after ``step``; it follows faster in the first steps, which start far from the end."""
        if step % self.EVERY:
            return
        decay = min(self.decay, (1 + step) / (50 + step))
        with torch.no_grad():
            for average, current in self.pairs:
                average.lerp_(current.float(), 1 - decay)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object) -> None:
        """After each step of the trainer."""
        self.update(state.global_step)

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object) -> None:
        """The average is a part of each checkpoint."""
        folder = Path(args.output_dir or "", f"{PREFIX_CHECKPOINT_DIR}-{state.global_step}")
        save_file({name: one.contiguous() for name, one in self.average.state_dict().items()}, folder / self.FILE)

    def resume(self, checkpoint: Path) -> None:
        """Take the average from a checkpoint."""
        self.average.load_state_dict(load_file(checkpoint / self.FILE))
