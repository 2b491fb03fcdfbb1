"""``/metrics``: figures for Prometheus. Only what is cheap to know or kept: they are asked for every few seconds."""

from collections.abc import Iterator
from datetime import timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.responses import PlainTextResponse

from service.api.deps import StateDep
from service.api.schemas import Problem
from service.api.sources import feed_counts
from service.api.state import State
from service.store.contract import Span

if TYPE_CHECKING:
    from prometheus_client import Metric

router = APIRouter(tags=["operating"])

_DAY = timedelta(hours=24)


class Exposition(PlainTextResponse):
    """Prometheus' text format, version 0.0.4."""

    media_type = "text/plain; version=0.0.4"


@router.get("/metrics", responses={503: {"model": Problem}}, response_class=Exposition, operation_id="metrics")
def metrics(state: StateDep) -> Exposition:
    """Figures for Prometheus: list, model, feeds and process."""
    from prometheus_client import ProcessCollector  # nobody who only reads lists waits for it
    from prometheus_client.exposition import generate_latest
    from prometheus_client.registry import Collector, CollectorRegistry

    class Figures(Collector):
        def collect(self) -> "Iterator[Metric]":
            return _figures(state)

    registry = CollectorRegistry()
    registry.register(Figures())
    ProcessCollector(registry=registry)
    return Exposition(generate_latest(registry))


def _figures(state: State) -> "Iterator[Metric]":
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily

    now, model, poller = state.clock(), state.model.version, state.poller
    yield InfoMetricFamily("iscore", "What runs.", {"model": model, "version": version("iscore")})
    yield CounterMetricFamily("iscore_list_revisions", "Changes of the store.", state.store.revision())
    unscored = state.store.census(Span(model, now - _DAY, now)).unscored
    yield GaugeMetricFamily("iscore_unscored", "Headlines of the last day without a score.", unscored)
    yield GaugeMetricFamily("iscore_streams", "Open event streams.", state.streams.open)
    feeds = GaugeMetricFamily("iscore_feeds", "Feeds that are polled.", labels=["status"])
    for status, count in feed_counts(state.store.feeds.all()).items():
        feeds.add_metric([status], count)
    yield feeds
    polls = CounterMetricFamily("iscore_feed_polls", "Polls that ended.", labels=["result"])
    entries = CounterMetricFamily("iscore_feed_entries", "New entries of feeds.", labels=["result"])
    for family, counts in ((polls, poller.polls), (entries, poller.entries)) if poller else ():
        for result, count in counts.items():
            family.add_metric([result], count)
    yield from (polls, entries)
    drift = state.drift.report(state.model)
    moved = GaugeMetricFamily("iscore_drift_psi", "Population stability index.", labels=["of", "window"])
    for part in drift.parts:
        if part.name in ("scores", "topics") and part.value is not None:
            moved.add_metric([part.name, part.window], part.value)
    yield moved
    yield GaugeMetricFamily("iscore_drift_alarm", "Whether the model no longer fits.", drift.state == "alarm")
