"""Story grouping: which of two headlines tell one story, beside the usual ways to say so; and how fast, in what memory.

Needs ``same_story_dev.jsonl.gz`` (day, a, b, same) for the first table and ``unlabelled.jsonl.gz`` (title, date) for
both, in var/data or in shared/data beside the checkout. Without the second, speed is that on titles of random words.
"""

import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer
from sklearn.feature_extraction.text import TfidfVectorizer

from service.alike import THRESHOLD
from service.settings import HERE
from service.stories import Stories, Told, same_story
from service.text import headline_id, normalise
from training.base_encoder import base_encoder
from training.dataset import read_rows

_FOLDERS = (HERE / "var" / "data", HERE.parent / "shared" / "data")
_PAIRS, _TITLES = "same_story_dev.jsonl.gz", "unlabelled.jsonl.gz"
_ORDERS = 6
_WINDOW, _MORE, _BATCH = 100_000, 20_000, 1_000
_SPEED = r"""
import re, sys, time
from datetime import UTC, datetime, timedelta
from itertools import islice
from service.stories import Stories, Told
window, batch = int(sys.argv[2]), int(sys.argv[3])
start, step, n = datetime(2026, 1, 1, tzinfo=UTC), timedelta(hours=48) / window, 0
stories, seconds = Stories(), [0.0, 0.0]
stories.place([Told("first", "Lists are read before the clock starts", start)])
def peak_kb():  # ru_maxrss would begin with that of the process that started this one
    return int(re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1])
before = peak_kb()
with open(sys.argv[1], encoding="utf-8") as lines:
    while part := list(islice(lines, batch)):
        told = [Told(str(n + i), title, start + (n + i) * step) for i, title in enumerate(part)]
        began = time.perf_counter()
        stories.place(told)
        seconds[n >= window] += time.perf_counter() - began
        n += len(part)
print(window / seconds[0], (n - window) / seconds[1], len(stories), (peak_kb() - before) / 1024)
"""

Scores = NDArray[np.float64]


def run() -> None:
    """Print both tables."""
    pairs, titles = _find(_PAIRS), _find(_TITLES)
    if pairs:
        _print_pairs(list(read_rows(pairs)), titles)
    else:
        print(f"no pairs: put {_PAIRS} into {_FOLDERS[0]}")
    _print_invented()
    _print_speed(titles)


def _print_pairs(rows: list[dict[str, Any]], titles: Path | None) -> None:
    same = np.array([row["same"] for row in rows], bool)
    pairs = [(row["a"], row["b"]) for row in rows]
    print(f"\n{len(rows)} pairs, {same.sum()} of them one story; peers at the threshold that suits them best\n")
    print("| | precision | recall | F1 |\n|---|---|---|---|")
    words = np.array([_words(a) == _words(b) for a, b in pairs], float)
    _print_row("same words", words >= 1, same)
    for name, scores in (("cosine of TF-IDF", _tf_idf(pairs)), ("cosine of MiniLM", _mini_lm(pairs))):
        _print_row(name, scores >= _best_threshold(scores, same), same)
    _print_row("**`same_story`**", np.array([same_story(a, b) for a, b in pairs]) >= THRESHOLD, same)
    if titles:
        orders = [_together(rows, titles, str(order)) for order in range(_ORDERS)]
        name = f"`Stories.place`, all headlines of the day, mean of {_ORDERS} orders of arrival"
        _print_row(name, np.mean(orders, axis=0), same)


def _print_row(name: str, decided: NDArray[Any], same: NDArray[np.bool_]) -> None:
    """``decided`` may be the share of several decisions."""
    hits = (decided * same).sum()
    precision, recall = hits / max(decided.sum(), 1), hits / same.sum()
    print(f"| {name} | {precision:.3f} | {recall:.3f} | {2 * precision * recall / max(precision + recall, 1e-9):.3f} |")


