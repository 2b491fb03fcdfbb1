"""The student: trained, stopped, taken up again and written as the graph that is served."""

import logging
from collections.abc import Callable
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from tokenizers import Tokenizer

from service.amounts import quantity_words
from service.encoder import MAX_TOKENS, Encoder
from service.types import TOPICS
from training import data, distil
from training.config import StudentConfig
from training.dataset import FEATURE_DEVIATION, FEATURES, Example
from training.distil import DEVIATION, MIDDLE, Taught, train_student
from training.export import export
from training.lexicon import PAIRS, Lexical, Lexicon
from training.semantics import DIRECTIONS, semantics
from training.student import Student
from training.vocabulary import starting_vectors, token_ids, train_vocabulary

CONFIG = StudentConfig(
    vocabulary=400,
    width=16,
    layers=1,
    heads=2,
    inner=16,
    hidden=16,
    vector=8,
    epochs=2,
    batch_tokens=512,
    warmup_steps=2,
)
LEARNING = replace(CONFIG, ema_decay=0.5, dropout=0.0, word_dropout=0.0, learning_rate=1e-2, word_rate=1e-2, epochs=12)
FAMILIES = data.families_in(data.CONTRAST)[:160]
TAUGHT = [
    Example(f"{topic} {one.text}", one.i_score, once=True, features=bytes([index] * FEATURES), topic=topic)
    for index, (one, topic) in enumerate(zip(FAMILIES[:40], cycle(TOPICS), strict=False))
]
EXAMPLES = [*FAMILIES[:80], *TAUGHT]
TEXTS = [one.text for one in FAMILIES]
MEANINGS = np.outer([1 if one.i_score > 50 else -1 for one in EXAMPLES], np.eye(DIRECTIONS)[3]).astype(np.float32)


def random_lexicon(vocabulary: int) -> Lexicon:
    random = np.random.default_rng(0)
    pieces, pairs = (random.integers(-127, 128, size, np.int8) for size in (vocabulary, PAIRS))
    return Lexicon(pieces, pairs, 0.01, 0.3)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_vocabulary(TEXTS, CONFIG.vocabulary)


@pytest.fixture(scope="module")
def words(tokenizer: Tokenizer) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(tokenizer.get_vocab_size(), CONFIG.width)).astype(np.float32)


@pytest.fixture
def train(tokenizer: Tokenizer, words: np.ndarray, tmp_path: Path) -> Callable[..., Taught]:
    """Trains in the folder of that name."""

    def trained(folder: str, config: StudentConfig = CONFIG) -> Taught:
        return train_student(EXAMPLES, config, tokenizer, words, MEANINGS, tmp_path / folder)

    return trained


