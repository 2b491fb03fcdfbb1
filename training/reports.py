"""What a version says to all that the gate asks: one report per version, row by row, of the same questions."""

import hashlib
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import onnxruntime as ort
from tokenizers import Tokenizer

from service import artifact
from service.artifact import Artifact
from service.head import Vectors
from service.judgements import held_out, judgement_row, read_snapshot, title_key
from service.model import ImportanceModel, load
from service.types import TOPICS, Judgement
from training import data
from training.behaviour import behaviour
from training.config import StudentConfig
from training.dataset import Example
from training.dev_set import dev_set_of
from training.metrics import Scores, per_family

_FAMILIES = ("contrast", "swaps")
_SCORING = ("encoder.onnx", "tokenizer.json", "head.npz", "calibration.json", "topics.npz")
_TIE = 5.0
"""Points: an editor who finds neither more important is met by scores closer than that."""
_TIMED = 256
_MATRIX_PRODUCTS = {"MatMul", "Gemm", "MatMulInteger"}
_TITLE = "Dam bursts above valley town, thousands flee to higher ground"


@dataclass(frozen=True, slots=True)
class Network:
    """What versions with the same network share. ``encode`` remembers."""

    encode: Callable[[tuple[str, ...]], Vectors]
    multiplications: int


@dataclass(frozen=True, slots=True)
class Rated:
    """Ratings (n,) of headlines, with a version's scores (n,) of them and intervals (n, 2)."""

    ratings: Scores
    scores: Scores
    intervals: Scores


@dataclass(frozen=True, slots=True)
class Report:
    """A version's answers, row by row, to all that the gate asks. Rows of two reports of one snapshot are the same."""

    version: str
    scoring_sha256: str
    """Digest of the files that make its scores: another name does not make another model."""
    labels_sha256: str
    holdout_sha256: str
    rated: Rated
    """What the newsroom held back and rated, one row per title."""
    comparisons: Scores
    """(n,) of the held-out comparisons, the share of each that the scores order as the editor did."""
    dev: Rated
    dev_topics: Sequence[str]
    ordered: Scores
    """(families, 2): pairs in the right order, and pairs, of the contrast families held out."""
    spreads: Scores
    """(families,): points between wordings of one event."""
    broken: Sequence[str]
    """Demands of ``data/behaviour.toml`` that it does not meet, in words."""
    multiplications: int
    """Of its network for one headline: time that does not depend on what else the machine does."""
    size_bytes: int
    ms_per_headline: float
    """As measured now: for the reader, not for the verdict."""


@dataclass(frozen=True, slots=True)
class Questions:
    """What versions are asked. ``ratings`` are the newsroom's means by title; no version trains on any of it."""

    labels_sha256: str
    holdout_sha256: str
    ratings: dict[str, float]
    comparisons: Sequence[Judgement]
    families: Sequence[Example]


def reports(champion: Path, challenger: Path, snapshot: Path) -> tuple[Report, Report]:
    """Both versions on the same questions; InputError or ArtifactError when one cannot be asked."""
    shares = [_held_out_share(artifact.read(folder)) for folder in (champion, challenger)]
    asked = questions(snapshot, min(shares))  # what the smaller share holds out, the larger does too
    networks: dict[str, Network] = {}  # a house version has its champion's: titles are read once for both
    return report(champion, asked, networks), report(challenger, asked, networks)


def questions(snapshot: Path, held_out_share: float) -> Questions:
    """The hold-out of a snapshot, and the families that versions with this share never saw."""
    held = [one for one in read_snapshot(snapshot) if held_out(one)]
    rows = sorted(json.dumps(judgement_row(one), ensure_ascii=False) for one in held)
    scored: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for one in held:
        if one.i_score is not None:
            scored[title_key(one.titles[0])].append((one.titles[0], one.i_score))
    return Questions(
        hashlib.sha256(snapshot.read_bytes()).hexdigest(),
        hashlib.sha256("\n".join(rows).encode("utf-8", "replace")).hexdigest(),
        {given[0][0]: float(np.mean([score for _, score in given])) for given in scored.values()},
        [one for one in held if len(one.titles) > 1],
        [example for name in _FAMILIES for example in data.held_out(name, held_out_share)],
    )


