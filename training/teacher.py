"""The teacher: a large encoder fine-tuned on all labels, too slow to serve. What it says teaches the student."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from math import ceil
from pathlib import Path

import numpy as np
import torch
from datasets import Dataset
from safetensors.torch import load_file, save_file
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from transformers import set_seed
from transformers.trainer_utils import get_last_checkpoint

from service.errors import InputError
from service.head import Floats, Vectors
from training.batches import family_numbers, units
from training.config import TOP, TeacherConfig
from training.dataset import Example, digest
from training.network import FamilyBatches, MovingAverage, TeacherLoss, build
from training.whole import written_whole

_WEIGHTS, ABOUT = "network.safetensors", "teacher.json"


@dataclass(frozen=True, slots=True)
class Teacher:
    """A trained network with the mean and deviation of the labels by which its output is scaled."""

    network: SentenceTransformer
    mean: float
    deviation: float
    config: TeacherConfig

    def judge(self, texts: Sequence[str]) -> tuple[Floats, Vectors]:
        """Of normalised titles: scores (n,), not clipped, and features (n, hidden), from which the scores come."""
        *body, last = self.network
        reader = SentenceTransformer(modules=body, device="cpu")
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=self.config.bf16):
            features = reader.encode(list(texts), batch_size=64, convert_to_numpy=True, show_progress_bar=False)
        weights, bias = (one.detach().double().numpy() for one in (last.linear.weight[0], last.linear.bias))
        scores = (features.astype(np.float64) @ weights + bias) * self.deviation + self.mean
        return scores, features.astype(np.float32)


def train_teacher(examples: Sequence[Example], config: TeacherConfig, folder: Path) -> Teacher:
    """Train on ``examples``, in that ``folder``: a run that was stopped goes on from its last checkpoint.

    The same examples, configuration and machine give the same weights.
    """
    shown = _shown(examples, config)
    rated = np.array([example.i_score for example in examples if example.weight])
    mean, deviation = float(rated.mean()), float(rated.std()) or 1.0
    set_seed(config.seed)
    network = build(config)
    average = MovingAverage(network, config.ema_decay)
    trainer = SentenceTransformerTrainer(
        model=network,
        args=_arguments(network, config, shown, folder),
        train_dataset=_dataset(shown, mean, deviation),
        loss=TeacherLoss(network, config),
        callbacks=[average],
    )
    checkpoint = get_last_checkpoint(str(folder)) if folder.is_dir() else None
    if checkpoint:
        average.resume(Path(checkpoint))
    trainer.train(resume_from_checkpoint=checkpoint)
    return Teacher(average.average if config.ema_decay else network, mean, deviation, config)


def save_teacher(teacher: Teacher, folder: Path) -> None:
    """Write the teacher into ``folder``, its description last."""
    with written_whole(folder / _WEIGHTS) as temporary:
        save_file({name: one.contiguous() for name, one in teacher.network.state_dict().items()}, temporary)
    about = {
        "mean": teacher.mean,
        "deviation": teacher.deviation,
        "config": asdict(teacher.config),
        "sha256": digest(folder / _WEIGHTS),
    }
    with written_whole(folder / ABOUT) as temporary:
        temporary.write_text(json.dumps(about, indent=1), "utf-8")


def load_teacher(folder: Path) -> Teacher:
    """What ``save_teacher`` wrote; InputError when there is none."""
    if not (folder / ABOUT).is_file():
        raise InputError(f"no teacher in {folder}: train one with `iscore-train teach {folder.name}`")
    about = json.loads((folder / ABOUT).read_text("utf-8"))
    config = TeacherConfig(**about["config"])
    network = build(config)
    network.load_state_dict(load_file(folder / _WEIGHTS))
    return Teacher(network.eval(), about["mean"], about["deviation"], config)


def _shown(examples: Sequence[Example], config: TeacherConfig) -> list[Example]:
    """What one epoch shows: heavy labels more often, the top with more weight."""
    shown: list[Example] = []
    for example in examples:
        weight = example.weight * (config.top_weight if example.i_score >= TOP and not example.family else 1.0)
        times = max(1, ceil(weight / config.step_weight))
        for turn in range(1 if example.once else config.contrast_repeats):
            family = example.family and f"{example.family}#{turn}"
            shown.extend([replace(example, weight=weight / times, family=family)] * times)
    return shown


def _dataset(shown: Sequence[Example], mean: float, deviation: float) -> Dataset:
    return Dataset.from_dict(
        {
            "text": [e.text for e in shown],
            "label": [
                [(e.i_score - mean) / deviation, e.weight, float(family)]
                for e, family in zip(shown, family_numbers(shown), strict=True)
            ],
        }
    )


def _arguments(
    network: SentenceTransformer, config: TeacherConfig, shown: Sequence[Example], folder: Path
) -> SentenceTransformerTrainingArguments:
    tokens = network.tokenizer([e.text for e in shown], truncation=True, max_length=network.max_seq_length)
    sampler = partial(
        FamilyBatches, units=units(shown, config.batch_size), lengths=[len(ids) for ids in tokens["input_ids"]]
    )
    return SentenceTransformerTrainingArguments(
        output_dir=str(folder),
        num_train_epochs=config.epochs,
        per_device_train_batch_size=config.batch_size,
        learning_rate=config.learning_rate,
        learning_rate_mapping=_rates(network, config),
        warmup_steps=config.warmup,
        lr_scheduler_type="linear",
        weight_decay=config.weight_decay,
        seed=config.seed,
        bf16=config.bf16,
        use_cpu=True,
        batch_sampler=sampler,
        save_strategy="steps",
        save_steps=config.save_steps,
        save_total_limit=1,
        logging_steps=100,
        report_to="none",
        dataloader_pin_memory=False,
    )


def _rates(network: SentenceTransformer, config: TeacherConfig) -> dict[str, float]:
    """Learning rate per parameter name: lower layers of the encoder keep more of what they knew."""
    depth = network[0].model.config.num_hidden_layers
    rates = {
        rf"\.layer\.{layer}\.": config.learning_rate * config.layer_decay ** (depth - 1 - layer)
        for layer in range(depth)
    }
    rates[r"\.embeddings\."] = config.learning_rate * config.layer_decay**depth
    rates[r"\b[23]\.linear\."] = config.head_rate
    return rates
