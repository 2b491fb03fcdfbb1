"""House style: what editors judge moves the scores that way, no further than it foretells, and without torch."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from service import artifact
from service.arrays import arrays_to_bytes
from service.errors import ArtifactError, InputError
from service.head import Floats, Head
from service.judgements import Standing, held_out, judgement_row
from service.model import load
from service.topics import TopicHead
from service.types import TOPICS, Judgement
from tests.tiny_models import tiny_files, write_version
from training.cli import app
from training.dev_set import DevSet, dev_set_of
from training.house import Base, house, learn_house
from training.lessons import lessons_of, to_learn
from training.taste import Lessons, learn

WIDTH, AT = 6, datetime(2026, 3, 4, 5, tzinfo=UTC)
RANDOM = np.random.default_rng(3)
VECTORS = RANDOM.normal(size=(600, WIDTH)).astype(np.float32)
ROWS = np.column_stack([VECTORS, np.ones(600)]).astype(np.float64)
WORLD = np.array([8.0, -4.0, 2.0, 0.0, 1.0, 0.0, 50.0])
HEAD = Head(WORLD, 6000 * np.eye(WIDTH + 1), 60.0)
TOPICS_OF = TopicHead(RANDOM.normal(size=(len(TOPICS), WIDTH + 1)))
TASTE = np.array([0.0, 0.0, 0.0, 7.0, 0.0, 0.0, -4.0])


def scored(count: int, taste: Floats = TASTE, noise: float = 4.0) -> Lessons:
    """Scores of a newsroom whose taste is the world's and ``taste``."""
    points = ROWS[:count] @ (WORLD + taste) + noise * np.random.default_rng(1).normal(size=count)
    return Lessons(ROWS[:count], points, np.ones(count), np.arange(count) % 5)


def compared(count: int) -> Lessons:
    """Which of two titles the same newsroom finds more important."""
    differences = ROWS[:count] - ROWS[300 : 300 + count]
    differences *= np.sign(differences @ (WORLD + TASTE))[:, None]
    return Lessons(differences, np.full(count, np.nan), np.ones(count), np.arange(count) % 5)


def sayings(count: int, lift: float = 25.0) -> list[Standing]:
    """Judgements of titles that the tiny models score by their number, ``lift`` points higher."""
    titles = (f"w{n} w{m}" for n in range(0, 70, 3) for m in range(1, 70, 7))
    made = [Judgement("score", (one,), min(100.0, _number(one) + lift)) for one in titles]
    return [Standing(one, "key-1", AT + timedelta(minutes=n)) for n, one in enumerate(made) if not held_out(one)][
        :count
    ]


def _number(title: str) -> float:
    return float(np.mean([int(word[1:]) for word in title.split()]))


def snapshot(path: Path, standing: Sequence[Standing]) -> Path:
    rows = [{**judgement_row(one.judgement), "by": one.by, "at": one.at.isoformat()} for one in standing]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


@pytest.fixture
def champion(tmp_path: Path) -> Path:
    return write_version(
        tmp_path / "models" / "tiny-1", metrics_json=b'{"topics": {"accuracy": 0.7}, "dev": {"mae": 9}}'
    )


# --- what is learnt ---


def test_weight_0_is_the_champion() -> None:
    taste = learn(HEAD, TOPICS_OF, scored(200), weights=())
    assert not taste.change.any()
    assert not taste.covariance.any()
    assert [(one.weight, one.share) for one in taste.tried] == [(0.0, 1.0)]


def test_a_taste_is_found_from_scores() -> None:
    taste = learn(HEAD, TOPICS_OF, scored(400))
    assert taste.change == pytest.approx(TASTE, abs=1.0)
    assert taste.tried[0].share < 1e-6
    assert sum(one.share for one in taste.tried) == pytest.approx(1.0)


