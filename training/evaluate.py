"""How right a model version is, on headlines and families that it never saw."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from service.bands import band_of, rounded
from service.model import ImportanceModel
from service.ranks import spearman
from service.types import Label, Topic
from training import data
from training.behaviour import Behaviour, behaviour
from training.dataset import Example, read_labels
from training.metrics import Scores, agreement, contrast, coverage, top_overlap, topic_agreement

Metrics = dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Judged:
    """A model's raw scores of all that it is judged on: development set, held-out families by file, client's ten.

    ``dev_intervals`` are (n, 2); ``topics`` and ``publishers_topics`` are of other headlines; ``behaviour`` is how it
    answers ``data/behaviour.toml``.
    """

    dev: data.Dev
    dev_scores: Scores
    dev_intervals: Scores
    dev_topics: list[Topic]
    families: dict[str, list[Example]]
    family_scores: dict[str, Scores]
    client: list[Label]
    client_scores: Scores
    topics: list[Topic]
    publishers_topics: list[Topic]
    behaviour: Behaviour


def judge(model: ImportanceModel, folder: Path, held_out_share: float) -> Judged:
    """Score what the model never trained on (and the client's ten, which it did)."""
    dev, client = data.dev(folder), read_labels(data.CLIENT)
    vectors = model.encoder.encode(dev.titles)
    dev_scores = model.scores(vectors).astype(np.float64)
    titles, publishers_topics = data.topics_of(folder, held_out=True)
    held = {name: data.held_out(name, held_out_share) for name in data.FAMILIES}
    return Judged(
        dev,
        dev_scores,
        np.array([model.calibration.interval(score) for score in dev_scores]),
        model.topics(vectors),
        held,
        {name: _predict(model, [example.text for example in examples]) for name, examples in held.items()},
        client,
        _predict(model, [label.title for label in client]),
        model.topics(model.encoder.encode(titles)),
        publishers_topics,
        behaviour(model.predict),
    )


def figures(judged: Judged) -> Metrics:
    """Figures for ``dev``, ``raters`` (their own agreement), each file of families, and ``client``."""
    dev = judged.dev
    return {
        **dev_figures(judged.dev_scores, judged.dev_intervals, dev.i_scores),
        "topics": topic_agreement(judged.topics, judged.publishers_topics),
        "raters": {
            "top_10_of_50": top_overlap(dev.rater_a, dev.rater_b),
            "spearman": spearman(dev.rater_a, dev.rater_b),
            "mean_difference": float(np.abs(dev.rater_a - dev.rater_b).mean()),
        },
        **{
            name: {"families": len({one.family for one in held}), **contrast(judged.family_scores[name], held)}
            for name, held in judged.families.items()
        },
        "client": client_figures(judged.client, judged.client_scores),
        "behaviour": behaviour_figures(judged.behaviour),
    }


def dev_figures(scores: Scores, intervals: Scores, ratings: Scores) -> Metrics:
    """``dev`` and ``intervals``: scores (n,) and intervals (n, 2) of the development set beside its ratings."""
    return {
        "dev": {
            "headlines": len(ratings),
            **agreement(scores, ratings),
            "top_10_of_50": top_overlap(scores, ratings),
        },
        "intervals": coverage(intervals, scores, ratings),
    }


def client_figures(labels: list[Label], raws: Scores) -> dict[str, float]:
    """How many of the client's ten get their band, and how many pairs their order (ties are free)."""
    scores = [rounded(raw) for raw in raws]
    bands = [band_of(score).name == band_of(label.i_score).name for score, label in zip(scores, labels, strict=True)]
    pairs = [
        scores[a] > scores[b]
        for a, one in enumerate(labels)
        for b, other in enumerate(labels)
        if one.i_score > other.i_score
    ]
    return {"bands_right": sum(bands), "of": len(bands), "order_right": sum(pairs), "pairs": len(pairs)}


def behaviour_figures(found: Behaviour) -> dict[str, float]:
    """Demands met, and by kind of swap the most that one value is favoured or disfavoured by, in points."""
    favours = {f"most_favour_{kind}": max(map(abs, one.favour.values())) for kind, one in found.same.items()}
    return {"demands_met": found.asked - len(found.broken), "demands": found.asked, **favours}


def figure_name(section: str, figure: str) -> str:
    """What a figure is called in tables."""
    return f"{section} {figure.replace('_', ' ')}"


def rows(versions: dict[str, Metrics]) -> list[tuple[str, list[str]]]:
    """Each figure's name with its value for every version, empty where a version has none."""
    all_figures = dict.fromkeys(
        (section, figure) for metrics in versions.values() for section, found in metrics.items() for figure in found
    )
    return [
        (figure_name(section, figure), [number(metrics[section].get(figure)) for metrics in versions.values()])
        for section, figure in all_figures
    ]


def table(versions: dict[str, Metrics]) -> str:
    """Figures of several versions side by side, as a Markdown table."""
    head = [("figure", list(versions)), ("---", ["---"] * len(versions))]
    return "\n".join(f"| {first} | {' | '.join(cells)} |" for first, cells in [*head, *rows(versions)])


def number(value: float | None) -> str:
    """A figure as tables print it; None is one of nothing."""
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.3f}" if abs(value) < 1 else f"{value:.2f}"


def _predict(model: ImportanceModel, titles: list[str]) -> Scores:
    return model.predict(titles).astype(np.float64)
