"""Files of dated headlines -> the published groups of headlines that tell one story."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from training.base_encoder import base_encoder
from training.data import dev_ids
from training.dataset import read_rows
from training.stories import Dated, Vectors, dated, stories
from training.whole import write_csv


def mine(sources: Sequence[Path], out: Path) -> list[list[Dated]]:
    """Write ``out`` (CSV, gzipped: id, story) and return the groups; headlines of the development set stay out."""
    headlines = dated((row for source in sources for row in read_rows(source)), dev_ids())
    found = stories(headlines, _vectors([headline.text for headline in headlines]))
    rows = ([headline.id, number] for number, group in enumerate(found) for headline in group)
    write_csv(out, ["id", "story"], rows)
    return found


def _vectors(texts: Sequence[str]) -> Vectors:
    """Mean token vectors of the base encoder, (texts, 384) with rows of length 1."""
    network = SentenceTransformer(str(base_encoder()), device="cpu", model_kwargs={"dtype": torch.bfloat16})
    vectors = network.encode(list(texts), batch_size=256, convert_to_numpy=True, show_progress_bar=True)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
