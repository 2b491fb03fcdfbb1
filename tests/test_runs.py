"""Training runs: what one needs, what becomes of it, and that a killed process takes nothing back."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import service
from service.errors import ConflictError, InputError
from service.judgements import held_out, read_snapshot
from service.registry import Registry
from service.runs.asking import LEAST, SNAPSHOT, Supply, ask, ask_to_cancel, is_due, lacking, supply
from service.runs.runner import Runner
from service.runs.steps import RunFailed, last_words, take_made, train_steps
from service.settings import Settings
from service.store.connect import open_store
from service.store.editorial import Entry, LabelEvent, Run, RunKind, RunStore
from service.store.sql import SqlStore
from service.types import Judgement

ROOT = Path(service.__file__).parents[1]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHAMPION = "headline-base"


class Heard:
    """The store's runs; every change to one can be waited for."""

    def __init__(self, runs: RunStore) -> None:
        self._runs = runs
        self.start, self.get, self.newest, self.active = runs.start, runs.get, runs.newest, runs.active
        self.changes: asyncio.Queue[Run] = asyncio.Queue()
        self.loop = asyncio.get_running_loop()

    def save(self, run: Run, entry: Entry | None = None) -> None:
        self._runs.save(run, entry)
        self.loop.call_soon_threadsafe(self.changes.put_nowait, run)


class Newsroom:
    """A store with judgements, a champion on disk, and a runner with a trainer that does as it is told."""

    def __init__(self, folder: Path, labels: int = 0) -> None:
        self.settings = Settings(state=folder, models=folder / "shipped")
        champion = folder / "shipped" / CHAMPION
        champion.mkdir(parents=True, exist_ok=True)
        (champion / "manifest.json").write_text("{}")
        self.folder = folder / "runs"
        self.store: SqlStore = open_store(self.settings.store_url(), lambda: NOON)
        self.store.labels.add([score(number) for number in range(labels)])
        self.stop = asyncio.Event()

    def ask(self, kind: RunKind = "house") -> Run:
        return ask(self.store, self.folder, kind, "ada", CHAMPION, NOON)

    def begin(self, how: str) -> None:
        """Carry out runs from now on."""
        self.heard = Heard(self.store.runs)
        self.store.runs = self.heard  # type: ignore[assignment]
        registry = Registry(self.settings.models, self.settings.state / "models")
        trainer = (sys.executable, str(ROOT / "tests" / "fake_trainer.py"), how)
        self.runner = Runner(self.settings, self.store, registry, lambda: CHAMPION, lambda: NOON, trainer)
        self.working = asyncio.create_task(self.runner.run(self.stop))

    async def until(self, wanted: Callable[[Run], bool]) -> Run:
        while not wanted(run := await self.heard.changes.get()):
            pass
        return run

    async def end(self) -> None:
        self.stop.set()
        await self.working
        self.store.close()

    async def carried_out(self, how: str) -> Run:
        """A run from beginning to end."""
        self.ask()
        self.begin(how)
        run = await self.until(over)
        await self.end()
        return run


def over(run: Run) -> bool:
    return run.state not in ("queued", "running", "evaluating")


def score(number: int, kind: str = "score") -> LabelEvent:
    judgement = Judgement("score", (f"Ferry number {number} runs aground",), float(number % 100))
    if kind == "cannot_judge":
        judgement = Judgement("cannot_judge", judgement.titles, reason="no idea")
    return LabelEvent(f"label-{number:04}", "ada", NOON, judgement)


def in_loop(work: Coroutine[object, object, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 60))


def test_a_run_that_the_gate_lets_pass_waits_for_approval_and_its_version_is_the_newsrooms(tmp_path: Path) -> None:
    async def work() -> None:
        newsroom = Newsroom(tmp_path, LEAST)
        run = await newsroom.carried_out("yes")
        assert (run.state, run.candidate, run.message) == ("awaiting_approval", "headline-base-house-1", "It may.")
        assert json.loads(run.verdict or b"")["promote"] is True
        assert (tmp_path / "models" / "headline-base-house-1" / "manifest.json").is_file()

    in_loop(work())


def test_a_run_that_the_gate_refuses_is_kept_in_the_ledger(tmp_path: Path) -> None:
    async def work() -> None:
        newsroom = Newsroom(tmp_path, LEAST)
        run = await newsroom.carried_out("no")
        assert (run.state, run.message, run.progress) == ("refused", "It stays.", 1.0)
        again = open_store(newsroom.settings.store_url())
        assert again.runs.newest(5) == [run]
        said = [(one.entry.by, one.entry.action) for one in again.audit.entries(5)]
        assert said == [("ada", "run.end"), ("ada", "run.start")]
        again.close()

    in_loop(work())


def test_a_run_that_fails_says_why_in_the_words_of_the_training(tmp_path: Path) -> None:
    async def work() -> None:
        run = await Newsroom(tmp_path, LEAST).carried_out("fail")
        assert (run.state, run.message, run.candidate) == ("failed", "there is nothing to learn", None)

    in_loop(work())


