"""A version's head learns more labels: closed form, no torch, everything else stays as it is."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from service import artifact
from service.model import load
from training.candidate import save
from training.config import StudentConfig
from training.dataset import digest, read_labels

_NETWORK = ("encoder.onnx", "tokenizer.json", "calibration.json", "topics.npz")


def update(champion: Path, target: Path, labels: Sequence[Path], folder: Path) -> None:
    """Write the version ``target``: ``champion`` with the posterior of its head after ``labels``.

    Labels are i-Scores, the head speaks in points before calibration: labels are taken there and back.
    """
    model, found = load(champion), artifact.read(champion)
    read = [label for path in labels for label in read_labels(path)]
    points = model.calibration.points_of(np.array([label.i_score for label in read]))
    weights = np.array([label.weight for label in read])
    head = model.head.updated(model.encoder.encode([label.title for label in read]), points, weights)
    made_from = {key: value for key, value in found.manifest.items() if key not in _OWN}
    made_from["updated_from"] = {
        "version": model.version,
        "labels_sha256": {path.name: digest(path) for path in labels},
    }
    files = {**{name: found.files[name] for name in _NETWORK}, "head.npz": head.to_bytes()}
    share = made_from.get("config", {}).get("held_out_share", StudentConfig().held_out_share)
    save(target, files, made_from, folder, share)


_OWN = {"kind", "format", "version", "created_at", "files"}
"""What a manifest says of its version alone."""
