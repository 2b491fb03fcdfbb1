"""The same title has the same score, to the bit; and a model that is not what it says is never used."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.encoder import available_cpus
from service.errors import ArtifactError
from service.head import Head
from service.model import ImportanceModel, load
from service.registry import Registry
from service.scoring import score_titles
from service.topics import TopicHead
from service.types import TOPICS
from tests import tiny_models
from tests.tiny_models import graph, tiny_files, write_version

SAMPLE = Path(__file__).resolve().parent.parent / "data" / "sample" / "headlines.jsonl"
TITLES = [json.loads(line)["title"] for line in SAMPLE.read_text("utf-8").splitlines()][:60]
ODD = ["Fed", "?", "", "Землетрясение в Перу", "👩‍💻 " * 40, "word " * 60, "a" * 300, "AT&amp;T cuts 40000 jobs"]


@pytest.fixture(scope="session")
def one_thread(models_dir: Path) -> ImportanceModel:
    registry = Registry(models_dir)
    return load(registry.path(registry.current()), threads=1)


@pytest.fixture(scope="session")
def two_threads(models_dir: Path) -> ImportanceModel:
    registry = Registry(models_dir)
    return load(registry.path(registry.current()), threads=2)


@pytest.fixture(scope="session")
def alone(one_thread: ImportanceModel) -> dict[str, bytes]:
    """The bits of each title's score when it is scored on its own."""
    return {title: one_thread.predict([title]).tobytes() for title in TITLES + ODD}


def test_scores_are_float32_from_0_to_100_in_input_order(one_thread: ImportanceModel) -> None:
    scores = one_thread.predict(TITLES + ODD)
    assert scores.dtype == np.dtype(np.float32)
    assert scores.shape == (len(TITLES + ODD),)
    assert ((scores >= 0) & (scores <= 100)).all()
    assert one_thread.predict((TITLES + ODD)[::-1]).tolist() == scores[::-1].tolist()


def test_no_titles_have_no_scores(one_thread: ImportanceModel) -> None:
    assert one_thread.predict([]).shape == (0,)
    assert score_titles(one_thread, []) == []


@pytest.mark.parametrize("threads", [1, 2])
def test_a_title_has_the_same_bits_alone_and_among_all_others(
    one_thread: ImportanceModel, two_threads: ImportanceModel, alone: dict[str, bytes], threads: int
) -> None:
    model = one_thread if threads == 1 else two_threads
    titles = random.Random(threads).sample((TITLES + ODD) * 2, 2 * len(TITLES + ODD))
    found = model.predict(titles)
    assert [title for title, score in zip(titles, found, strict=True) if score.tobytes() != alone[title]] == []


@settings(max_examples=12)
@given(titles=st.lists(st.sampled_from(TITLES + ODD), min_size=1, max_size=24))
def test_a_title_has_the_same_bits_in_any_batch_and_any_order(
    one_thread: ImportanceModel, alone: dict[str, bytes], titles: list[str]
) -> None:
    assert [score.tobytes() for score in one_thread.predict(titles)] == [alone[title] for title in titles]
    assert [np.float32(raw).tobytes() for raw in score_titles(one_thread, titles)] == [alone[t] for t in titles]


@pytest.mark.parametrize("size", [2, 3, 32, 33])
def test_a_title_has_the_same_bits_in_batches_of_any_size(
    one_thread: ImportanceModel, two_threads: ImportanceModel, alone: dict[str, bytes], size: int
) -> None:
    for model in (one_thread, two_threads):
        assert {score.tobytes() for score in model.predict([TITLES[0]] * size)} == {alone[TITLES[0]]}


def test_the_shipped_versions_golden_titles_have_their_golden_scores(models_dir: Path, model: ImportanceModel) -> None:
    golden = json.loads((models_dir / model.version / "golden.json").read_bytes())
    scores = score_titles(model, [one["title"] for one in golden])
    assert scores == pytest.approx([one["score"] for one in golden], abs=0.01)


def test_the_processors_that_may_be_used_are_at_least_one() -> None:
    assert available_cpus() >= 1


# --- what is refused ---


def test_a_sound_version_loads_and_scores(tmp_path: Path) -> None:
    model = load(write_version(tmp_path / "tiny-1"), threads=1)
    assert (model.version, model.predict(["w85", "w80 w81"]).tolist()) == ("tiny-1", [85.0, 80.5])


