"""What the store writes down with every change: its revision, and who made it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from service.store.editorial import Entry
from service.store.tables import audit, revisions, state


@dataclass(frozen=True, slots=True)
class Ledger:
    """Dates what it writes by ``clock``. Its connections are those of ``Database.writing``: numbers have no gaps."""

    clock: Callable[[], datetime]

    @contextmanager
    def change(self, connection: Connection, entry: Entry | None = None, listed: bool = True) -> Iterator[int]:
        """The number of the next revision. Its time is that of the end of the change, near the commit.

        ``listed``: it changes what lists show.
        """
        number = revision_of(connection) + 1
        yield number
        connection.execute(update(state).values(revision=number, **({"listed": number} if listed else {})))
        connection.execute(insert(revisions).values(number=number, at=self.clock()))
        self.log(connection, entry)

    def log(self, connection: Connection, entry: Entry | None) -> None:
        """Add an entry to the audit log, if there is one."""
        if entry is not None:
            number = (connection.scalar(select(func.max(audit.c.number))) or 0) + 1
            said = {"by": entry.by, "action": entry.action, "subject": entry.subject, "details": dict(entry.details)}
            connection.execute(insert(audit).values(number=number, at=self.clock(), **said))


def revision_of(connection: Connection) -> int:
    """How many changes there have been."""
    number: int = connection.execute(select(state.c.revision)).scalar_one()
    return number
