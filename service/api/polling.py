"""Feeds, polled into the service's store."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from service.api.state import State, told_to_stop
from service.errors import IscoreError
from service.feeds.catalogue import read_catalogue
from service.ingest import counts, ingest

if TYPE_CHECKING:
    from service.feeds.fetch import Fetcher
    from service.feeds.items import Item
    from service.feeds.poll import Poller

log = logging.getLogger(__name__)

_FIRST_S, _LONGEST_S = 1.0, 600.0


async def poll_feeds(state: State, stop: asyncio.Event) -> None:
    """Poll feeds until told to stop, if the settings want it. A second after the start: the first readers go first."""
    pause_s = _FIRST_S
    while state.settings.feeds and not await told_to_stop(stop, pause_s):
        try:
            async with polling(state) as state.poller:
                await state.poller.run(stop)
        except Exception:  # a job loop outlives its failures, and does not fill the log with them
            log.exception("polling broke")
            pause_s = min(2 * pause_s, _LONGEST_S)


@asynccontextmanager
async def polling(state: State) -> "AsyncIterator[Poller]":
    """A poller into the store; the feeds that the service brings along are known from now on."""
    fetcher, poller = await asyncio.to_thread(_prepare, state)
    async with fetcher:
        yield poller


def _prepare(state: State) -> "tuple[Fetcher, Poller]":
    from service.feeds.fetch import Fetcher  # half a second, with the readers of feeds, that no list waits for
    from service.feeds.poll import Poller

    try:
        state.store.feeds.add(read_catalogue(), state.clock())
    except IscoreError as exc:  # those that are known already are polled all the same
        log.error("the shipped feeds are not added: %s", exc)
    fetcher = Fetcher(user_agent=state.settings.user_agent(), allow_loopback=state.settings.feeds_allow_loopback)
    return fetcher, Poller(state.store.feeds, fetcher, partial(_keep, state), state.clock)


def _keep(state: State, items: "list[Item]") -> Mapping[str, int]:
    kept = ingest(items, state.model, state.store, state.clock(), state.reference, state.grouping, inside=True)
    state.look()
    return counts(kept)
