"""Pictures of how right a model is, as SVG text for a page."""

import io
from collections.abc import Callable

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from service.bands import BANDS, band_of
from service.ranks import spearman
from training.evaluate import Judged
from training.metrics import Scores, per_family

_STYLE = {
    "svg.hashsalt": "iscore",  # the same page for the same scores
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
}
_RATED, _SCORED = "#9aa5b1", "#1f4e8c"


def plots(judged: Judged, learning: dict[int, Scores]) -> dict[str, str]:
    """Each picture's caption and SVG; ``learning`` is a learning curve."""
    found = {caption: _svg(draw, judged) for caption, draw in _PICTURES.items()}
    return {**found, _LEARNING: _svg(_learning, judged, learning)}


def _svg(draw: Callable[..., None], *shown: object) -> str:
    with rc_context(_STYLE):
        figure = Figure(figsize=(4.6, 3.2), layout="constrained")
        draw(figure.add_subplot(), *shown)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()[buffer.getvalue().index("<svg") :]


def _spread_of_scores(axes: Axes, judged: Judged) -> None:
    bins = list(range(0, 101, 5))
    axes.hist(judged.dev.i_scores, bins, color=_RATED, alpha=0.7, label="rated")
    axes.hist(judged.dev_scores, bins, color=_SCORED, histtype="step", linewidth=1.6, label="scored")
    axes.set(xlabel="points", ylabel="headlines")
    axes.legend(frameon=False)


def _reliability(axes: Axes, judged: Judged) -> None:
    actual, scores = judged.dev.i_scores, judged.dev_scores
    axes.plot([0, 100], [0, 100], color=_RATED, linewidth=1)
    axes.scatter(scores, actual, s=4, color=_RATED, alpha=0.5, linewidths=0)
    _means_of_tenths(axes, scores, actual)
    axes.set(xlabel="score", ylabel="rating", xlim=(0, 100), ylim=(0, 100))


def _errors_by_rating(axes: Axes, judged: Judged) -> None:
    actual, errors = judged.dev.i_scores, judged.dev_scores - judged.dev.i_scores
    groups = _tenths(actual)
    axes.axhline(0, color=_RATED, linewidth=1)
    axes.boxplot(
        [errors[group] for group in groups],
        positions=[float(actual[group].mean()) for group in groups],
        widths=3.5,
        manage_ticks=False,
        flierprops={"markersize": 2},
    )
    axes.set(xlabel="rating", ylabel="score - rating", xlim=(0, 100))


def _errors_by_length(axes: Axes, judged: Judged) -> None:
    words = np.array([float(len(title.split())) for title in judged.dev.titles])
    errors = np.abs(judged.dev_scores - judged.dev.i_scores)
    _means_of_tenths(axes, words, errors)
    axes.set(xlabel="words", ylabel="mean absolute error", ylim=(0, None))


def _errors_by_topic(axes: Axes, judged: Judged) -> None:
    errors, topics = judged.dev_scores - judged.dev.i_scores, np.array(judged.dev_topics)
    names = sorted(set(judged.dev_topics))
    axes.axvline(0, color=_RATED, linewidth=1)
    axes.boxplot([errors[topics == name] for name in names], orientation="horizontal", flierprops={"markersize": 2})
    axes.set_yticks(range(1, len(names) + 1), names)
    axes.set(xlabel="score - rating")


def _intervals(axes: Axes, judged: Judged) -> None:
    order = np.argsort(judged.dev_scores, kind="stable")
    scores, (low, high) = judged.dev_scores[order], judged.dev_intervals[order].T
    axes.fill_between(scores, low, high, color=_SCORED, alpha=0.15, linewidth=0)
    ratings = judged.dev.i_scores[order]
    inside = (ratings >= low) & (ratings <= high)
    axes.scatter(scores[inside], ratings[inside], s=4, color=_RATED, linewidths=0)
    axes.scatter(scores[~inside], ratings[~inside], s=6, color="#b42318", linewidths=0)
    axes.set(xlabel="score", ylabel="rating", xlim=(0, 100), ylim=(0, 100))


def _bands(axes: Axes, judged: Judged) -> None:
    names = [band.name for band in BANDS]
    counts = np.zeros((len(names), len(names)), int)
    for rating, score in zip(judged.dev.i_scores, judged.dev_scores, strict=True):
        counts[names.index(band_of(rating).name), names.index(band_of(score).name)] += 1
    axes.imshow(counts / np.maximum(1, counts.sum(1, keepdims=True)), cmap="Blues", vmin=0, vmax=1.4)
    for (row, column), count in np.ndenumerate(counts):
        axes.text(column, row, str(count), ha="center", va="center")
    axes.set(xlabel="scored", ylabel="rated", xticks=range(len(names)), yticks=range(len(names)))
    axes.set_xticklabels(names)
    axes.set_yticklabels(names)


def _families(axes: Axes, judged: Judged) -> None:
    for name, examples in judged.families.items():
        results = per_family(judged.family_scores[name], examples).values()
        spreads = np.sort([one.spread for one in results if one.equal])
        axes.plot(spreads, np.arange(1, len(spreads) + 1) / len(spreads), label=name)
    axes.set(xlabel="highest - lowest, points", ylabel="share of families", xlim=(0, None), ylim=(0, 1))
    axes.legend(frameon=False)


def _learning(axes: Axes, judged: Judged, learning: dict[int, Scores]) -> None:
    whole = spearman(judged.dev_scores, judged.dev.i_scores)
    axes.axhline(whole, color=_RATED, linewidth=1, label="the version's own head")
    means, deviations = zip(*((one.mean(), one.std()) for one in learning.values()), strict=True)
    axes.errorbar(list(learning), means, yerr=deviations, fmt="o-", color=_SCORED, markersize=4, label="from nothing")
    axes.set(xlabel="ratings that a head is given", ylabel="Spearman", xscale="log")
    axes.legend(frameon=False)


def _means_of_tenths(axes: Axes, x: Scores, y: Scores) -> None:
    """Means of ``y`` with their 95 % intervals, for ten groups from low ``x`` to high."""
    for group in _tenths(x):
        error = 1.96 * y[group].std() / np.sqrt(len(group))
        axes.errorbar(x[group].mean(), y[group].mean(), yerr=error, fmt="o", color=_SCORED, markersize=4)


def _tenths(values: Scores) -> list[np.ndarray]:
    """Row numbers of ten groups of about one size, from low values to high."""
    return [group for group in np.array_split(np.argsort(values, kind="stable"), 10) if len(group)]


_LEARNING = "Learning curve: ratings of headlines unseen by the network"
_PICTURES: dict[str, Callable[[Axes, Judged], None]] = {
    "Scores and ratings have one distribution": _spread_of_scores,
    "A headline that scores 70 is rated 70": _reliability,
    "Errors from low ratings to high": _errors_by_rating,
    "Errors from short titles to long": _errors_by_length,
    "Errors by topic, as the model sees it": _errors_by_topic,
    "Nine in ten ratings lie in the interval": _intervals,
    "Bands: rows as rated, columns as scored": _bands,
    "Families whose titles say the same: how far their scores are apart": _families,
}
