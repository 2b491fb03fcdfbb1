"""Label events <-> rows of CSV and JSON lines: lenient in what is read, strict in what is scored."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from service.errors import InputError
from service.judgements import judgement_from, judgement_row
from service.store.editorial import LabelEvent
from service.text import clean
from service.types import Judgement
from service.windows import parse_moment, rfc3339

EVENT_ID = r"[A-Za-z0-9_-]{8,64}"
"""What ids of events look like."""
MAX_NAME_CHARS = 100
MAX_SECONDS = 86_400
TITLE_FIELDS = ("title", "headline", "text")
CSV_TITLES = ("title", "title_2", "title_3", "title_4")
"""The first may have any of the names of TITLE_FIELDS when it is read."""

_YES = {True: True, False: False, "true": True, "1": True, "false": False, "0": False}
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


@dataclass(frozen=True, slots=True)
class Import:
    """What an import says where rows do not: who judged, and what time it is.

    ``steps``: scores are steps from 1 up to it, such as stars, and not points. Each is the middle of its part of
    0-100: of five 10, 30, 50, 70 and 90.
    """

    by: str
    now: datetime
    steps: int | None = None


@dataclass(slots=True)
class Found:
    """What a file holds: events by id, each with its place; what is wrong, and what there is nothing to keep of."""

    events: dict[str, tuple[str, LabelEvent]] = field(default_factory=dict)
    bad: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def keep(self, place: str, event: LabelEvent) -> None:
        """Take the event of a row."""
        before, same = self.events.setdefault(event.id, (place, event))
        if before == place:
            return
        if (same.by, same.judgement, same.undoes) == (event.by, event.judgement, event.undoes):
            self.left_out.append(f"{place}: says the same as {before}")
        else:
            self.bad.append(f"{place}: id: is that of {before} too")


def event_row(event: LabelEvent) -> dict[str, Any]:
    """An event as data; what it does not say is left out."""
    said = judgement_row(event.judgement) if event.judgement else {"undoes": event.undoes}
    row = {"id": event.id, **said, "by": event.by, "at": rfc3339(event.at)}
    values = {"seconds": event.seconds, "model": event.model, "replaces": event.replaces}
    row |= {name: value for name, value in values.items() if value is not None}
    return row | {name: True for name in ("shown", "repeat") if getattr(event, name)}


def from_rows(rows: Iterable[tuple[Mapping[str, object], str | None]], asked: Import, csv: bool) -> Found:
    """The events of rows, each with the reason why it could not be read, if so; the first row is 1.

    A row needs a title and an ``i_score``, or ``kind`` and what it needs. One that has ``id``, ``by``, ``at`` and a
    kind as well is an event of an export, and keeps its id.
    """
    found = Found()
    for number, (row, fault) in enumerate(rows, 1):
        place = f"row {number}"
        try:
            if fault:
                raise InputError(fault)
            found.keep(place, _event({name: rearmed(value) for name, value in row.items()} if csv else row, asked))
        except InputError as exc:
            found.bad.append(f"{place}: {exc}")
    return found


def event_of(judgement: Judgement, by: str, at: datetime | None, asked: Import, **more: Any) -> LabelEvent:
    """The event of an imported judgement: what it says names it, so that it is kept once however often it comes."""
    said = json.dumps([judgement_row(judgement), by, at and rfc3339(at)])
    name = hashlib.sha256(said.encode()).hexdigest()[:32]
    return LabelEvent(name, by, min(at or asked.now, asked.now), judgement, **more)


def points_of(step: object, steps: int) -> float:
    """The middle of a step's part of 0-100; InputError when it is none from 1 to ``steps``."""
    number = as_number(step)
    if not isinstance(number, int | float) or isinstance(number, bool) or not 1 <= number <= steps:
        raise InputError(f"i_score: must be from 1 to {steps}")
    return (number - 0.5) * 100 / steps


def as_number(value: object) -> object:
    """The number that a text is; anything else as it is."""
    if isinstance(value, str):
        for kind in (int, float):
            with suppress(ValueError):
                return kind(value)
    return value


def name_of(value: object, field: str) -> str:
    """A name of who judged, or of what scored, as it can be kept; empty where there is none."""
    name = clean(str(value)) if isinstance(value, str | int) else ""
    if len(name) > MAX_NAME_CHARS:
        raise InputError(f"{field}: is too long: {len(name)} characters, at most {MAX_NAME_CHARS}")
    return name


