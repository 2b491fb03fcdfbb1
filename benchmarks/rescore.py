"""``iscore rescore`` against ``SentenceTransformer.encode`` and a head in plain Python: one file, as many threads."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from service.encoder import available_cpus
from training.data import CONTRAST, FAMILIES
from training.dataset import read_rows

ROWS = 6000
ROUNDS = 3
_OURS = """
import sys, time
from service.batch import rescore
from service.files.places import place
from service.model import load
from service.registry import Registry
from service.settings import Settings
registry = Registry(Settings().models)
model = load(registry.path(registry.current()), int(sys.argv[3]))
started = time.perf_counter()
rescore(model, place(sys.argv[1], None), place(sys.argv[2], None))
print(time.perf_counter() - started)
"""
_PEER = """
import csv, json, sys, time
import torch
from sentence_transformers import SentenceTransformer
from training.base_encoder import base_encoder
torch.set_num_threads(int(sys.argv[3]))
encoder = SentenceTransformer(str(base_encoder()), device="cpu")
head = torch.nn.Sequential(torch.nn.Linear(384, 128), torch.nn.GELU(), torch.nn.Linear(128, 1))
started = time.perf_counter()
rows = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
with torch.inference_mode():
    vectors = encoder.encode([row["title"] for row in rows], batch_size=32, convert_to_tensor=True)
    scores = head(vectors)[:, 0].tolist()
with open(sys.argv[2], "w", encoding="utf-8") as out:
    for row, score in zip(rows, scores):
        out.write(json.dumps({**row, "i_score": score}) + "\\n")
print(time.perf_counter() - started)
"""


def run() -> None:
    """Print the table: rows/s without start-up, median of the rounds, and the ratio round by round."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "in.jsonl"), Path(folder, "out.jsonl")
        rows = [{"id": i, "title": row["title"]} for i, row in enumerate(read_rows(FAMILIES[CONTRAST]))][:ROWS]
        source.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        threads = available_cpus()
        pairs = [(_ours(source, out, threads), _peer(source, out, threads)) for _ in range(ROUNDS)]
    ours, peer = (sorted(len(rows) / seconds for seconds in column)[ROUNDS // 2] for column in zip(*pairs, strict=True))
    ratio = sorted(theirs / mine for mine, theirs in pairs)[ROUNDS // 2]
    print(f"{len(rows)} distinct headlines, {threads} threads, {ROUNDS} rounds in turn, median\n")
    print("| | headlines/s | ratio |\n|---|---|---|")
    print(
        f"| `SentenceTransformer.encode` + head | {peer:.0f} | 1.00 |\n| `iscore rescore` | {ours:.0f} | {ratio:.2f} |"
    )


def _ours(source: Path, out: Path, threads: int) -> float:
    return _seconds(_OURS, source, out, threads)


def _peer(source: Path, out: Path, threads: int) -> float:
    return _seconds(_PEER, source, out, threads)


def _seconds(code: str, source: Path, out: Path, threads: int) -> float:
    command = [sys.executable, "-c", code, str(source), str(out), str(threads)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])