def test_a_taste_is_found_from_comparisons_alone_and_they_say_nothing_of_the_level() -> None:
    taste = learn(HEAD, TOPICS_OF, compared(300))
    cosine = (HEAD.mean + taste.change)[:-1] @ (WORLD + TASTE)[:-1]
    cosine /= np.linalg.norm((HEAD.mean + taste.change)[:-1]) * np.linalg.norm((WORLD + TASTE)[:-1])
    before = WORLD[:-1] @ (WORLD + TASTE)[:-1] / np.linalg.norm(WORLD[:-1]) / np.linalg.norm((WORLD + TASTE)[:-1])
    assert cosine > (1 + before) / 2
    assert taste.change[-1] == 0


def test_labels_of_the_worlds_own_taste_change_next_to_nothing() -> None:
    taste = learn(HEAD, TOPICS_OF, scored(100, taste=np.zeros(WIDTH + 1), noise=60**0.5))
    assert np.abs(ROWS @ taste.change).mean() < 1.5


def test_points_alone_are_learnt_exactly() -> None:
    """One prior alone is Bayesian regression in closed form."""
    lessons = scored(50)
    head = Head(np.zeros(WIDTH + 1), np.diag([*[1 / 0.05] * WIDTH, 1 / 0.05 / 30]), 60.0)
    exact = head.updated(VECTORS[:50], lessons.targets - lessons.rows @ WORLD, np.ones(50))
    flat = TopicHead(np.zeros((len(TOPICS), WIDTH + 1)))  # without topics both priors of a weight are the same
    taste = learn(HEAD, flat, lessons, weights=(0.05,))
    learnt = 1 - taste.tried[0].share
    assert taste.change == pytest.approx(learnt * exact.mean)
    assert taste.covariance == pytest.approx(learnt * np.linalg.inv(exact.precision))


@given(st.permutations(range(12)), st.lists(st.integers(0, 12), max_size=3))
def test_exact_updates_do_not_depend_on_order_nor_on_how_labels_are_parted(order: list[int], cuts: list[int]) -> None:
    points, weights = ROWS[:12] @ (WORLD + TASTE), np.linspace(0.5, 3, 12)
    at_once = HEAD.updated(VECTORS[:12], points, weights)
    step_by_step = HEAD
    for part in np.split(np.array(order), sorted(cuts)):
        step_by_step = step_by_step.updated(VECTORS[part], points[part], weights[part])
    assert step_by_step.mean == pytest.approx(at_once.mean)
    assert step_by_step.precision == pytest.approx(at_once.precision)


@given(st.permutations(sayings(30)))
def test_the_order_of_judgements_does_not_matter(standing: list[Standing]) -> None:
    assert to_learn(standing) == to_learn(sayings(30))


@pytest.mark.parametrize("best", [0, 1])
def test_a_pair_moves_its_titles_in_the_right_direction(tmp_path: Path, best: int) -> None:
    model = load(write_version(tmp_path / "tiny-1"))
    pair = next(
        one for one in (Judgement("pair", (f"w{n}", f"w{n + 20}"), best=best) for n in range(50)) if not held_out(one)
    )
    lessons = lessons_of([Standing(pair, "key-1", AT)] * 40, model.encoder, model.calibration)
    change = learn(model.head, model.topic_head, lessons).change
    assert np.sign(lessons.rows[0] @ change) == 1
    assert np.sign(change[0]) == (-1 if best == 0 else 1)


def test_best_and_worst_imply_five_pairs_and_neither_of_a_pair_a_difference_of_0(tmp_path: Path) -> None:
    model = load(write_version(tmp_path / "tiny-1"))
    four = Judgement("best_worst", ("w10", "w20", "w30", "w40"), best=3, worst=1)
    tie = Judgement("pair", ("w10", "w20"))
    lessons = lessons_of([Standing(one, "key-1", AT) for one in (four, tie)], model.encoder, model.calibration)
    assert lessons.rows[:, 0].tolist() == [20, 30, 10, -10, 10, -10]
    assert np.isnan(lessons.targets).tolist() == [True] * 5 + [False]
    assert lessons.targets[5] == 0
    assert not lessons.rows[:, -1].any()


