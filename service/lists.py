"""Pages of the ranked list, built from the store: what is on them, how they go on, when they grow old."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from itsdangerous import BadSignature, URLSafeSerializer

from service.errors import CursorError
from service.ranking import ListQuery, Position, Ranking, rank
from service.store.contract import Store

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page starts: in which model's list, as it stood when, behind which row."""

    model: str
    as_of: datetime
    after: Position


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the list with all that its encodings need."""

    query: ListQuery
    model: str
    as_of: datetime
    ranking: Ranking
    unscored: int
    next_cursor: str | None
    version: str
    """Changes exactly when what the reader sees changes; ``as_of`` is not part of it."""
    expires_at: datetime | None
    """When the first headline grows older than the window; None: never."""


class Lists:
    """Builds pages from the store.

    A page that follows another is ranked as of the moment of the first page, among the headlines that
    were known then, so that news which arrives in between moves nothing. Cursors carry that moment and
    are signed with the installation's secret.
    """

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._signer = URLSafeSerializer(store.secret(), salt="iscore.cursor")

    def page(self, model: str, query: ListQuery, cursor: str | None = None) -> Page:
        """The page behind ``cursor``, or the first one as of now. CursorError for a cursor that is not ours."""
        place = None if cursor is None else self._open(cursor, query)
        as_of = place.as_of if place else self._clock()
        model = place.model if place else model
        start = as_of - query.window
        scored = self._store.window(model, start, as_of)
        ranking = rank(scored, query, place.after if place else None)
        oldest = min((one.headline.published_at for one in scored), default=None)
        unscored = self._store.count_unscored(model, start, as_of)
        return Page(
            query=query,
            model=model,
            as_of=as_of,
            ranking=ranking,
            unscored=unscored,
            next_cursor=self._seal(Cursor(model, as_of, ranking.rows[-1].position()), query) if ranking.more else None,
            version=_version(model, ranking, unscored),
            expires_at=oldest + query.window if oldest and not place else None,
        )

    def _seal(self, cursor: Cursor, query: ListQuery) -> str:
        after = cursor.after
        times = [(time - _EPOCH) // _MICROSECOND for time in (cursor.as_of, after.published_at)]
        return str(self._signer.dumps([_digest(query), cursor.model, *times, after.rank, after.weighed, after.id]))

    def _open(self, text: str, query: ListQuery) -> Cursor:
        try:
            asked, model, as_of, published_at, rank_, weighed, id_ = self._signer.loads(text)
        except (BadSignature, ValueError) as exc:
            raise CursorError("cursor is not valid: start again without it") from exc
        if asked != _digest(query):
            raise CursorError("cursor belongs to another query: repeat the query that it came from")
        as_of, published_at = (_EPOCH + _MICROSECOND * micros for micros in (as_of, published_at))
        return Cursor(model, as_of, Position(rank_, weighed, published_at, id_))


def _digest(query: ListQuery) -> str:
    """Names a query but for its page size, which may change from page to page."""
    return hashlib.sha256(repr(replace(query, limit=0)).encode()).hexdigest()[:12]


def _version(model: str, ranking: Ranking, unscored: int) -> str:
    seen = (model, ranking.total, ranking.more, unscored, ranking.rows)
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]
