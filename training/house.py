"""House style: a candidate from a newsroom's judgements in seconds, without torch.

Only the head and the width of intervals change.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from service import artifact
from service.arrays import arrays_from_bytes, arrays_to_bytes
from service.artifact import MANIFEST, Artifact
from service.calibration import LEVEL, Calibration
from service.errors import ArtifactError
from service.head import Head, with_one
from service.judgements import Standing, read_standing
from service.model import ImportanceModel, load
from service.ranks import spearman
from service.topics import TopicHead
from training import data
from training.behaviour import behaviour
from training.card import house_card
from training.config import StudentConfig
from training.dataset import read_labels
from training.dev_set import DEV_SET, DevSet, dev_set_of
from training.evaluate import Metrics, behaviour_figures, client_figures, dev_figures
from training.lessons import lessons_of, to_learn
from training.metrics import Scores, contrast
from training.taste import Lessons, Taste, learn

MOST_LOST = 0.01
"""Spearman with the development set that a newsroom's taste may cost: the whole world's news stays in view."""
MOST_LOST_IN_TOPIC = 0.05
"""The same among headlines of one topic, where chance plays a larger part."""

Watch = Callable[[float, str], None]

_BASE = re.compile(r"-house-[0-9a-f]{8}$")
_COPIED = ("encoder.onnx", "tokenizer.json", "topics.npz", DEV_SET)
_OWN = {"kind", "format", "version", "created_at", "files", "house"}
"""What a manifest says of its version alone."""
_LEAST_FOR_INTERVALS = 30
_LEAST_IN_TOPIC = 30
_MOST_INSIDE = 0.945
"""Share of the development set in widened intervals: more would not be the nine in ten that they promise."""


@dataclass(frozen=True, slots=True)
class Base:
    """What a newsroom's judgements are learnt on: the version before any of them, however often it was done."""

    name: str
    head: Head
    calibration: Calibration


@dataclass(frozen=True, slots=True)
class Learnt:
    """``kept`` is the share of the change that the development set allows, at a loss of ``lost``.

    Intervals are ``widened`` times as long as the base's; ``inside`` is the share of the newsroom's scores in them, or
    None where there are too few to say.
    """

    head: Head
    calibration: Calibration
    taste: Taste
    kept: float
    lost: float
    widened: float
    inside: float | None


def house(labels: Path, out: Path, champion: Path, watch: Watch = lambda share, message: None) -> Path:
    """Write the version that learnt the judgements of a snapshot into the folder ``out``; its folder.

    The same champion and snapshot give the same bytes, and find what is there already.
    """
    watch(0.0, "Reads the judgements")
    standing = read_standing(labels)
    digest = hashlib.sha256(labels.read_bytes()).hexdigest()
    judged = to_learn(standing)
    source, model = artifact.read(champion), load(champion)
    base, dev = base_of(source, model), dev_set_of(source)
    target = out / f"{base.name}-house-{digest[:8]}"
    artifact.check_name(target.name)
    if _is_there(target, digest):
        return target
    watch(0.2, f"Learns from {len(judged)} judgements")
    lessons = lessons_of(judged, model.encoder, base.calibration)
    learnt = learn_house(base, model.topic_head, lessons, dev)
    watch(0.7, "Measures what came out")
    made_from = {key: value for key, value in source.manifest.items() if key not in _OWN}
    made_from["created_at"] = max(one.at for one in standing).strftime("%Y-%m-%d")
    made_from["house"] = _about(base, learnt, standing, judged, digest)
    artifact.write(target, _files(target.name, source, learnt, base, dev, made_from), made_from)
    watch(1.0, f"Made {target.name}")
    return target


def base_of(source: Artifact, model: ImportanceModel) -> Base:
    """A house version's base is in it, so that judgements which it has learnt are not counted twice."""
    if not (about := source.manifest.get("house")):
        return Base(source.version, model.head, model.calibration)
    mean, precision = arrays_from_bytes(source.files["head.npz"], "head.npz", "base_mean", "base_precision")
    below, above = (tuple(about["base_intervals"][side]) for side in ("below", "above"))
    head = replace(model.head, mean=mean, precision=precision)
    return Base(_BASE.sub("", source.version), head, replace(model.calibration, below=below, above=above))


def learn_house(base: Base, topics: TopicHead, lessons: Lessons, dev: DevSet) -> Learnt:
    """The base's head with as much of the newsroom's taste as the development set allows, and intervals to match."""
    taste = learn(base.head, topics, lessons)
    vectors = with_one(dev.vectors)
    before, change = vectors @ base.head.mean, vectors @ taste.change
    kept, lost = _kept(before, change, dev)
    level = (1 - kept) * float(change.mean())  # a newsroom's level changes no order: it is kept whole
    head = base.head
    if taste.change.any():
        mean = base.head.mean + kept * taste.change
        mean[-1] += level
        precision = np.linalg.inv(np.linalg.inv(base.head.precision) + taste.covariance)
        head = Head(mean, (precision + precision.T) / 2, base.head.noise)
    known = lessons.rows @ base.head.mean
    foretold = known + kept * (taste.foretold - known) + level * lessons.rows[:, -1]
    scored = ~np.isnan(lessons.targets) & (lessons.rows[:, -1] == 1)
    excess, on_dev = (
        _excess(base.calibration, points, scores)
        for points, scores in (
            (foretold[scored], base.calibration.apply(lessons.targets[scored]).astype(np.float64)),
            (vectors @ head.mean, dev.i_scores),
        )
    )
    widened = _widened(excess, on_dev)
    below, above = (tuple(widened * one for one in side) for side in (base.calibration.below, base.calibration.above))
    inside = float((excess <= widened).mean()) if len(excess) >= _LEAST_FOR_INTERVALS else None
    return Learnt(head, replace(base.calibration, below=below, above=above), taste, kept, lost, widened, inside)


