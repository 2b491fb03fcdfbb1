"""Fine-tune the encoder and its head on labels: the ``fit`` of ``iscore-train``."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from datasets import Dataset
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from transformers import set_seed

from training.config import TOP, FitConfig
from training.dataset import Example
from training.fitted import Fitted, token_ids
from training.head import refit
from training.lexical import fit_lexical
from training.members import average_into, load_member, run_key, save_member
from training.network import FamilyBatches, MovingAverage, ScoreLoss, build


def fit(examples: Sequence[Example], config: FitConfig, folder: Path | None = None) -> Fitted:
    """Train on ``examples``; the same examples, configuration and machine give the same weights.

    Finished members are kept under ``folder``, and the same run goes on after the last of them.
    """
    shown = _shown(examples, config)
    rated = np.array([example.i_score for example in examples if example.weight])
    mean, deviation = float(rated.mean()), float(rated.std()) or 1.0
    dataset = _dataset(shown, mean, deviation)
    run = folder / run_key(examples, config) if folder else None
    members: list[SentenceTransformer] = []
    for number in range(config.members):
        set_seed(config.seed)  # members start alike and see the examples in another order
        members.append(build(config))
        path = run / f"member-{number}.safetensors" if run else None
        if path and load_member(members[-1], path):
            continue
        members[-1] = _trained(members[-1], shown, dataset, replace(config, seed=config.seed + number))
        if path:
            save_member(members[-1], path)
    network = members[0]
    average_into(network, members[1:])
    ids = token_ids(network, [example.text for example in examples])
    lexical = fit_lexical(examples, ids, network.tokenizer.vocab_size, config.lexical_penalty)
    fitted = Fitted(network, mean, deviation, lexical, config.lexical_share)
    refit(fitted, examples, config)
    return fitted


def _trained(
    network: SentenceTransformer, shown: Sequence[Example], dataset: Dataset, config: FitConfig
) -> SentenceTransformer:
    ema = MovingAverage(network, config.ema_decay)
    with TemporaryDirectory() as unused:  # the trainer wants a folder even when it saves nothing
        trainer = SentenceTransformerTrainer(
            model=network,
            args=_arguments(network, config, shown, unused),
            train_dataset=dataset,
            loss=ScoreLoss(network, config.huber_delta, config.family_weight),
            callbacks=[ema],
        )
        trainer.train()
    return ema.average if config.ema_decay else network


def _shown(examples: Sequence[Example], config: FitConfig) -> list[Example]:
    """What one epoch shows: heavy labels more often, the top with more weight."""
    shown: list[Example] = []
    for example in examples:
        weight = example.weight * (config.top_weight if example.i_score >= TOP and not example.family else 1.0)
        times = max(1, ceil(weight / config.step_weight))
        for turn in range(1 if example.once else config.repeats):
            family = example.family and f"{example.family}#{turn}"
            shown.extend([replace(example, weight=weight / times, family=family)] * times)
    return shown


def _dataset(shown: Sequence[Example], mean: float, deviation: float) -> Dataset:
    numbers = {family: number for number, family in enumerate(dict.fromkeys(e.family for e in shown))}
    return Dataset.from_dict(
        {
            "text": [e.text for e in shown],
            "label": [
                [(e.i_score - mean) / deviation, e.weight, float(numbers[e.family]) if e.family else -1.0]
                for e in shown
            ],
        }
    )


def _units(shown: Sequence[Example], batch_size: int) -> list[list[int]]:
    """Example numbers that must share a batch: families (cut where larger than a batch) and single rows."""
    families: dict[str, list[int]] = defaultdict(list)
    units: list[list[int]] = []
    for index, example in enumerate(shown):
        if example.family:
            families[example.family].append(index)
        else:
            units.append([index])
    for members in families.values():
        units.extend(members[start : start + batch_size] for start in range(0, len(members), batch_size))
    return units


def _arguments(
    network: SentenceTransformer, config: FitConfig, shown: Sequence[Example], folder: str
) -> SentenceTransformerTrainingArguments:
    batches = partial(
        FamilyBatches,
        units=_units(shown, config.batch_size),
        lengths=[len(row) for row in token_ids(network, [example.text for example in shown]).rows],
    )
    return SentenceTransformerTrainingArguments(
        output_dir=folder,
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
        batch_sampler=batches,
        save_strategy="no",
        logging_steps=100,
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=False,
    )


def _rates(network: SentenceTransformer, config: FitConfig) -> dict[str, float]:
    """Learning rate per parameter name: lower layers of the encoder keep more of what they knew."""
    depth = network[0].model.config.num_hidden_layers
    rates = {
        rf"\.layer\.{layer}\.": config.learning_rate * config.layer_decay ** (depth - 1 - layer)
        for layer in range(depth)
    }
    rates[r"\.embeddings\."] = config.learning_rate * config.layer_decay**depth
    rates[r"\b[23]\.linear\."] = config.head_rate
    return rates
