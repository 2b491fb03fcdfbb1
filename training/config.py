"""Every number of a training run in one frozen value, read from and written to TOML-like JSON."""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from service.errors import InputError

TOP = 60.0
"""Score from which a headline counts as the top of the scale: rare, weighed more, judged on its own."""


@dataclass(frozen=True, slots=True)
class FitConfig:
    """How ``iscore-train fit`` trains. The defaults made the shipped model."""

    seed: int = 0
    members: int = 1
    """Networks that start alike, see the examples in different orders and are averaged weight by weight."""
    epochs: int = 1
    repeats: int = 2
    """How often an epoch shows a labelled headline or one of `contrast`; other families, stories and taught headlines
    are shown once."""
    batch_size: int = 32
    learning_rate: float = 1.5e-4
    head_rate: float = 1e-3
    """Learning rate of the two dense layers on top of the pooled encoder."""
    layer_decay: float = 0.9
    """Each encoder layer learns at this fraction of the rate of the layer above it."""
    dropout: float = 0.1
    warmup: float = 0.06
    """Share of all steps in which the learning rate rises from 0."""
    weight_decay: float = 0.01
    ema_decay: float = 0.999
    """Decay per step of the averaged weights that are kept; 0 keeps the last weights."""
    huber_delta: float = 0.5
    """In standard deviations of the labels: smaller errors count squared, larger ones linearly."""
    family_weight: float = 2.0
    """Weight of the loss on score differences within a contrast family."""
    top_weight: float = 1.5
    """Weight of a rated headline at TOP or above; few are, and an unweighted fit squeezes them."""
    step_weight: float = 3.0
    """A label that weighs more is shown several times an epoch, so that no single step is dominated by it."""
    lexical_share: float = 0.1
    """How much of the score the linear model on word pieces gives; the encoder gives the rest."""
    lexical_penalty: float = 0.3
    refit_penalty: float = 100.0
    """How strongly the last layer is held where training left it while it is fitted to labelled headlines."""
    refit_top_weight: float = 3.0
    """Weight of a labelled headline at TOP or above in that fit."""
    hidden: int = 128
    """Width of the head's hidden layer."""
    max_tokens: int = 96
    held_out_share: float = 0.15
    """Share of contrast families that training never sees."""
    bf16: bool = True


def read_config(path: Path | None) -> FitConfig:
    """The defaults, overridden by the TOML file at ``path``; InputError names an unknown or mistyped key."""
    if path is None:
        return FitConfig()
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as exc:
        raise InputError(f"cannot read the training configuration {path}: {exc}") from exc
    types = {field.name: type(getattr(FitConfig(), field.name)) for field in fields(FitConfig)}
    for key, value in values.items():
        if key not in types:
            raise InputError(f"{path}: unknown key {key!r}; known are {', '.join(types)}")
        if not isinstance(value, types[key]) and not (types[key] is float and isinstance(value, int)):
            raise InputError(f"{path}: {key} must be a {types[key].__name__}, not {value!r}")
    return FitConfig(**values)
