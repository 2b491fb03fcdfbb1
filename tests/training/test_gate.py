"""The gate: only who is certainly better for the newsroom, and loses nowhere else, gets through."""

import json
from collections.abc import Sequence
from dataclasses import astuple, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from service.errors import InputError
from service.judgements import HELD_OUT_ONE_IN, LEAST_HELD_OUT, held_out, write_snapshot
from service.ranks import spearman
from service.store.editorial import LabelEvent
from service.types import Judgement
from training import paired
from training.cli import app
from training.gate import Verdict, verdict
from training.metrics import Scores
from training.reports import Rated, Report, questions, reports

ROWS = 200


def rated(noise: float, seed: int = 0, rows: int = ROWS) -> Rated:
    """Scores that miss the ratings by ``noise`` and know it; the ratings are the same whatever the seed."""
    ratings = np.random.default_rng(99).uniform(0, 100, rows)
    scores = ratings + noise * np.random.default_rng(seed).normal(size=rows)
    return Rated(ratings, scores, scores[:, None] + 1.645 * noise * np.array([-1, 1]))


def report(version: str = "headline-1", noise: float = 10.0, held: int = ROWS, **changes: object) -> Report:
    """A version whose error on the newsroom's hold-out is ``noise``; all else is as good as any other's."""
    plain = Report(
        version=version,
        scoring_sha256=f"of {version}",
        labels_sha256="labels",
        holdout_sha256="holdout",
        rated=rated(noise, seed=1, rows=held),
        comparisons=np.empty(0),
        dev=rated(11, seed=2),
        dev_topics=["world", "sports"] * (ROWS // 2),
        ordered=np.tile([9.0, 10.0], (50, 1)),
        spreads=np.full(50, 8.0),
        broken=(),
        multiplications=3_000_000,
        size_bytes=7 << 20,
        ms_per_headline=0.1,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


CHAMPION = report()


def failed(found: Verdict) -> list[str]:
    return [one.name for one in found.reasons if one.group == "floor" and not one.passed]


def test_who_is_better_for_the_newsroom_and_as_good_elsewhere_may_replace_the_champion() -> None:
    found = verdict(CHAMPION, report("headline-2", noise=5))
    assert found.promote
    assert failed(found) == []
    assert [one.passed for one in found.reasons if one.group == "better"] == [True, True]
    assert found.summary.startswith("headline-2 may replace headline-1. Better: ")


def test_who_is_worse_may_not_and_what_is_worse_is_named() -> None:
    found = verdict(CHAMPION, report("headline-2", noise=12))
    assert not found.promote
    assert failed(found) == ["nothing worse in the newsroom"]


def test_a_tie_keeps_the_champion() -> None:
    found = verdict(CHAMPION, report("headline-2"))
    assert not found.promote
    assert failed(found) == []
    assert found.summary == "headline-1 stays: nothing shows that headline-2 is better for this newsroom."


def test_the_champion_under_another_name_is_told_from_another_model() -> None:
    found = verdict(CHAMPION, replace(CHAMPION, version="headline-2"))
    assert not found.promote
    assert failed(found) == ["another model than the champion"]


@pytest.mark.parametrize("held", [0, 6, LEAST_HELD_OUT - 1])
def test_of_too_few_judgements_it_says_how_many_more_there_must_be(held: int) -> None:
    found = verdict(report(held=held), report("headline-2", noise=1, held=held))
    assert not found.promote
    few = found.reasons[0]
    assert (few.name, few.challenger) == ("judgements held out", held)
    assert (
        f"{LEAST_HELD_OUT - held} more, which is about {(LEAST_HELD_OUT - held) * HELD_OUT_ONE_IN} more judgements"
        in few.needed
    )
    assert few.needed in found.summary


def test_comparisons_alone_can_show_who_is_better() -> None:
    champion = report(held=0, comparisons=np.tile([0.0, 1.0], 50))
    found = verdict(champion, report("headline-2", held=0, comparisons=np.ones(100)))
    assert found.promote
    assert found.held_out == 100


def test_what_one_figure_wins_does_not_make_good_what_another_loses() -> None:
    better_scores = report("headline-2", noise=5, comparisons=np.tile([0.0, 1.0], 50))
    found = verdict(replace(CHAMPION, comparisons=np.ones(100)), better_scores)
    assert not found.promote
    assert failed(found) == ["nothing worse in the newsroom"]


FLOORS: dict[str, dict[str, object]] = {
    "order of the development set (Spearman)": {"dev": rated(25, seed=2)},
    "order of headlines on sports (Spearman)": {
        "dev": replace(CHAMPION.dev, scores=np.where(np.arange(ROWS) % 2, rated(25, 2).scores, CHAMPION.dev.scores))
    },
    "mean error of headlines rated top (points)": {
        "dev": replace(CHAMPION.dev, scores=CHAMPION.dev.scores + 15 * (CHAMPION.dev.ratings >= 80))
    },
    "ratings inside the intervals, development set": {
        "dev": replace(CHAMPION.dev, intervals=CHAMPION.dev.scores[:, None] + [[-5, 5]])
    },
    "contrast families ordered rightly": {"ordered": np.tile([8.0, 10.0], (50, 1))},
    "points between wordings of one event": {"spreads": np.full(50, 10.0)},
    "demands on behaviour broken": {"broken": ("one", "two")},
    "multiplications per headline": {"multiplications": 4_000_000},
    "bytes on disk": {"size_bytes": 16 << 20},
}


@pytest.mark.parametrize("name", FLOORS)
def test_better_for_the_newsroom_is_not_enough_where_a_floor_gives_way(name: str) -> None:
    found = verdict(CHAMPION, report("headline-2", noise=5, **FLOORS[name]))
    assert not found.promote
    assert name in failed(found)
    assert name in found.summary


def test_a_newsroom_that_rates_everything_higher_is_not_told_that_other_raters_do_not() -> None:
    dev = replace(CHAMPION.dev, scores=CHAMPION.dev.scores + 8, intervals=CHAMPION.dev.intervals + 8)
    assert verdict(CHAMPION, report("headline-2", noise=5, dev=dev)).promote


def test_intervals_that_were_wrong_before_do_not_stop_a_version_that_mends_some() -> None:
    narrow = replace(CHAMPION, rated=replace(CHAMPION.rated, intervals=CHAMPION.rated.scores[:, None] + [[-4, 4]]))
    better = rated(5, seed=1)
    wider = replace(better, intervals=better.scores[:, None] + [[-6, 6]])
    assert verdict(narrow, report("headline-2", rated=wider)).promote


@given(st.floats(2, 30), st.floats(2, 30), st.integers(LEAST_HELD_OUT, 60))
def test_of_two_versions_at_most_one_may_replace_the_other(one: float, other: float, held: int) -> None:
    first, second = report("headline-1", one, held), report("headline-2", other, held)
    assert not (verdict(first, second).promote and verdict(second, first).promote)


@given(st.floats(2, 30), st.integers(0, 60))
def test_the_same_reports_give_the_same_bytes(noise: float, held: int) -> None:
    first, second = report(held=held), report("headline-2", noise, held)
    now = verdict(first, second).to_json()
    assert verdict(first, replace(second, ms_per_headline=9.9)).to_json() == now
    assert json.loads(now)["labels_sha256"] == "labels"


def test_reports_of_different_questions_are_not_compared() -> None:
    with pytest.raises(InputError, match="different snapshots"):
        verdict(CHAMPION, report("headline-2", holdout_sha256="another"))
    with pytest.raises(InputError, match="different development sets"):
        verdict(CHAMPION, report("headline-2", dev=rated(5, rows=50)))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=3, max_size=12))
