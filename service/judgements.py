"""Judgements as rows of JSON, the newsroom's hold-out, and the snapshot: the one door from labels to training.

A row has ``kind`` and ``titles``; of a score ``i_score``; of a pair ``best``, null when neither is more important; of
best-worst ``best`` and ``worst``, positions from 0; and ``reason``, which only ``cannot_judge`` must have. A snapshot
is JSON lines: such rows with ``by``, ``at`` (RFC 3339) and ``weight``, left out where it is 1.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, cast, get_args

from service.errors import InputError
from service.text import clean, normalise, title_problem
from service.types import Judgement, JudgementKind
from service.windows import parse_moment, rfc3339

KINDS: tuple[JudgementKind, ...] = get_args(JudgementKind)
MAX_REASON_CHARS = 200
MAX_WEIGHT = 1000
HELD_OUT_ONE_IN = 5
LEAST_HELD_OUT = 20
"""Held-out judgements of a kind below which nothing is certain, and the gate keeps what serves."""

_TITLES = {"score": (1, 1), "pair": (2, 2), "best_worst": (4, 4), "cannot_judge": (1, 4)}
_VALUES: dict[str, tuple[str, ...]] = {
    "score": ("i_score",),
    "pair": ("best",),
    "best_worst": ("best", "worst"),
    "cannot_judge": (),
}


class Event(Protocol):
    """What of a label event a snapshot needs; an undo has no judgement."""

    @property
    def judgement(self) -> Judgement | None:
        """What was said."""

    @property
    def by(self) -> str:
        """Who said it."""

    @property
    def at(self) -> datetime:
        """When."""

    @property
    def repeat(self) -> bool:
        """Whether it was asked for again, to see whether the editor agrees with themself."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A line of a snapshot."""

    judgement: Judgement
    by: str
    at: datetime
    weight: float = 1.0


def judgement_from(row: object) -> Judgement:
    """A checked judgement, its titles cleaned. Other fields are not looked at.

    InputError whose message is the field, a colon and the reason.
    """
    if not isinstance(row, Mapping):
        raise InputError("row: must be an object")
    kind = row.get("kind")
    if kind not in KINDS:
        raise InputError(f"kind: must be one of {', '.join(KINDS)}")
    for field in ("i_score", "best", "worst"):
        if row.get(field) is not None and field not in _VALUES[kind]:
            raise InputError(f"{field}: does not belong to {kind}")
    titles = _titles(row.get("titles"), kind)
    best, worst = (_position(row, field, kind) for field in ("best", "worst"))
    if kind == "best_worst" and best == worst:
        raise InputError("worst: must be another than best")
    score = _score(row.get("i_score")) if kind == "score" else None
    return Judgement(cast(JudgementKind, kind), titles, score, best, worst, _reason(row.get("reason"), kind))


def judgement_row(judgement: Judgement) -> dict[str, Any]:
    """The row that ``judgement_from`` reads, with what its kind has."""
    row: dict[str, Any] = {"kind": judgement.kind, "titles": list(judgement.titles)}
    row |= {field: getattr(judgement, field) for field in _VALUES[judgement.kind]}
    return {**row, "reason": judgement.reason} if judgement.reason else row


def title_key(title: str) -> str:
    """Titles with the same key are one title to the newsroom."""
    return normalise(title).casefold()


def held_out(judgement: Judgement) -> bool:
    """Whether it is for measuring only, for ever: a fifth of titles is never trained on.

    The first eight bytes of SHA-256 of the title's key in UTF-8, as a number with the highest byte first, are then a
    multiple of five. Of titles beside each other the one decides whose key sorts first, so their order does not.
    """
    key = min(map(title_key, judgement.titles))
    digest = hashlib.sha256(key.encode("utf-8", "replace")).digest()
    return int.from_bytes(digest[:8]) % HELD_OUT_ONE_IN == 0