def test_what_is_held_out_or_could_not_be_judged_is_not_learnt() -> None:
    held = next(one for one in (Judgement("score", (f"w{n}",), 5.0) for n in range(100)) if held_out(one))
    mute = Judgement("cannot_judge", ("w1",), reason="not English")
    standing = [Standing(one, "key-1", AT) for one in (held, mute)]
    assert to_learn([*standing, *sayings(3)]) == to_learn(sayings(3))
    with pytest.raises(InputError, match="nothing to learn from: 2 judgements"):
        to_learn(standing)


# --- what of it is kept ---


def development(count: int = 400, noise: float = 3.0) -> DevSet:
    ratings = ROWS[-count:] @ WORLD + noise * np.random.default_rng(5).normal(size=count)
    return DevSet(VECTORS[-count:], ratings, np.zeros(count, np.uint8))


def test_a_taste_costs_the_development_set_little_and_the_level_is_kept_whole(tmp_path: Path) -> None:
    calibration = load(write_version(tmp_path / "tiny-1")).calibration
    dev, strange = development(), np.array([-12.0, 9.0, 0.0, 0.0, 9.0, 0.0, -20.0])
    learnt = learn_house(Base("tiny-1", HEAD, calibration), TOPICS_OF, scored(400, strange), dev)
    assert 0 <= learnt.kept < 1
    assert learnt.lost <= 0.01
    rows = np.column_stack([dev.vectors, np.ones(len(dev.vectors))])
    assert (rows @ learnt.head.mean).mean() == pytest.approx((rows @ (HEAD.mean + learnt.taste.change)).mean())


def test_intervals_grow_for_a_newsroom_that_is_hard_to_foretell_and_never_shrink(tmp_path: Path) -> None:
    tiny = load(write_version(tmp_path / "tiny-1")).calibration
    calibration = replace(tiny, edges=(), below=(8.0,), above=(8.0,))
    base, dev, no_taste = Base("tiny-1", HEAD, calibration), development(noise=6.0), np.zeros(WIDTH + 1)
    calm, wild = (learn_house(base, TOPICS_OF, scored(300, no_taste, noise), dev) for noise in (1.0, 14.0))
    assert calm.widened == 1
    assert wild.widened > 1
    assert wild.calibration.above == pytest.approx([wild.widened * one for one in calibration.above])
    assert wild.calibration.scores == calibration.scores


def test_what_is_learnt_is_surer_where_it_was_judged(tmp_path: Path) -> None:
    base = Base("tiny-1", HEAD, load(write_version(tmp_path / "tiny-1")).calibration)
    few, many = (learn_house(base, TOPICS_OF, scored(count), development()).head for count in (20, 400))
    assert (HEAD.variance(VECTORS) < many.variance(VECTORS)).all()  # a taste is one more thing that may be wrong
    assert many.variance(VECTORS).mean() < few.variance(VECTORS).mean()


# --- the version ---


def test_a_version_in_house_style_is_made_of_its_base_and_the_judgements(champion: Path, tmp_path: Path) -> None:
    labels = snapshot(tmp_path / "labels.jsonl", sayings(60))
    made = house(labels, tmp_path / "new", champion)
    digest = hashlib.sha256(labels.read_bytes()).hexdigest()
    assert made == tmp_path / "new" / f"tiny-1-house-{digest[:8]}"
    before, after = artifact.read(champion), artifact.read(made)
    for name in ("encoder.onnx", "tokenizer.json", "topics.npz", "dev.npz"):
        assert after.files[name] == before.files[name]
    about = after.manifest["house"]
    assert (about["base"], about["labels_sha256"], about["judgements"]) == ("tiny-1", digest, {"score": 60})
    assert {one["weight"] for one in about["tried"]} >= {0.0, about["weight"]}
    assert after.manifest["created_at"] == "2026-03-04"
    assert after.json("metrics.json")["topics"] == {"accuracy": 0.7}
    assert {"dev", "intervals", "contrast", "client", "behaviour"} <= set(after.json("metrics.json"))
    assert b"60 judgements" in after.files["CARD.md"]
    first, second = (load(folder).predict(["w20", "w30"]) for folder in (champion, made))
    assert (second > first + 10).all()


