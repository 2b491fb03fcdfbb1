"""Train the student on everything at once: teacher's scores and features, ratings, families."""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from tokenizers import Tokenizer
from torch import Tensor, nn

from service.encoder import MAX_TOKENS
from service.types import TOPICS
from training.batches import batches, family_numbers, units
from training.config import TOP, StudentConfig
from training.dataset import FEATURES, Example, feature_values
from training.network import MovingAverage, score_loss
from training.semantics import DIRECTIONS
from training.student import Student
from training.vocabulary import PADDING, UNKNOWN, token_ids
from training.whole import written_whole

log = logging.getLogger(__name__)

_NO_TOPIC = -100
MIDDLE, DEVIATION = 40.0, 20.0
"""Of the scores, roughly: the network puts out how many deviations a score lies above the middle."""


class Taught(nn.Module):
    """A student with the layers that only training needs: for the score, the teacher's features and the topic."""

    def __init__(self, student: Student, config: StudentConfig) -> None:
        super().__init__()
        self.student = student
        self.score = nn.Linear(config.vector, 1)
        self.features = nn.Linear(config.vector, FEATURES)
        self.topics = nn.Linear(config.vector, len(TOPICS))
        self.semantics = nn.Linear(config.vector, DIRECTIONS)

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Of padded token ids: scores (batch,) in deviations, and (batch, FEATURES, TOPICS or DIRECTIONS) the rest."""
        vectors = self.student(ids, ids > 0)
        return self.score(vectors)[:, 0], self.features(vectors), self.topics(vectors), self.semantics(vectors)


@dataclass(frozen=True, slots=True)
class Lessons:
    """Examples as arrays; row i of each is example i."""

    ids: Sequence[np.ndarray]
    scores: Tensor
    weights: Tensor
    families: Tensor
    features: Tensor
    has_features: Tensor
    topics: Tensor
    semantics: Tensor
    sources: Sequence[int]
    """The row of ``semantics`` that belongs to each example."""
    units: Sequence[Sequence[int]]

    def batch(self, rows: Sequence[int], hidden: float) -> Tensor:
        """Padded token ids, a share ``hidden`` of them made unknown."""
        ids = nn.utils.rnn.pad_sequence([torch.from_numpy(self.ids[row]) for row in rows], batch_first=True)
        return torch.where((torch.rand(ids.shape) < hidden) & (ids > 0), torch.ones_like(ids), ids)


def train_student(
    examples: Sequence[Example],
    config: StudentConfig,
    tokenizer: Tokenizer,
    words: np.ndarray,
    meanings: np.ndarray,
    folder: Path,
) -> Taught:
    """Train from the word vectors ``words``; finished epochs are kept in ``folder``, where a stopped run goes on.

    ``meanings`` (examples, DIRECTIONS) is what MiniLM makes of each example.

    The same examples, configuration and machine give the same weights.
    """
    lessons = _lessons(examples, config, tokenizer, meanings)
    torch.manual_seed(config.seed)
    taught = Taught(Student(words, config), config)
    average = MovingAverage(taught, config.ema_decay)
    optimiser = _optimiser(taught, config)
    first = _resume(folder / "checkpoint.pt", taught, average, optimiser)
    if first:
        log.info("going on after epoch %d", first)
    step = 0
    for epoch in range(config.epochs):
        random = np.random.default_rng((config.seed, epoch))
        torch.manual_seed(config.seed * 1000 + epoch)
        order = batches(lessons.units, [len(ids) for ids in lessons.ids], random, tokens=config.batch_tokens)
        if epoch < first:
            step += len(order)
            continue
        taught.train()
        name = f"epoch {epoch + 1} of {config.epochs}"
        losses = []
        for rows in track(order, name, console=Console(stderr=True)):
            # Rounded up: the last epoch may have some batches more than the first, whose number is all we know.
            rate = config.learning_rate * _course(step, len(order) * config.epochs * 1.01, config)
            losses.append(_step(taught, lessons, rows, optimiser, rate, config))
            step += 1
            average.update(step)
        log.info("%s: loss %.4f", name, float(np.mean(losses)))
        _keep(folder / "checkpoint.pt", epoch + 1, taught, average, optimiser)
    return average.average if config.ema_decay else taught.eval()


def _lessons(examples: Sequence[Example], config: StudentConfig, tokenizer: Tokenizer, meanings: np.ndarray) -> Lessons:
    if (tokenizer.token_to_id(PADDING), tokenizer.token_to_id(UNKNOWN)) != (0, 1):
        raise ValueError("padding and unknown must be tokens 0 and 1")
    turns = [
        (index, turn)
        for index, example in enumerate(examples)
        for turn in range(config.family_repeats if example.family and example.weight else 1)
    ]
    shown = [
        replace(examples[index], family=examples[index].family and f"{examples[index].family}#{turn}")
        for index, turn in turns
    ]
    top = [config.top_weight if one.i_score >= TOP and not one.family else 1.0 for one in shown]
    return Lessons(
        token_ids(tokenizer, [one.text for one in shown], MAX_TOKENS),
        torch.tensor([(one.i_score - MIDDLE) / DEVIATION for one in shown]),
        torch.tensor([one.weight for one in shown]) * torch.tensor(top),
        torch.tensor(family_numbers(shown)),
        torch.from_numpy(feature_values(shown)),
        torch.tensor([bool(one.features) for one in shown]),
        torch.tensor([TOPICS.index(one.topic) if one.topic in TOPICS else _NO_TOPIC for one in shown]),
        torch.from_numpy(meanings),
        [index for index, _ in turns],
        units(shown, config.batch_tokens // MAX_TOKENS),
    )


def _step(
    taught: Taught,
    lessons: Lessons,
    rows: Sequence[int],
    optimiser: torch.optim.Optimizer,
    rate: float,
    config: StudentConfig,
) -> float:
    for group in optimiser.param_groups:
        group["lr"] = rate * group["share"]
    scores, features, topics, semantics = taught(lessons.batch(rows, config.word_dropout))
    huber = nn.HuberLoss(reduction="none", delta=config.huber_delta)
    actual = lessons.scores[rows], lessons.weights[rows], lessons.families[rows]
    loss = score_loss(huber, config.family_weight, scores, *actual)
    error = ((features - lessons.features[rows]) ** 2).sum(1) * lessons.has_features[rows]
    loss = loss + config.feature_weight * error.mean()
    known = nn.functional.cross_entropy(topics, lessons.topics[rows], ignore_index=_NO_TOPIC, reduction="sum")
    loss = loss + config.topic_weight * known / len(rows)
    meant = lessons.semantics[[lessons.sources[row] for row in rows]]
    loss = loss + config.semantic_weight * ((semantics - meant) ** 2).sum(1).mean()
    optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_([one for one in taught.parameters() if one is not taught.student.words.weight], 1.0)
    optimiser.step()
    return loss.item()


def _course(step: int, steps: float, config: StudentConfig) -> float:
    """Share of the learning rate: rises in the first steps, then falls as a cosine (Loshchilov and Hutter 2017)."""
    warm = min(1.0, (step + 1) / config.warmup_steps)
    return warm * 0.5 * (1 + math.cos(math.pi * min(1.0, step / steps)))


def _optimiser(taught: Taught, config: StudentConfig) -> torch.optim.Optimizer:
    """AdamW; vectors of words and places, most of which a batch does not touch, do not decay."""
    free = [taught.student.words.weight, taught.student.positions]
    rest = [one for one in taught.parameters() if not any(one is other for other in free)]
    groups = [
        {"params": free, "weight_decay": 0.0, "share": config.word_rate / config.learning_rate},
        {"params": rest, "weight_decay": config.weight_decay, "share": 1.0},
    ]
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, 0.98), fused=True)


def _keep(path: Path, epochs: int, taught: Taught, average: MovingAverage, optimiser: torch.optim.Optimizer) -> None:
    state = {
        "epochs": epochs,
        "network": taught.state_dict(),
        "average": average.average.state_dict(),
        "optimiser": optimiser.state_dict(),
    }
    with written_whole(path) as temporary:
        torch.save(state, temporary)


def _resume(path: Path, taught: Taught, average: MovingAverage, optimiser: torch.optim.Optimizer) -> int:
    """How many epochs are done, with everything as it was after them."""
    if not path.is_file():
        return 0
    state = torch.load(path, weights_only=True)
    taught.load_state_dict(state["network"])
    average.average.load_state_dict(state["average"])
    optimiser.load_state_dict(state["optimiser"])
    return int(state["epochs"])
