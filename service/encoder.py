"""The network that reads: titles in, vectors out."""

import math
import os
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from tokenizers import Tokenizer

from service.errors import ArtifactError
from service.head import Vectors
from service.reading import reading

MAX_TOKENS = 96

_BATCH_TOKENS = 384  # 32 titles of usual length: four times as many are no faster and cost 9 MB
_SHATTERED = 2
"""Pieces after a word's first with which it counts as unknown."""
_SHARE = 1024
"""Titles that a thread takes at once: enough that batches of one token length are full."""

Words = NDArray[np.int64]


class Encoder:
    """A checked network with its vocabulary. ``encode`` may be called from several threads."""

    def __init__(self, network: bytes, tokenizer: bytes, threads: int = 1) -> None:
        self._tokenizer = _tokenizer(tokenizer)
        self._goes_on = _continuations(self._tokenizer)
        self._session = _session(network)
        self.width: int = self._session.get_outputs()[0].shape[1]
        # The network is so small that a thread a batch is twice as fast as all threads on one batch.
        self._pool = ThreadPoolExecutor(threads, "encoder") if threads > 1 else None

    def encode(self, titles: Sequence[str]) -> Vectors:
        """Vectors (n, width), float32, in input order.

        A title's vector has the same bits alone, in any batch and in any order: only titles of equal
        token length are computed together, so nothing is padded (tests/test_model.py).
        """
        return self.read(titles)[0]

    def read(self, titles: Sequence[str]) -> tuple[Vectors, Words]:
        """``encode``, and of each title how many words it has and how many of them lie in pieces, (n, 2)."""
        parts = [titles[start : start + _SHARE] for start in range(0, len(titles), _SHARE)]
        found = list(self._pool.map(self._part, parts) if self._pool and len(parts) > 1 else map(self._part, parts))
        vectors = np.concatenate([np.empty((0, self.width), np.float32), *(vectors for vectors, _ in found)])
        return vectors, np.concatenate([np.empty((0, 2), np.int64), *(words for _, words in found)])

    def _part(self, titles: Sequence[str]) -> tuple[Vectors, Words]:
        vectors = np.empty((len(titles), self.width), np.float32)
        words = np.empty((len(titles), 2), np.int64)
        by_length: dict[int, list[int]] = defaultdict(list)
        rows = [encoding.ids for encoding in self._tokenizer.encode_batch_fast([reading(title) for title in titles])]
        for index, ids in enumerate(rows):
            by_length[len(ids)].append(index)
        for length, indices in by_length.items():
            size = _BATCH_TOKENS // length
            for start in range(0, len(indices), size):
                chosen = indices[start : start + size]
                batch = np.array([rows[index] for index in chosen], np.int64)
                vectors[chosen] = self._session.run(None, {"input_ids": batch})[0]
                words[chosen] = _words(self._goes_on[batch])
        return vectors, words


def available_cpus() -> int:
    """Processors this process may really use: its affinity, cut to the cgroup's quota (ONNX Runtime asks neither)."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return max(1, min(allowed, math.ceil(int(quota) / int(period))))
    except (OSError, ValueError):  # no cgroup v2, or "max"
        return allowed


def _continuations(tokenizer: Tokenizer) -> NDArray[np.bool_]:
    """Of each token, whether it goes on a word."""
    tokens = map(tokenizer.id_to_token, range(tokenizer.get_vocab_size()))
    return np.fromiter((token is not None and token.startswith("##") for token in tokens), np.bool_)


def _words(goes_on: NDArray[np.bool_]) -> Words:
    """Words, and those of them that lie in pieces, of titles of one length, (n, length) -> (n, 2)."""
    shattered = goes_on[:, 1:] & goes_on[:, :-1]
    shattered[:, 1:] &= ~goes_on[:, :-2]  # a run of continuations counts once, at its second
    return np.stack([(~goes_on).sum(1), shattered.sum(1)], 1)


def _tokenizer(content: bytes) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_buffer(content)
    except Exception as exc:
        raise ArtifactError(f"tokenizer.json cannot be used: {exc}") from exc
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def _session(content: bytes) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as exc:
        raise ArtifactError(f"encoder.onnx cannot be used: {exc}") from exc
    inputs, outputs = [i.name for i in session.get_inputs()], [o.name for o in session.get_outputs()]
    if inputs != ["input_ids"] or outputs != ["vector"] or not isinstance(session.get_outputs()[0].shape[-1], int):
        raise ArtifactError(f"encoder.onnx maps {inputs} to {outputs}, not input_ids to a vector of fixed width")
    session._model_bytes = None  # the whole file, kept for a fallback to other providers: there is none
    return session
