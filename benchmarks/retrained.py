"""Training everything again with a newsroom's labels, against teaching the house style: what either learns and loses.

Needs the joined headlines in var/data and takes as long as a training does: it runs by its name only.
"""

import json
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.newsroom import BY_TOPIC, JOINED, Newsroom, agreement, learn, setting
from service import artifact
from service.head import Head
from service.model import load
from service.ranks import spearman
from service.settings import HERE
from training import data
from training.candidate import distil
from training.config import StudentConfig
from training.dev_set import DevSet, dev_set_of
from training.house import Base

LABELS = 1000
_FEW = 200


def run() -> None:
    """Print the table."""
    found = setting()
    one = found.newsroom(BY_TOPIC, 0)
    with TemporaryDirectory() as folder:
        labels = Path(folder, "labels.jsonl")
        rows = [{"title": one.titles[row], "i_score": float(one.labels[row])} for row in one.pool[:LABELS]]
        labels.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        again = Path(folder, "again-1")
        started = time.perf_counter()
        distil(again, StudentConfig(), JOINED, [data.CLIENT, labels], HERE / "var" / "students")
        minutes = (time.perf_counter() - started) / 60
        model, dev = load(again), dev_set_of(artifact.read(again))
    base = Base(model.version, model.head, model.calibration)
    trained = replace(one, vectors=model.encoder.encode(one.titles))
    print(f"Taste: {BY_TOPIC}; everything trained again in {minutes:.0f} minutes\n")
    print("| | Spearman with the taste | on the development set |\n|---|---|---|")
    _print("before", one, found.dev, found.model.head)
    for count in (_FEW, LABELS):
        learnt = learn(one, one.pool[:count], found.model, found.base, found.dev)
        _print(f"house style, {count:,} labels", one, found.dev, learnt.head)
    _print(f"everything again, {LABELS:,} labels", trained, dev, model.head)
    for count in (_FEW, LABELS):
        learnt = learn(trained, trained.pool[:count], model, base, dev)
        _print(f"and house style, {count:,} of them", trained, dev, learnt.head)


def _print(what: str, one: Newsroom, dev: DevSet, head: Head) -> None:
    kept = spearman(head.predict(dev.vectors), dev.i_scores)
    print(f"| {what} | {agreement(one, head):.3f} | {kept:.3f} |", flush=True)
