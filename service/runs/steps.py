"""The processes that a run is made of, and what they leave."""

import json
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from service.artifact import MANIFEST
from service.errors import IscoreError
from service.judgements import held_out, read_standing
from service.runs.asking import SNAPSHOT
from service.store.editorial import Run, RunState

VERDICT, LOG = "verdict.json", "log.txt"
_PROGRESS, _MADE, _WHOLE, _LABELS = "progress.json", "made", "whole", "labels.jsonl"
_TOLD_CHARS = 500
TRAINED = 0.7
"""How far a run is when only the gate is left."""
TRAINER = (sys.executable, "-m", "training.cli")
"""What trains and judges: a process of its own, of which serving knows the command line only."""


class RunFailed(IscoreError):
    """A process of a run did not do what it should; the message is for the editor."""


@dataclass(frozen=True, slots=True)
class Step:
    """A process, and what the run is while it works."""

    state: RunState
    message: str
    command: Sequence[str]


def train_steps(run: Run, folder: Path, champion: Path, trainer: Sequence[str]) -> list[Step]:
    """Make a version in the run's folder. What an earlier try left is gone, but checkpoints, which are elsewhere.

    A training of the whole model shows it the newsroom's scores among many thousands of others, from which it learns
    little of a taste: that is learnt on top of it, as on top of the champion.
    """
    made, whole = folder / _MADE, folder / _WHOLE
    for each in (made, whole):
        shutil.rmtree(each, ignore_errors=True)
    snapshot, told = folder / SNAPSHOT, folder / _PROGRESS
    if not snapshot.is_file():
        raise RunFailed(f"{snapshot} is not there any more: begin a new run")
    told.unlink(missing_ok=True)
    steps, base = [], champion
    if run.kind == "full":
        name = f"{run.champion.split('-house-')[0].split('-full-')[0]}-full-{run.labels_sha256[:8]}"
        files = ["--labels", str(_scores_to_learn(folder)), "--models", str(whole)]
        steps, base = [Step("running", "Trains the whole model", [*trainer, "distil", name, *files])], whole / name
    files = ["--labels", str(snapshot), "--out", str(made), "--from", str(base), "--progress", str(told)]
    return [*steps, Step("running", "Learns the newsroom's style", [*trainer, "house", *files])]


def gate_step(folder: Path, champion: Path, candidate: Path, trainer: Sequence[str]) -> Step:
    """Judges the version that was made."""
    files = ["--labels", str(folder / SNAPSHOT), "--out", str(folder / VERDICT)]
    return Step("evaluating", "Is judged by the gate", [*trainer, "gate", str(champion), str(candidate), *files])


def take_made(folder: Path, own: Path) -> Path:
    """Move the version that a run has made among the newsroom's own, where the very same may be already."""
    made = list((folder / _MADE).glob("[!.]*"))
    if len(made) != 1:
        raise RunFailed(f"the training left {len(made)} versions instead of one")
    target = own / made[0].name
    if not target.exists():
        own.mkdir(parents=True, exist_ok=True)
        made[0].rename(target)
    elif (target / MANIFEST).read_bytes() != (made[0] / MANIFEST).read_bytes():
        raise RunFailed(f"{target.name} is there already and is another model: judge one more headline and try again")
    return target


def progress(run: Run, folder: Path) -> tuple[float, str]:
    """How far a run is, from 0 to 1, and what it does: by what the process writes down, else as its log has it."""
    try:
        found = json.loads((folder / _PROGRESS).read_bytes())
        share, message = float(found["progress"]), str(found.get("message") or run.message)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        lines = _lines(folder) if run.kind == "full" else []
        share, message = run.progress, lines[-1] if lines else run.message
    return max(run.progress, min(share, 1.0) * TRAINED), message[:_TOLD_CHARS]


def last_words(folder: Path) -> str:
    """The end of the log: of an error the line that says it, else the last lines."""
    lines = _lines(folder)
    faults = [number for number, line in enumerate(lines) if line.startswith("error: ")]
    told = lines[faults[-1] :] if faults else lines[-3:]
    return "\n".join(told).removeprefix("error: ")[-_TOLD_CHARS:] or "it ended without a word"


def _lines(folder: Path) -> list[str]:
    try:
        return (folder / LOG).read_text("utf-8", "replace").strip().splitlines()
    except OSError:
        return []


def _scores_to_learn(folder: Path) -> Path:
    """Scores as a training of the whole model reads them: those that are not held out."""
    path = folder / _LABELS
    standing = (one for one in read_standing(folder / SNAPSHOT) if one.judgement.kind == "score")
    rows = [
        json.dumps({"title": one.judgement.titles[0], "i_score": one.judgement.i_score, "weight": one.weight})
        for one in standing
        if not held_out(one.judgement)
    ]
    temporary = path.with_suffix(".part")
    temporary.write_text("\n".join(rows) + "\n", "utf-8")
    os.replace(temporary, path)
    return path
