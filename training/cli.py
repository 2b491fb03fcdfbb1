"""``iscore-train``: labels in, model versions out."""

import training.one_thread  # noqa: F401  # isort: skip  (before numpy)
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from service import artifact
from service.errors import InputError, IscoreError, MissingExtraError
from service.model import ImportanceModel, load
from service.registry import Registry
from service.settings import HERE, Settings
from training import data
from training.card import card
from training.config import StudentConfig, TeacherConfig, read_config
from training.dataset import run_key
from training.evaluate import Judged, figures, judge, table
from training.gate_cli import gate
from training.join import join as join_labels
from training.whole import written_whole

app = typer.Typer(
    help="Train, judge and promote scoring models.", no_args_is_help=True, add_completion=False, rich_markup_mode=None
)

app.command()(gate)

DataOption = Annotated[Path, typer.Option("--data", help="Folder with the joined headlines (see `join`).")]
ModelsOption = Annotated[Path, typer.Option("--models", help="Folder of the model versions and CURRENT.")]
TeachersOption = Annotated[Path, typer.Option("--teachers", help="Folder of the teachers.")]
_LABELS_HELP = "CSV, JSONL or Parquet with title, i_score (0-100) and an optional weight; repeatable."
LabelsOption = Annotated[list[Path] | None, typer.Option("--labels", help=_LABELS_HELP)]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help="TOML file that overrides training/config.py in [teacher] and [student]."),
]
_DATA = HERE / "var" / "data"
_TEACHERS = HERE / "var" / "teachers"
_MODELS = Settings.model_fields["models"].default


@app.command()
def teach(
    name: Annotated[str, typer.Argument(help="Name of the teacher, such as mpnet-1.")],
    labels: LabelsOption = None,
    config: ConfigOption = None,
    folder: DataOption = _DATA,
    teachers: TeachersOption = _TEACHERS,
) -> None:
    """Fine-tune a large encoder on everything that was judged: the teacher of versions, too slow to serve.

    Takes an hour and a half on two cores; a call goes on from the last checkpoint of the same name.
    """
    _train_extra("teach")
    from training.teacher import save_teacher, train_teacher

    numbers = read_config(config, TeacherConfig)
    examples = data.labelled_examples(folder, _files(labels), StudentConfig().held_out_share, 0.0)
    examples += data.stories(folder)
    typer.echo(f"{len(examples)} examples, seed {numbers.seed}", err=True)
    folder = teachers / f"{name}-{run_key(numbers, examples)}"
    save_teacher(train_teacher(examples, numbers, folder), teachers / name)
    typer.echo(f"wrote {teachers / name}; go on with: iscore-train pseudo-label SOURCES --by {name}", err=True)


@app.command("pseudo-label")
def pseudo_label(
    sources: Annotated[list[Path], typer.Argument(help="CSV, JSONL or Parquet files with a title column.")],
    by: Annotated[list[str], typer.Option(help="Teacher that scores; of several, the mean; repeatable.")],
    out: Annotated[Path, typer.Option(help="CSV file to write, gzipped.")] = data.LABELS / "taught.csv.gz",
    most: Annotated[int, typer.Option(min=1, help="Headlines at the most, drawn at random.")] = 1_000_000,
    seed: Annotated[int, typer.Option(help="Of the draw.")] = 0,
    teachers: TeachersOption = _TEACHERS,
) -> None:
    """Let teachers score headlines that nobody judged: `distil` learns from them (after `join`).

    Takes an hour for 400,000 headlines on two cores; a call goes on after the last finished block.
    """
    _train_extra("pseudo-label")
    from training.pseudo_label import pseudo_label as score_all
    from training.teacher import ABOUT, load_teacher

    loaded = [load_teacher(teachers / name) for name in by]
    abouts = [(teachers / name / ABOUT).read_text("utf-8") for name in by]
    work = teachers / f"blocks-{run_key(abouts, most, seed)}"
    typer.echo(f"{score_all(loaded, sources, most, seed, out, work)} headlines: {out}")


@app.command()
def distil(
    name: Annotated[str, typer.Argument(help="Name of the new version, such as newsroom-2.")],
    labels: LabelsOption = None,
    config: ConfigOption = None,
    folder: DataOption = _DATA,
    models: ModelsOption = _MODELS,
) -> None:
    """Train a small network on ratings, families and a teacher's scores and write a new version.

    The current one stays current. Takes an hour on two cores; a call goes on after the last finished epoch. Example:
    iscore-train distil newsroom-2 --labels editors.csv && iscore-train evaluate newsroom-2
    """
    _train_extra("distil")
    from training.candidate import distil as distil_version

    numbers = read_config(config, StudentConfig)
    _check_new(models, name)
    distil_version(models / name, numbers, folder, _files(labels), HERE / "var" / "students")
    typer.echo(f"wrote {models / name}; compare it: iscore-train evaluate {name}", err=True)