def _print_invented() -> None:
    pairs = tomllib.loads((HERE / "data" / "stories.toml").read_text("utf-8"))
    fused = {kind: sum(same_story(a, b) >= THRESHOLD for a, b in rows) for kind, rows in pairs.items()}
    apart = len(pairs["different"]) + len(pairs["mistaken"])
    print(f"\nof our own pairs: {fused['same']} of {len(pairs['same'])} tellings of one event fused, ", end="")
    print(f"{fused['different'] + fused['mistaken']} of {apart} of different events\n")


def _print_speed(titles: Path | None) -> None:
    count = _WINDOW + _MORE
    if titles:
        distinct = dict.fromkeys(" ".join(row["title"].split()) for row in read_rows(titles))
        chosen = list(islice(distinct, count))
    else:
        print(f"no titles: put {_TITLES} into {_FOLDERS[0]}; here random words\n")
        chosen = list(islice(_random_titles(), count))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "titles.txt")
        file.write_text("".join(f"{title}\n" for title in chosen), "utf-8")
        command = [sys.executable, "-c", _SPEED, str(file), str(_WINDOW), str(_BATCH)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=HERE)
    filling, full, held, memory = map(float, done.stdout.split())
    print("| one thread, batches of 1,000 | |\n|---|---|")
    print(f"| headlines/s until {_WINDOW:,} are in the window | {filling:,.0f} |")
    print(f"| headlines/s from then on, as many forgotten | {full:,.0f} |")
    print(f"| headlines held at the end | {held:,.0f} |\n| memory that they take at most | {memory:.0f} MB |")


def _find(name: str) -> Path | None:
    return next((folder / name for folder in _FOLDERS if (folder / name).exists()), None)


def _words(title: str) -> list[str]:
    return "".join(char if char.isalnum() else " " for char in title.casefold()).split()


def _tf_idf(pairs: list[tuple[str, str]]) -> Scores:
    model = TfidfVectorizer(sublinear_tf=True).fit([normalise(title) for pair in pairs for title in pair])
    first, second = (model.transform([normalise(title) for title in column]) for column in zip(*pairs, strict=True))
    return np.asarray(first.multiply(second).sum(1)).ravel()


def _mini_lm(pairs: list[tuple[str, str]]) -> Scores:
    model = SentenceTransformer(str(base_encoder()), device="cpu")
    first, second = (
        model.encode([normalise(title) for title in column], normalize_embeddings=True)
        for column in zip(*pairs, strict=True)
    )
    return np.asarray(np.vecdot(first, second), np.float64)


def _best_threshold(scores: Scores, same: NDArray[np.bool_]) -> float:
    def f1(threshold: float) -> float:
        decided = scores >= threshold
        return float(2 * (decided & same).sum() / (decided.sum() + same.sum()))

    return float(max(scores, key=f1))


def _together(rows: list[dict[str, Any]], titles: Path, order: str) -> NDArray[np.bool_]:
    """Whether both of each pair get one story when all headlines of their day are placed, spread over it."""
    days = {
        row["day"]: [title for other in rows if other["day"] == row["day"] for title in (other["a"], other["b"])]
        for row in rows
    }
    for row in read_rows(titles):
        if (day := str(row["date"])[:10]) in days:
            days[day].append(row["title"])
    story: dict[tuple[str, str], str] = {}
    for day, all_of_it in days.items():
        distinct = sorted(set(all_of_it), key=lambda title: headline_id(order + title))
        start, step = datetime.fromisoformat(day).replace(tzinfo=UTC), timedelta(days=1) / len(distinct)
        told = [Told(title, title, start + number * step) for number, title in enumerate(distinct)]
        story.update(((day, one.title), found) for one, found in zip(told, Stories().place(told).stories, strict=True))
    return np.array([story[row["day"], row["a"]] == story[row["day"], row["b"]] for row in rows])


def _random_titles() -> Iterator[str]:
    words = [line.split()[0] for line in (HERE / "service" / "words.txt").read_text("utf-8").splitlines()]
    rng = np.random.default_rng(1)
    while True:
        ranks = (len(words) ** rng.random(11)).astype(int) - 1  # as common as they are in headlines
        yield " ".join(words[rank] for rank in ranks)