def test_ranks_in_samples_are_those_of_the_rows_that_were_drawn(rows: list[tuple[int, int]]) -> None:
    scores, ratings = (np.array(column, np.float64) for column in zip(*rows, strict=True))
    drawn = np.random.default_rng(0).multinomial(len(rows), np.full(len(rows), 1 / len(rows)), 20)
    found = paired.spearman(scores, ratings).of(drawn.astype(np.float64))
    for counts, correlation in zip(drawn, found, strict=True):
        one, other = np.repeat(scores, counts), np.repeat(ratings, counts)
        assert correlation == pytest.approx(spearman(one, other), abs=1e-9)


def test_a_gap_of_many_rows_does_not_depend_on_how_many_are_drawn_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    values: Scores = np.random.default_rng(0).normal(size=500)
    other = np.random.default_rng(1).normal(size=500)
    whole = paired.gap(paired.mean(values), paired.mean(other), 0.95)
    monkeypatch.setattr(paired, "_AT_ONCE", 1000)
    assert astuple(paired.gap(paired.mean(values), paired.mean(other), 0.95)) == pytest.approx(astuple(whole))


def snapshot(path: Path, judgements: Sequence[Judgement]) -> Path:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    write_snapshot(path, [LabelEvent(str(number), "ada", at, one) for number, one in enumerate(judgements)])
    return path


def scores_of(count: int) -> list[Judgement]:
    return [Judgement("score", (f"Ferry number {one} runs aground",), float(one % 100)) for one in range(count)]


def test_only_what_is_held_out_is_asked_and_two_ratings_of_a_title_are_one(tmp_path: Path) -> None:
    given_ = scores_of(100)
    again = [replace(one, i_score=100.0) for one in given_]
    asked = questions(snapshot(tmp_path / "labels.jsonl", given_ + again), 0.0)
    held = {one.titles[0]: ((one.i_score or 0) + 100) / 2 for one in given_ if held_out(one)}
    assert asked.ratings == held
    assert 10 < len(held) < 35


def test_the_gate_refuses_the_champion_itself_and_writes_its_verdict(models_dir: Path, tmp_path: Path) -> None:
    current = models_dir / (models_dir / "CURRENT").read_text("utf-8").strip()
    labels, out = snapshot(tmp_path / "labels.jsonl", scores_of(30)), tmp_path / "verdict.json"
    arguments = ["gate", str(current), str(current), "--labels", str(labels), "--out", str(out)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "nothing was learnt" in done.output
    written = json.loads(out.read_bytes())
    assert (written["promote"], written["champion"]) == (False, current.name)


def test_a_report_of_the_shipped_model_has_an_answer_to_every_question(models_dir: Path, tmp_path: Path) -> None:
    current = models_dir / (models_dir / "CURRENT").read_text("utf-8").strip()
    pair = Judgement("pair", ("Dam bursts above valley town, thousands flee", "Bakery wins local prize"), best=0)
    four = Judgement("best_worst", (*pair.titles, "Storm kills nine", "Cat sits on fence"), best=0, worst=3)
    labels = snapshot(tmp_path / "labels.jsonl", [pair, four, *scores_of(60)])
    one, other = reports(current, current, labels)
    assert one.multiplications == other.multiplications > 1_000_000
    assert len(one.dev.ratings) == len(one.dev.scores) == len(one.dev_topics) > 500
    assert len(one.ordered) > 50
    assert len(one.spreads) > 50
    assert one.rated.intervals.shape == (len(one.rated.ratings), 2)
    assert all(0 <= share <= 1 for share in one.comparisons)
    assert len(one.comparisons) == sum(map(held_out, [pair, four]))
    assert one.size_bytes < 15 << 20
