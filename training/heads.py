"""The heads on a student's vectors, fitted in closed form or by a convex search: score, calibration, topic."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from service.bands import BANDS
from service.calibration import LEVEL, Calibration, reference_of
from service.head import Floats, Head, Vectors
from service.topics import TopicHead
from service.types import TOPICS, Topic
from training.config import StudentConfig

_FREE = 1e-3  # the intercept is hardly held
_KNOTS = 24
_REGION_POINTS = 10
_LEAST_IN_REGION = 100


def fit_head(
    vectors: Vectors, i_scores: Floats, weights: Floats, start: Floats, noise: float, config: StudentConfig
) -> Head:
    """Bayesian linear regression on labelled headlines with ``start`` (width + 1,), in points, as the prior's mean.

    Training weighs the top of the scale more and pulls families together, which lifts all scores; and of ten labels
    among 500,000 examples a network remembers the band, not the order. Here only labels of real headlines count.
    """
    held = np.append(np.full(vectors.shape[1], config.head_penalty), _FREE)
    fitted = Head(start, np.diag(held), noise).updated(vectors, i_scores, weights)
    return Head(fitted.mean, config.head_trust * fitted.precision, noise)


def calibrate(points: Floats, i_scores: Floats, reference: Floats, config: StudentConfig) -> Calibration:
    """From headlines the network never saw: half of them bend the scale, the other half measure the intervals.

    ``reference`` are points of many real headlines. Intervals are split conformal (Papadopoulos et al. 2002) by
    region of the score ("Mondrian", Vovk et al. 2005).
    """
    odd = np.arange(len(points)) % 2 == 1
    x, y = _scale(points[odd], i_scores[odd], config.unsqueeze)
    bare = Calibration(tuple(x), tuple(y), (), (0.0,), (0.0,), (0.0, 100.0))
    scores = bare.apply(points[~odd]).astype(np.float64)
    edges = _edges(scores)
    region = np.searchsorted(edges, scores, side="right")
    missing = i_scores[~odd] - scores
    return Calibration(
        bare.points,
        bare.scores,
        tuple(edges),
        tuple(_reach(-missing[region == k]) for k in range(len(edges) + 1)),
        tuple(_reach(missing[region == k]) for k in range(len(edges) + 1)),
        reference_of(bare.apply(reference).tolist()),
    )


def fit_topics(vectors: Vectors, topics: Sequence[Topic]) -> TopicHead:
    """Multinomial logistic regression; ``topics`` holds every one of TOPICS."""
    model = LogisticRegression(C=1.0, max_iter=1000, class_weight="balanced")
    model.fit(vectors.astype(np.float64), np.array([TOPICS.index(topic) for topic in topics]))
    return TopicHead(np.column_stack([model.coef_, model.intercept_]))


def _scale(points: Floats, i_scores: Floats, unsqueeze: float) -> tuple[list[float], list[float]]:
    """A rising line of straight pieces from points to scores.

    Expected ratings (isotonic regression) make the smallest errors and squeeze the ends; as many scores of each height
    as there are ratings of it (quantile matching) squeeze nothing. ``unsqueeze`` 0 is the first, 1 the second.
    """
    order = np.argsort(points, kind="stable")
    groups = np.array_split(order, _KNOTS)
    expected = IsotonicRegression().fit_transform(points[order], i_scores[order])
    matched = np.sort(i_scores)
    x = [float(points[group].mean()) for group in groups]
    ends = np.cumsum([0, *map(len, groups)])
    y = [
        float((1 - unsqueeze) * expected[start:end].mean() + unsqueeze * matched[start:end].mean())
        for start, end in pairwise(ends)
    ]
    # Never level: two points that differ keep their order.
    rising = np.maximum.accumulate(np.array(y) - 0.01 * np.arange(_KNOTS)) + 0.01 * np.arange(_KNOTS)
    return x, rising.tolist()


def _edges(scores: Floats) -> list[float]:
    """Of regions ten points high, fewer where few headlines lie; bands begin at an edge."""
    wanted = sorted({*range(_REGION_POINTS, 100, _REGION_POINTS), *(band.floor for band in BANDS if band.floor)})
    edges: list[float] = []
    for edge in wanted:
        above, below = (scores >= edge).sum(), (scores < edge).sum() - (scores < (edges[-1] if edges else 0)).sum()
        if min(above, below) >= _LEAST_IN_REGION:
            edges.append(float(edge))
    return edges


def _reach(excess: Floats) -> float:
    """The conformal quantile of how far ratings lie on one side: half of what may be missed is missed there."""
    rank = int(np.ceil((1 + LEVEL) / 2 * (len(excess) + 1))) - 1
    return max(0.0, float(np.sort(excess)[min(rank, len(excess) - 1)]))