@app.command("house")
def house_style(
    labels: Annotated[Path, typer.Option(help="Snapshot of judgements, JSON lines (`iscore labels snapshot`).")],
    out: Annotated[Path, typer.Option(help="Folder of versions in which to write the new one.")] = _MODELS,
    base: Annotated[Path | None, typer.Option("--from", help="Version's folder; default: the current one.")] = None,
    progress: Annotated[Path | None, typer.Option(help="File to keep telling how far it is, as JSON.")] = None,
) -> None:
    """Teach a version a newsroom's style from editors' judgements and write a new one. Seconds; needs no torch."""
    from training.house import house

    def tell(share: float, message: str) -> None:
        if progress:
            with written_whole(progress) as temporary:
                temporary.write_text(json.dumps({"progress": share, "message": message}), "utf-8")

    registry = Registry(_MODELS)
    made = house(labels, out, base or registry.path(registry.current()), tell)
    typer.echo(f"wrote {made}; judge it: iscore-train gate CHAMPION {made} --labels {labels}", err=True)


@app.command()
def evaluate(
    version: Annotated[str, typer.Argument(help="Version to judge.")],
    folder: DataOption = _DATA,
    models: ModelsOption = _MODELS,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    report: Annotated[
        Path | None, typer.Option(help="HTML file to write: plots, worst headlines and families.")
    ] = None,
) -> None:
    """Judge a version on headlines it never saw, beside the current one on the same data."""
    registry = Registry(models)
    names = list(dict.fromkeys([version, registry.current()]))
    loaded = {name: load(registry.path(name)) for name in names}
    judged = {name: _judge(model, folder) for name, model in loaded.items()}
    versions = {name: figures(one) for name, one in judged.items()}
    typer.echo(json.dumps(versions, indent=1) if as_json else table(versions))
    if report:
        _train_extra("evaluate --report")
        from training.learning import learning_curve
        from training.report import report as page

        model = loaded[version]
        learning = learning_curve(model, folder, _config(model, "calibration_share"))
        with written_whole(report) as temporary:
            temporary.write_text(page(judged[version], versions, learning), "utf-8")
        typer.echo(f"wrote {report}", err=True)


@app.command()
def compare(
    first: Annotated[str, typer.Argument(help="Version to compare with, such as the current one.")],
    second: Annotated[str, typer.Argument(help="Version to compare.")],
    folder: DataOption = _DATA,
    models: ModelsOption = _MODELS,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Tell which differences of two versions are certain: paired bootstrap on headlines they never saw."""
    from training.compare import compare as compare_judged
    from training.compare import comparison_table

    registry = Registry(models)
    found = compare_judged(*(_judge(load(registry.path(name)), folder) for name in (first, second)))
    as_dicts = {name: asdict(one) for name, one in found.items()}
    typer.echo(json.dumps(as_dicts, indent=1) if as_json else comparison_table(first, second, found))


@app.command()
def promote(
    version: Annotated[str, typer.Argument(help="Version to make current.")], models: ModelsOption = _MODELS
) -> None:
    """Load and check a version, then make it current. A running service takes it over within seconds.

    `iscore models use` goes back.
    """
    registry = Registry(models)
    load(registry.path(version))
    before = registry.use(version)
    back = f"; back: iscore models use {before}" if before and before != version else ""
    typer.echo(f"{version} is current{back}")


@app.command()
def join(
    sources: Annotated[list[Path], typer.Argument(help="CSV, JSONL or Parquet files with a title column.")],
    labels: Annotated[Path, typer.Option(help="Folder of the published labels.")] = data.LABELS,
    out: DataOption = _DATA,
) -> None:
    """Put the published labels (ids, scores, stories) together with headlines from the public sources."""
    for name, (found, total) in join_labels(labels, sources, out).items():
        typer.echo(f"{name}: {found} of {total} headlines found")


@app.command("card")
def card_of(
    version: Annotated[str, typer.Argument(help="Version whose card to print.")], models: ModelsOption = _MODELS
) -> None:
    """Print a version's model card as this iscore would write it today, from its manifest and figures."""
    found = artifact.read(Registry(models).path(version))
    typer.echo(card(version, found.json("metrics.json"), found.manifest))


@app.command()
def stories(
    sources: Annotated[list[Path], typer.Argument(help="CSV, JSONL or Parquet files with title and date columns.")],
    out: Annotated[Path, typer.Option(help="CSV file of headline ids and story numbers, gzipped.")],
) -> None:
    """Find headlines of one story in different words, which training teaches to score alike.

    Takes ten minutes for 400,000 headlines on two cores.
    """
    _train_extra("stories")
    from training.mine import mine

    found = mine(sources, out)
    typer.echo(f"{sum(map(len, found))} headlines in {len(found)} stories: {out}")


def _judge(model: ImportanceModel, folder: Path) -> Judged:
    return judge(model, folder, _config(model, "held_out_share"))


def _config(model: ImportanceModel, share: str) -> float:
    """What a version was trained with; today's default where it does not say."""
    return float(model.manifest.get("config", {}).get(share, getattr(StudentConfig(), share)))


def _files(labels: Sequence[Path] | None) -> list[Path]:
    return [data.CLIENT, *(labels or [])]


def _check_new(models: Path, name: str) -> None:
    """Told before a training, not after it."""
    artifact.check_name(name)
    if (folder := models / name).exists():
        raise InputError(f"{folder} exists already: a version never changes, choose another name")


def _train_extra(command: str) -> None:
    try:
        import sentence_transformers  # noqa: F401
        import torch  # noqa: F401
    except ImportError as exc:
        raise MissingExtraError(f"iscore-train {command}", "train") from exc


def main() -> None:
    """Run the command line; our own errors become one line and exit code 2."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        app()
    except IscoreError as exc:
        typer.secho(f"error: {exc}", fg="red", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
