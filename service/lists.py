"""Pages of the ranked list, built from the store: what is on them, how they go on, when they grow old."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from itsdangerous import BadSignature, URLSafeSerializer

from service.errors import CursorError, InputError
from service.ranking import ListQuery, Position, Ranking, Row, by_story, rank, story_of
from service.store.contract import Census, Span, Store
from service.types import Adjustment, Headline, ScoredHeadline
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
    """When the first headline grows older than the window, or an adjustment ends; None: never."""


@dataclass(frozen=True, slots=True)
class _Muted:
    """How much of a span is not listed."""

    headlines: int
    stories: int


class Lists:
    """Builds pages from the store.

    A page is a function of the store's past: as of a moment, from the revision that was the newest then. So a page that
    follows another is of the same list, whatever arrives in between, and a list can be asked for again for ever.
    Editors' adjustments count as they held at the moment.
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
        earlier = moment - query.window / _BEFORE
        adjustments = self._store.adjustments.active(moment, earlier)
        held = [one for one in adjustments if one.holds(moment)]
        ranked = self._ranked(span, query, held, place.after if place else None)
        ranking = self._told(span, query, census, *ranked)
        before = self.ranks(model, query, earlier, adjustments)
        rows = tuple(replace(row, previous_rank=before.get(_key(row.scored, query))) for row in ranking.rows)
        ranking = replace(ranking, rows=rows)
        ends = [one.expires_at for one in held]
        ends += [census.oldest + query.window] if census.oldest else []
        return Page(
            query=query,
            model=span.model,
            as_of=moment,
            cursor=cursor,
            ranking=ranking,
            unscored=census.unscored,
            next_cursor=self._next(span, ranking, query),
            version=_version(span.model, ranking, census.unscored),
            expires_at=None if place or as_of else min(ends, default=None),
        )

    def ranks(
        self, model: str, query: ListQuery, moment: datetime, known: Sequence[Adjustment] | None = None
    ) -> dict[str, int]:
        """Where headlines (stories, when they are one row) stood as of a moment: the first hundred.

        Adjustments are read unless those of the moment are among the ``known``.
        """
        adjustments = self._store.adjustments.active(moment) if known is None else known
        held = [one for one in adjustments if one.holds(moment)]
        query = replace(query, limit=_RANKED_BEFORE)
        ranking, _ = self._ranked(self._span(model, query, moment, self._store.revision_at(moment)), query, held, None)
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

    def _ranked(
        self, span: Span, query: ListQuery, held: Sequence[Adjustment], after: Position | None
    ) -> tuple[Ranking, _Muted | None]:
        """A page of the list, and what is muted where not all headlines were looked at; only its order is right then.

        Without filters and weights the front of the window decides, and the stories that were adjusted.
        """
        if query.sources or query.topics or query.bands or query.min_score or query.weights:
            return rank(self._store.window(span), query, after, held), None
        adjusted = {one.story for one in held}
        told: list[ScoredHeadline] | None = None if adjusted else []
        wanted = 2 * query.limit + (after.rank if after else 0) + _SPARE
        while True:
            found = self._store.best(span, wanted)
            if len(found) < wanted:
                return rank(found, query, after, held), None
            if told is None:
                told = self._store.told(span, sorted(adjusted))
            others = [one for one in found if one.headline.story_id not in adjusted]
            ranking = rank([*others, *told], query, after, held)
            ranking = replace(ranking, rows=_certain(ranking.rows, found[-1].raw))
            if len(ranking.rows) == query.limit:
                return ranking, _muted(told, held)
            wanted *= 4

    def _told(self, span: Span, query: ListQuery, census: Census, ranking: Ranking, muted: _Muted | None) -> Ranking:
        """The same page with what the rest of the window says: how many rows there are, and who else tells a story."""
        if muted is None:
            return ranking
        stories = by_story(self._store.told(span, [row.scored.headline.story_id for row in ranking.rows]))
        rows = tuple(replace(row, story=story_of(stories[row.scored.headline.story_id])) for row in ranking.rows)
        total = census.stories - muted.stories if query.collapse == "story" else census.headlines - muted.headlines
        return Ranking(rows, total, rows[-1].rank < total)

    def _next(self, span: Span, ranking: Ranking, query: ListQuery) -> str | None:
        last = ranking.rows[-1].position() if ranking.more else None
        return self._seal(Cursor(span.end, span.at or 0, last), query) if last else None

    def _seal(self, cursor: Cursor, query: ListQuery) -> str:
        after = cursor.after
        moments = [cursor.as_of, after.published_at] + ([after.pinned_at] if after.pinned_at else [])
        times = [(moment - _EPOCH) // _MICROSECOND for moment in moments]
        return str(self._signer.dumps([_digest(query), cursor.at, *times, after.rank, after.weighed, after.id]))

    def _open(self, text: str, query: ListQuery) -> Cursor:
        try:
            asked, at, *times, rank_, weighed, id_ = self._signer.loads(text)
        except (BadSignature, ValueError) as exc:
            raise CursorError("cursor is not valid: start again without it") from exc
        if asked != _digest(query):
            raise CursorError("cursor belongs to another query: repeat the query that it came from")
        as_of, published_at, *pinned_at = (_EPOCH + _MICROSECOND * time for time in times)
        return Cursor(as_of, at, Position(rank_, weighed, published_at, id_, *pinned_at))


def _digest(query: ListQuery) -> str:
    """Names a query but for its page size, which may change from page to page."""
    return hashlib.sha256(repr(replace(query, limit=0)).encode()).hexdigest()[:12]


def _version(model: str, ranking: Ranking, unscored: int) -> str:
    seen = (model, ranking.total, ranking.more, unscored, [row.seen() for row in ranking.rows])
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]


def _key(one: ScoredHeadline, query: ListQuery) -> str:
    return one.headline.story_id if query.collapse == "story" else one.headline.id


def _certain(rows: tuple[Row, ...], floor: float) -> tuple[Row, ...]:
    """The rows before which nothing can stand that was not read: as much as ``floor`` others may have.

    Among equal scores others may follow, which decide who stands for a story.
    """
    return tuple(row for row in rows if row.pinned_at or row.weighed > floor)


def _muted(told: Sequence[ScoredHeadline], held: Sequence[Adjustment]) -> _Muted:
    names = {one.story for one in held if one.kind == "mute"}
    muted = [one.headline.story_id for one in told if one.headline.story_id in names]
    return _Muted(len(muted), len(set(muted)))
