"""Puts one version live and takes it back, for ever, while headlines come in. Run by test_promotion_kill.

Prints what serves after each change, once it is acknowledged.
"""

import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from service.api.state import State
from service.ingest import ingest
from service.settings import Settings
from service.store.connect import open_store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BATCH = 5

folder = Path(sys.argv[1])
settings = Settings(state=folder, models=folder / "shipped", threads=1, sample=False, feeds=False)
with closing(open_store(settings.store_url(), lambda: NOON)) as store:
    state = State(settings, store, lambda: NOON)
    first = int(sys.argv[2])
    for turn in count(first):
        time = (NOON - timedelta(seconds=turn)).isoformat()
        items = [
            {"title": f"w{(turn + n) % 100}", "url": f"https://news.example/{turn}/{n}", "published_at": time}
            for n in range(BATCH)
        ]
        ingest(items, state.model, store, NOON)
        if state.model.version == "tiny-1":
            state.promote("tiny-2", "key", f"turn number {turn}")
        else:
            state.roll_back("key")
        state.tick()
        sys.stdout.write(f"{state.model.version}\n")
        sys.stdout.flush()
