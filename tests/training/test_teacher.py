"""The teacher: a fine-tuned encoder, stopped and taken up again, kept on disk and asked."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from shutil import rmtree

import numpy as np
import pytest
import torch
from transformers import TrainerControl, TrainerState, TrainingArguments

from service.errors import InputError
from training import data
from training.config import TeacherConfig
from training.dataset import Example
from training.network import MovingAverage, build
from training.teacher import Teacher, _shown, load_teacher, save_teacher, train_teacher

CONFIG = TeacherConfig(
    base="minilm",
    frozen_layers=0,
    contrast_repeats=1,
    batch_size=8,
    head_rate=1e-2,
    warmup=0.0,
    bf16=False,
    save_steps=4,
)
EXAMPLES = data.families_in(data.CONTRAST)[:48]
TEXTS = [one.text for one in EXAMPLES]
ACTUAL = np.array([one.i_score for one in EXAMPLES])


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Not kept after the test: a checkpoint takes hundreds of megabytes."""
    yield tmp_path
    rmtree(tmp_path)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Teacher:
    folder = tmp_path_factory.mktemp("teacher")
    teacher = train_teacher(EXAMPLES, CONFIG, folder)
    rmtree(folder)
    return teacher


def differ(one: Teacher, other: Teacher) -> list[str]:
    """Names of the weights in which they do."""
    pairs = zip(one.network.named_parameters(), other.network.parameters(), strict=True)
    return [name for (name, weights), others in pairs if not torch.equal(weights, others)]


def stop_at(number: int, patched: pytest.MonkeyPatch) -> None:
    """Stop the training as a machine that goes down after that step would."""
    on_step_end = MovingAverage.on_step_end

    def stopping(
        self: MovingAverage, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: object
    ) -> None:
        if state.global_step == number:
            raise KeyboardInterrupt
        on_step_end(self, args, state, control, **rest)

    patched.setattr(MovingAverage, "on_step_end", stopping)


def test_the_same_seed_gives_the_same_weights(teacher: Teacher, folder: Path) -> None:
    assert differ(teacher, train_teacher(EXAMPLES, CONFIG, folder / "again")) == []


@pytest.mark.parametrize("stopped_in", ["first epoch", "second epoch"])
def test_a_stopped_run_goes_on_from_its_last_checkpoint(
    folder: Path, monkeypatch: pytest.MonkeyPatch, stopped_in: str
) -> None:
    config = replace(CONFIG, epochs=2)
    whole = train_teacher(EXAMPLES, config, folder / "whole")
    step, checkpoint = (6, "checkpoint-4") if stopped_in == "first epoch" else (11, "checkpoint-8")
    with monkeypatch.context() as patched:
        stop_at(step, patched)
        with pytest.raises(KeyboardInterrupt):
            train_teacher(EXAMPLES, config, folder / "stopped")
    assert (folder / "stopped" / checkpoint).is_dir()
    assert differ(train_teacher(EXAMPLES, config, folder / "stopped"), whole) == []


def test_a_finished_run_is_not_trained_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = replace(CONFIG, frozen_layers=4)
    whole = train_teacher(EXAMPLES, config, folder / "whole")
    stop_at(1, monkeypatch)
    assert differ(train_teacher(EXAMPLES, config, folder / "whole"), whole) == []


def test_training_brings_scores_nearer_to_the_labels(folder: Path) -> None:
    config = replace(CONFIG, epochs=6, head_rate=3e-3, ema_decay=0.5, save_steps=1000)
    scores, _ = train_teacher(EXAMPLES, config, folder / "longer").judge(TEXTS)
    assert np.abs(scores - ACTUAL).mean() < 0.6 * np.abs(ACTUAL - ACTUAL.mean()).mean()


def test_frozen_layers_stay_as_they_are_and_the_others_move(folder: Path) -> None:
    config = replace(CONFIG, frozen_layers=4, ema_decay=0.0)
    before = dict(build(config).named_parameters())
    after = dict(train_teacher(EXAMPLES, config, folder / "frozen").network.named_parameters())
    frozen = [name for name in before if ".embeddings." in name or any(f".layer.{n}." in name for n in range(4))]
    moving = [name for name in before if any(f".layer.{n}." in name for n in (4, 5)) or ".linear." in name]
    assert len(frozen) > 50
    assert all(torch.equal(before[name], after[name]) for name in frozen)
    assert len(moving) > 30
    # A key's bias moves all of a query's products alike, which the softmax does not see.
    assert not any(torch.equal(before[name], after[name]) for name in moving if not name.endswith("key.bias"))


def test_without_averaging_the_last_weights_are_kept(teacher: Teacher, folder: Path) -> None:
    assert differ(teacher, train_teacher(EXAMPLES, replace(CONFIG, ema_decay=0.0), folder / "last"))


def test_a_kept_teacher_judges_as_before(teacher: Teacher, folder: Path) -> None:
    save_teacher(teacher, folder / "kept-1")
    loaded = load_teacher(folder / "kept-1")
    assert loaded.config == CONFIG
    for before, after in zip(teacher.judge(TEXTS), loaded.judge(TEXTS), strict=True):
        assert np.array_equal(before, after)


def test_where_no_teacher_is_the_command_is_named(folder: Path) -> None:
    with pytest.raises(InputError, match="iscore-train teach mpnet-1"):
        load_teacher(folder / "mpnet-1")


def test_scores_come_from_the_features_as_the_whole_network_computes_them(teacher: Teacher) -> None:
    scores, features = teacher.judge(TEXTS)
    whole = teacher.network.encode(TEXTS, convert_to_numpy=True, show_progress_bar=False)[:, 0]
    assert scores == pytest.approx(whole * teacher.deviation + teacher.mean, abs=1e-3)
    assert features.shape == (len(TEXTS), CONFIG.hidden)
    design = np.column_stack([features, np.ones(len(TEXTS))]).astype(np.float64)
    rebuilt = design @ np.linalg.lstsq(design, scores, rcond=None)[0]
    assert rebuilt == pytest.approx(scores, abs=1e-3)


def test_judging_in_16_bits_moves_a_score_little(teacher: Teacher) -> None:
    scores, _ = teacher.judge(TEXTS)
    rough, features = replace(teacher, config=replace(CONFIG, bf16=True)).judge(TEXTS)
    assert features.dtype == np.float32
    assert 0 < np.abs(rough - scores).max() < 1


def shown(config: TeacherConfig, *examples: Example) -> Sequence[Example]:
    return _shown(examples, config)


def test_an_epoch_shows_contrast_families_again_and_what_there_is_plenty_of_once() -> None:
    family, plenty = Example("family", 90.0, family="f"), Example("plenty", 50.0, once=True)
    wording = Example("wording", 90.0, family="g", once=True)
    found = shown(TeacherConfig(contrast_repeats=2), family, plenty, wording)
    assert [one.text for one in found] == ["family", "family", "plenty", "wording"]
    assert [one.weight for one in found] == [1.0] * 4
    assert len({one.family for one in found if one.text == "family"}) == 2  # a batch needs no copy beside it


def test_an_epoch_splits_heavy_labels_and_weighs_the_top() -> None:
    label, heavy, top = Example("label", 50.0), Example("heavy", 50.0, weight=9.0), Example("top", 60.0)
    found = shown(TeacherConfig(contrast_repeats=1, step_weight=3.0, top_weight=1.5), label, heavy, top)
    assert [(one.text, one.weight) for one in found] == [("label", 1.0), *[("heavy", 3.0)] * 3, ("top", 1.5)]
