"""Quality against speed: the shipped model beside the usual ways to score a title, same titles, threads and minute.

Needs the rated headlines' texts in var/data (data/README.md says how to get them). Every peer is fitted to the same
20,000 rated headlines; speed is text in to score out, in one process, on all processors that it may use.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import numpy as np
import onnxruntime as ort
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge
from tokenizers import Tokenizer

from service.encoder import available_cpus
from service.model import ImportanceModel, load
from service.reading import reading
from service.registry import Registry
from service.settings import HERE, Settings
from service.text import normalise
from training import data
from training.base_encoder import base_encoder
from training.metrics import agreement, contrast, top_overlap

Array = NDArray[np.float64]
Encode = Callable[[list[str]], Array]

_DATA, _PLOT = HERE / "var" / "data", HERE / "docs" / "quality-speed.svg"
_FITTED_TO = 20_000
_TITLES, _FEW = 20_000, 3_000
ROUNDS = 3
_BATCH = 64


class Predict(Protocol):
    """Titles in, scores out."""

    def __call__(self, titles: list[str]) -> Array:
        """(n,)"""


@dataclass(frozen=True, slots=True)
class Peer:
    """A way to score, and how many titles are enough to time it."""

    name: str
    predict: Predict
    titles: int


def run() -> None:
    """Print the table and draw the plot."""
    threads = available_cpus()
    torch.set_num_threads(threads)
    registry = Registry(Settings().models)
    model_folder = registry.path(registry.current())
    model = load(model_folder, threads)
    with TemporaryDirectory() as folder:
        peers = [*_peers(Path(folder), threads), Peer(f"**{model.version}**", _ours(model), _TITLES)]
        speeds = _speeds(peers)
    base = speeds[0]
    dev, held = data.dev(_DATA), data.held_out(data.CONTRAST, model.manifest["config"]["held_out_share"])
    print(f"{threads} threads, median of {ROUNDS} rounds in turn\n")
    print("| | headlines/s | ratio | Spearman | MAE | bias at 60+ | top 10 of 50 | ordered pairs | spread of equals |")
    print("|---|---|---|---|---|---|---|---|---|")
    drawn = []
    for peer, speed in zip(peers, speeds, strict=True):
        scores = np.clip(peer.predict(dev.titles), 0, 100)
        found, families = agreement(scores, dev.i_scores), contrast(peer.predict([one.text for one in held]), held)
        drawn.append((peer.name.strip("*"), speed, found["spearman"]))
        print(
            f"| {peer.name} | {speed:,.0f} | {speed / base:.1f} | {found['spearman']:.3f} | {found['mae']:.2f} "
            f"| {found['bias_top']:+.1f} | {top_overlap(scores, dev.i_scores):.2f} "
            f"| {families['ordered_pairs']:.3f} | {families['equals_spread']:.1f} |"
        )
    print(f"\n{_shares(load(model_folder, 1), Tokenizer.from_file(str(model_folder / 'tokenizer.json')))}")
    _draw(drawn)


def _shares(model: ImportanceModel, tokenizer: Tokenizer) -> str:
    """Where the processor's time goes between a title and its score."""
    titles = _titles()
    read = [reading(title) for title in titles]
    vectors = model.encoder.encode(titles)
    whole = _processor_s(lambda: model.encoder.encode(titles))
    parts = {
        "reading": _processor_s(lambda: [reading(title) for title in titles]),
        "tokenising": _processor_s(lambda: tokenizer.encode_batch_fast(read)),
        "heads": _processor_s(lambda: (model.scores(vectors), model.topics(vectors))),
    }
    parts["network"] = whole - parts["reading"] - parts["tokenising"]
    total = whole + parts["heads"]
    told = ", ".join(f"{name} {parts[name] / total:.1%}" for name in ("reading", "tokenising", "network", "heads"))
    return f"{model.version}: {total / len(titles) * 1e6:.0f} µs of one processor for a headline: {told}"


def _processor_s(work: Callable[[], object]) -> float:
    """Of this process with all its threads, the least of ROUNDS."""
    found = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        found.append(time.process_time() - started)
    return min(found)


def _ours(model: ImportanceModel) -> Predict:
    return lambda titles: model.predict(titles).astype(np.float64)