def _kept(before: Scores, change: Scores, dev: DevSet) -> tuple[float, float]:
    """The largest share of a change, in twentieths, that costs what it may, and what it costs over all topics."""
    topics = [dev.topics == topic for topic in np.unique(dev.topics)]
    groups = [(np.full(len(before), True), MOST_LOST)]
    groups += [(rows, MOST_LOST_IN_TOPIC) for rows in topics if rows.sum() >= _LEAST_IN_TOPIC]
    known = [spearman(before[rows], dev.i_scores[rows]) for rows, _ in groups]
    for share in range(20, -1, -1):
        points = before + share / 20 * change
        lost = [one - spearman(points[rows], dev.i_scores[rows]) for one, (rows, _) in zip(known, groups, strict=True)]
        if all(one <= most for one, (_, most) in zip(lost, groups, strict=True)):
            break
    return share / 20, lost[0]


def _widened(newsroom: Scores, dev: Scores) -> float:
    """By how much intervals must be longer for LEVEL of the newsroom's scores to lie in them; never shorter.

    Split conformal over folds (Vovk 2015, "Cross-conformal predictors"). But a newsroom errs more than the raters of
    the development set, for whom intervals must not say nothing.
    """
    if len(newsroom) < _LEAST_FOR_INTERVALS:
        return 1.0
    rank = min(int(np.ceil(LEVEL * (len(newsroom) + 1))), len(newsroom)) - 1
    return max(1.0, min(float(np.sort(newsroom)[rank]), float(np.quantile(dev, _MOST_INSIDE, method="lower"))))


def _excess(calibration: Calibration, points: Scores, i_scores: Scores) -> Scores:
    """How far each score lies from what the points say, in lengths of the interval on its side."""
    scores = calibration.apply(points).astype(np.float64)
    region = np.searchsorted(calibration.edges, scores, side="right")
    below, above = (np.maximum(np.array(side)[region], 1e-9) for side in (calibration.below, calibration.above))
    excess: Scores = np.maximum((scores - i_scores) / below, (i_scores - scores) / above)
    return excess


def _files(
    name: str, source: Artifact, learnt: Learnt, base: Base, dev: DevSet, made_from: Mapping[str, Any]
) -> dict[str, bytes]:
    head = arrays_to_bytes(
        mean=learnt.head.mean,
        precision=learnt.head.precision,
        noise=np.array(learnt.head.noise),
        base_mean=base.head.mean,
        base_precision=base.head.precision,
    )
    files = {one: source.files[one] for one in _COPIED}
    files |= {"head.npz": head, "calibration.json": _json(learnt.calibration.to_json())}
    model = ImportanceModel(Artifact(name, {}, files), threads=1)
    titles = [row["title"] for row in source.json("golden.json")]
    golden = [{"title": one, "score": float(score)} for one, score in zip(titles, model.predict(titles), strict=True)]
    metrics = _figures(model, source, dev)
    card = house_card(name, base.name, metrics, made_from)
    return {**files, "golden.json": _json(golden), "metrics.json": _json(metrics), "CARD.md": card.encode()}


def _figures(model: ImportanceModel, source: Artifact, dev: DevSet) -> Metrics:
    """What can be measured without a title that is not ours; what cannot change is the champion's."""
    share = source.manifest.get("config", {}).get("held_out_share", StudentConfig().held_out_share)
    families, client = data.held_out(data.CONTRAST, share), read_labels(data.CLIENT)
    scores = model.scores(dev.vectors).astype(np.float64)
    known: Metrics = {key: value for key, value in source.json("metrics.json").items() if key in ("topics", "raters")}
    told = model.predict([one.text for one in families]).astype(np.float64)
    return {
        **dev_figures(scores, np.array([model.calibration.interval(one) for one in scores]), dev.i_scores),
        **known,
        data.CONTRAST: {"families": len({one.family for one in families}), **contrast(told, families)},
        "client": client_figures(client, model.predict([one.title for one in client]).astype(np.float64)),
        "behaviour": behaviour_figures(behaviour(model.predict)),
    }


def _about(
    base: Base, learnt: Learnt, standing: Sequence[Standing], judged: Sequence[Standing], digest: str
) -> dict[str, Any]:
    best = max(learnt.taste.tried, key=lambda one: one.share)
    return {
        "base": base.name,
        "labels_sha256": digest,
        "judgements": dict(sorted(Counter(one.judgement.kind for one in judged).items())),
        "held_out": len(standing) - len(judged),
        "weight": best.weight,
        "topics": best.topics,
        "tried": [asdict(one) for one in learnt.taste.tried],
        "kept": learnt.kept,
        "dev_spearman_lost": learnt.lost,
        "intervals_widened": learnt.widened,
        "inside_intervals": learnt.inside,
        "base_intervals": {"below": base.calibration.below, "above": base.calibration.above},
    }


def _is_there(target: Path, digest: str) -> bool:
    if not target.exists():
        return False
    house = artifact.read(target).manifest.get("house") or {}
    if house.get("labels_sha256") != digest:
        raise ArtifactError(f"{target / MANIFEST} is of other judgements: move it out of the way")
    return True


def _json(value: object) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False).encode()
