"""What changes from one list to the next, row by row. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from service.ranking import Row

Kind = Literal["leave", "enter", "rescore", "move"]


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened to a row: ``before`` is None for who enters, ``after`` for who leaves."""

    kind: Kind
    before: Row | None
    after: Row | None


def changes(before: Sequence[Row], after: Sequence[Row]) -> list[Change]:
    """What makes ``after`` of ``before``: who leaves, who enters, whose facts are others, who stands elsewhere.

    A row is the headline that it shows; one that has other facts and another rank is told once, as ``rescore``.
    """
    old = {row.scored.headline.id: row for row in before}
    new = {row.scored.headline.id: row for row in after}
    found = [Change("leave", row, None) for key, row in old.items() if key not in new]
    found += [Change("enter", None, row) for key, row in new.items() if key not in old]
    for key in [key for key in new if key in old]:
        one, other = old[key], new[key]
        if _facts(one) != _facts(other):
            found.append(Change("rescore", one, other))
        elif one.rank != other.rank:
            found.append(Change("move", one, other))
    return found


def _facts(row: Row) -> Row:
    return replace(row.seen(), rank=0, previous_rank=None)
