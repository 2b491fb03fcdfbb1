"""``iscore models``: the model versions on disk and which one scores."""

import json
import sys
from typing import Annotated

import typer

from service.cli.output import note
from service.errors import UnknownModelError
from service.registry import Registry
from service.settings import read_settings

app = typer.Typer(no_args_is_help=True, help="List, inspect, check and choose model versions.")

_Version = Annotated[str, typer.Argument(metavar="VERSION", help="A name from `iscore models list`.")]


@app.command("list")
def list_() -> None:
    """Print the model versions, one a line; the current one is marked with *.

    \b
    Example:
      iscore models list
    """
    registry = _registry()
    current = _current(registry)
    for version in registry.versions():
        sys.stdout.write(f"{'*' if version == current else ' '} {version}\n")


@app.command()
def show(version: _Version) -> None:
    """Print a version's model card, its metrics and its manifest.

    \b
    Example:
      iscore models show headline-base-3
    """
    from service import artifact

    source = artifact.read(_registry().path(version))
    facts = {"metrics": source.json("metrics.json"), "manifest": source.manifest}
    sys.stdout.write(source.files["CARD.md"].decode(errors="replace") + "\n")
    sys.stdout.write(json.dumps(facts, indent=2, ensure_ascii=False) + "\n")


@app.command()
def use(version: _Version) -> None:
    """Make a version the current one, after it has been loaded and checked.

    A running service changes over within seconds and rescores the recent headlines first. To go back,
    use the version that was current, which this prints.

    \b
    Example:
      iscore models use headline-base-3
    """
    _check(version)
    before = _registry().use(version)
    sys.stdout.write(f"{version} is current; before it was {before or 'none'}\n")


@app.command()
def verify(
    version: Annotated[str | None, typer.Argument(metavar="VERSION", help="Default: the current version.")] = None,
) -> None:
    """Load a version as the service would: sizes, SHA-256 of every file, golden scores.

    \b
    Example:
      iscore models verify headline-base-3
    """
    version = version or _registry().current()
    _check(version)
    sys.stdout.write(f"{version} is sound\n")


def _registry() -> Registry:
    return Registry(read_settings().models)


def _current(registry: Registry) -> str | None:
    try:
        return registry.current()
    except UnknownModelError as exc:
        note(str(exc))
        return None


def _check(version: str) -> None:
    """ArtifactError unless the version loads and gives its golden scores."""
    from service.model import load

    load(_registry().path(version), read_settings().threads)
