"""What headlines and their scores were, before they changed."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, insert, literal, select, update

from service.store.contract import Past
from service.store.database import Database
from service.store.seen import HEADLINE, SCORE, headline_of, score_of
from service.store.tables import former_headlines, former_scores, headlines, revisions, scores


def keep_past(database: Database, connection: Connection, keys: Sequence[str], revision: int) -> None:
    """Keep what headlines and their scores have been until a revision, before they change in it."""
    ids = database.listed(keys)
    for table, former, key in ((headlines, former_headlines, "id"), (scores, former_scores, "headline_id")):
        these = table.c[key].in_(ids)
        columns = [column.name for column in former.c]
        before = select(*table.c, literal(revision).label("until")).where(these)
        connection.execute(insert(former).from_select(columns, before))
        connection.execute(update(table).where(these).values(since=revision))


def former(connection: Connection, headline_id: str) -> list[Past]:
    """What a headline was, oldest first."""
    told, kept = former_headlines.c, former_scores.c
    same = and_(kept.headline_id == told.id, kept.until == told.until)
    query = (
        select(*(told[name] for name in HEADLINE), *(kept[name] for name in SCORE), kept.model, revisions.c.at)
        .select_from(former_headlines)
        .join(revisions, revisions.c.number == told.until)
        .outerjoin(former_scores, same)
        .where(told.id == headline_id)
        .order_by(told.until)
    )
    found: dict[datetime, Past] = {}
    for row in connection.execute(query):
        past = found.setdefault(row.at, Past(headline_of(row), {}, row.at))
        if row.model is not None:
            past.scores[row.model] = score_of(row)
    return list(found.values())
