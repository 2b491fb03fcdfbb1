"""From labels to a model version that serves, on a few headlines: the real path, only short."""

import gzip
import hashlib
import html
import json
import sys
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from service import artifact
from service.errors import ArtifactError, InputError
from service.judgements import held_out
from service.model import load
from service.text import headline_id
from service.types import TOPICS, Judgement
from training import data
from training.cli import app
from training.config import StudentConfig, TeacherConfig, read_config
from training.dataset import FEATURES, Example, read_rows
from training.join import join
from training.split import is_held_out

TITLES = data.families_in(data.CONTRAST)[:640]
RATED, DEV, UNRATED = TITLES[:400], TITLES[400:520], TITLES[520:]
STORY = "Mayor opens bridge"
TAUGHT = "Council talks about bridge"
CONFIG = """
[teacher]
base = "minilm"
frozen_layers = 5
contrast_repeats = 1
bf16 = false
[student]
vocabulary = 400
width = 16
layers = 1
heads = 2
inner = 16
hidden = 16
vector = 8
epochs = 2
batch_tokens = 1024
warmup_steps = 2
calibration_share = 0.3
"""
JUDGED = [one for one in UNRATED if not held_out(Judgement("score", (one.text,), 90.0))][:40]
SNAPSHOT = "".join(
    json.dumps({"kind": "score", "titles": [one.text], "i_score": 90, "by": "key-1", "at": "2026-02-03T00:00Z"}) + "\n"
    for one in JUDGED
)
HOUSE = f"paper-1-house-{hashlib.sha256(SNAPSHOT.encode()).hexdigest()[:8]}"
JOINED = (data.RATED, data.RATED_DEV, data.STORIES, data.TAUGHT, data.TOPICS_OF)


@pytest.fixture(autouse=True, scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Families as in the real files, but few; and what training keeps lies in a folder of its own."""
    folder = tmp_path_factory.mktemp("few")
    with pytest.MonkeyPatch.context() as patched:
        for name, path in data.FAMILIES.items():
            rows = list(read_rows(path))
            held = [row for row in rows if is_held_out(row["family"], StudentConfig().held_out_share)]
            (folder / f"{name}.jsonl").write_text(lines([*rows[:48], *held[:200]]), "utf-8")
            patched.setitem(data.FAMILIES, name, folder / f"{name}.jsonl")
        patched.setattr("training.cli.HERE", folder)
        yield


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Headlines in the format of the real ones; the texts are our own."""
    return write_joined(tmp_path_factory.mktemp("joined"), RATED)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("config") / "short.toml"
    path.write_text(CONFIG, "utf-8")
    return path


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory, joined: Path, config: Path) -> Path:
    """A folder with the current version paper-1 and, from it by editors' judgements, HOUSE."""
    folder = tmp_path_factory.mktemp("models")
    labels = folder.parent / "labels.csv"
    labels.write_text("title,i_score,weight\nOur paper wins prize,90,1000\n", "utf-8")
    options = ["--labels", labels, "--data", joined, "--models", folder]
    assert run("distil", "paper-1", "--config", config, *options).exit_code == 0
    assert run("promote", "paper-1", "--models", folder).output.startswith("paper-1 is current")
    snapshot = folder.parent / "snapshot.jsonl"
    snapshot.write_text(SNAPSHOT, "utf-8")
    with pytest.MonkeyPatch.context() as patched:
        for name in ("torch", "sentence_transformers", "sklearn"):
            patched.setitem(sys.modules, name, None)  # importing it fails
        assert run("house", "--labels", snapshot, "--out", folder, "--from", folder / "paper-1").exit_code == 0
    return folder


def run(*call: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in call])


