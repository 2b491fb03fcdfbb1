"""The heads on a student's vectors, fitted in closed form or by a convex search: score, calibration, topic."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise, permutations

import numpy as np
from scipy.optimize import nnls
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from service.bands import BANDS, band_of
from service.calibration import LEVEL, Calibration, reference_of
from service.head import Floats, Head, Vectors, with_one
from service.topics import TopicHead
from service.types import TOPICS, Topic
from training.config import StudentConfig

_FREE = 1e-3  # the intercept is hardly held
_KNOTS = 24
_REGION_POINTS = 10
_LEAST_IN_REGION = 100
_INSIDE, _APART = 0.5, 1.6
"""How far within its band a label that must be honoured lies, and how far one lies from the next, in points."""
_MUST, _TURNS = 1e5, 5


def fit_head(
    vectors: Vectors,
    i_scores: Floats,
    weights: Floats,
    start: Floats,
    noise: float,
    config: StudentConfig,
    apart: Floats | None = None,
) -> Head:
    """Bayesian linear regression on labelled headlines with ``start`` (width + 1,), in points, as the prior's mean.

    ``apart`` are differences of vectors, (m, width), that are to make no difference to the points. The lexicon's
    number, a vector's last, has no weight yet, as it knows these labels too well: see ``balance``.

    Training weighs the top of the scale more and pulls families together, which lifts all scores. Here only labels of
    real headlines count.
    """
    held = np.diag(np.append(np.full(vectors.shape[1], config.head_penalty), _FREE))
    prior = Head(start, held, noise)
    if apart is not None:
        rows = np.column_stack([apart, np.zeros(len(apart))])
        precision: Floats = held + config.swap_weight * rows.T @ rows
        prior = Head(np.linalg.solve(precision, held @ start).astype(np.float64), precision, noise)
    without = vectors.copy()
    without[:, -1] = 0
    mean = prior.updated(without, i_scores, weights).mean
    return Head(mean, config.head_trust * prior.updated(vectors, i_scores, weights).precision, noise)


def within_families(vectors: Vectors, families: Sequence[str]) -> Floats:
    """How far each vector lies from the mean of its family, (n, width)."""
    _, which, counts = np.unique(np.array(families), return_inverse=True, return_counts=True)
    means = np.zeros((len(counts), vectors.shape[1]))
    np.add.at(means, which, vectors)
    differences: Floats = vectors - (means / counts[:, None])[which]
    return differences


def balance(head: Head, vectors: Vectors, i_scores: Floats) -> Head:
    """The head in which the lexicon's number, a vector's last, counts as much beside the others as suits these ratings.

    They are of headlines that neither network nor lexicon has seen: those that they know do not tell which is better.
    """
    lexical = vectors[:, -1].astype(np.float64)
    points = head.predict(vectors) - head.mean[-2] * lexical
    rows = np.column_stack([points, lexical, np.ones(len(points))])
    (share, weight, level), *_ = np.linalg.lstsq(rows, i_scores)
    mean = share * head.mean
    mean[-2:] = weight, mean[-1] + level
    return replace(head, mean=mean)


def honour(head: Head, calibrated: Callable[[Head], Calibration], vectors: Vectors, i_scores: Floats) -> Head:
    """The head nearest to ``head`` that gives these labels their bands and their order.

    Of ten labels among 500,000 examples a network remembers little, and as heavy labels they would bend the head until
    it says their very numbers. Nearest is meant in the head's own precision: what all other labels say changes least. A
    quadratic programme, whose dual is solved as non-negative least squares (Lawson and Hanson 1974, chapter 23).
    ``calibrated`` makes the scale that belongs to a head, in which bands are said.
    """
    rows = with_one(vectors)
    pairs = [(a, b) for a, b in permutations(range(len(i_scores)), 2) if i_scores[a] > i_scores[b]]
    floors = np.array([float(band_of(one).floor) for one in i_scores])
    above = {float(low.floor): float(high.floor) for high, low in pairwise(BANDS)}
    ceilings = np.array([above.get(floor, np.inf) for floor in floors])
    least, most = floors > 0, np.isfinite(ceilings)
    sides = np.vstack([rows[least], -rows[most], *(rows[a] - rows[b] for a, b in pairs)])
    moves = np.linalg.solve(head.precision, sides.T)
    # Not quite hard: what cannot be had is had as nearly as labels of this weight would bring it.
    root = np.linalg.cholesky(sides @ moves + np.eye(len(sides)) / _MUST)
    found = head
    for _ in range(_TURNS):  # the scale moves with the head, a little
        scale = calibrated(found)
        wanted = np.concatenate(
            [
                scale.points_of(floors[least] + _INSIDE),
                -scale.points_of(ceilings[most] - 1 - _INSIDE),
                np.full(len(pairs), _APART),
            ]
        )
        forces, _ = nnls(root.T, np.linalg.solve(root, wanted - sides @ head.mean))
        found = replace(head, mean=head.mean + moves @ forces)
    return found


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
