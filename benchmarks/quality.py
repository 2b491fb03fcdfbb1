"""How right the shipped model is, beside baselines fitted on the same labels.

Needs the rated headlines' texts in var/data (data/README.md says how to get them).
"""

import numpy as np
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from service.model import load
from service.registry import Registry
from service.settings import HERE, Settings
from service.text import normalise
from training import data
from training.base_encoder import base_encoder
from training.dataset import Example
from training.evaluate import figures, judge
from training.metrics import agreement, contrast

Array = NDArray[np.float64]
_DATA = HERE / "var" / "data"


def run() -> None:
    """Print the table."""
    registry = Registry(Settings().models)
    model = load(registry.path(registry.current()))
    share = model.manifest["config"]["held_out_share"]
    examples = [
        one
        for one in data.training_examples(_DATA, [data.CLIENT], share)
        if one.weight and (one.family or not one.once)
    ]
    dev, held = data.dev(_DATA), data.held_out(data.CONTRAST, share)
    fewer = [one for one in examples if not one.once]  # an exact SVR takes time with the square of the rows
    asked = [normalise(title) for title in dev.titles] + [e.text for e in held]
    print(
        "| model | Spearman | MAE | bias at 60+ | ordered pairs right | spread of equals |\n|---|---|---|---|---|---|"
    )
    for name, predicted in (
        ("TF-IDF + ridge, same labels", _tfidf(*_columns(examples), asked)),
        ("frozen MiniLM + SVR, rated and `contrast` labels", _frozen(*_columns(fewer), asked)),
    ):
        predicted = np.clip(predicted, 0, 100)
        ours = {**agreement(predicted[: len(dev.titles)], dev.i_scores), **contrast(predicted[len(dev.titles) :], held)}
        print(_row(name, ours))
    metrics = figures(judge(model, _DATA, share))
    print(_row(f"**{model.version}**", {**metrics["dev"], **metrics["contrast"]}))
    raters = metrics["raters"]
    print(f"| one rater against the other | {raters['spearman']:.3f} | {raters['mean_difference']:.2f} | | | |")
    client = metrics["client"]
    print(
        f"\n{len(dev.titles)} headlines rated twice, {int(metrics['contrast']['families'])} held-out families. "
        f"The client's ten: {client['bands_right']} of {client['of']} bands, "
        f"{client['order_right']} of {client['pairs']} pairs in order (trained on)."
    )


def _columns(examples: list[Example]) -> tuple[list[str], Array]:
    return [one.text for one in examples], np.array([one.i_score for one in examples])


def _tfidf(texts: list[str], scores: Array, asked: list[str]) -> Array:
    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2), Ridge(1.0))
    return np.asarray(model.fit(texts, scores).predict(asked))


def _frozen(texts: list[str], scores: Array, asked: list[str]) -> Array:
    encoder = SentenceTransformer(str(base_encoder()), device="cpu")
    vectors = encoder.encode(texts, batch_size=64)
    model = make_pipeline(StandardScaler(), SVR(C=30.0, gamma=0.0015, epsilon=2.0, cache_size=2000))
    return np.asarray(model.fit(vectors, scores).predict(encoder.encode(asked, batch_size=64)))


def _row(name: str, figures: dict[str, float]) -> str:
    return (
        f"| {name} | {figures['spearman']:.3f} | {figures['mae']:.2f} | {figures['bias_top']:+.1f} "
        f"| {figures['ordered_pairs']:.3f} | {figures['equals_spread']:.1f} |"
    )
