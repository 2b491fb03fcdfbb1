"""What ``iscore top --watch`` sees of a service: the list again and again, and what has moved in it."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from service.cli.top import Service
from service.errors import InputError
from service.text import clean

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the list; ``story`` is what it is called from list to list, whichever headline tells it."""

    story: str
    rank: int
    i_score: int
    band: str
    title: str
    source: str
    published_at: datetime
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """A list as a service gave it; ``text`` is its JSON."""

    title: str
    as_of: datetime
    lines: tuple[Line, ...]
    text: str
    etag: str


@dataclass(frozen=True, slots=True)
class View:
    """What there is to show after a look; ``news`` says whether it differs from the view before."""

    listed: Listed
    moves: dict[str, int | None]
    left: tuple[Line, ...] = ()
    trouble: str = ""
    """Why the last look brought no list."""
    news: bool = True


def moves(before: Sequence[str], after: Sequence[str]) -> dict[str, int | None]:
    """Places that each row of ``after`` has gained since ``before``, less than 0: lost; None: it was not there."""
    places = {one: place for place, one in enumerate(before)}
    return {one: places[one] - place if one in places else None for place, one in enumerate(after)}


def views(service: Service, every_s: int, wait: Callable[[float], None] = time.sleep) -> Iterator[View]:
    """A view at once and after every wait, without end. Only the first look's InputError is raised."""
    first = _look(service)
    view = View(first, moves(_stories(first), _stories(first)))
    while True:
        yield view
        wait(every_s)
        try:
            view = _after(view, _look(service, view.listed))
        except InputError as exc:
            view = replace(view, trouble=str(exc), news=view.trouble != str(exc))


def _look(service: Service, before: Listed | None = None) -> Listed:
    """The list as it is now; ``before`` itself when it still is."""
    answer = service.ask("", before.etag if before else "")
    if answer is None:
        raise InputError(service.silence())
    return before if before and answer.status_code == 304 else _read(answer, service.url)


def _read(answer: "httpx.Response", url: str) -> Listed:
    try:
        body = answer.json()
        lines = tuple(_line(item) for item in body["items"])
        as_of, etag = _time(body["as_of"]), answer.headers.get("etag", "")
        return Listed(clean(body["title"]), as_of, lines, answer.text, etag)
    except (ValueError, TypeError, KeyError, AttributeError) as exc:
        raise InputError(f"{url} answers, but with no list: is it an iscore service?") from exc


def _line(item: dict[str, Any]) -> Line:
    title, source = clean(item["title"]), clean(item["source"])  # no escape sequence of a stranger's reaches the screen
    return Line(
        str(item["story"]["id"]),
        int(item["rank"]),
        int(item["i_score"]),
        item["band"],
        title,
        source,
        _time(item["published_at"]),
        item.get("pinned") is True,
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _after(view: View, listed: Listed) -> View:
    """What to show of a list that follows a view. Its rows may be the same though it is another: then nothing moves."""
    if listed.lines == view.listed.lines:
        return replace(view, listed=listed, trouble="", news=False)
    stories = _stories(listed)
    left = tuple(one for one in view.listed.lines if one.story not in stories)
    return View(listed, moves(_stories(view.listed), stories), left)


def _stories(listed: Listed) -> list[str]:
    return [one.story for one in listed.lines]