def report(folder: Path, asked: Questions, networks: dict[str, Network]) -> Report:
    """One version's answers; ``networks`` remembers by digest what was encoded, and what that takes."""
    source, model = artifact.read(folder), load(folder)
    key = _digest(source, _SCORING[:2])
    network = networks[key] = networks.get(key) or _network(source, model)

    def predict(titles: Sequence[str]) -> Scores:
        return model.scores(network.encode(tuple(titles))).astype(np.float64)

    dev = dev_set_of(source)
    families = list(per_family(predict([one.text for one in asked.families]), asked.families).values())
    return Report(
        model.version,
        _digest(source, _SCORING),
        asked.labels_sha256,
        asked.holdout_sha256,
        _rated(model, predict(list(asked.ratings)), np.array(list(asked.ratings.values()))),
        _agreements(asked.comparisons, predict([title for one in asked.comparisons for title in one.titles])),
        _rated(model, model.scores(dev.vectors).astype(np.float64), dev.i_scores),
        [TOPICS[topic] for topic in dev.topics],
        np.array([(one.right, one.pairs) for one in families if one.pairs]),
        np.array([one.spread for one in families if one.equal]),
        behaviour(lambda titles: predict(titles).astype(np.float32)).broken,
        network.multiplications,
        sum(map(len, source.files.values())),
        _ms_per_headline(model, [one.text for one in asked.families[:_TIMED]]),
    )


def _network(source: Artifact, model: ImportanceModel) -> Network:
    return Network(cache(model.encoder.encode), _multiplications(source))


def _rated(model: ImportanceModel, scores: Scores, ratings: Scores) -> Rated:
    return Rated(ratings, scores, np.array([model.calibration.interval(score) for score in scores]).reshape(-1, 2))


def _agreements(comparisons: Sequence[Judgement], scores: Scores) -> Scores:
    ends = np.cumsum([len(one.titles) for one in comparisons])
    parts = np.split(scores, ends[:-1]) if len(ends) else []
    return np.array([_agreement(one, part) for one, part in zip(comparisons, parts, strict=True)])


def _agreement(judgement: Judgement, scores: Scores) -> float:
    """Share of the pairs that a comparison implies which the scores order alike; equal scores are half right."""
    best, worst, count = judgement.best, judgement.worst, len(scores)
    if best is None:
        return float(abs(scores[0] - scores[1]) < _TIE)
    pairs = {(best, other) for other in range(count)} | {(other, worst) for other in range(count) if worst is not None}
    gaps = [scores[more] - scores[less] for more, less in pairs if more != less]
    return float(np.mean([(np.sign(gap) + 1) / 2 for gap in gaps]))


def _held_out_share(version: Artifact) -> float:
    config = version.manifest.get("config", {})
    return float(config.get("held_out_share", StudentConfig().held_out_share))


def _digest(version: Artifact, names: Sequence[str]) -> str:
    found = hashlib.sha256()
    for name in names:
        found.update(hashlib.sha256(version.files[name]).digest())
    return found.hexdigest()


def _multiplications(version: Artifact) -> int:
    """Of its matrix products for a title of ours, counted from the shapes that a run goes through."""
    ids = Tokenizer.from_buffer(version.files["tokenizer.json"]).encode(_TITLE.lower()).ids
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.enable_profiling = True
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL  # the operations as they were saved
    with tempfile.TemporaryDirectory() as folder:
        options.profile_file_prefix = str(Path(folder) / "run")
        session = ort.InferenceSession(version.files["encoder.onnx"], options, providers=["CPUExecutionProvider"])
        session.run(None, {"input_ids": np.array([ids], np.int64)})
        events = json.loads(Path(session.end_profiling()).read_text("utf-8"))
    return sum(_products(event["args"]) for event in events if event.get("args", {}).get("op_name") in _MATRIX_PRODUCTS)


def _products(node: dict[str, list[dict[str, list[int]]]]) -> int:
    """Every number that goes in meets every column that comes out."""
    (into,), (out,) = node["input_type_shape"][0].values(), node["output_type_shape"][0].values()
    return int(np.prod(into)) * out[-1]


def _ms_per_headline(model: ImportanceModel, titles: Sequence[str]) -> float:
    begun = time.perf_counter()
    model.predict(titles)
    return 1000 * (time.perf_counter() - begun) / max(1, len(titles))