def moment_of(value: object, field: str, naive: bool = False) -> datetime | None:
    """A time in UTC; None where there is none. ``naive``: one without a zone is taken to be in UTC."""
    if not _is_given(value):
        return None
    try:
        text = str(value)
        if naive and datetime.fromisoformat(text).tzinfo is None:
            text += "Z"
        return parse_moment(text).astimezone(UTC)
    except (ValueError, OverflowError, InputError):
        raise InputError(f"{field}: must be an RFC 3339 time such as 2026-01-31T09:30:00Z") from None


def seconds_of(value: object) -> float | None:
    """How long it took; None where it does not say so, or that it took days."""
    number = as_number(value)
    good = isinstance(number, int | float) and not isinstance(number, bool) and 0 <= number <= MAX_SECONDS
    return float(number) if good else None  # type: ignore[arg-type]


def is_event_id(value: object) -> bool:
    """Whether an event may have this id."""
    return isinstance(value, str) and re.fullmatch(EVENT_ID, value) is not None


def disarmed(text: str) -> str:
    """A cell that no spreadsheet takes for a formula: a quote goes before it (OWASP). ``rearmed`` takes it away."""
    return f"'{text}" if _FORMULA.match(text) else text


def rearmed(cell: object) -> object:
    """What the cell was before ``disarmed``."""
    return cell[1:] if isinstance(cell, str) and cell.startswith("'") and _FORMULA.match(cell) else cell


def _event(row: Mapping[str, object], asked: Import) -> LabelEvent:
    by, at = name_of(row.get("by"), "by"), moment_of(row.get("at"), "at")
    undoes, replaces = _named(row, "undoes"), _named(row, "replaces")
    ours = _named(row, "id", strict=False) if by and at and (undoes or _is_given(row.get("kind"))) else None
    if undoes:
        if not ours or not at:
            raise InputError("undoes: needs id, by and at, as an export has them")
        return LabelEvent(ours, by, at, undoes=undoes)
    event = event_of(
        judgement_from(_said(row, asked.steps)),
        by or asked.by,
        at,
        asked,
        seconds=seconds_of(row.get("seconds")),
        model=name_of(row.get("model"), "model") or None,
        shown=_yes(row, "shown"),
        repeat=_yes(row, "repeat"),
    )
    return replace(event, id=ours, replaces=replaces) if ours else event


def _said(row: Mapping[str, object], steps: int | None) -> dict[str, object]:
    """The row of a judgement: values as numbers, titles in a list, what is empty left out. ``best`` may be null."""
    said: dict[str, object] = {"kind": row["kind"] if _is_given(row.get("kind")) else "score"}
    titles = row.get("titles")
    if not _is_given(titles):
        first = next((row[name] for name in TITLE_FIELDS if _is_given(row.get(name))), None)
        titles = [title for title in (first, *map(row.get, CSV_TITLES[1:])) if _is_given(title)]
    said["titles"] = [titles] if isinstance(titles, str) else titles
    said |= {name: as_number(row[name]) for name in ("i_score", "best", "worst") if _is_given(row.get(name))}
    if "best" in row and said["kind"] == "pair":
        said.setdefault("best", None)
    if steps and "i_score" in said:
        said["i_score"] = points_of(said["i_score"], steps)
    return {**said, "reason": row["reason"]} if _is_given(row.get("reason")) else said


def _named(row: Mapping[str, object], field: str, strict: bool = True) -> str | None:
    """The id of an event; one that is none is None, or ``strict`` an error."""
    value = row.get(field)
    if isinstance(value, str) and is_event_id(value):
        return value
    if strict and _is_given(value):
        raise InputError(f"{field}: is no id of an event")
    return None


def _yes(row: Mapping[str, object], field: str) -> bool:
    value = row.get(field)
    value = value.strip().lower() if isinstance(value, str) else value
    if value is None or value == "":
        return False
    if not isinstance(value, str | bool) or value not in _YES:
        raise InputError(f"{field}: must be true or false")
    return _YES[value]


def _is_given(value: object) -> bool:
    return value is not None and not (isinstance(value, str) and not value.strip())