@pytest.fixture(scope="module")
def student(tokenizer: Tokenizer, words: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Student:
    folder = tmp_path_factory.mktemp("student")
    return train_student(EXAMPLES, CONFIG, tokenizer, words, MEANINGS, folder).student


def equal(one: Taught, other: Taught) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


def alone(student: Student, tokenizer: Tokenizer, texts: list[str]) -> np.ndarray:
    """Vectors of titles that the network reads one by one."""
    with torch.no_grad():
        return np.concatenate(
            [student(torch.from_numpy(ids)[None]).numpy() for ids in token_ids(tokenizer, texts, MAX_TOKENS)]
        )


def said(taught: Taught, tokenizer: Tokenizer, examples: list[Example]) -> tuple[np.ndarray, ...]:
    """Scores, features, topics and semantics of each example."""
    with torch.no_grad():
        rows = [
            [one[0].numpy() for one in taught(torch.from_numpy(ids)[None])]
            for ids in token_ids(tokenizer, [one.text for one in examples], MAX_TOKENS)
        ]
    scores, *others = map(np.array, zip(*rows, strict=True))
    return (scores * DEVIATION + MIDDLE, *others)


def error(taught: Taught, tokenizer: Tokenizer) -> float:
    return float(np.abs(said(taught, tokenizer, EXAMPLES)[0] - [one.i_score for one in EXAMPLES]).mean())


def test_the_same_seed_gives_the_same_weights(train: Callable[..., Taught]) -> None:
    assert equal(train("one"), train("other"))
    assert not equal(train("one"), train("next", replace(CONFIG, seed=1)))


def test_a_stopped_run_goes_on_after_the_last_finished_epoch(
    train: Callable[..., Taught], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    steps: list[bool] = []

    def stopping(*given: object) -> float:
        steps.append((tmp_path / "stopped" / "checkpoint.pt").is_file())
        if sum(steps) == 3:  # the third batch of the second epoch
            raise KeyboardInterrupt
        return step(*given)  # type: ignore[arg-type]

    step = distil._step
    with monkeypatch.context() as patched:
        patched.setattr(distil, "_step", stopping)
        with pytest.raises(KeyboardInterrupt):
            train("stopped")
    with caplog.at_level(logging.INFO):
        again = train("stopped")
    assert [one for one in caplog.messages if not one.startswith("epoch 2 of 2: loss")] == ["going on after epoch 1"]
    assert equal(again, train("whole"))


def test_a_finished_run_is_not_trained_again(train: Callable[..., Taught], monkeypatch: pytest.MonkeyPatch) -> None:
    whole = train("whole")
    monkeypatch.setattr(distil, "_step", None)
    assert equal(whole, train("whole"))


def test_more_epochs_bring_scores_nearer_to_the_labels(
    train: Callable[..., Taught], tokenizer: Tokenizer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        short, long = train("short", replace(LEARNING, epochs=1)), train("long", LEARNING)
    losses = [float(one.rpartition(" ")[2]) for one in caplog.messages if "of 12" in one]
    assert losses[-1] < 0.5 * losses[0]
    assert error(long, tokenizer) < 0.6 * error(short, tokenizer)


def test_features_of_the_teacher_are_learned(train: Callable[..., Taught], tokenizer: Tokenizer) -> None:
    actual = np.array([[index / FEATURE_DEVIATION] * FEATURES for index in range(len(TAUGHT))])
    told, untold = (
        said(train(str(weight), replace(LEARNING, feature_weight=weight)), tokenizer, TAUGHT)[1]
        for weight in (1.0, 0.0)
    )
    assert ((told - actual) ** 2).mean() < 0.5 * ((untold - actual) ** 2).mean()


def test_topics_of_publishers_are_learned(train: Callable[..., Taught], tokenizer: Tokenizer) -> None:
    told, untold = (
        said(train(str(weight), replace(LEARNING, topic_weight=weight, epochs=30)), tokenizer, TAUGHT)[2].argmax(1)
        for weight in (5.0, 0.0)
    )
    actual = [TOPICS.index(topic) for _, topic in zip(TAUGHT, cycle(TOPICS), strict=False)]
    assert (told == actual).mean() > 0.6
    assert (untold == actual).mean() < 0.3


def test_meanings_are_learned_for_the_example_that_has_them(train: Callable[..., Taught], tokenizer: Tokenizer) -> None:
    twice = replace(LEARNING, family_repeats=2)  # so that rows shown are not rows given
    told, untold = (
        said(train(str(weight), replace(twice, semantic_weight=weight)), tokenizer, EXAMPLES)[3]
        for weight in (1.0, 0.0)
    )
    assert ((told - MEANINGS) ** 2).mean() < 0.5 * (MEANINGS**2).mean() < ((untold - MEANINGS) ** 2).mean()


def test_what_titles_mean_is_found_once_and_near_for_like_titles(tmp_path: Path) -> None:
    texts = ["Dam bursts above town", "Town flooded as dam bursts", "Pop star weds actor"]
    found = semantics(texts, tmp_path / "cache.npy")
    assert found.shape == (3, DIRECTIONS)
    assert (found**2).sum(1).mean() == pytest.approx(1, abs=0.01)
    assert ((found[0] - found[1]) ** 2).sum() < 0.5 * ((found[0] - found[2]) ** 2).sum()
    assert (semantics([], tmp_path / "cache.npy") == found).all()


def test_padding_does_not_change_a_vector(student: Student, tokenizer: Tokenizer) -> None:
    rows = [torch.from_numpy(ids) for ids in token_ids(tokenizer, TEXTS, MAX_TOKENS)]
    padded = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
    assert len({len(row) for row in rows}) > 1
    with torch.no_grad():
        together = student(padded, padded > 0).numpy()
    assert np.allclose(together, alone(student, tokenizer, TEXTS), atol=1e-5)


@pytest.mark.parametrize(("stored_in", "most"), [("32 bits", 1e-3), ("8 bits", 0.1)])
def test_the_exported_graph_gives_the_vectors_of_the_network(
    student: Student, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch, stored_in: str, most: float
) -> None:
    if stored_in == "32 bits":
        monkeypatch.setattr("training.export._store_in_8_bits", lambda graph: None)
    lexicon = random_lexicon(tokenizer.get_vocab_size())
    encoder = Encoder(export(student, lexicon), tokenizer.to_str().encode())
    expected, found = alone(student, tokenizer, TEXTS), encoder.encode(TEXTS)
    assert encoder.width == CONFIG.vector + 1
    assert np.abs(found[:, :-1] - expected).max() < most * expected.std()
    ids = token_ids(tokenizer, TEXTS, MAX_TOKENS)
    read = [Lexical(lexicon)(torch.from_numpy(row[None])).item() for row in ids]
    assert found[:, -1].tolist() == read


def test_word_vectors_take_a_quarter_of_their_size(monkeypatch: pytest.MonkeyPatch) -> None:
    config = replace(CONFIG, width=64)
    big = Student(np.random.default_rng(0).normal(size=(4000, 64)).astype(np.float32), config).eval()
    lexicon = random_lexicon(4000)
    small = export(big, lexicon)
    monkeypatch.setattr("training.export._store_in_8_bits", lambda graph: None)
    assert len(export(big, lexicon)) - len(small) == pytest.approx(4000 * (64 * 3 - 4), rel=0.01)
    stored = {one.name: one.data_type for one in onnx.load_model_from_string(small).graph.initializer}
    assert onnx.TensorProto.INT8 in stored.values()


def test_a_quantity_is_one_word_of_the_vocabulary(tokenizer: Tokenizer) -> None:
    assert tokenizer.encode("qx43 dead").tokens[0] == "qx43"
    for word in quantity_words():
        assert tokenizer.encode(word).tokens == [word]
    (ids,) = token_ids(tokenizer, ["Storm costs 3,800"], MAX_TOKENS)
    assert tokenizer.id_to_token(ids[-1]) == "qx43"


def test_padding_is_token_0_and_the_unknown_token_1(tokenizer: Tokenizer) -> None:
    assert (tokenizer.token_to_id("[PAD]"), tokenizer.token_to_id("[UNK]")) == (0, 1)
    assert tokenizer.encode("漢").ids == [1]
    assert tokenizer.get_vocab_size() <= CONFIG.vocabulary


def test_another_vocabulary_is_refused(words: np.ndarray, tmp_path: Path) -> None:
    other = Tokenizer.from_str(train_vocabulary(TEXTS, 400).to_str().replace("[PAD]", "[GAP]"))
    with pytest.raises(ValueError, match="tokens 0 and 1"):
        train_student(EXAMPLES, CONFIG, other, words, MEANINGS, tmp_path)


def test_marks_and_capitals_cost_no_token(tokenizer: Tokenizer) -> None:
    bare, marked = token_ids(
        tokenizer, ["mayor calls long term plan a joke", "Mayor calls 'long-term' (plan), \"a joke.\""], MAX_TOKENS
    )
    assert bare.tolist() == marked.tolist()


def test_a_title_has_at_least_one_token_and_no_more_than_asked(tokenizer: Tokenizer) -> None:
    nothing, plenty = token_ids(tokenizer, ["", "quake " * 200], 96)
    assert len(nothing) == 1
    assert len(plenty) == 96


def test_a_quantity_starts_near_others_of_its_size(tokenizer: Tokenizer) -> None:
    found = starting_vectors(tokenizer, 64)
    assert found.shape == (tokenizer.get_vocab_size(), 64)
    near, other, far = (found[tokenizer.token_to_id(word)] for word in ("qx142", "qx143", "qx20"))
    assert np.linalg.norm(near - other) < np.linalg.norm(near - far)