def test_the_same_snapshot_gives_the_same_bytes_also_from_a_version_that_has_learnt_it(
    champion: Path, tmp_path: Path
) -> None:
    labels = snapshot(tmp_path / "labels.jsonl", sayings(40))
    one, other = (house(labels, tmp_path / name, champion) for name in ("one", "other"))
    third = house(labels, tmp_path / "third", one)  # what a house version has learnt is not counted twice
    for file in one.iterdir():
        assert file.read_bytes() == (other / file.name).read_bytes() == (third / file.name).read_bytes()


def test_what_is_there_already_is_found_and_nothing_else_is_taken_for_it(champion: Path, tmp_path: Path) -> None:
    labels = snapshot(tmp_path / "labels.jsonl", sayings(40))
    made = house(labels, tmp_path / "new", champion)
    before = (made / "head.npz").stat().st_mtime_ns
    assert house(labels, tmp_path / "new", champion) == made
    assert (made / "head.npz").stat().st_mtime_ns == before
    write_version(tmp_path / "else" / made.name)
    with pytest.raises(ArtifactError, match="is of other judgements"):
        house(labels, tmp_path / "else", champion)


def test_a_command_makes_it_and_tells_how_far_it_is(champion: Path, tmp_path: Path) -> None:
    labels, told = snapshot(tmp_path / "labels.jsonl", sayings(20)), tmp_path / "progress.json"
    options = ["--labels", labels, "--out", tmp_path / "new", "--from", champion, "--progress", told]
    assert CliRunner().invoke(app, ["house", *map(str, options)]).exit_code == 0
    (made,) = (tmp_path / "new").iterdir()
    assert json.loads(told.read_text("utf-8")) == {"progress": 1.0, "message": f"Made {made.name}"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "row 1: line is not JSON"),
        (
            '{"kind": "score", "titles": ["w5"], "i_score": 500, "by": "k", "at": "2026-01-01T00:00:00Z"}',
            "row 1: i_score",
        ),
        ("", "nothing to learn from"),
    ],
)
def test_a_bad_snapshot_is_told_and_nothing_is_written(
    champion: Path, tmp_path: Path, content: str, reason: str
) -> None:
    (tmp_path / "labels.jsonl").write_text(content, "utf-8")
    with pytest.raises(InputError, match=reason):
        house(tmp_path / "labels.jsonl", tmp_path / "new", champion)
    assert not (tmp_path / "new").exists()


def test_a_version_of_the_format_before_cannot_be_a_champion_of_house_style(champion: Path) -> None:
    files = {name: content for name, content in tiny_files().items() if name != "dev.npz"}
    with pytest.raises(ArtifactError, match=r"tiny-1 has no dev\.npz"):
        dev_set_of(artifact.Artifact("tiny-1", {}, files))


@pytest.mark.parametrize("damage", [{"vectors": np.zeros(5)}, {"topics": np.full(101, 9, np.uint8)}])
def test_a_development_set_that_is_none_is_refused(damage: dict[str, Floats]) -> None:
    given = {"vectors": np.zeros((101, 1), np.float16), "i_scores": np.zeros(101, np.float32)}
    arrays = {**given, "topics": np.zeros(101, np.uint8), **damage}
    content = arrays_to_bytes(**arrays)
    with pytest.raises(ArtifactError, match="does not hold vectors"):
        dev_set_of(artifact.Artifact("tiny-1", {}, {"dev.npz": content}))


def test_it_needs_nothing_of_what_only_full_training_needs() -> None:
    heavy = {"torch", "sentence_transformers", "transformers", "sklearn", "scipy", "onnx", "pyarrow"}
    code = f"import sys, training.cli, training.house; print(*{heavy} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout.split(), done.stderr) == ([], "")
