"""The audit log as people read it: entries in words, as rows, and as files."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from service.labels.rows import disarmed
from service.store.contract import Store
from service.store.editorial import Entry, Logged
from service.windows import rfc3339

Format = Literal["csv", "jsonl"]
MEDIA_TYPES: Mapping[Format, str] = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
FIELDS = ("number", "at", "by", "name", "action", "subject", "says", "details")
DEEDS: Mapping[str, str] = {
    "label.add": "gave a judgement ({kind})",
    "label.undo": "took a judgement back",
    "label.import": "imported {rows} judgements from {subject}",
    "pin.add": "set a {kind} on headline {headline}: {reason}",
    "pin.end": "lifted a {kind}",
    "story.merge": "joined stories into {subject}",
    "story.split": "split headlines off story {subject}",
    "run.start": "started training {subject} ({kind})",
    "run.cancel": "cancelled training {subject}",
    "run.end": "saw training {subject} end: {state}",
    "model.promote": "put {subject} live",
    "model.rollback": "went back to {subject}",
    "model.use": "had {subject} serve, past the gate",
    "key.create": "made key {subject}",
    "key.revoke": "revoked key {subject}",
    "feed.add": "added the feed {subject}",
    "feed.import": "added {new} feeds from {subject}",
    "feed.remove": "removed the feed {subject}",
}
"""Action -> what somebody did, in words that follow their name; in braces: the subject, or one of the details."""

_AT_ONCE = 500


class _Said(dict[str, object]):
    def __missing__(self, name: str) -> str:
        return "?"


def says(entry: Entry) -> str:
    """What was done, in words; an action that is not in the table says itself."""
    deed = DEEDS.get(entry.action, "{action}: {subject}")
    return deed.format_map(_Said({**entry.details, "action": entry.action, "subject": entry.subject}))


def key_names(store: Store) -> dict[str, str]:
    """Who holds which key, of those that say so."""
    return {key.id: key.name for key in store.keys() if key.name}


def row(logged: Logged, names: Mapping[str, str]) -> dict[str, Any]:
    """An entry with all of FIELDS; ``name`` is None when the key says nobody's."""
    entry = logged.entry
    values = (logged.number, rfc3339(logged.at), entry.by, names.get(entry.by), entry.action, entry.subject)
    return dict(zip(FIELDS, (*values, says(entry), dict(entry.details)), strict=True))


def rows(store: Store, by: str | None = None, action: str | None = None) -> Iterator[dict[str, Any]]:
    """All entries, newest first, read as they are asked for."""
    names, before = key_names(store), None
    while found := store.audit.entries(_AT_ONCE, before, by, action):
        yield from (row(one, names) for one in found)
        before = found[-1].number


def written(rows: Iterable[dict[str, Any]], format_: Format) -> Iterator[bytes]:
    """A file of rows, line by line. No cell of a CSV is a formula to a spreadsheet."""
    if format_ == "jsonl":
        yield from (json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in rows)
        return
    yield _csv_line(FIELDS)
    for one in rows:
        yield _csv_line(disarmed(_cell(value)) for value in one.values())


def _csv_line(cells: Iterable[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()


def _cell(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else "" if value is None else str(value)
