"""Pages of the ranked list, built from the store: what is on them, how they go on, when they grow old."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from itsdangerous import BadSignature, URLSafeSerializer

from service.errors import CursorError, InputError
from service.ranking import ListQuery, Position, Ranking, by_story, rank, story_of
from service.store.contract import Census, Span, Store
from service.types import Headline, ScoredHeadline
from service.windows import LONGEST

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_BEFORE = 6
"""``previous_rank`` is that of a sixth of the window before: ten minutes for the last hour."""
_RANKED_BEFORE = 100
_SPARE = 40
"""Headlines that are read, best first, beyond twice a page, before it is known whether they fill it."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page starts: in the list as it stood when, at which revision, behind which row."""

    as_of: datetime
    at: int
    after: Position


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the list with all that its encodings need."""

    query: ListQuery
    model: str
    as_of: datetime
    cursor: str | None
    """What the page was asked for by."""
    ranking: Ranking
    unscored: int
    next_cursor: str | None
    version: str
    """Changes exactly when what the reader sees changes; ``as_of`` is not part of it."""
    expires_at: datetime | None
    """When the first headline grows older than the window; None: never."""


class Lists:
    """Builds pages from the store.

    A page is a function of the store's past: as of a moment, from the revision that was the newest then. So a page that
    follows another is of the same list, whatever arrives in between, and a list can be asked for again for ever.
    Cursors carry the moment and are signed with the installation's secret.
    """

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._signer = URLSafeSerializer(store.secret(), salt="iscore.cursor")

    def page(self, model: str, query: ListQuery, cursor: str | None = None, as_of: datetime | None = None) -> Page:
        """The page behind ``cursor``, or the first one ``as_of`` a moment (default: now).

        ``model`` counts where the store does not know whose scores were listed. CursorError for a cursor that is not
        ours; InputError for a moment that is still to come.
        """
        now = self._clock()
        if as_of and as_of > now:
            raise InputError("as_of lies in the future: give a time that has passed")
        place = None if cursor is None else self._open(cursor, query)
        moment = place.as_of if place else max(as_of, _EPOCH + LONGEST).astimezone(UTC) if as_of else now
        span = self._span(model, query, moment, place.at if place else self._store.revision_at(moment))
        census = self._store.census(span)
        ranking = self._told(span, query, census, *self._ranked(span, query, place.after if place else None))
        before = self.ranks(model, query, moment - query.window / _BEFORE)
        rows = tuple(replace(row, previous_rank=before.get(_key(row.scored, query))) for row in ranking.rows)
        ranking = replace(ranking, rows=rows)
        last = bool(place or as_of)
        return Page(
            query=query,
            model=span.model,
            as_of=moment,
            cursor=cursor,
            ranking=ranking,
            unscored=census.unscored,
            next_cursor=self._next(span, ranking, query),
            version=_version(span.model, ranking, census.unscored),
            expires_at=census.oldest + query.window if census.oldest and not last else None,
        )

    def ranks(self, model: str, query: ListQuery, moment: datetime) -> dict[str, int]:
        """Where headlines (stories, when they are one row) stood as of a moment: the first hundred."""
        query = replace(query, limit=_RANKED_BEFORE)
        ranking, _ = self._ranked(self._span(model, query, moment, self._store.revision_at(moment)), query, None)
        return {_key(row.scored, query): row.rank for row in ranking.rows}

    def journey(self, model: str, headline: Headline) -> list[tuple[datetime, int | None]]:
        """Where a headline stood in the list of the last hour, every ten minutes while it was new."""
        query = ListQuery(collapse="none")
        first, step = max(headline.published_at, headline.first_seen_at), query.window / _BEFORE
        last = min(self._clock(), headline.published_at + query.window)
        moments = [first + turn * step for turn in range(1 + max(0, (last - first) // step))] if first <= last else []
        return [(moment, self.ranks(model, query, moment).get(headline.id)) for moment in moments]

    def _span(self, model: str, query: ListQuery, moment: datetime, at: int) -> Span:
        return Span(self._store.ruler(at) or model, moment - query.window, moment, at)

    def _ranked(self, span: Span, query: ListQuery, after: Position | None) -> tuple[Ranking, bool]:
        """A page of the list, and whether all headlines were looked at; else only the order of its rows is right.

        Without filters and weights the front of the window decides.
        """
        if query.sources or query.topics or query.bands or query.min_score or query.weights:
            return rank(self._store.window(span), query, after), True
        wanted = 2 * query.limit + (after.rank if after else 0) + _SPARE
        while True:
            found = self._store.best(span, wanted)
            whole = len(found) < wanted
            ranking = rank(found if whole else _without_last_tie(found), query, after)
            if whole or len(ranking.rows) == query.limit:
                return ranking, whole
            wanted *= 4

    def _told(self, span: Span, query: ListQuery, census: Census, ranking: Ranking, whole: bool) -> Ranking:
        """The same page with what the rest of the window says: how many rows there are, and who else tells a story."""
        if whole:
            return ranking
        stories = by_story(self._store.told(span, [row.scored.headline.story_id for row in ranking.rows]))
        rows = tuple(replace(row, story=story_of(stories[row.scored.headline.story_id])) for row in ranking.rows)
        total = census.stories if query.collapse == "story" else census.headlines
        return Ranking(rows, total, rows[-1].rank < total)

    def _next(self, span: Span, ranking: Ranking, query: ListQuery) -> str | None:
        last = ranking.rows[-1].position() if ranking.more else None
        return self._seal(Cursor(span.end, span.at or 0, last), query) if last else None

    def _seal(self, cursor: Cursor, query: ListQuery) -> str:
        after = cursor.after
        times = [(time - _EPOCH) // _MICROSECOND for time in (cursor.as_of, after.published_at)]
        return str(self._signer.dumps([_digest(query), cursor.at, *times, after.rank, after.weighed, after.id]))

    def _open(self, text: str, query: ListQuery) -> Cursor:
        try:
            asked, at, as_of, published_at, rank_, weighed, id_ = self._signer.loads(text)
        except (BadSignature, ValueError) as exc:
            raise CursorError("cursor is not valid: start again without it") from exc
        if asked != _digest(query):
            raise CursorError("cursor belongs to another query: repeat the query that it came from")
        as_of, published_at = (_EPOCH + _MICROSECOND * micros for micros in (as_of, published_at))
        return Cursor(as_of, at, Position(rank_, weighed, published_at, id_))


def _digest(query: ListQuery) -> str:
    """Names a query but for its page size, which may change from page to page."""
    return hashlib.sha256(repr(replace(query, limit=0)).encode()).hexdigest()[:12]


def _version(model: str, ranking: Ranking, unscored: int) -> str:
    seen = (model, ranking.total, ranking.more, unscored, ranking.rows)
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]


def _key(one: ScoredHeadline, query: ListQuery) -> str:
    return one.headline.story_id if query.collapse == "story" else one.headline.id


def _without_last_tie(found: list[ScoredHeadline]) -> list[ScoredHeadline]:
    """What is certainly complete: among equal scores others may follow, which decide who stands for a story."""
    return [one for one in found if one.raw > found[-1].raw]
