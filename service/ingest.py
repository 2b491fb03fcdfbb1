"""Headlines from outside -> scored -> kept. One bad item never stops the others."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from service.errors import InputError
from service.grouping import Grouping
from service.language import TAG, language_of
from service.model import ImportanceModel
from service.scoring import score
from service.store.contract import Change, Store
from service.text import MAX_SOURCE_CHARS, canonical_url, clean, headline_id, title_problem
from service.types import TOPICS, Headline
from service.windows import parse_moment

_FIELDS = {"title", "url", "source", "published_at", "language", "topic"}
_INSIDE = {"publisher", "date_source"}
_EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)  # before the first news sites; epochs and defaults lie there


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one item. ``id`` is None and ``reason`` set when it was rejected."""

    id: str | None
    result: Change | Literal["rejected"]
    reason: str | None = None


def ingest(
    items: Sequence[object],
    model: ImportanceModel,
    store: Store,
    now: datetime,
    reference: Sequence[float] = (),
    told: Grouping | None = None,
    inside: bool = False,
) -> list[Outcome]:
    """Check, score and keep items (dicts as in ``POST /v1/headlines``), in one transaction; outcomes in input order.

    ``told`` finds the stories they tell. ``inside``: the items are our own poller's, who may say more than a caller.
    """
    checked = [_checked(item, now, inside) for item in items]
    headlines = [one for one in checked if isinstance(one, Headline)]
    if told:
        headlines = told.tell(headlines, now)
    changes = iter(store.put(score(model, headlines, reference), renew=not inside) if headlines else [])
    return [
        Outcome(one.id, next(changes)) if isinstance(one, Headline) else Outcome(None, "rejected", one)
        for one in checked
    ]


def counts(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """How many items had each result."""
    found = Counter(outcome.result for outcome in outcomes)
    return {result: found[result] for result in ("created", "updated", "duplicate", "rejected")}


def _checked(item: object, now: datetime, inside: bool) -> Headline | str:
    try:
        return headline_from(item, now, inside)
    except InputError as exc:
        return str(exc)


def headline_from(item: object, now: datetime, inside: bool = False) -> Headline:
    """A headline from untrusted fields, first seen ``now``; InputError says which field is wrong and why."""
    if not isinstance(item, dict):
        raise InputError("item must be a JSON object")
    if unknown := item.keys() - _FIELDS - (_INSIDE if inside else set()):
        raise InputError(f"unknown field {min(unknown)[:40]!r}; known are {', '.join(sorted(_FIELDS))}")
    title = clean(_text(item, "title") or "")
    if problem := title_problem(title):
        raise InputError(problem)
    if not (address := _text(item, "url")):
        raise InputError("url is missing")
    url = canonical_url(address)
    source = clean(_text(item, "source") or "") or urlsplit(url).hostname or ""
    if len(source) > MAX_SOURCE_CHARS:
        raise InputError(f"source is too long: {len(source)} characters, at most {MAX_SOURCE_CHARS}")
    topic = _text(item, "topic")
    if topic is not None and topic not in TOPICS:
        raise InputError(f"topic {topic[:40]!r} is unknown; known are {', '.join(TOPICS)}")
    return Headline(
        id=headline_id(title, url),
        title=title,
        url=url,
        source=source,
        published_at=_published_at(item, now),
        first_seen_at=now,
        language=_language(item) or language_of(title),
        topic=topic,
        publisher=_text(item, "publisher"),
        date_source="fetched" if item.get("date_source") == "fetched" else "published",
    )


def _text(item: dict[str, Any], key: str) -> str | None:
    value = item.get(key)
    if value is not None and not isinstance(value, str):
        raise InputError(f"{key} must be text")
    return value


def _language(item: dict[str, Any]) -> str | None:
    language = _text(item, "language")
    if language is not None and not TAG.fullmatch(language):
        raise InputError("language must be a BCP 47 tag such as en or pt-BR")
    return language


def _published_at(item: dict[str, Any], now: datetime) -> datetime:
    """The item's time, never later than ``now``: a clock that runs ahead must not keep a headline on top."""
    text = _text(item, "published_at")
    if text is None:
        return now
    try:
        time = parse_moment(text)
    except InputError as exc:
        raise InputError(f"published_at {exc}") from None
    if time < _EARLIEST:
        raise InputError("published_at is before 1995: give the time at which the headline was published")
    return min(time, now).astimezone(UTC)
