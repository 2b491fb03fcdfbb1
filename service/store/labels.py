"""What editors judged."""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from sqlalchemy import Connection, Row, exists, func, insert, select, union
from typing_extensions import override

from service.store.database import Database
from service.store.editorial import Entry, LabelEvent, LabelOutcome, LabelStore
from service.store.ledger import Ledger
from service.store.standing import Judged, about, decide
from service.store.tables import label_events, storable
from service.types import Judgement

_KEYS = ("id", "by", "undoes", "replaces", "model")
_EVENT = [field.name for field in fields(LabelEvent) if field.name != "judgement"]
_JUDGEMENT = [field.name for field in fields(Judgement)]
_COLUMNS = [label_events.c[name] for name in (*_EVENT[:3], *_JUDGEMENT, *_EVENT[3:])]
_EVENTS = select(*_COLUMNS).order_by(label_events.c.number)

_undo, _other, _other_undo = label_events.alias(), label_events.alias(), label_events.alias()
_NOT_UNDONE = _EVENTS.where(label_events.c.kind.is_not(None), ~exists().where(_undo.c.undoes == label_events.c.id))
_replaced = exists().where(_other.c.replaces == label_events.c.id, ~exists().where(_other_undo.c.undoes == _other.c.id))
_STANDING = _NOT_UNDONE.where(~_replaced)


class SqlLabels(LabelStore):
    """The contract says it all."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        """Work on a database whose schema is current."""
        self._database = database
        self._ledger = ledger

    @override
    def add(self, events: Sequence[LabelEvent], entry: Entry | None = None) -> list[LabelOutcome]:
        told = [_storable(event) for event in events]
        with self._database.writing() as connection:
            said = decide(told, self._known(connection, told), self._judged(connection, told))
            new = [event for event, outcome in zip(told, said, strict=True) if outcome == "created"]
            if new:
                last = connection.scalar(select(func.max(label_events.c.number))) or 0
                connection.execute(insert(label_events), [_row(last + n, event) for n, event in enumerate(new, 1)])
                self._ledger.log(connection, entry)
        return said

    @override
    def event(self, event_id: str) -> LabelEvent | None:
        with self._database.reading() as connection:
            row = connection.execute(_EVENTS.where(label_events.c.id == event_id)).one_or_none()
        return None if row is None else _event(row)

    @override
    def standing(self, by: str | None = None) -> list[LabelEvent]:
        query = _STANDING if by is None else _STANDING.where(label_events.c.by == by)
        with self._database.reading() as connection:
            return [_event(row) for row in connection.execute(query)]

    @override
    def events(self, after: int = 0, limit: int = 1000) -> list[tuple[int, LabelEvent]]:
        query = _EVENTS.add_columns(label_events.c.number).where(label_events.c.number > after).limit(limit)
        with self._database.reading() as connection:
            return [(row.number, _event(row)) for row in connection.execute(query)]

    def _known(self, connection: Connection, events: Sequence[LabelEvent]) -> set[str]:
        ids = self._database.listed([event.id for event in events])
        return set(connection.scalars(select(label_events.c.id).where(label_events.c.id.in_(ids))))

    def _judged(self, connection: Connection, events: Sequence[LabelEvent]) -> Judged:
        """All that events can meet: judgements of the same titles, and of those that they undo or replace."""
        subjects = self._database.listed([subject for event in events if (subject := about(event))])
        others = [other for event in events for other in (event.undoes, event.replaces) if other is not None]
        theirs = select(label_events.c.about).where(label_events.c.id.in_(self._database.listed(others)))
        met = label_events.c.about.in_(union(subjects, theirs))
        return Judged(_event(row) for row in connection.execute(_NOT_UNDONE.where(met)))


def _storable(event: LabelEvent) -> LabelEvent:
    """The event as it will be read again, so that it compares with those that are kept."""
    kept: dict[str, Any] = {name: storable(getattr(event, name)) for name in _KEYS}
    return replace(event, **kept)


def _row(number: int, event: LabelEvent) -> dict[str, object]:
    said = {name: getattr(event, name) for name in _EVENT}
    judged = {name: getattr(event.judgement, name, None) for name in _JUDGEMENT}
    return {**said, **judged, "number": number, "about": about(event)}


def _event(row: Row[*tuple[Any, ...]]) -> LabelEvent:
    event_id, by, at, kind, titles, score, best, worst, reason, *others = row[: len(_COLUMNS)]
    judgement = None if kind is None else Judgement(kind, tuple(titles), score, best, worst, reason)
    return LabelEvent(event_id, by, at, judgement, *others)
