"""Which judgements stand: pure, so that both databases decide alike."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from service.store.editorial import LabelEvent, LabelOutcome
from service.types import Judgement


class Judged:
    """Judgements that are not undone. One that corrects another keeps it from standing until it is undone itself."""

    def __init__(self, events: Iterable[LabelEvent]) -> None:
        """``events`` in order of arrival: judgements that nobody has undone."""
        self._kept: dict[str, LabelEvent] = {}
        self._replaced: set[str | None] = set()
        self._alike: dict[str | None, list[str]] = {}
        for event in events:
            self._keep(event)

    def add(self, event: LabelEvent) -> bool:
        """Take the next event, unless the contract of ``LabelStore.add`` calls it a conflict."""
        if event.judgement is None:
            return self._undo(event)
        if self._conflicts(event, event.judgement):
            return False
        self._keep(event)
        return True

    def _keep(self, event: LabelEvent) -> None:
        self._kept[event.id] = event
        self._replaced.add(event.replaces)
        self._alike.setdefault(about(event), []).append(event.id)

    def _undo(self, event: LabelEvent) -> bool:
        undone = self._kept.get(event.undoes or "")
        if undone is None or undone.id in self._replaced or undone.by != event.by:
            return False
        del self._kept[undone.id]
        self._replaced.discard(undone.replaces)
        return True

    def _conflicts(self, event: LabelEvent, judgement: Judgement) -> bool:
        """Whether it corrects what it cannot, or says again what stands."""
        ids = self._alike.get(about(event), ())
        alike = [self._kept[one] for one in ids if one in self._kept and one not in self._replaced]
        if event.replaces and (event.replaces, event.repeat) not in {(one.id, one.repeat) for one in alike}:
            return True
        again = {one.id for one in alike if not one.repeat and one.judgement and one.judgement.kind == judgement.kind}
        return not event.repeat and bool(again - {event.replaces})


def decide(events: Sequence[LabelEvent], known: AbstractSet[str], judged: Judged) -> list[LabelOutcome]:
    """What becomes of events, each seeing what the ones before it did; ``known`` are the ids of those kept before."""
    seen, said = set(known), list[LabelOutcome]()
    for event in events:
        said.append("duplicate" if event.id in seen else "created" if judged.add(event) else "conflict")
        if said[-1] == "created":
            seen.add(event.id)
    return said


def about(event: LabelEvent) -> str | None:
    """What judgements have in common of which only one can stand: whose they are, and the titles in any order."""
    if event.judgement is None:
        return None
    return hashlib.sha256(json.dumps([event.by, sorted(event.judgement.titles)]).encode()).hexdigest()