def lines(rows: Sequence[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def write_joined(folder: Path, rated: Sequence[Example]) -> Path:
    def row(title: str, **rest: object) -> dict[str, Any]:
        return {"id": headline_id(title), "title": title, **rest}

    rows_of = {
        data.RATED: [row(one.text, i_score=one.i_score) for one in rated],
        data.RATED_DEV: [
            row(one.text, dataset="gnews", i_score=one.i_score, rater_a=one.i_score, rater_b=one.i_score + index % 3)
            for index, one in enumerate(DEV)
        ],
        data.STORIES: [row(f"{STORY} {word}", story=0) for word in ("at last", "today", "in style", "early")],
        data.TAUGHT: [
            row(one.text, i_score=one.i_score, features=f"{index % 100:02x}" * FEATURES)
            for index, one in enumerate([*rated, *UNRATED])
        ],
        data.TOPICS_OF: [row(one.text, topic=topic) for one, topic in zip(rated, cycle(TOPICS), strict=False)],
    }
    for name, rows in rows_of.items():
        (folder / name).write_bytes(gzip.compress(lines(rows).encode()))
    return folder


def test_a_version_records_how_it_was_made(models: Path) -> None:
    found = artifact.read(models / "paper-1")
    assert (found.manifest["config"]["epochs"], found.manifest["config"]["seed"]) == (2, 0)
    families = {path.name for path in data.FAMILIES.values()}
    assert set(found.manifest["data_sha256"]) == {*JOINED, *families, "client.jsonl", "labels.csv"}
    assert found.manifest["libraries"]["torch"]
    assert {"dev", "raters", *data.FAMILIES, "client"} <= set(found.json("metrics.json"))
    assert b"no evidence of quality" in found.files["CARD.md"]


def test_a_version_says_what_a_service_tells_of_a_headline(models: Path) -> None:
    model = load(models / "paper-1")
    (vector,) = model.encoder.encode(["Dam bursts above town"])[None]
    (raw,) = model.scores(vector)
    low, high = model.calibration.interval(float(raw))
    assert 0 <= low <= raw <= high <= 100
    assert high > low
    assert 0 <= model.calibration.percentile(float(raw)) <= 100
    assert model.topics(vector)[0] in TOPICS


def test_a_version_is_evaluated_beside_the_current_one_with_a_report(
    models: Path, joined: Path, tmp_path: Path
) -> None:
    done = run("evaluate", HOUSE, "--data", joined, "--models", models, "--report", tmp_path / "report.html")
    assert f"| figure | {HOUSE} | paper-1 |" in done.output
    assert "| dev spearman |" in done.output
    page = (tmp_path / "report.html").read_text("utf-8")
    assert page.count("<svg") == 9
    assert "Learning curve" in page
    assert any(html.escape(one.text) in page for one in DEV)
    assert '<td class="words">collection: gnews</td><td>120</td>' in page


def test_versions_are_compared_on_the_same_headlines(models: Path, joined: Path) -> None:
    same, other = (
        json.loads(run("compare", "paper-1", name, "--data", joined, "--models", models, "--json").output)
        for name in ("paper-1", HOUSE)
    )
    assert same["dev mae"]["first"] == same["dev mae"]["second"] == other["dev mae"]["first"] > 0
    assert other["dev mae"]["second"] != other["dev mae"]["first"]


def test_judgements_move_the_scores_of_a_trained_version(models: Path) -> None:
    before, after = (artifact.read(models / name) for name in ("paper-1", HOUSE))
    assert after.manifest["house"]["base"] == "paper-1"
    assert after.manifest["config"] == before.manifest["config"]
    titles = [one.text for one in JUDGED]
    first, second = (load(models / name).predict(titles).mean() for name in ("paper-1", HOUSE))
    assert abs(second - 90) < abs(first - 90)


def test_the_card_is_printed_from_what_is_recorded(models: Path) -> None:
    printed = run("card", "paper-1", "--models", models).output
    assert printed.startswith("# paper-1\n")
    assert "no evidence of quality" in printed
    assert f"# {HOUSE}\n" in run("card", HOUSE, "--models", models).output


@pytest.mark.parametrize(
    ("name", "error"), [("paper-1", InputError), ("paper one", ArtifactError), ("../paper", ArtifactError)]
)
def test_a_name_that_cannot_be_had_is_refused_before_the_training(
    models: Path, joined: Path, monkeypatch: pytest.MonkeyPatch, name: str, error: type[Exception]
) -> None:
    monkeypatch.setattr("training.candidate.distil", None)
    assert isinstance(run("distil", name, "--data", joined, "--models", models).exception, error)


@pytest.mark.parametrize("missing", JOINED)
def test_missing_headlines_are_told_before_the_training(
    joined: Path, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setattr("training.distil.train_student", None)
    copytree(joined, tmp_path / "joined")
    (tmp_path / "joined" / missing).unlink()
    call = ["distil", "new-1", "--config", config, "--data", tmp_path / "joined", "--models", tmp_path / "models"]
    with pytest.raises(InputError, match=f"{missing} is not there.*iscore-train join"):
        raise run(*call).exception or AssertionError("nothing was told")


def test_a_teacher_is_trained_and_asked_on_the_command_line(config: Path, tmp_path: Path) -> None:
    folder, teachers = write_joined(tmp_path, RATED[:32]), tmp_path / "teachers"
    call = ["teach", "small-1", "--config", config, "--data", folder, "--teachers", teachers]
    assert run(*call).exit_code == 0
    (tmp_path / "source.jsonl").write_text(lines([{"title": one.text} for one in UNRATED]), "utf-8")
    out = tmp_path / "taught.csv.gz"
    call = ["pseudo-label", tmp_path / "source.jsonl", "--by", "small-1", "--out", out, "--most", 20]
    assert run(*call, "--teachers", teachers).stdout == f"20 headlines: {out}\n"
    found = list(read_rows(out))
    assert {row["id"] for row in found} <= {headline_id(one.text) for one in UNRATED}
    assert len({row["i_score"] for row in found}) > 1
    assert {len(bytes.fromhex(row["features"])) for row in found} == {FEATURES}


def test_each_table_configures_its_own_kind(config: Path) -> None:
    assert read_config(config, TeacherConfig).base == "minilm"
    assert read_config(config, StudentConfig).width == 16
    assert read_config(None, StudentConfig) == StudentConfig()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[pupil]\nepochs = 3", "unknown table 'pupil'; known are teacher, student"),
        ("epochs = 3", "unknown table 'epochs'"),
        ("[student]\nepoch = 3", r"unknown key 'epoch' in \[student\]"),
        ("[student]\nbase = 'mpnet'", r"unknown key 'base' in \[student\]"),
        ("[student]\nepochs = 'many'", "epochs must be a int, not 'many'"),
        ("[student]\nepochs = true", "epochs must be a int, not True"),
        ("[student", "cannot read the training configuration"),
    ],
)
def test_a_wrong_configuration_is_told(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "c.toml").write_text(text, "utf-8")
    with pytest.raises(InputError, match=reason):
        raise run("distil", "new-1", "--config", tmp_path / "c.toml").exception or AssertionError("nothing was told")


def test_join_finds_titles_by_their_words(tmp_path: Path) -> None:
    rated = "id,i_score,dataset,split,rater_a,rater_b\n" + rated_row("Dam bursts!") + rated_row("Gone")
    publish(tmp_path, rated)
    (tmp_path / "source.csv").write_text(f"title\nDAM  bursts\n{STORY}\n{TAUGHT}\n", "utf-8")
    found = join(tmp_path, [tmp_path / "source.csv"], tmp_path)
    assert found == dict(zip(JOINED, [(1, 2), (0, 0), (1, 1), (1, 1), (0, 0)], strict=True))
    assert data.labelled_examples(tmp_path, [], 1.0, 0.0) == [Example("DAM bursts", 50.0, once=True)]
    (story,) = data.stories(tmp_path)
    assert (story.text, story.weight, story.family) == (STORY, 0.0, "story/7")
    assert data.taught_examples(tmp_path) == [Example(TAUGHT, 41.5, once=True, features=bytes([0, 255] * 4))]


def test_join_takes_our_topics_from_the_sources_but_not_those_of_headlines_that_judge(tmp_path: Path) -> None:
    publish(tmp_path, "id,i_score,dataset,split,rater_a,rater_b\n" + rated_row("Dam bursts", "dev"))
    rows = f"Dam  BURSTS,world\nTeam wins cup,sports\nVote is near,politics\n{STORY},nation\nNo topic here,\n"
    (tmp_path / "source.csv").write_text(f"title,category\n{rows}", "utf-8")
    assert join(tmp_path, [tmp_path / "source.csv"], tmp_path)[data.TOPICS_OF] == (2, 2)
    assert list(read_rows(tmp_path / data.TOPICS_OF)) == [
        {"id": headline_id("Team wins cup"), "title": "Team wins cup", "topic": "sports"},
        {"id": headline_id(STORY), "title": STORY, "topic": "nation"},
    ]


def publish(folder: Path, rated: str) -> None:
    (folder / "rated.csv.gz").write_bytes(gzip.compress(rated.encode()))
    (folder / "stories.csv.gz").write_bytes(gzip.compress(f"id,story\n{headline_id(STORY)},7\n".encode()))
    taught = f"id,i_score,features\n{headline_id(TAUGHT)},41.5,{'00ff' * 4}\n"
    (folder / "taught.csv.gz").write_bytes(gzip.compress(taught.encode()))


def rated_row(title: str, split: str = "train") -> str:
    return f"{headline_id(title)},50,gnews,{split},,\n"
