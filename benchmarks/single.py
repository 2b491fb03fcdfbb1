"""One headline at a time: what a caller waits for a score inside the process, and in memory."""

import resource
import time

import numpy as np

from service.model import load
from service.registry import Registry
from service.settings import Settings
from training import data

CALLS = 1000


def run() -> None:
    """Print the table."""
    registry = Registry(Settings().models)
    started = time.perf_counter()
    model = load(registry.path(registry.current()))
    loaded = time.perf_counter() - started
    titles = [example.text for example in data.families_in(data.CONTRAST)[:CALLS]]
    times = []
    for title in titles:
        started = time.perf_counter()
        model.predict([title])
        times.append((time.perf_counter() - started) * 1000)
    p50, p99 = np.percentile(times, [50, 99])
    print("| figure | value |\n|---|---|")
    print(f"| load with all checks | {loaded:.2f} s |")
    print(f"| one headline, p50 | {p50:.1f} ms |\n| one headline, p99 | {p99:.1f} ms |")
    print(f"| peak memory of this process | {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB |")
