"""Judgements as rows, the hold-out and the snapshot."""

import hashlib
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import InputError
from service.judgements import (
    held_out,
    judgement_from,
    judgement_row,
    read_snapshot,
    read_standing,
    title_key,
    write_snapshot,
)
from service.store.editorial import LabelEvent
from service.text import clean, title_problem
from service.types import Judgement

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TITLES = st.text(max_size=60).map(clean).filter(lambda title: title_problem(title) is None)


def _some_titles(least: int, most: int) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(TITLES, min_size=least, max_size=most, unique_by=title_key).map(tuple)


_EXTREMES = st.permutations(range(4)).map(lambda order: order[:2])
_REASONS = st.text(max_size=50).map(clean)
SCORES = st.builds(Judgement, st.just("score"), _some_titles(1, 1), st.floats(0, 100), st.none(), st.none(), _REASONS)
JUDGEMENTS: st.SearchStrategy[Judgement] = st.one_of(
    SCORES,
    st.builds(
        Judgement, st.just("pair"), _some_titles(2, 2), st.none(), st.sampled_from([0, 1, None]), st.none(), _REASONS
    ),
    st.builds(
        lambda titles, ends, reason: Judgement("best_worst", titles, None, ends[0], ends[1], reason),
        *(_some_titles(4, 4), _EXTREMES, _REASONS),
    ),
    st.builds(
        Judgement,
        *(st.just("cannot_judge"), _some_titles(1, 4), st.none(), st.none(), st.none()),
        _REASONS.filter(bool),
    ),
)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2026, 1, 1)).map(lambda time: time.replace(tzinfo=UTC))
NAMES = st.text(min_size=1, max_size=20).map(clean).filter(bool)


@given(JUDGEMENTS)
def test_a_row_is_the_judgement_that_it_was_made_of(judgement: Judgement) -> None:
    assert judgement_from(json.loads(json.dumps(judgement_row(judgement)))) == judgement


DAM, PORT, VOTE, RAIN = "Dam bursts above town", "Port reopens after strike", "Mayor loses vote", "Rain delays final"
FOUR = [DAM, PORT, VOTE, RAIN]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("Dam bursts", "row: must be an object"),
        ({"kind": "rating"}, "kind: must be one of score, pair, best_worst, cannot_judge"),
        ({"kind": ["score"]}, "kind: must be one of score, pair, best_worst, cannot_judge"),
        ({"kind": "score", "titles": [], "i_score": 5}, "titles: score needs 1, in a list"),
        ({"kind": "score", "titles": DAM, "i_score": 5}, "titles: score needs 1, in a list"),
        ({"kind": "score", "titles": [7], "i_score": 5}, "titles[0]: title must be text"),
        ({"kind": "score", "titles": ["..."], "i_score": 5}, "titles[0]: title is empty: it needs at least one letter"),
        ({"kind": "pair", "titles": [DAM, "x" * 301], "best": 0}, "titles[1]: title is too long: 301 characters"),
        ({"kind": "pair", "titles": [DAM, f"  {DAM.upper()}!"[:-1]], "best": 0}, "titles: two are the same headline"),
        ({"kind": "score", "titles": [DAM]}, "i_score: must be a number from 0 to 100"),
        ({"kind": "score", "titles": [DAM], "i_score": 100.5}, "i_score: must be a number from 0 to 100"),
        ({"kind": "score", "titles": [DAM], "i_score": float("nan")}, "i_score: must be a number from 0 to 100"),
        ({"kind": "score", "titles": [DAM], "i_score": 10**400}, "i_score: must be a number from 0 to 100"),
        ({"kind": "score", "titles": [DAM], "i_score": True}, "i_score: must be a number from 0 to 100"),
        ({"kind": "score", "titles": [DAM], "i_score": 5, "best": 0}, "best: does not belong to score"),
        ({"kind": "pair", "titles": FOUR[:2]}, "best: is missing; 0, 1, or null when neither is more important"),
        ({"kind": "pair", "titles": FOUR[:2], "best": 2}, "best: must be a position from 0 to 1"),
        ({"kind": "pair", "titles": FOUR[:2], "best": True}, "best: must be a position from 0 to 1"),
        ({"kind": "pair", "titles": FOUR[:2], "best": 0, "worst": 1}, "worst: does not belong to pair"),
        ({"kind": "best_worst", "titles": FOUR, "best": 1}, "worst: must be a position from 0 to 3"),
        ({"kind": "best_worst", "titles": FOUR, "best": 1, "worst": 1}, "worst: must be another than best"),
        ({"kind": "best_worst", "titles": FOUR[:3], "best": 1, "worst": 0}, "titles: best_worst needs 4, in a list"),
        ({"kind": "cannot_judge", "titles": [DAM]}, "reason: is missing: say why it cannot be judged"),
        ({"kind": "cannot_judge", "titles": [DAM], "reason": "x" * 201}, "reason: is too long: 201 characters"),
        ({"kind": "cannot_judge", "titles": [DAM], "reason": 5}, "reason: must be text"),
    ],
)
def test_a_bad_row_is_refused_with_field_and_reason(row: object, message: str) -> None:
    with pytest.raises(InputError) as refused:
        judgement_from(row)
    assert str(refused.value).startswith(message)


