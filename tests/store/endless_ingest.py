"""Puts headlines in batches for ever and prints an id once the store has acknowledged it. Run by test_kill."""

import sys
from datetime import UTC, datetime, timedelta
from itertools import count

from service.store.connect import open_store
from service.types import Headline, Score, ScoredHeadline

START = datetime(2026, 3, 1, tzinfo=UTC)
BATCH = 5

store = open_store(sys.argv[1])
for first in count(step=BATCH):
    batch = []
    for number in range(first, first + BATCH):
        time = START + timedelta(seconds=number)
        headline = Headline(f"h{number}", f"Headline {number}", f"https://example.org/{number}", "Example", time, time)
        batch.append(ScoredHeadline(headline, Score(number % 101), "m1"))
    store.put(batch)
    sys.stdout.write("".join(f"{one.headline.id}\n" for one in batch))
    sys.stdout.flush()