def _speeds(peers: Sequence[Peer]) -> list[float]:
    """Headlines a second, each peer in each round, so that a busy minute hits all alike."""
    drawn = _titles()
    rounds = [[_speed(peer, drawn[: peer.titles]) for peer in peers] for _ in range(ROUNDS)]
    return [sorted(column)[ROUNDS // 2] for column in zip(*rounds, strict=True)]


def _titles() -> list[str]:
    return [row["title"] for row in data.read_rows(_DATA / data.RATED)][:_TITLES]


def _speed(peer: Peer, titles: list[str]) -> float:
    started = time.perf_counter()
    peer.predict(titles)
    return len(titles) / (time.perf_counter() - started)


def _peers(folder: Path, threads: int) -> list[Peer]:
    rated = list(data.read_rows(_DATA / data.RATED))
    chosen = [rated[i] for i in np.random.default_rng(0).permutation(len(rated))[:_FITTED_TO]]
    titles, scores = [row["title"] for row in chosen], np.array([row["i_score"] for row in chosen])
    encoder = SentenceTransformer(str(base_encoder()), device="cpu")

    def with_ridge(encode: Encode, alpha: float) -> Predict:
        head = Ridge(alpha).fit(encode(titles), scores)
        return lambda asked: np.asarray(head.predict(encode(asked)))

    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2).fit(map(normalise, titles))
    of_words = Ridge(1.0).fit(words.transform(map(normalise, titles)), scores)
    return [
        Peer("`SentenceTransformer.encode` (MiniLM) + ridge", with_ridge(_sentence_transformer(encoder), 1.0), _FEW),
        Peer("MiniLM, ONNX dynamic int8 + ridge", with_ridge(_int8(encoder, folder, threads), 1.0), _FEW),
        Peer("static embeddings distilled from MiniLM + ridge", with_ridge(_static(encoder), 1.0), _TITLES),
        Peer("TF-IDF + ridge", lambda asked: of_words.predict(words.transform(map(normalise, asked))), _TITLES),
    ]


def _sentence_transformer(encoder: SentenceTransformer) -> Encode:
    return lambda titles: np.asarray(encoder.encode(titles, batch_size=_BATCH), np.float64)


def _static(encoder: SentenceTransformer) -> Encode:
    """As model2vec does: each word piece's vector on its own, main components, rare pieces heavier (Zipf)."""
    tokenizer = Tokenizer.from_str(encoder.tokenizer.backend_tokenizer.to_str())
    tokenizer.no_padding()
    pieces = [piece for piece, _ in sorted(tokenizer.get_vocab().items(), key=lambda one: one[1])]
    vectors = np.asarray(encoder.encode([piece.removeprefix("##") for piece in pieces], batch_size=256))
    vectors = vectors - vectors.mean(0)
    _, _, directions = np.linalg.svd(vectors, full_matrices=False)
    weights = np.log1p(np.arange(len(pieces)))[:, None]
    static = StaticEmbedding(tokenizer, embedding_weights=(vectors @ directions[:256].T * weights).astype(np.float32))
    return _sentence_transformer(SentenceTransformer(modules=[static], device="cpu"))


def _int8(encoder: SentenceTransformer, folder: Path, threads: int) -> Encode:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    bert = encoder[0].model.eval()
    example = {name: torch.ones((2, 8), dtype=torch.long) for name in ("input_ids", "attention_mask")}
    torch.onnx.export(
        _LastStates(bert),
        tuple(example.values()),
        str(folder / "fp32.onnx"),
        input_names=list(example),
        output_names=["states"],
        dynamic_axes={name: {0: "batch", 1: "tokens"} for name in (*example, "states")},
        dynamo=False,
    )
    quantize_dynamic(folder / "fp32.onnx", folder / "int8.onnx", weight_type=QuantType.QInt8)
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    session = ort.InferenceSession(folder / "int8.onnx", options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_str(encoder.tokenizer.backend_tokenizer.to_str())
    tokenizer.enable_padding()
    tokenizer.enable_truncation(encoder.max_seq_length)

    def encode(titles: list[str]) -> Array:
        order = np.argsort([len(title) for title in titles], kind="stable")
        vectors = np.empty((len(titles), 384))
        for start in range(0, len(titles), _BATCH):
            chosen = order[start : start + _BATCH]
            batch = tokenizer.encode_batch_fast([titles[index] for index in chosen])
            mask = np.array([one.attention_mask for one in batch], np.int64)
            states = session.run(
                None, {"input_ids": np.array([one.ids for one in batch], np.int64), "attention_mask": mask}
            )[0]
            mean = (states * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
            vectors[chosen] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return vectors

    return encode


class _LastStates(torch.nn.Module):
    def __init__(self, bert: torch.nn.Module) -> None:
        super().__init__()
        self.bert = bert

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        states: torch.Tensor = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        return states


def _draw(found: Sequence[tuple[str, float, float]]) -> None:
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.add_subplot()
    for number, (name, speed, quality) in enumerate(found):
        ours = name.startswith("headline")
        axes.scatter(speed, quality, s=60 if ours else 30, color="#217b4f" if ours else "#6b7280")
        axes.annotate(
            name.replace("`", ""),
            (speed, quality),
            xytext=(0, -14 if number % 2 else 8),
            textcoords="offset points",
            ha="left" if speed < 1000 else "center",
            fontsize=7,
        )
    axes.set(xscale="log", xlabel="headlines a second, two cores", ylabel="Spearman with the raters")
    axes.margins(0.25, 0.25)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(_PLOT, metadata={"Date": None, "Creator": None})
