"""The student's vocabulary: word pieces of news headlines, quantities as words, and vectors to start from."""

import json
import re
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from service.amounts import STEPS, quantity_words
from service.reading import reading
from training.base_encoder import base_encoder

PADDING, UNKNOWN = "[PAD]", "[UNK]"
_LEAST_FREQUENCY = 4
_LETTERS = 200  # characters with pieces of their own; headlines have few others
_QUANTITY = re.compile(r"q([qx])(\d+)")


def train_vocabulary(texts: Iterable[str], size: int) -> Tokenizer:
    """At most ``size`` word pieces (Schuster and Nakajima 2012) of titles."""
    tokenizer = Tokenizer(models.WordPiece(unk_token=UNKNOWN, max_input_chars_per_word=40))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.WordPieceTrainer(
        vocab_size=size,
        min_frequency=_LEAST_FREQUENCY,
        special_tokens=[PADDING, UNKNOWN, *quantity_words()],
        limit_alphabet=_LETTERS,
        show_progress=False,
    )
    tokenizer.train_from_iterator(map(reading, texts), trainer)
    return _with_plain_quantities(tokenizer)


def starting_vectors(tokenizer: Tokenizer, width: int) -> np.ndarray:
    """Per piece, (pieces, width) float32: the main components of what MiniLM makes of it as a text of its own."""
    pieces = [piece for piece, _ in sorted(tokenizer.get_vocab().items(), key=lambda one: one[1])]
    network = SentenceTransformer(str(base_encoder()), device="cpu", model_kwargs={"dtype": torch.bfloat16})
    found = network.encode(
        [_said(piece) for piece in pieces], batch_size=256, convert_to_numpy=True, show_progress_bar=False
    ).astype(np.float32)
    found -= found.mean(0)
    _, _, directions = np.linalg.svd(found, full_matrices=False)
    return found @ directions[:width].T


def token_ids(tokenizer: Tokenizer, texts: Sequence[str], most: int) -> list[np.ndarray]:
    """Token ids of titles, at least one and at most ``most`` each."""
    rows = tokenizer.encode_batch_fast([reading(text) for text in texts])
    return [np.array(row.ids[:most], np.int64) for row in rows]


def _with_plain_quantities(tokenizer: Tokenizer) -> Tokenizer:
    """The trainer keeps quantities whole only as special tokens; reading, they are words like others."""
    found = json.loads(tokenizer.to_str())
    found["added_tokens"] = [one for one in found["added_tokens"] if one["content"] in (PADDING, UNKNOWN)]
    return Tokenizer.from_str(json.dumps(found))


def _said(piece: str) -> str:
    """A piece as MiniLM has read it: "##ing" as "ing", a quantity in digits."""
    match = _QUANTITY.fullmatch(piece)
    if match is None:
        return piece.removeprefix("##") or piece
    if match[1] == "q":
        return match[2]
    value = 10 ** (int(match[2]) / STEPS)
    for factor, name in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if value >= factor:
            return f"{value / factor:.3g} {name}"
    return f"{value:,.0f}"
