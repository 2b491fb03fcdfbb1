"""A fitted network -> a model version on disk, evaluated through the code that serves it."""

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from service import artifact
from service.model import ImportanceModel
from training import data
from training.base_encoder import NAME, WEIGHTS_SHA256
from training.card import card
from training.config import FitConfig
from training.dataset import read_labels
from training.evaluate import figures, judge
from training.export import export
from training.fitted import Fitted

_LIBRARIES = ("torch", "sentence-transformers", "transformers", "onnx", "onnxruntime", "tokenizers", "numpy")
_GOLDEN_CONTRAST = 30


def save(fitted: Fitted, folder: Path, config: FitConfig, rated: Path, labels: Sequence[Path]) -> None:
    """Export, evaluate and write ``folder`` whole or not at all. ``rated`` is the folder of the rated headlines."""
    files = {"model.onnx": export(fitted), "tokenizer.json": _tokenizer(fitted)}
    model = _load_unfinished(folder.name, files)
    metrics = figures(judge(model, rated, config.held_out_share))
    made_from = {
        "created_at": datetime.now(UTC).strftime("%Y-%m-%d"),
        "base_encoder": {"name": NAME, "sha256": WEIGHTS_SHA256},
        "config": asdict(config),
        "data_sha256": data.digests(rated, labels),
        "libraries": {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}},
    }
    files["golden.json"] = _json(_golden(model, config))
    files["metrics.json"] = _json(metrics)
    files["CARD.md"] = card(folder.name, metrics, config).encode()
    artifact.write(folder, files, made_from)


def _load_unfinished(name: str, files: dict[str, bytes]) -> ImportanceModel:
    return ImportanceModel(artifact.Artifact(name, {}, files), threads=0)


def _golden(model: ImportanceModel, config: FitConfig) -> list[dict[str, object]]:
    """Titles that are ours to publish, with this model's scores: the client's ten and held-out contrast titles."""
    held = data.held_out(data.CONTRAST, config.held_out_share)
    step = max(1, len(held) // _GOLDEN_CONTRAST)
    titles = [label.title for label in read_labels(data.CLIENT)] + [one.text for one in held[::step]]
    return [{"title": title, "score": float(score)} for title, score in zip(titles, model.predict(titles), strict=True)]


def _tokenizer(fitted: Fitted) -> bytes:
    with TemporaryDirectory() as folder:
        fitted.network.tokenizer.save_pretrained(folder)
        return (Path(folder) / "tokenizer.json").read_bytes()


def _json(value: object) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False).encode()
