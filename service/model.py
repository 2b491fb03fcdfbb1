"""The trained scorer: titles in, raw i-Scores out."""

import math
import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from tokenizers import Tokenizer

from service import artifact
from service.artifact import Artifact
from service.errors import ArtifactError
from service.text import normalise

MAX_TOKENS = 96
GOLDEN_TOLERANCE = 0.01
"""In points. Kernels of other processors move a score by some 1e-5; another model moves it by whole points."""

_BATCH = 32


class ImportanceModel:
    """A checked and warmed model version. ``predict`` may be called from several threads."""

    def __init__(self, source: Artifact, threads: int) -> None:
        self.version = source.version
        self.manifest = source.manifest
        self._tokenizer = _tokenizer(source)
        self._session = _session(source, threads)

    def predict(self, titles: Sequence[str]) -> NDArray[np.float32]:
        """Raw i-Scores, shape (n,), float32, 0-100, in input order.

        A title's score has the same bits alone, in any batch and in any order: only titles of equal
        token length are computed together, so nothing is padded (tests/test_model.py).
        """
        scores = np.empty(len(titles), np.float32)
        by_length: dict[int, list[int]] = defaultdict(list)
        encodings = self._tokenizer.encode_batch_fast([normalise(title) for title in titles])
        for index, encoding in enumerate(encodings):
            by_length[len(encoding)].append(index)
        for indices in by_length.values():
            for start in range(0, len(indices), _BATCH):
                chosen = indices[start : start + _BATCH]
                ids = np.array([encodings[index].ids for index in chosen], np.int64)
                scores[chosen] = self._session.run(None, {"input_ids": ids})[0]
        return scores


def load(folder: Path, threads: int = 0) -> ImportanceModel:
    """Size caps, SHA-256, schema, golden scores, warm: in that order, or ArtifactError.

    ``threads`` 0 means as many as the process may use.
    """
    source = artifact.read(folder)
    model = ImportanceModel(source, threads or available_cpus())
    _check_golden(model, source.json("golden.json"))  # scores enough titles to warm the session as well
    return model


def available_cpus() -> int:
    """Processors this process may really use: its affinity, cut to the cgroup's quota (ONNX Runtime asks neither)."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return max(1, min(allowed, math.ceil(int(quota) / int(period))))
    except (OSError, ValueError):  # no cgroup v2, or "max"
        return allowed


def _tokenizer(source: Artifact) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_buffer(source.files["tokenizer.json"])
    except Exception as exc:
        raise ArtifactError(f"{source.version}: tokenizer.json cannot be used: {exc}") from exc
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def _session(source: Artifact, threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Spinning threads would take the CPU from the web server between two requests.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        session = ort.InferenceSession(source.files["model.onnx"], options, providers=["CPUExecutionProvider"])
    except Exception as exc:
        raise ArtifactError(f"{source.version}: model.onnx cannot be used: {exc}") from exc
    inputs, outputs = [i.name for i in session.get_inputs()], [o.name for o in session.get_outputs()]
    if inputs != ["input_ids"] or outputs != ["score"]:
        raise ArtifactError(f"{source.version}: model.onnx maps {inputs} to {outputs}, not input_ids to score")
    return session


def _check_golden(model: ImportanceModel, golden: object) -> None:
    rows = golden if isinstance(golden, list) else []
    pairs: list[tuple[Any, Any]] = [
        (row.get("title"), row.get("score")) if isinstance(row, dict) else (None, None) for row in rows
    ]
    if not pairs or not all(isinstance(title, str) and _is_score(score) for title, score in pairs):
        raise ArtifactError(f"{model.version}: golden.json holds no titles with scores")
    try:
        scores = model.predict([title for title, _ in pairs])
    except Exception as exc:
        raise ArtifactError(f"{model.version}: model.onnx cannot score: {exc}") from exc
    worst = float(np.abs(scores - np.array([score for _, score in pairs])).max())
    if not worst <= GOLDEN_TOLERANCE:  # written so that NaN fails, which numpy's max keeps and Python's may lose
        raise ArtifactError(f"{model.version}: golden scores are off by {worst:.3f} points, at most {GOLDEN_TOLERANCE}")


def _is_score(value: object) -> bool:
    return isinstance(value, (int, float)) and 0 <= value <= 100  # NaN is not
