"""Labels -> a model version on disk, evaluated through the code that serves it."""

import json
import logging
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tokenizers import Tokenizer

from service import artifact
from service.artifact import Artifact
from service.calibration import Calibration
from service.encoder import MAX_TOKENS, Encoder, available_cpus
from service.errors import InputError
from service.head import Floats, Head, Vectors
from service.model import ImportanceModel
from service.text import normalise
from service.types import TOPICS
from training import data
from training.card import card
from training.config import StudentConfig
from training.dataset import Example, read_labels, run_key
from training.dev_set import DEV_SET, DevSet
from training.evaluate import figures, judge
from training.whole import written_whole

if TYPE_CHECKING:
    from training.lexicon import Lexicon

log = logging.getLogger(__name__)

_LIBRARIES = ("torch", "sentence-transformers", "transformers", "onnx", "onnxruntime", "tokenizers", "numpy")
_GOLDEN_CONTRAST = 30
_REFERENCE_TITLES = 20_000
_LEAST_RATINGS = 100


def distil(target: Path, config: StudentConfig, folder: Path, labels: Sequence[Path], work: Path) -> None:
    """Train a student and its heads and write the version ``target`` whole or not at all.

    ``folder`` holds the joined headlines; finished steps are kept in a folder of ``work`` that only the same run finds.
    InputError, before the training, when there is too little to learn from.
    """
    from training.distil import DEVIATION, MIDDLE, train_student
    from training.export import export
    from training.semantics import semantics
    from training.vocabulary import starting_vectors, train_vocabulary

    labelled = data.labelled_examples(folder, labels, config.held_out_share, config.calibration_share)
    taught = data.taught_examples(folder)
    examples = [*labelled, *data.stories(folder), *taught]
    _check_enough(folder, config)
    log.info("%d judged and %d taught examples, %d epochs", len(labelled), len(taught), config.epochs)
    work = work / f"{target.name}-{run_key(config, examples)}"
    if not (work / "tokenizer.json").is_file():
        made = train_vocabulary((one.text for one in [*labelled, *taught]), config.vocabulary)
        with written_whole(work / "tokenizer.json") as temporary:
            made.save(str(temporary))
    tokenizer = Tokenizer.from_file(str(work / "tokenizer.json"))
    words = starting_vectors(tokenizer, config.width)
    meanings = semantics([one.text for one in examples], work / "semantics.npy")
    student = train_student(examples, config, tokenizer, words, meanings, work)
    score = student.score
    # The last layer's weights, none for the lexicon's number, and the intercept.
    start = np.append(score.weight.detach().numpy()[0], [0.0, score.bias.item()]).astype(np.float64) * DEVIATION
    start[-1] += MIDDLE
    honoured = {normalise(one.title) for one in read_labels(data.CLIENT)}  # weighed by no regression: see `honour`
    judged = [one for one in labelled if one.weight and not one.family and one.text not in honoured]
    lexicon = _lexicon(judged, taught, tokenizer, config)
    network = {"encoder.onnx": export(student.student, lexicon), "tokenizer.json": tokenizer.to_str().encode()}
    files = {**network, **_heads(network, start, judged, taught, config, folder)}
    made_from = {
        "config": asdict(config),
        "data_sha256": data.digests(folder, labels),
        "libraries": {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}},
    }
    save(target, files, made_from, folder, config.held_out_share)


def save(
    target: Path, files: Mapping[str, bytes], made_from: Mapping[str, Any], folder: Path, held_out_share: float
) -> None:
    """Evaluate a network with its heads and write the version ``target`` whole or not at all."""
    model = ImportanceModel(Artifact(target.name, {}, files), threads=available_cpus())
    metrics = figures(judge(model, folder, held_out_share))
    dev = data.dev(folder)
    vectors = model.encoder.encode(dev.titles)
    topics = np.array([TOPICS.index(topic) for topic in model.topics(vectors)], np.uint8)
    written = {
        **files,
        DEV_SET: DevSet(vectors, dev.i_scores, topics).to_bytes(),
        "golden.json": _json(_golden(model, held_out_share)),
        "metrics.json": _json(metrics),
        "CARD.md": card(target.name, metrics, made_from).encode(),
    }
    artifact.write(target, written, {"created_at": datetime.now(UTC).strftime("%Y-%m-%d"), **made_from})