def test_progress_is_told_while_the_training_works_and_an_editor_can_end_it(tmp_path: Path) -> None:
    async def work() -> None:
        newsroom = Newsroom(tmp_path, LEAST)
        asked = newsroom.ask()
        newsroom.begin("wait")
        run = await newsroom.until(lambda run: run.progress > 0)
        assert (run.state, run.message) == ("running", "Half of it is done")
        ask_to_cancel(run, newsroom.folder, "bob")
        newsroom.runner.wake()
        ended = await newsroom.until(over)
        assert (ended.id, ended.state) == (asked.id, "cancelled")
        logged = newsroom.store.audit.entries(1)[0].entry
        assert (logged.by, logged.action, logged.subject) == ("bob", "run.cancel", asked.id)
        with pytest.raises(ConflictError, match="has ended already: cancelled"):
            ask_to_cancel(ended, newsroom.folder, "bob")
        await newsroom.end()
        assert not alive(newsroom.folder / asked.id)

    in_loop(work())


def test_a_service_that_stops_takes_its_training_along_and_the_next_one_takes_it_up_again(tmp_path: Path) -> None:
    async def work() -> None:
        newsroom = Newsroom(tmp_path, LEAST)
        asked = newsroom.ask()
        newsroom.begin("wait")
        await newsroom.until(lambda run: run.progress > 0)
        await newsroom.end()
        assert not alive(newsroom.folder / asked.id)
        later = Newsroom(tmp_path)
        assert later.store.runs.active() is not None
        later.begin("yes")
        run = await later.until(over)
        assert (run.id, run.state) == (asked.id, "awaiting_approval")
        await later.end()

    in_loop(work())


