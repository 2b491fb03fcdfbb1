"""``iscore-train``: labels in, model versions out."""

import json
import logging
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from service.errors import InputError, IscoreError, MissingExtraError
from service.model import ImportanceModel, load
from service.registry import Registry
from service.settings import HERE, Settings
from training import data
from training.config import FitConfig, read_config
from training.evaluate import Judged, figures, judge, table
from training.join import join as join_labels
from training.whole import written_whole

app = typer.Typer(
    help="Train, judge and promote scoring models.", no_args_is_help=True, add_completion=False, rich_markup_mode=None
)

DataOption = Annotated[Path, typer.Option("--data", help="Folder with the joined headlines (see `join`).")]
ModelsOption = Annotated[Path, typer.Option("--models", help="Folder of the model versions and CURRENT.")]
_DATA = HERE / "var" / "data"
_MODELS = Settings.model_fields["models"].default


@app.command()
def fit(
    name: Annotated[str, typer.Argument(help="Name of the new version, such as newsroom-2.")],
    labels: Annotated[
        list[Path] | None,
        typer.Option(help="CSV, JSONL or Parquet with title, i_score (0-100) and an optional weight; repeatable."),
    ] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file that overrides training/config.py.")] = None,
    folder: DataOption = _DATA,
    models: ModelsOption = _MODELS,
) -> None:
    """Fine-tune the encoder on all labels and write a new version; the current one stays current.

    Takes half an hour for each member on two cores; a call goes on behind the last member that finished. Example:
    iscore-train fit newsroom-2 --labels editors.csv && iscore-train evaluate newsroom-2
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    _train_extra("fit")
    from training.candidate import save
    from training.fit import fit as fit_network

    numbers, files = read_config(config), [data.CLIENT, *(labels or [])]
    if (models / name).exists():
        raise InputError(f"{models / name} exists already: a version never changes, choose another name")
    examples = data.training_examples(folder, files, numbers.held_out_share)
    data.dev(folder)  # missing files are told now, not after the training
    typer.echo(f"{len(examples)} examples, {numbers.members} x {numbers.epochs} epochs, seed {numbers.seed}", err=True)
    fitted = fit_network(examples, numbers, HERE / "var" / "fits")
    save(fitted, models / name, numbers, folder, files)
    typer.echo(f"wrote {models / name}; compare it: iscore-train evaluate {name}", err=True)


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
    judged = {name: _judge(load(registry.path(name)), folder) for name in names}
    versions = {name: figures(one) for name, one in judged.items()}
    typer.echo(json.dumps(versions, indent=1) if as_json else table(versions))
    if report:
        _train_extra("evaluate --report")
        from training.report import report as page

        with written_whole(report) as temporary:
            temporary.write_text(page(judged[version], versions), "utf-8")
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


@app.command()
def teach(
    sources: Annotated[list[Path], typer.Argument(help="CSV, JSONL or Parquet files with a title column.")],
    by: Annotated[list[str], typer.Option(help="Version that scores; of several, the mean; repeatable.")],
    out: Annotated[Path, typer.Option(help="CSV file of headline ids and scores, gzipped.")],
    most: Annotated[int, typer.Option(min=1, help="Headlines at the most, drawn at random.")] = 100_000,
    seed: Annotated[int, typer.Option(help="Of the draw.")] = 0,
    models: ModelsOption = _MODELS,
) -> None:
    """Let versions score headlines that nobody judged: the next `fit` learns from them as well.

    Takes five minutes for 100,000 headlines on two cores.
    """
    from training.teach import teach as score_all

    registry = Registry(models)
    teachers = [load(registry.path(version)) for version in by]
    typer.echo(f"{score_all(teachers, sources, most, seed, out)} headlines: {out}")


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
    config = model.manifest.get("config", {})
    return judge(model, folder, config.get("held_out_share", FitConfig().held_out_share))


def _train_extra(command: str) -> None:
    try:
        import sentence_transformers  # noqa: F401
        import torch  # noqa: F401
    except ImportError as exc:
        raise MissingExtraError(f"iscore-train {command}", "train") from exc


def main() -> None:
    """Run the command line; our own errors become one line and exit code 2."""
    try:
        app()
    except IscoreError as exc:
        typer.secho(f"error: {exc}", fg="red", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
