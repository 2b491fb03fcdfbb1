"""``iscore ingest``: headlines in, once: from the feeds, or from a file."""

import asyncio
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.output import note
from service.cli.scoring import EXIT_BAD_ROWS
from service.settings import read_settings

if TYPE_CHECKING:
    from service.api.state import State

_BATCH = 200  # headlines in one transaction, so that other writers wait a moment only


def ingest(
    every: Annotated[bool, typer.Option("--all", help="Ask also the feeds that are not due yet.")] = False,
    file: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Ask no feeds: keep the headlines of JSON lines; - is standard input."),
    ] = None,
) -> None:
    """Poll the feeds that are due, once, and keep their headlines; or keep those of a file.

    For a store without a running service, or for one that runs with --no-feeds. Prints how many feeds were
    polled and how many headlines were kept with which result, tab-separated. A line of a file is an
    object with the fields of POST /v1/headlines (docs/api.md); the file may be packed (.jsonl.gz).

    Exit codes: 0 all went well, 3 some feeds failed or headlines were rejected, 2 wrong call, 1 anything else.

    \b
    Examples:
      iscore ingest
      iscore ingest --file headlines.jsonl
    """
    from service.api.state import open_state

    with open_state(read_settings(sample=False)) as state:
        state.tick()  # percentiles are then those among the headlines of this store
        done = asyncio.run(_polled(state, every)) if file is None else _kept(state, file)
    for name, count in done.items():
        sys.stdout.write(f"{name}\t{count}\n")
    if done["failed"] or done["rejected"]:
        raise typer.Exit(EXIT_BAD_ROWS)


async def _polled(state: "State", every: bool) -> Counter[str]:
    from service.api.polling import polling

    async with polling(state) as poller:
        began, known = state.clock(), state.store.feeds.all()
        due = [one for one in known if one.status == "active" and (every or one.next_at <= began)]
        await poller.poll(due)
    for one in state.store.feeds.all():
        if one.error and one.checked_at and one.checked_at >= began:
            note(f"{one.feed.name}: {one.error}")
    return Counter({"feeds": len(due), **poller.polls, **poller.entries})


def _kept(state: "State", file: str) -> Counter[str]:
    from service.files.json_rows import JsonReader
    from service.files.places import place, reading
    from service.files.reading import said_of

    done: Counter[str] = Counter(created=0, updated=0, duplicate=0, rejected=0)
    source = place(file, "jsonl")
    with reading(source) as opened, said_of(source):
        for chunk in JsonReader(opened.file).chunks():
            readable = [row for row, fault in zip(chunk.rows, chunk.faults, strict=True) if fault is None]
            for fault in filter(None, chunk.faults):
                note(fault)
                done["rejected"] += 1
            for start in range(0, len(readable), _BATCH):
                done.update(_kept_batch(state, readable[start : start + _BATCH]))
    return done


def _kept_batch(state: "State", rows: Sequence[dict[str, Any]]) -> Mapping[str, int]:
    from service.ingest import counts, ingest

    outcomes = ingest(rows, state.model, state.store, state.clock(), state.reference, state.grouping)
    for row, outcome in zip(rows, outcomes, strict=True):
        if outcome.reason:
            note(f"{str(row.get('title'))[:60]!r}: {outcome.reason}")
    return counts(outcomes)
