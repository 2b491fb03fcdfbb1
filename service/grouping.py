"""New headlines -> the stories that they tell, beside all that were told in the last two days."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock

from service.store.contract import Store
from service.stories import Stories, Told
from service.types import Headline

HORIZON = timedelta(hours=48)


class Grouping:
    """What this process knows of recent stories; learns from the store what others and editors say. For any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._stories = Stories(HORIZON)
        self._learnt = 0
        self._lock = Lock()

    def catch_up(self, now: datetime) -> None:
        """Learn what is new in the store. The first call reads two days."""
        with self._lock:
            self._learn(now)

    def tell(self, headlines: Sequence[Headline], now: datetime) -> list[Headline]:
        """The same headlines, each with its story. Those that are older than the horizon tell their own.

        Stories that they show to be one are one in the store from now on.
        """
        with self._lock:
            self._learn(now)
            recent = [one for one in headlines if one.published_at > now - HORIZON]
            placed = self._stories.place([_told(one) for one in recent])
            for old, new in placed.united.items():
                self._store.retell({one.id: new for one in self._store.story(old)})
        stories = {one.id: story for one, story in zip(recent, placed.stories, strict=True)}
        return [replace(one, story=_unless_own(stories.get(one.id, ""), one)) for one in headlines]

    def _learn(self, now: datetime) -> None:
        revision = self._store.listed_revision()
        if revision == self._learnt:
            return
        heard = self._store.heard(self._learnt, now - HORIZON)
        self._stories.learn([_told(one) for one in heard], [one.story_id for one in heard])
        self._stories.forget(now - HORIZON)
        self._learnt = revision


def _told(headline: Headline) -> Told:
    return Told(headline.id, headline.title, headline.published_at)


def _unless_own(story: str, headline: Headline) -> str:
    return "" if story == headline.id else story
