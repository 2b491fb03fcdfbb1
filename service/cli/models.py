"""``iscore models``: the model versions on disk and which one scores."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.kept import kept
from service.cli.output import note
from service.errors import UnknownModelError
from service.registry import Registry, registry_of
from service.settings import read_settings

if TYPE_CHECKING:
    from service.changes import Changes, Placed
    from service.model import ImportanceModel

app = typer.Typer(no_args_is_help=True, help="List, inspect, compare and choose model versions.")

_BY = "command line"
_Version = Annotated[str, typer.Argument(metavar="VERSION", help="A name from `iscore models list`.")]
_Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why, for the audit log.")]


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
    """Make a version the current one, after it has been loaded and checked; no gate is asked.

    A running service changes over within seconds and rescores the recent headlines first. To go back,
    use the version that was current, which this prints.

    \b
    Example:
      iscore models use headline-base-3
    """
    _load(version)
    before = _registry().use(version)
    sys.stdout.write(f"{version} is current; before it was {before or 'none'}\n")


@app.command()
def promote(version: _Version, reason: _Reason = "") -> None:
    """Put a version live that the gate lets pass, or that there is a reason of ten characters for.

    The recent headlines are scored first, then all lists change at once. A running service follows within
    seconds.

    \b
    Example:
      iscore models promote headline-base-5-house-1f0c2b7a --reason "knows the local elections"
    """
    from service.promotion import promotion, put_live, score_live

    registry = _registry()
    model, now = _load(version), datetime.now(UTC)
    with kept() as store:
        entry = promotion(store, version, registry.current(), _BY, reason)
        score_live(model, store, now)
        put_live(entry, registry, store, now)
    sys.stdout.write(f"{version} serves; before it was {entry.details['before']}\n")


@app.command()
def rollback(reason: _Reason = "") -> None:
    """Put the version live again that served before.

    \b
    Example:
      iscore models rollback
    """
    from service.promotion import put_live, score_live, way_back_entry

    registry, now = _registry(), datetime.now(UTC)
    with kept() as store:
        entry = way_back_entry(store, registry.current(), _BY, reason)
        score_live(_load(entry.subject), store, now)
        put_live(entry, registry, store, now)
    sys.stdout.write(f"{entry.subject} serves; before it was {entry.details['before']}\n")


@app.command()
def changes(
    version: _Version,
    window: Annotated[str, typer.Option(help="How far back: minutes or hours, at most 24h.")] = "24h",
) -> None:
    """Print what would change in the lists if a version served: fronts, scores and bands.

    \b
    Example:
      iscore models changes headline-base-5-house-1f0c2b7a --window 6h
    """
    from service.promotion import would_change
    from service.windows import parse_window

    serving, other = _load(_registry().current()), _load(version)
    with kept() as store:
        found = would_change(store, serving, other, parse_window(window), datetime.now(UTC))
    sys.stdout.writelines(f"{line}\n" for line in _told(found, serving.version, other.version))


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
    _load(version)
    sys.stdout.write(f"{version} is sound\n")


def _registry() -> Registry:
    return registry_of(read_settings())


def _current(registry: Registry) -> str | None:
    try:
        return registry.current()
    except UnknownModelError as exc:
        note(str(exc))
        return None


def _load(version: str) -> "ImportanceModel":
    """ArtifactError unless the version loads and gives its golden scores."""
    from service.model import load

    return load(_registry().path(version), read_settings().threads)


def _told(found: "Changes", before: str, after: str) -> Iterator[str]:
    from service.bands import rounded
    from service.text import clean

    yield f"{before} -> {after}: {found.mean_points:+.1f} points on average, headlines compared: {found.headlines:,}"
    yield "bands: " + ", ".join(f"{one.band} {one.before:,} -> {one.after:,}" for one in found.bands)
    for front in found.fronts:
        yield f"\nThe first {front.limit}: {len(front.enter)} enter, {len(front.leave)} leave, {len(front.move)} move"
        for sign, rows in (("+", front.enter), ("-", front.leave), ("~", front.move)):
            yield from (f"  {sign} {_ranks(one)}  {clean(one.row.scored.headline.title)}" for one in rows)
    if found.largest:
        yield "\nThe largest changes of score"
    for shift in found.largest:
        scores = f"{rounded(shift.before.raw):>3} -> {rounded(shift.after.raw):>3}"
        yield f"  {shift.points:+6.1f}  {scores}  {clean(shift.before.headline.title)}"


def _ranks(one: "Placed") -> str:
    before, after = (str(rank) if rank else "none" for rank in (one.before, one.after))
    return f"{before:>4} -> {after:<4}"