def test_a_killed_service_leaves_a_training_that_the_next_one_ends_and_begins_anew(tmp_path: Path) -> None:
    async def work() -> None:
        newsroom = Newsroom(tmp_path, LEAST)
        asked = newsroom.ask()
        command = [sys.executable, "-m", "tests.killed_runner", str(tmp_path)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as killed:
            assert killed.stdout is not None
            assert await asyncio.to_thread(killed.stdout.readline) == "at work\n"
            killed.kill()
        assert alive(newsroom.folder / asked.id)
        newsroom.begin("yes")
        run = await newsroom.until(over)
        assert (run.id, run.state) == (asked.id, "awaiting_approval")
        await newsroom.end()
        assert not alive(newsroom.folder / asked.id)

    in_loop(work())


def test_of_two_services_on_one_folder_one_carries_out_the_run(tmp_path: Path) -> None:
    async def work() -> None:
        one, other = Newsroom(tmp_path, LEAST), Newsroom(tmp_path)
        one.begin("wait")
        one.ask()
        one.runner.wake()
        await one.until(lambda run: run.progress > 0)
        other.begin("yes")
        await one.end()
        other.runner.wake()
        assert (await other.until(over)).state == "awaiting_approval"
        await other.end()

    in_loop(work())


def test_a_run_whose_snapshot_is_lost_fails_and_stands_in_nobodys_way(tmp_path: Path) -> None:
    async def work() -> None:
        newsroom = Newsroom(tmp_path, LEAST)
        (newsroom.folder / newsroom.ask().id / SNAPSHOT).unlink()
        newsroom.begin("yes")
        run = await newsroom.until(over)
        assert run.state == "failed"
        assert "begin a new run" in run.message
        newsroom.ask()
        await newsroom.end()

    in_loop(work())


def test_a_run_needs_enough_judgements_and_says_how_many_more(tmp_path: Path) -> None:
    newsroom = Newsroom(tmp_path, LEAST - 3)
    newsroom.store.labels.add([score(900, "cannot_judge")])
    with pytest.raises(InputError, match="judge 3 more"):
        newsroom.ask()
    assert newsroom.store.runs.newest(1) == []
    newsroom.store.close()


def test_the_second_of_two_runs_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    newsroom = Newsroom(tmp_path, LEAST)
    first = newsroom.ask()
    with pytest.raises(ConflictError, match=first.id):
        newsroom.ask()
    assert os.listdir(newsroom.folder) == [first.id]
    newsroom.store.close()


def test_a_run_learns_from_the_snapshot_that_it_was_asked_with(tmp_path: Path) -> None:
    newsroom = Newsroom(tmp_path, LEAST)
    run = newsroom.ask()
    newsroom.store.labels.add([score(77)])
    assert run.labels == len(read_snapshot(newsroom.folder / run.id / SNAPSHOT)) == LEAST
    assert supply(newsroom.store).new == 1
    newsroom.store.close()


@given(st.integers(0, 500), st.integers(0, 100))
def test_the_gate_can_say_yes_about_when_nothing_more_is_missing_for_it(usable: int, held: int) -> None:
    found = Supply(usable, held, 0)
    assert (found.missing_for_gate == 0) == (held >= 20)
    assert (found.missing == 0) == (usable >= LEAST)


def due(after: int = 0, hours: int = 0, new: int = 0, age_hours: float = 5, usable: int = 500) -> bool:
    at = NOON - timedelta(hours=age_hours)
    last = Run("r", "house", "refused", "ada", at, at, 10, "", CHAMPION)
    settings = Settings(retrain_after_labels=after, retrain_every_hours=hours)
    return is_due(settings, Supply(usable, 100, new), last, CHAMPION, NOON)


def test_the_schedule_wants_a_run_after_so_many_labels_or_hours_and_never_by_itself() -> None:
    assert not due(new=10_000, age_hours=10_000)
    assert due(after=50, new=50)
    assert not due(after=50, new=49)
    assert due(hours=5, new=1)
    assert not due(hours=6, new=1)
    assert not due(hours=5, new=0)
    assert not due(after=1, hours=1, new=5, usable=LEAST - 1)
    settings = Settings(retrain_every_hours=1)
    assert is_due(settings, Supply(LEAST, 2, LEAST), None, CHAMPION, NOON)


def test_a_scheduled_run_begins_by_itself(tmp_path: Path) -> None:
    async def work() -> None:
        newsroom = Newsroom(tmp_path, LEAST)
        newsroom.settings = newsroom.settings.model_copy(update={"retrain_after_labels": LEAST})
        newsroom.begin("yes")
        run = await newsroom.until(over)
        assert (run.by, run.state, run.kind) == ("schedule", "awaiting_approval", "house")
        await newsroom.end()

    in_loop(work())


@pytest.mark.parametrize(("modules", "said"), [(["no_such_module"], "extra"), (["json"], "rated.gz")])
def test_a_full_training_says_what_it_lacks(tmp_path: Path, modules: Sequence[str], said: str) -> None:
    assert said in lacking(tmp_path / "rated.gz", modules)
    (tmp_path / "rated.gz").touch()
    assert lacking(tmp_path / "rated.gz", ["json"]) == ""


def alive(folder: Path) -> bool:
    """Whether the run's child still works: it holds a lock for as long."""
    probe = "import fcntl, sys; fcntl.flock(open(sys.argv[1], 'r+'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    done = subprocess.run([sys.executable, "-c", probe, str(folder / "child")], capture_output=True, check=False)
    return done.returncode != 0


def test_a_full_training_learns_from_scores_that_are_not_held_out_only(tmp_path: Path) -> None:
    newsroom = Newsroom(tmp_path, 50)
    pair = Judgement("pair", ("Ferry sinks off the coast", "Bakery wins a prize"), best=0)
    newsroom.store.labels.add([LabelEvent("label-pair", "ada", NOON, pair)])
    run = replace(newsroom.ask(), kind="full", champion="headline-base-4-house-0123abcd")
    folder = newsroom.folder / run.id
    step, _ = train_steps(run, folder, tmp_path, ("iscore-train",))
    assert list(step.command[:3]) == ["iscore-train", "distil", f"headline-base-4-full-{run.labels_sha256[:8]}"]
    labels = Path(step.command[step.command.index("--labels") + 1])
    learnt = [json.loads(line)["title"] for line in labels.read_text("utf-8").splitlines()]
    standing = [one.judgement for one in newsroom.store.labels.standing() if one.judgement]
    assert sorted(learnt) == sorted(one.titles[0] for one in standing if one.kind == "score" and not held_out(one))
    newsroom.store.close()


def test_a_full_training_teaches_the_taste_to_what_it_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.runs.asking.lacking", lambda: "")

    async def work() -> None:
        newsroom = Newsroom(tmp_path, LEAST)
        run = newsroom.ask("full")
        newsroom.begin("yes")
        said = []
        while not over(run):
            run = await newsroom.heard.changes.get()
            said.append(run.message)
        await newsroom.end()
        assert (run.state, run.candidate) == ("awaiting_approval", "headline-base-house-1")
        assert said.index("Trains the whole model") < said.index("Learns the newsroom's style")
        (whole,) = (tmp_path / "runs" / run.id / "whole").iterdir()
        assert whole.name == f"{CHAMPION}-full-{run.labels_sha256[:8]}"

    in_loop(work())


def test_a_version_that_is_there_already_is_kept_when_it_is_the_same_and_refused_when_not(tmp_path: Path) -> None:
    made, own = tmp_path / "run" / "made" / "headline-1", tmp_path / "own"
    for content in ("{}", "{}", '{"another": 1}'):
        made.mkdir(parents=True, exist_ok=True)
        (made / "manifest.json").write_text(content)
        if content == "{}":
            assert take_made(tmp_path / "run", own) == own / "headline-1"
            continue
        with pytest.raises(RunFailed, match="is there already and is another model"):
            take_made(tmp_path / "run", own)


def test_a_training_that_leaves_nothing_has_failed(tmp_path: Path) -> None:
    with pytest.raises(RunFailed, match="left 0 versions"):
        take_made(tmp_path, tmp_path / "own")
    assert last_words(tmp_path) == "it ended without a word"
