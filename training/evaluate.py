"""How right a model version is, on headlines and families that it never saw."""

from pathlib import Path

import numpy as np

from service.bands import band_of, rounded
from service.model import ImportanceModel
from training import data
from training.dataset import Example, read_labels
from training.metrics import Scores, agreement, contrast, spearman

Metrics = dict[str, dict[str, float]]


def evaluate(model: ImportanceModel, folder: Path, held_out_share: float) -> Metrics:
    """Figures of a loaded model: ``dev``, ``raters`` (their own agreement), families and client."""
    dev = data.dev(folder)
    families = {"contrast": data.CONTRAST, "wordings": data.WORDINGS}
    held = {name: data.held_out(path, held_out_share) for name, path in families.items()}
    return {
        "dev": {"headlines": len(dev.titles), **agreement(_predict(model, dev.titles), dev.i_scores)},
        "raters": {
            "spearman": spearman(dev.rater_a, dev.rater_b),
            "mean_difference": float(np.abs(dev.rater_a - dev.rater_b).mean()),
        },
        **{name: _families(model, examples) for name, examples in held.items()},
        "client": _client(model),
    }


def _families(model: ImportanceModel, held: list[Example]) -> dict[str, float]:
    predicted = _predict(model, [example.text for example in held])
    return {"families": len({example.family for example in held}), **contrast(predicted, held)}


def _client(model: ImportanceModel) -> dict[str, float]:
    """How many of the client's ten get their band, and how many pairs their order (ties are free)."""
    labels = read_labels(data.CLIENT)
    scores = [rounded(raw) for raw in _predict(model, [label.title for label in labels])]
    bands = [band_of(score).name == band_of(label.i_score).name for score, label in zip(scores, labels, strict=True)]
    pairs = [
        scores[a] > scores[b]
        for a, one in enumerate(labels)
        for b, other in enumerate(labels)
        if one.i_score > other.i_score
    ]
    return {"bands_right": sum(bands), "of": len(bands), "order_right": sum(pairs), "pairs": len(pairs)}


def table(versions: dict[str, Metrics]) -> str:
    """Figures of several versions side by side, as a Markdown table."""
    names = list(versions)
    lines = ["| figure | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for section, figures in next(iter(versions.values())).items():
        for figure in figures:
            cells = [_number(versions[name][section][figure]) for name in names]
            lines.append(f"| {section} {figure.replace('_', ' ')} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.3f}" if abs(value) < 1 else f"{value:.2f}"


def _predict(model: ImportanceModel, titles: list[str]) -> Scores:
    return model.predict(titles).astype(np.float64)
