"""500 feeds of 30 entries each on hosts of this machine: two polls by the service's own poller, into its own store."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from pathlib import Path

from service.feeds.fetch import Fetcher
from service.feeds.items import Item
from service.feeds.poll import Poller
from service.grouping import Grouping
from service.ingest import counts, ingest
from service.model import ImportanceModel, load
from service.registry import Registry
from service.settings import Settings
from service.store.connect import open_store
from service.store.sql import SqlStore, utc_now
from service.types import Feed

FEEDS, ENTRIES = 500, 30
_WHAT = ("harbour", "glacier", "orchard", "railway", "vaccine", "bridge", "river", "choir", "market", "ferry", "museum")
_DID = (
    "reopens after",
    "closes for",
    "wins",
    "loses",
    "waits for",
    "plans",
    "fears",
    "celebrates",
    "sells",
    "rebuilds",
)
_WHY = ("long repairs", "a record harvest", "the new tax", "an early winter", "a court ruling", "its hundredth year")


def run() -> None:
    """Print the table."""
    print(f"{FEEDS} feeds of {ENTRIES} entries, each on a host of its own\n")
    print("| poll | seconds | CPU, ms a feed | memory, MB | entries kept |\n|---|---|---|---|---|")
    with subprocess.Popen([sys.executable, "-m", "benchmarks.poll"], stdout=subprocess.PIPE, text=True) as site:
        assert site.stdout
        port = int(site.stdout.readline())
        with tempfile.TemporaryDirectory() as folder, closing(open_store(f"sqlite:///{folder}/iscore.db")) as store:
            asyncio.run(_poll(store, port))
        site.terminate()


async def _poll(store: SqlStore, port: int) -> None:
    registry = Registry(Settings().models)
    model, told = load(registry.path(registry.current())), Grouping(store)
    hosts = (f"127.0.{n // 250}.{n % 250 + 1}" for n in range(FEEDS))
    store.feeds.add([Feed(f"http://{host}:{port}/{n}", f"Outlet {n}") for n, host in enumerate(hosts)], utc_now())
    async with Fetcher(user_agent="iscore benchmark", allow_loopback=True) as fetcher:
        poller = Poller(store.feeds, fetcher, partial(_keep, store, model, told), utc_now)
        for name in ("first, everything is new", "second, nothing has changed"):
            before = poller.entries["created"]
            started, cpu = time.perf_counter(), time.process_time()
            await poller.poll(store.feeds.all())
            seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            memory = pages * os.sysconf("SC_PAGE_SIZE") / 1e6
            kept = poller.entries["created"] - before
            print(f"| {name} | {seconds:.1f} | {cpu / FEEDS * 1000:.1f} | {memory:.0f} | {kept:,} |", flush=True)


def _keep(store: SqlStore, model: ImportanceModel, told: Grouping, items: list[Item]) -> Mapping[str, int]:
    return counts(ingest(items, model, store, utc_now(), told=told, inside=True))


async def _site() -> None:
    """A server on all hosts that answers 304 to who brings the right ETag."""
    now = datetime.now(UTC)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        if "if-none-match" in head.lower():
            writer.write(b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n')
        else:
            body = _feed(int(head.split()[1][1:]), now)
            writer.write(b'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: %d\r\n\r\n' % len(body) + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "0.0.0.0", 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def _feed(number: int, now: datetime) -> bytes:
    items = []
    for entry in range(number * ENTRIES, (number + 1) * ENTRIES):
        what, did, why = _WHAT[entry % 11], _DID[entry // 11 % 10], _WHY[entry // 110 % 6]
        title = f"Village {entry}: {what} {did} {why}"
        date = format_datetime(now - timedelta(minutes=entry % 3000))
        link = f"https://outlet-{number}.example/{entry}"
        items.append(f"<item><title>{title}</title><link>{link}</link><pubDate>{date}</pubDate></item>")
    return f"<rss version='2.0'><channel><title>Outlet {number}</title>{''.join(items)}</channel></rss>".encode()


if __name__ == "__main__":
    asyncio.run(_site())
