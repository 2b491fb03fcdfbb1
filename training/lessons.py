"""From judgements to what they say of points: rows for ``training.taste``."""

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np

from service.calibration import Calibration
from service.encoder import Encoder
from service.errors import InputError
from service.head import Floats, with_one
from service.judgements import Standing, held_out, judgement_row, title_key
from service.types import Judgement
from training.taste import FOLDS, Lessons

_TIE_WEIGHT = 0.5
"""Of "neither": the difference of two labels has twice the noise of one."""
_BEST_WORST_WEIGHT = 0.6
"""Of each of the five pairs that a best and a worst of four imply: four titles have three differences."""


def to_learn(standing: Sequence[Standing]) -> list[Standing]:
    """What is not held out, in an order that depends on what was judged alone."""
    usable = [one for one in standing if one.judgement.kind != "cannot_judge" and not held_out(one.judgement)]
    if not usable:
        raise InputError(f"nothing to learn from: {len(standing)} judgements, all of them held out to measure by")
    return sorted(usable, key=lambda one: (repr(judgement_row(one.judgement)), one.by, one.at, one.weight))


def lessons_of(judged: Sequence[Standing], encoder: Encoder, calibration: Calibration) -> Lessons:
    """Rows in the order of the judgements. Scores become the points that the calibration takes to them."""
    titles = list(dict.fromkeys(title for one in judged for title in one.judgement.titles))
    vectors = with_one(encoder.encode(titles))
    place = {title: vectors[index] for index, title in enumerate(titles)}
    rows, targets, weights, folds = [], [], [], []
    for one in judged:
        for row, target, weight in _rows(one.judgement, [place[title] for title in one.judgement.titles]):
            rows.append(row)
            targets.append(target)
            weights.append(weight * one.weight)
            folds.append(_fold(one.judgement))
    is_score = np.array([one.judgement.kind == "score" for one in judged for _ in range(_count(one.judgement))])
    points = np.array(targets)
    points[is_score] = calibration.points_of(points[is_score])
    return Lessons(np.array(rows), points, np.array(weights), np.array(folds))


def _rows(judgement: Judgement, places: Sequence[Floats]) -> Iterator[tuple[Floats, float, float]]:
    """Row, target, weight."""
    best, worst = judgement.best, judgement.worst
    if judgement.i_score is not None:
        yield places[0], judgement.i_score, 1.0
    elif best is None:
        yield places[0] - places[1], 0.0, _TIE_WEIGHT
    elif worst is None:
        yield places[best] - places[1 - best], np.nan, 1.0
    else:
        middle = [other for other in range(len(places)) if other not in (best, worst)]
        for more, less in [(best, worst), *((best, one) for one in middle), *((one, worst) for one in middle)]:
            yield places[more] - places[less], np.nan, _BEST_WORST_WEIGHT


def _count(judgement: Judgement) -> int:
    return 5 if judgement.kind == "best_worst" else 1


def _fold(judgement: Judgement) -> int:
    """By the title, so that what two editors say of it is left out together; other bytes than the hold-out's."""
    key = min(map(title_key, judgement.titles))
    return int.from_bytes(hashlib.sha256(key.encode("utf-8", "replace")).digest()[8:16]) % FOLDS
