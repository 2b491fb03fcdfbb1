"""``/v1/sources`` and ``/v1/topics``: where headlines come from, and what they can be about."""

from collections import Counter
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from service.api.deps import StateDep
from service.api.schemas import Problem
from service.api.state import State
from service.store.contract import FeedState
from service.types import TOPICS, Topic
from service.windows import rfc3339

router = APIRouter(tags=["sources"])

Health = Literal["ok", "waiting", "failing", "gone"]
HEALTHS: tuple[Health, ...] = ("ok", "waiting", "failing", "gone")


class SourceView(BaseModel):
    """A feed and how its polling goes."""

    name: str = Field(examples=["Example News"])
    url: str = Field(examples=["https://news.example/rss"])
    home: str = Field(description="The outlet's page; empty: not known.")
    publisher: str = Field(description="Whose voice it is, when several feeds are one; empty: its own.")
    topic: Topic | None = Field(description="What all of its headlines are about, if it says so.")
    status: Health = Field(description="`waiting`: not asked yet; `gone`: it said that it never comes back.")
    checked_at: str | None = Field(description="When it was asked last; RFC 3339, UTC.")
    succeeded_at: str | None = Field(description="When it last gave an answer that could be used.")
    next_at: str | None = Field(description="When it is asked again; null: never.")
    failures: int = Field(description="In a row.")
    error: str | None = Field(description="Why the last try failed.")
    entries: int = Field(description="In the last good answer.")
    interval_s: int = Field(description="Seconds between two polls while all goes well.")


class SourceList(BaseModel):
    """The feeds that are polled, in order of their names."""

    items: list[SourceView]
    counts: dict[Health, int] = Field(description="How many feeds there are by status.")


class TopicView(BaseModel):
    """A topic, and where its list is."""

    name: Topic
    top: str = Field(examples=["/v1/top?topic=world"])


class TopicList(BaseModel):
    """The topics by which lists can be filtered."""

    items: list[TopicView]


@router.get("/v1/sources", response_model=SourceList, responses={503: {"model": Problem}}, operation_id="sources")
def sources(state: StateDep) -> dict[str, Any]:
    """The feeds that are polled and how that goes."""
    return source_list(state)


@router.get("/v1/topics", response_model=TopicList, operation_id="topics")
def topics() -> dict[str, Any]:
    """What headlines can be about."""
    return {"items": [{"name": topic, "top": f"/v1/top?topic={topic}"} for topic in TOPICS]}


def source_list(state: State) -> dict[str, Any]:
    """The feeds as data and page show them."""
    found = state.store.feeds.all()
    return {"items": [_view(one) for one in found], "counts": feed_counts(found)}


def feed_counts(states: list[FeedState]) -> dict[Health, int]:
    """How many feeds there are of each health, those of which there are none too."""
    found = Counter(map(_health, states))
    return {health: found[health] for health in HEALTHS}


def _health(state: FeedState) -> Health:
    if state.status == "gone":
        return "gone"
    return "failing" if state.failures else "ok" if state.checked_at else "waiting"


def _view(state: FeedState) -> dict[str, Any]:
    feed, health = state.feed, _health(state)
    times = {"checked_at": state.checked_at, "succeeded_at": state.succeeded_at}
    times["next_at"] = None if health == "gone" else state.next_at
    return {
        "name": feed.name,
        "url": feed.url,
        "home": feed.home,
        "publisher": feed.publisher,
        "topic": feed.topic,
        "status": health,
        **{name: time and rfc3339(time.replace(microsecond=0)) for name, time in times.items()},
        "failures": state.failures,
        "error": state.error,
        "entries": state.entries,
        "interval_s": state.interval_s,
    }
