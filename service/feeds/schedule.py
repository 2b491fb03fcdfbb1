"""When a feed is asked again, and what is remembered of its answer. Pure: time and chance come in as arguments."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from service.store.contract import FeedState
from service.text import clean

if TYPE_CHECKING:
    from service.feeds.fetch import Fetched
    from service.feeds.parse import ParsedFeed

SHORTEST_S, LONGEST_S = 5 * 60, 60 * 60
"""Between two polls of a feed that works."""
LONGEST_PAUSE_S = 24 * 60 * 60
"""Between two polls of a feed that fails, whatever it asks for."""
_UNDATED_S = 15 * 60
_LENGTHENED = 1.1
_JITTER = 0.1
_RECENT = 20  # entries whose times tell how often there is something new
_SILENCE = 10  # a feed whose last entry is five hours old can wait half an hour, however fast it was before
_MOVES = 3
_MAX_ERROR_CHARS = 300


def after(
    state: FeedState,
    fetched: "Fetched | None",
    parsed: "ParsedFeed | None",
    error: str | None,
    now: datetime,
    jitter: float,
) -> FeedState:
    """The state after a try that ended ``now``: ``error`` says why the answer, if any, could not be used.

    ``jitter`` in [0, 1) spreads the next poll over +-10 % of its pause, so that feeds which were added together
    are not asked together for ever.
    """
    state = replace(state, checked_at=now)
    if fetched and fetched.status == HTTPStatus.GONE:
        error = "gone for good (410)"
        return replace(
            state, status="gone", error=error, failures=state.failures + 1, next_at=_later(now, LONGEST_PAUSE_S)
        )
    if error or fetched is None or not (parsed or fetched.status == HTTPStatus.NOT_MODIFIED):
        return _failed(state, fetched, error or _words(fetched), now, jitter)
    return _read(state, fetched, parsed, now, jitter)


def _failed(state: FeedState, fetched: "Fetched | None", error: str, now: datetime, jitter: float) -> FeedState:
    """Validators stay: with those of an answer that was not used, the next one would be "not modified"."""
    failures = state.failures + 1
    pause_s = min(SHORTEST_S * 2.0 ** min(failures - 1, 20) * _spread(jitter), LONGEST_PAUSE_S)
    asked_for_s = min((fetched and fetched.retry_after_s) or 0, LONGEST_PAUSE_S)
    error = clean(error)[:_MAX_ERROR_CHARS]
    return replace(state, failures=failures, error=error, next_at=_later(now, max(pause_s, asked_for_s)))


def _read(state: FeedState, fetched: "Fetched", parsed: "ParsedFeed | None", now: datetime, jitter: float) -> FeedState:
    moved = state.moved + 1 if fetched.permanent_url else 0
    feed = state.feed
    if fetched.permanent_url and moved == _MOVES:
        feed, moved = replace(feed, url=fetched.permanent_url), 0
    interval_s = _interval_s(state, fetched, parsed, now)
    return replace(
        state,
        feed=feed,
        moved=moved,
        next_at=_later(now, interval_s * _spread(jitter)),
        # A 304 need not repeat the validators that it confirms
        etag=fetched.etag if parsed else fetched.etag or state.etag,
        last_modified=fetched.last_modified if parsed else fetched.last_modified or state.last_modified,
        interval_s=interval_s,
        succeeded_at=now,
        failures=0,
        error=None,
        entries=len(parsed.entries) if parsed else state.entries,
    )


def _interval_s(state: FeedState, fetched: "Fetched", parsed: "ParsedFeed | None", now: datetime) -> int:
    """Half the usual time between entries; not less than the feed asks for, and slowly more while nothing is new."""
    if parsed is None:
        wanted_s = state.interval_s * _LENGTHENED
    else:
        times = [entry.published_at for entry in parsed.entries if entry.published_at and entry.published_at <= now]
        wanted_s = _cadence_s(sorted(times, reverse=True)[:_RECENT], now)
    least_s = max(SHORTEST_S, fetched.max_age_s or 0, (parsed and parsed.ttl_s) or 0)
    return int(min(max(wanted_s, least_s), LONGEST_S))


def _cadence_s(newest_first: Sequence[datetime], now: datetime) -> float:
    if len(newest_first) < 2:
        return _UNDATED_S
    gaps = [(later - earlier).total_seconds() for later, earlier in pairwise(newest_first)]
    return max(median(gaps) / 2, (now - newest_first[0]).total_seconds() / _SILENCE)


def _words(fetched: "Fetched | None") -> str:
    if fetched is None:
        return "no answer"
    phrase = HTTPStatus(fetched.status).phrase if fetched.status in set(HTTPStatus) else "unknown"
    return f"answers {fetched.status} ({phrase})"


def _spread(jitter: float) -> float:
    return 1 + _JITTER * (2 * jitter - 1)


def _later(now: datetime, seconds: float) -> datetime:
    return now + timedelta(seconds=seconds)