def test_titles_and_reason_are_cleaned_and_a_tie_is_null() -> None:
    row = {"kind": "pair", "titles": [f" {DAM}\u200b ", "Cats &amp; dogs"], "best": None, "reason": "same\x00 to me "}
    assert judgement_from(row) == Judgement("pair", (DAM, "Cats & dogs"), reason="same to me")


# --- the hold-out ------------------------------------------------------------------------------------


@given(JUDGEMENTS, st.data())
def test_the_order_of_titles_does_not_decide_what_is_held_out(judgement: Judgement, data: st.DataObject) -> None:
    titles = data.draw(st.permutations(judgement.titles))
    assert held_out(judgement) == held_out(Judgement("cannot_judge", tuple(titles)))


def test_the_hold_out_is_the_rule_that_is_written_down_for_ever() -> None:
    for n in range(100):
        digest = hashlib.sha256(f"storm {n} nears the coast".encode()).digest()
        expected = int.from_bytes(digest[:8], "big") % 5 == 0
        assert held_out(Judgement("score", (f"Storm {n} nears the coast",), 50)) == expected


def test_a_fifth_of_titles_is_held_out_and_dressing_does_not_change_a_side() -> None:
    titles = [f"Storm {n} nears the coast" for n in range(5000)]
    held = [held_out(Judgement("score", (title,), 50)) for title in titles]
    assert 900 < sum(held) < 1100
    dressed = [held_out(Judgement("score", (f"BREAKING: {title.upper()} - BBC News",), 10)) for title in titles]
    assert held == dressed


# --- the snapshot ------------------------------------------------------------------------------------


EVENTS = st.lists(st.builds(LabelEvent, st.uuids().map(str), NAMES, MOMENTS, JUDGEMENTS, repeat=st.booleans()))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("snapshots")


@given(events=EVENTS, seed=st.integers())
def test_a_snapshot_holds_what_training_learns_from_in_any_order(
    folder: Path, events: list[LabelEvent], seed: int
) -> None:
    learnt = [one for one in events if one.judgement and one.judgement.kind != "cannot_judge" and not one.repeat]
    digest = write_snapshot(folder / "one.jsonl", events)
    read = read_standing(folder / "one.jsonl")
    kept, sent = (Counter((one.judgement, one.by, one.at) for one in ones) for ones in (read, learnt))
    assert kept == sent
    assert [one.judgement for one in read] == read_snapshot(folder / "one.jsonl")
    Random(seed).shuffle(events)
    assert write_snapshot(folder / "two.jsonl", events) == digest
    content = (folder / "two.jsonl").read_bytes()
    assert content == (folder / "one.jsonl").read_bytes()
    assert digest == hashlib.sha256(content).hexdigest()


def test_undos_are_left_out_and_times_are_in_utc(tmp_path: Path) -> None:
    there = NOON.astimezone().replace(tzinfo=UTC) - timedelta(hours=1)
    events = [LabelEvent("e1", "k", there, Judgement("score", (DAM,), 70)), LabelEvent("e2", "k", NOON, undoes="e0")]
    write_snapshot(tmp_path / "s.jsonl", events)
    row = json.loads((tmp_path / "s.jsonl").read_text())
    assert row == {"kind": "score", "titles": [DAM], "i_score": 70.0, "by": "k", "at": "2026-03-01T11:00:00Z"}


def test_nothing_is_left_behind_when_a_snapshot_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").mkdir()
    with pytest.raises(InputError, match="cannot write"):
        write_snapshot(tmp_path / "s.jsonl", [])
    with pytest.raises(InputError, match="cannot write"):
        write_snapshot(tmp_path / "missing" / "s.jsonl", [])
    assert [one.name for one in tmp_path.iterdir()] == ["s.jsonl"]


GOOD = '{"kind": "score", "titles": ["Dam bursts"], "i_score": 70, "by": "k", "at": "2026-03-01T12:00:00Z"}'


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "line is not JSON"),
        ("\udcff", "line is not JSON"),
        ("[]", "row: must be an object"),
        (GOOD.replace("70", "700"), "i_score: must be a number from 0 to 100"),
        (GOOD.replace('"by": "k", ', ""), "by and at: must say who judged, and when"),
        (GOOD.replace("12:00:00Z", "12:00:00"), "at: needs a time zone"),
        (GOOD.replace("2026-03-01T12:00:00Z", "0001-01-01T00:00:00+14:00"), "at: "),
        (GOOD.replace("}", ', "weight": -1}'), "weight: must be a number from 0 to 1000"),
    ],
)
def test_a_bad_line_is_named_with_file_number_and_reason(tmp_path: Path, line: str, reason: str) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(f"{GOOD}\n{line}\n".encode(errors="surrogateescape"))
    with pytest.raises(InputError) as refused:
        read_snapshot(path)
    assert str(refused.value).startswith(f"{path}: row 2: {reason}")


def test_a_snapshot_that_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot open"):
        read_snapshot(tmp_path / "missing.jsonl")


def test_a_line_may_have_a_weight(tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_text(GOOD.replace("}", ', "weight": 0.5}'))
    (line,) = read_standing(tmp_path / "s.jsonl")
    assert (line.weight, line.by, line.at) == (0.5, "k", NOON)