def _heads(
    network: Mapping[str, bytes],
    start: Floats,
    judged: Sequence[Example],
    taught: Sequence[Example],
    config: StudentConfig,
    folder: Path,
) -> dict[str, bytes]:
    """The heads on the vectors that serving computes: its word vectors have 8 bits, those of the training 32."""
    from training.heads import balance, calibrate, fit_head, fit_topics, honour, within_families

    encoder = Encoder(network["encoder.onnx"], network["tokenizer.json"], available_cpus())
    unseen, ratings = data.calibration(folder, config.calibration_share)
    unseen_vectors = encoder.encode(unseen)
    noise = float(np.mean((_points(unseen_vectors, start) - ratings) ** 2))
    client = read_labels(data.CLIENT)
    swaps = data.trained_on(data.SWAPS, config.held_out_share)
    drawn = np.random.default_rng(config.seed).permutation(len(taught))[:_REFERENCE_TITLES]
    reference_vectors = encoder.encode([taught[index].text for index in drawn])

    def calibrated(head: Head) -> Calibration:
        return calibrate(head.predict(unseen_vectors), ratings, head.predict(reference_vectors), config)

    fitted = fit_head(
        encoder.encode([one.text for one in judged]),
        np.array([one.i_score for one in judged]),
        # Squared: some 200 numbers listen less to one heavy label among 60,000 than a network does.
        np.array([one.weight**2 for one in judged]),
        start,
        noise,
        config,
        within_families(encoder.encode([one.text for one in swaps]), [one.family for one in swaps]),
    )
    i_scores = np.array([one.i_score for one in client])
    balanced = balance(fitted, unseen_vectors, ratings)
    head = honour(balanced, calibrated, encoder.encode([one.title for one in client]), i_scores)
    titles, topics = data.topics_of(folder, held_out=False)
    return {
        "head.npz": head.to_bytes(),
        "calibration.json": _json(calibrated(head).to_json()),
        "topics.npz": fit_topics(encoder.encode(titles), topics).to_bytes(),
    }


def _lexicon(
    judged: Sequence[Example], taught: Sequence[Example], tokenizer: Tokenizer, config: StudentConfig
) -> "Lexicon":
    """Of real headlines alone: families would teach it little, and cost as much on real headlines."""
    from training.distil import DEVIATION, MIDDLE
    from training.lexicon import fit_lexicon
    from training.vocabulary import token_ids

    examples = [*judged, *taught]
    return fit_lexicon(
        token_ids(tokenizer, [one.text for one in examples], MAX_TOKENS),
        np.array([(one.i_score - MIDDLE) / DEVIATION for one in examples]),
        np.array([one.weight for one in judged] + [config.lexicon_taught * one.weight for one in taught]),
        tokenizer.get_vocab_size(),
        config.lexicon_penalty,
    )


def _check_enough(folder: Path, config: StudentConfig) -> None:
    data.dev(folder)
    _, ratings = data.calibration(folder, config.calibration_share)
    if len(ratings) < _LEAST_RATINGS:
        raise InputError(f"{len(ratings)} ratings are kept for the calibration: it needs {_LEAST_RATINGS} or more")
    _, topics = data.topics_of(folder, held_out=False)
    if missing := set(TOPICS) - set(topics):
        raise InputError(f"no headline has the topic {min(missing)}: join sources with every one of our topics")


def _points(vectors: Vectors, weights: Floats) -> Floats:
    return vectors.astype(np.float64) @ weights[:-1] + weights[-1]


def _golden(model: ImportanceModel, held_out_share: float) -> list[dict[str, object]]:
    """Titles that are ours to publish, with this model's scores: the client's ten and held-out contrast titles."""
    held = data.held_out(data.CONTRAST, held_out_share)
    step = max(1, len(held) // _GOLDEN_CONTRAST)
    titles = [label.title for label in read_labels(data.CLIENT)] + [one.text for one in held[::step]]
    return [{"title": title, "score": float(score)} for title, score in zip(titles, model.predict(titles), strict=True)]


def _json(value: object) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False).encode()
