"""What titles mean, as MiniLM sees it: the student learns it beside importance, so that words it has rarely seen and
other wordings of one event lie where their meaning is."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from training.base_encoder import base_encoder
from training.whole import written_whole

DIRECTIONS = 64


def semantics(texts: Sequence[str], cache: Path) -> np.ndarray:
    """(texts, DIRECTIONS) float32: the main directions of MiniLM's vectors, the variance of a row's sum being 1.

    Kept in the file ``cache``, which belongs to these texts.
    """
    if not cache.is_file():
        network = SentenceTransformer(str(base_encoder()), device="cpu", model_kwargs={"dtype": torch.bfloat16})
        vectors = network.encode(list(texts), batch_size=128, convert_to_tensor=True, show_progress_bar=True).float()
        vectors -= vectors.mean(0)
        _, directions = torch.linalg.eigh(vectors.T @ vectors)
        found = (vectors @ directions.flip(1)[:, :DIRECTIONS]).numpy()
        with written_whole(cache) as temporary:
            np.save(temporary, (found / np.sqrt((found**2).sum(1).mean())).astype(np.float16))
    return np.load(cache).astype(np.float32)