def write_snapshot(path: Path, events: Iterable[Event]) -> str:
    """Write what training learns from, whole or not at all; the SHA-256 of the file, in hex.

    Undos, repeats and what could not be judged are left out. The same judgements in any order give the same bytes.
    """
    lines = sorted(
        _line(Standing(event.judgement, event.by, event.at))
        for event in events
        if event.judgement and event.judgement.kind != "cannot_judge" and not event.repeat
    )
    content = b"".join(lines)
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(6)}.part")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as exc:
        temporary.unlink(missing_ok=True)
        raise InputError(f"cannot write {path}: {exc.strerror}") from exc
    return hashlib.sha256(content).hexdigest()


def read_snapshot(path: Path) -> list[Judgement]:
    """Its judgements, in file order; InputError with the file, the row's number (from 1) and the reason."""
    return [line.judgement for line in read_standing(path)]


def read_standing(path: Path) -> list[Standing]:
    """The same with who said it, when, and what it weighs."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as exc:
        raise InputError(f"cannot open {path}: {exc.strerror}") from exc
    found: list[Standing] = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(_standing(json.loads(line)))
        except InputError as exc:
            raise InputError(f"{path}: row {number}: {exc}") from exc
        except (ValueError, RecursionError) as exc:
            raise InputError(f"{path}: row {number}: line is not JSON: {exc}") from exc
    return found


def _titles(given: object, kind: str) -> tuple[str, ...]:
    least, most = _TITLES[kind]
    if not isinstance(given, list | tuple) or not least <= len(given) <= most:
        raise InputError(f"titles: {kind} needs {least if least == most else f'{least} to {most}'}, in a list")
    titles: list[str] = []
    for number, title in enumerate(given):
        titles.append(clean(title) if isinstance(title, str) else "")
        if problem := title_problem(titles[-1]) if isinstance(title, str) else "title must be text":
            raise InputError(f"titles[{number}]: {problem}")
    if len(titles) > 1 and len(set(map(title_key, titles))) < len(titles):
        raise InputError("titles: two are the same headline")
    return tuple(titles)


def _score(given: object) -> float:
    if not isinstance(given, int | float) or isinstance(given, bool) or not 0 <= given <= 100:
        raise InputError("i_score: must be a number from 0 to 100")
    return float(given)


def _position(row: Mapping[str, object], field: str, kind: str) -> int | None:
    if field not in _VALUES[kind]:
        return None
    position, count = row.get(field), _TITLES[kind][0]
    if position is None and kind == "pair":
        if field in row:
            return None
        raise InputError("best: is missing; 0, 1, or null when neither is more important")
    if not isinstance(position, int) or isinstance(position, bool) or not 0 <= position < count:
        raise InputError(f"{field}: must be a position from 0 to {count - 1}")
    return position


def _reason(given: object, kind: str) -> str:
    if not isinstance(given, str | None):
        raise InputError("reason: must be text")
    reason = clean(given or "")
    if kind == "cannot_judge" and not reason:
        raise InputError("reason: is missing: say why it cannot be judged")
    if len(reason) > MAX_REASON_CHARS:
        raise InputError(f"reason: is too long: {len(reason)} characters, at most {MAX_REASON_CHARS}")
    return reason


def _line(one: Standing) -> bytes:
    row = {**judgement_row(one.judgement), "by": one.by, "at": rfc3339(one.at)}
    row |= {"weight": one.weight} if one.weight != 1 else {}
    return (json.dumps(row, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def _standing(row: object) -> Standing:
    judgement, given = judgement_from(row), cast(Mapping[str, object], row)
    by, at, weight = given.get("by"), given.get("at"), given.get("weight", 1.0)
    if not isinstance(by, str) or not isinstance(at, str):
        raise InputError("by and at: must say who judged, and when")
    if not isinstance(weight, int | float) or isinstance(weight, bool) or not 0 <= weight <= MAX_WEIGHT:
        raise InputError(f"weight: must be a number from 0 to {MAX_WEIGHT}")
    try:
        return Standing(judgement, by, parse_moment(at).astimezone(UTC), float(weight))
    except (InputError, OverflowError) as exc:
        raise InputError(f"at: {exc}") from exc
