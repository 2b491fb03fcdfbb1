"""How many labels a head needs: what the network has learnt shows in how few are enough."""

from pathlib import Path

import numpy as np
from sklearn.linear_model import RidgeCV

from service.model import ImportanceModel
from service.ranks import spearman
from training import data
from training.metrics import Scores

_COUNTS, _DRAWS = (50, 100, 200, 500, 1000, 2000, 5000), 10
_PENALTIES = np.geomspace(0.1, 1000, 9)


def learning_curve(model: ImportanceModel, folder: Path, calibration_share: float) -> dict[int, Scores]:
    """Spearman on the development set of heads that learn from nothing, by how many ratings they are given.

    The ratings are those that the network never saw; ``_DRAWS`` heads for each number, as far as there are enough.
    """
    titles, ratings = data.calibration(folder, calibration_share)
    dev = data.dev(folder)
    known, asked = model.encoder.encode(titles), model.encoder.encode(dev.titles)
    found = {}
    for count in (one for one in _COUNTS if one <= len(titles)):
        draws = [np.random.default_rng(seed).permutation(len(titles))[:count] for seed in range(_DRAWS)]
        heads = (RidgeCV(_PENALTIES).fit(known[rows], ratings[rows]) for rows in draws)
        found[count] = np.array([spearman(head.predict(asked), dev.i_scores) for head in heads])
    return found