@pytest.mark.parametrize(
    ("golden", "reason"),
    [
        ([], "no titles"),
        ({}, "no titles"),
        (None, "no titles"),
        ("w50", "no titles"),
        ([{"title": "w50"}], "no titles"),
        ([{"score": 50}], "no titles"),
        ([{"title": 5, "score": 50}], "no titles"),
        ([{"title": "w50", "score": "50"}], "no titles"),
        ([{"title": "w50", "score": 50}, "w50"], "no titles"),
        ([["w50", 50]], "no titles"),
        ([{"title": "w50", "score": 10**400}], "no titles"),
        ([{"title": "w50", "score": float("nan")}], "no titles"),
        ([{"title": "w50", "score": 50}, {"title": "w51", "score": float("nan")}], "no titles"),
        ([{"title": "w50", "score": float("inf")}], "no titles"),
        ([{"title": "w50", "score": -1}], "no titles"),
        ([{"title": "w50", "score": 50.02}], r"off by 0\.020 points"),
        ([{"title": "w50", "score": 50}, {"title": "w51", "score": 15}], r"off by 36\.000 points"),
    ],
)
def test_golden_scores_that_are_missing_foolish_or_off_are_refused(tmp_path: Path, golden: object, reason: str) -> None:
    folder = write_version(tmp_path / "tiny-1", golden_json=json.dumps(golden).encode())
    with pytest.raises(ArtifactError, match=rf"tiny-1: golden.* {reason}"):
        load(folder, threads=1)


def test_golden_scores_within_a_hundredth_of_a_point_are_the_same(tmp_path: Path) -> None:
    assert load(write_version(tmp_path / "tiny-1", golden_json=b'[{"title": "w50", "score": 50.009}]'), threads=1)


@pytest.mark.parametrize(
    ("onnx", "reason"),
    [
        (b"", "cannot be used"),
        (b"garbage", "cannot be used"),
        (b"\x00" * 1000, "cannot be used"),
        (tiny_files()["encoder.onnx"][:-20], "cannot be used"),
        (graph(tiny_models.MEAN).replace(b"ReduceMean", b"ReduceMush"), "cannot be used"),
        (graph(tiny_models.MEAN.replace(b"vector", b"victor"), target="victor"), "not input_ids to a vector"),
        (graph(tiny_models.MEAN.replace(b"input_ids", b"token_ids"), source="token_ids"), "not input_ids to a vector"),
        (graph(tiny_models.TOO_DEEP, width="tokens"), "not input_ids to a vector of fixed width"),
        (graph(tiny_models.TOO_DEEP), "cannot read"),
        (graph(tiny_models.NAN), "off by nan"),
    ],
    ids=[
        "empty",
        "garbage",
        "zeros",
        "cut",
        "unknown operation",
        "other output",
        "other input",
        "any width",
        "shape",
        "NaN",
    ],
)
def test_a_graph_that_is_none_or_does_something_else_is_refused(tmp_path: Path, onnx: bytes, reason: str) -> None:
    golden = json.dumps([{"title": "w3 w5", "score": 4}, {"title": "w50", "score": 50}]).encode()
    folder = write_version(tmp_path / "tiny-1", encoder_onnx=onnx, golden_json=golden)
    with pytest.raises(ArtifactError, match=reason):
        load(folder, threads=1)


@pytest.mark.parametrize("name", ["head_npz", "topics_npz"])
def test_a_head_for_vectors_of_another_width_is_refused(tmp_path: Path, name: str) -> None:
    heads = {
        "head_npz": Head(np.ones(3), np.eye(3), 1.0).to_bytes(),
        "topics_npz": TopicHead(np.ones((len(TOPICS), 3))).to_bytes(),
    }
    with pytest.raises(ArtifactError, match="heads are not of the width"):
        load(write_version(tmp_path / "tiny-1", **{name: heads[name]}), threads=1)


def test_one_score_that_is_no_number_is_enough_to_be_refused(tmp_path: Path) -> None:
    """The mean of w0 is 0, whose root is a number; that of w9 is not."""
    golden = json.dumps([{"title": "w0", "score": 0}, {"title": "w9", "score": 0}]).encode()
    folder = write_version(tmp_path / "tiny-1", encoder_onnx=graph(tiny_models.NAN), golden_json=golden)
    with pytest.raises(ArtifactError, match="off by nan"):
        load(folder, threads=1)


@pytest.mark.parametrize("tokenizer", [b"", b"{}", b"garbage", b"\xff", b'{"model": {"type": "Magic"}}', b"[" * 9999])
def test_a_tokenizer_that_is_none_is_refused(tmp_path: Path, tokenizer: bytes) -> None:
    with pytest.raises(ArtifactError, match=r"tokenizer\.json cannot be used"):
        load(write_version(tmp_path / "tiny-1", tokenizer_json=tokenizer), threads=1)


def test_a_long_title_is_scored_by_its_beginning(tmp_path: Path) -> None:
    model = load(write_version(tmp_path / "tiny-1"), threads=1)
    assert model.predict([" ".join(["w20"] * 96 + ["w90"] * 96)]).tolist() == [20.0]
