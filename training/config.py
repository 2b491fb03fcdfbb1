"""Every number of a training run in frozen values, read from one TOML file."""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from service.errors import InputError

TOP = 60.0
"""Score from which a headline counts as the top of the scale: rare, weighed more, judged on its own."""


@dataclass(frozen=True, slots=True)
class TeacherConfig:
    """How ``iscore-train teach`` fine-tunes a large encoder."""

    seed: int = 0
    base: str = "mpnet"
    """A key of training.base_encoder.BASE_ENCODERS."""
    frozen_layers: int = 4
    """Lower layers that stay as they are, and the word vectors below them; 0 trains everything."""
    epochs: int = 1
    contrast_repeats: int = 2
    """How often an epoch shows a family of `contrast`; everything else is shown once."""
    batch_size: int = 32
    learning_rate: float = 6e-5
    head_rate: float = 6e-4
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
    """Weight of the loss on score differences within a family."""
    top_weight: float = 1.5
    """Weight of a rated headline at TOP or above; few are, and an unweighted fit squeezes them."""
    step_weight: float = 3.0
    """A label that weighs more is shown several times an epoch, so that no single step is dominated by it."""
    hidden: int = 128
    """Width of the head's hidden layer."""
    save_steps: int = 500
    """Steps between checkpoints, from which a stopped run goes on."""
    bf16: bool = True


@dataclass(frozen=True, slots=True)
class StudentConfig:
    """How ``iscore-train distil`` trains what is served, network and heads. The defaults made the shipped version."""

    seed: int = 0
    vocabulary: int = 32_000
    width: int = 128
    layers: int = 2
    heads: int = 4
    inner: int = 256
    """Width between the two products of a layer's second half."""
    hidden: int = 256
    """Width of what lies between the pooled states and the vector."""
    vector: int = 192
    """Width of the vector that the heads read."""
    epochs: int = 12
    family_repeats: int = 1
    """How often an epoch shows our own families; real headlines are shown once."""
    batch_tokens: int = 4096
    learning_rate: float = 2e-3
    word_rate: float = 5e-4
    """Learning rate of word vectors: what is rarely seen stays near where it started."""
    warmup_steps: int = 300
    weight_decay: float = 0.01
    dropout: float = 0.1
    word_dropout: float = 0.1
    """Share of tokens that training hides."""
    ema_decay: float = 0.999
    huber_delta: float = 0.5
    family_weight: float = 2.0
    feature_weight: float = 0.3
    """Weight of the loss on the teacher's features, which say more of a headline than its score."""
    semantic_weight: float = 0.3
    """Weight of the loss on what MiniLM makes of a title."""
    topic_weight: float = 0.1
    """Weight of the loss on publishers' topics."""
    top_weight: float = 1.5
    held_out_share: float = 0.15
    """Share of the families of each file that no training sees."""
    calibration_share: float = 0.1
    """Share of the rated headlines that only the calibration sees."""
    head_penalty: float = 100.0
    """How strongly the head is held where the network's own last layer was, in labels."""
    lexicon_penalty: float = 10.0
    """How strongly the weights of words and pairs of words are held at 0, in labels."""
    lexicon_taught: float = 0.7
    """What a teacher's score counts for them, in labels."""
    swap_weight: float = 10.0
    """What an event of `swaps` counts, in labels, that is told of another: the head is to say the same of it."""
    unsqueeze: float = 0.8
    """How far the calibration stretches the scale until scores are as spread as ratings; 0 errs least on average."""
    head_trust: float = 0.1
    """What a label that the network has seen counts in the head's precision: its vectors fit such labels too well."""


Config = TypeVar("Config", TeacherConfig, StudentConfig)


def read_config(path: Path | None, kind: type[Config]) -> Config:
    """The defaults, overridden by the table ``[teacher]`` or ``[student]`` of the TOML file at ``path``.

    InputError names an unknown table or key, or a value of the wrong type.
    """
    if path is None:
        return kind()
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as exc:
        raise InputError(f"cannot read the training configuration {path}: {exc}") from exc
    if unknown := set(tables) - set(_TABLES):
        raise InputError(f"{path}: unknown table {min(unknown)!r}; known are {', '.join(_TABLES)}")
    table = next(name for name, one in _TABLES.items() if one is kind)
    values: dict[str, Any] = tables.get(table, {})
    types = {field.name: type(getattr(kind(), field.name)) for field in fields(kind)}
    for key, value in values.items():
        if key not in types:
            raise InputError(f"{path}: unknown key {key!r} in [{table}]; known are {', '.join(types)}")
        if type(value) is not types[key] and not (types[key] is float and type(value) is int):
            raise InputError(f"{path}: {key} must be a {types[key].__name__}, not {value!r}")
    return kind(**values)


_TABLES = {"teacher": TeacherConfig, "student": StudentConfig}
