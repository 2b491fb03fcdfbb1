"""Who changed what."""

from sqlalchemy import select
from typing_extensions import override

from service.store.database import Database
from service.store.editorial import AuditStore, Entry, Logged
from service.store.ledger import Ledger
from service.store.tables import audit


class SqlAudit(AuditStore):
    """The contract says it all."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        """Work on a database whose schema is current."""
        self._database = database
        self._ledger = ledger

    @override
    def add(self, entry: Entry) -> None:
        with self._database.writing() as connection:
            self._ledger.log(connection, entry)

    @override
    def entries(
        self, limit: int, before: int | None = None, by: str | None = None, action: str | None = None
    ) -> list[Logged]:
        query = select(audit).order_by(audit.c.number.desc()).limit(limit)
        if before is not None:
            query = query.where(audit.c.number < before)
        if by is not None:
            query = query.where(audit.c.by == by)
        if action is not None:
            query = query.where(audit.c.action == action)
        with self._database.reading() as connection:
            return [
                Logged(row.number, row.at, Entry(row.by, row.action, row.subject, row.details))
                for row in connection.execute(query)
            ]
