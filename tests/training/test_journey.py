"""From labels to a model version that serves, on a few headlines: the real path, only short."""

import gzip
import html
import json
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from typer.testing import CliRunner

from service import artifact
from service.errors import ArtifactError, InputError
from service.model import load
from service.text import headline_id
from training import data
from training.candidate import save
from training.cli import app
from training.config import FitConfig, read_config
from training.dataset import Example, read_rows
from training.export import export
from training.fit import fit
from training.fitted import Fitted
from training.head import refit
from training.join import join
from training.split import is_held_out

CONFIG = FitConfig(members=1, repeats=1, batch_size=8, head_rate=1e-2, bf16=False)
EXAMPLES = data.families_in(data.CONTRAST)[:48]
STORY = "Mayor opens bridge"
TAUGHT = "Council talks about bridge"


@pytest.fixture(autouse=True)
def few_families(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Families as in the real files, but few."""
    for name, path in data.FAMILIES.items():
        rows = list(read_rows(path))
        held = [row for row in rows if is_held_out(row["family"], CONFIG.held_out_share)]
        few = tmp_path / f"{name}.jsonl"
        few.write_text("".join(json.dumps(row) + "\n" for row in [*rows[:48], *held[:200]]), "utf-8")
        monkeypatch.setitem(data.FAMILIES, name, few)


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return fit(EXAMPLES, CONFIG)


@pytest.fixture(scope="module")
def rated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rated headlines in the format of the real ones; the texts are our own."""
    folder = tmp_path_factory.mktemp("rated")
    rows = [
        {"title": e.text, "i_score": e.i_score, "rater_a": e.i_score, "rater_b": e.i_score + i % 3}
        for i, e in enumerate(EXAMPLES)
    ]
    stories, taught = [{"title": STORY, "story": 0}] * 4, [{"title": TAUGHT, "i_score": 41.5}]
    rows_of = {data.RATED: rows, data.RATED_DEV: rows, data.STORIES: stories, data.TAUGHT: taught}
    for name, rows in rows_of.items():
        (folder / name).write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
    return folder


def test_the_same_seed_gives_the_same_weights(fitted: Fitted) -> None:
    again = fit(EXAMPLES, CONFIG)
    for one, other in zip(fitted.network.parameters(), again.network.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_stopped_run_goes_on_after_the_last_finished_member(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    two = replace(CONFIG, members=2)
    whole = fit(EXAMPLES, two, tmp_path / "fits")
    (folder,) = (tmp_path / "fits").iterdir()
    (folder / "member-1.safetensors").unlink()
    again = fit(EXAMPLES, two, tmp_path / "fits")
    for one, other in zip(whole.network.parameters(), again.network.parameters(), strict=True):
        assert torch.equal(one, other)
    members = [load_file(folder / f"member-{number}.safetensors") for number in range(2)]
    for name, weight in whole.network.state_dict().items():
        assert torch.allclose(weight, (members[0][name] + members[1][name]) / 2, atol=1e-6)
    monkeypatch.setattr("training.fit._trained", None)  # nothing is left to train
    fit(EXAMPLES, two, tmp_path / "fits")


def test_training_brings_scores_nearer_to_the_labels() -> None:
    longer = fit(
        EXAMPLES,
        FitConfig(members=1, epochs=6, repeats=1, batch_size=8, head_rate=3e-3, ema_decay=0.5, bf16=False),
    )
    actual = np.array([example.i_score for example in EXAMPLES])
    predicted = longer.scores([example.text for example in EXAMPLES])
    assert np.abs(predicted - actual).mean() < 0.6 * np.abs(actual - actual.mean()).mean()


def test_the_refitted_last_layer_errs_less_on_labels_and_not_on_average(fitted: Fitted) -> None:
    labels = [Example(example.text, example.i_score) for example in EXAMPLES]
    actual = np.array([label.i_score for label in labels])
    weights = np.where(actual >= 60, CONFIG.refit_top_weight, 1.0)
    moved = deepcopy(fitted)
    refit(moved, labels, CONFIG)
    before, after = (one.scores([label.text for label in labels]) - actual for one in (fitted, moved))
    assert np.average(after, weights=weights) == pytest.approx(0, abs=0.01)
    assert np.average(after**2, weights=weights) < np.average(before**2, weights=weights)


def test_without_labels_the_last_layer_stays(fitted: Fitted) -> None:
    moved = deepcopy(fitted)
    refit(moved, [replace(example, family="f") for example in EXAMPLES], CONFIG)
    assert moved.scores(["Dam bursts"]) == fitted.scores(["Dam bursts"])


@pytest.mark.parametrize(("stored_in", "error"), [("32 bits", 0.001), ("8 bits", 1.0)])
def test_the_exported_graph_scores_as_the_network_does(
    fitted: Fitted, tmp_path: Path, rated: Path, monkeypatch: pytest.MonkeyPatch, stored_in: str, error: float
) -> None:
    if stored_in == "32 bits":
        monkeypatch.setattr("training.export._store_in_8_bits", lambda graph: None)
    save(fitted, tmp_path / "try-1", CONFIG, rated, [data.CLIENT])
    titles = [example.text for example in EXAMPLES]
    torch_scores = np.clip(fitted.scores(titles), 0, 100)
    assert load(tmp_path / "try-1").predict(titles) == pytest.approx(torch_scores, abs=error)


def test_a_version_records_how_it_was_made(fitted: Fitted, tmp_path: Path, rated: Path) -> None:
    save(fitted, tmp_path / "try-2", CONFIG, rated, [data.CLIENT])
    found = artifact.read(tmp_path / "try-2")
    assert found.manifest["config"]["epochs"] == 1
    joined = {data.RATED, data.RATED_DEV, data.STORIES, data.TAUGHT}
    families = {path.name for path in data.FAMILIES.values()}
    assert set(found.manifest["data_sha256"]) == joined | families | {"client.jsonl"}
    assert found.manifest["libraries"]["torch"]
    assert {"dev", "raters", *data.FAMILIES, "client"} <= set(found.json("metrics.json"))
    assert b"no evidence of quality" in found.files["CARD.md"]


def test_an_existing_version_is_never_overwritten(fitted: Fitted, tmp_path: Path, rated: Path) -> None:
    (tmp_path / "try-3").mkdir()
    with pytest.raises(ArtifactError, match="exists already"):
        save(fitted, tmp_path / "try-3", CONFIG, rated, [data.CLIENT])


def test_the_stored_graph_is_a_quarter_of_its_size_in_fp32(fitted: Fitted) -> None:
    parameters = sum(parameter.numel() for parameter in fitted.network.parameters())
    assert len(export(fitted)) < 1.15 * parameters


def test_fit_promote_evaluate_compare_on_the_command_line(tmp_path: Path, rated: Path) -> None:
    run = CliRunner().invoke
    models = tmp_path / "models"
    models.mkdir()
    (tmp_path / "labels.csv").write_text("title,i_score\nOur paper wins prize,90\n", "utf-8")
    (tmp_path / "short.toml").write_text("members = 1\nrepeats = 1\nbatch_size = 8\nbf16 = false\n", "utf-8")
    options = ["--data", str(rated), "--models", str(models)]
    fitting = ["fit", "paper-1", "--labels", str(tmp_path / "labels.csv"), "--config", str(tmp_path / "short.toml")]
    assert run(app, [*fitting, *options]).exit_code == 0
    assert run(app, ["promote", "paper-1", "--models", str(models)]).output.startswith("paper-1 is current")
    table = run(app, ["evaluate", "paper-1", *options, "--report", str(tmp_path / "report.html")])
    assert "| dev spearman |" in table.output
    page = (tmp_path / "report.html").read_text("utf-8")
    assert page.count("<svg") == 6
    compared = json.loads(run(app, ["compare", "paper-1", "paper-1", *options, "--json"]).output)
    assert compared["dev mae"]["first"] == compared["dev mae"]["second"] > 0
    assert html.escape(EXAMPLES[0].text) in page
    assert "labels.csv" in artifact.read(models / "paper-1").manifest["data_sha256"]


def test_missing_rated_headlines_are_told_before_the_training(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="iscore-train join"):
        data.training_examples(tmp_path, [], 0.15)


@pytest.mark.parametrize(
    ("text", "reason"), [("epoch = 3", "unknown key 'epoch'"), ('epochs = "many"', "epochs must be")]
)
def test_a_wrong_configuration_is_told(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "c.toml").write_text(text, "utf-8")
    with pytest.raises(InputError, match=reason):
        read_config(tmp_path / "c.toml")


def test_join_finds_titles_by_their_words(tmp_path: Path) -> None:
    rated = "id,i_score,dataset,split,rater_a,rater_b\n" + _row("Dam bursts!") + _row("Gone")
    (tmp_path / "rated.csv.gz").write_bytes(gzip.compress(rated.encode()))
    (tmp_path / "stories.csv.gz").write_bytes(gzip.compress(f"id,story\n{headline_id(STORY)},7\n".encode()))
    (tmp_path / "taught.csv.gz").write_bytes(gzip.compress(f"id,i_score\n{headline_id(TAUGHT)},41.5\n".encode()))
    (tmp_path / "source.csv").write_text(f"title\nDAM  bursts\n{STORY}\n{TAUGHT}\n", "utf-8")
    found = join(tmp_path, [tmp_path / "source.csv"], tmp_path)
    assert found == {data.RATED: (1, 2), data.RATED_DEV: (0, 0), data.STORIES: (1, 1), data.TAUGHT: (1, 1)}
    rated_one, story, taught = data.training_examples(tmp_path, [], 1.0)
    assert rated_one == Example("DAM bursts", 50.0)
    assert (story.text, story.weight, story.family) == (STORY, 0.0, "story/7")
    assert taught == Example(TAUGHT, 41.5, once=True)


def _row(title: str) -> str:
    return f"{headline_id(title)},50,gnews,train,,\n"
