"""Which headlines tell one story."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, or_, select, update
from typing_extensions import override

from service.store.adjustments import follow
from service.store.contract import StoryStore
from service.store.database import Database
from service.store.editorial import Entry
from service.store.ledger import Ledger
from service.store.past import keep_past
from service.store.seen import HEADLINE, headline_of
from service.store.tables import headlines, scores
from service.types import Headline

_HEADLINE = [headlines.c[name] for name in HEADLINE]


class SqlStories(StoryStore):
    """The contract says it all."""

    _database: Database
    _ledger: Ledger

    @override
    def heard(self, revision: int, start: datetime) -> list[Headline]:
        new = and_(headlines.c.published_at > start, headlines.c.since > revision)
        query = select(*_HEADLINE).where(new).order_by(headlines.c.published_at, headlines.c.id)
        with self._database.reading() as connection:
            return [headline_of(row) for row in connection.execute(query)]

    @override
    def story(self, story_id: str) -> list[Headline]:
        own = and_(headlines.c.id == story_id, headlines.c.story == "")
        told = and_(headlines.c.story == story_id, headlines.c.story != "")
        query = select(*_HEADLINE).where(or_(told, own))
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(headlines.c.published_at, headlines.c.id))
            return [headline_of(row) for row in rows]

    @override
    def retell(self, stories: Mapping[str, str], entry: Entry | None = None) -> int:
        with self._database.writing() as connection:
            known = headlines_of(self._database, connection, list(stories))
            changed = {key: stories[key] for key, one in known.items() if one.story_id != stories[key]}
            if changed:
                with self._ledger.change(connection, entry) as revision:
                    keep_past(self._database, connection, list(changed), revision)
                    for story in set(changed.values()):
                        ids = self._database.listed([key for key, one in changed.items() if one == story])
                        connection.execute(update(headlines).where(headlines.c.id.in_(ids)).values(story=story))
                        connection.execute(update(scores).where(scores.c.headline_id.in_(ids)).values(story=story))
                    follow(connection, changed, self._ledger.clock())
        return len(changed)


def headlines_of(database: Database, connection: Connection, keys: Sequence[str]) -> dict[str, Headline]:
    """Those of the headlines that are stored, by id."""
    found = connection.execute(select(*_HEADLINE).where(headlines.c.id.in_(database.listed(keys))))
    return {row.id: headline_of(row) for row in found}
