"""Label events in and out of files."""

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import InputError
from service.files.csv_rows import CsvReader
from service.labels.files import CSV_COLUMNS, written
from service.labels.label_studio import read_tasks
from service.labels.rows import Found, Import, disarmed, from_rows, is_event_id, rearmed
from service.store.editorial import LabelEvent
from service.types import Judgement
from tests.test_judgements import JUDGEMENTS, MOMENTS, NAMES

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ASKED = Import("desk", NOON)
DAM, PORT = "Dam bursts above town", "Port reopens after strike"
IDS = st.from_regex(r"[A-Za-z0-9_-]{8,64}", fullmatch=True)
JUDGED = st.builds(
    LabelEvent,
    *(IDS, NAMES, MOMENTS, JUDGEMENTS, st.none(), st.none() | IDS, st.booleans()),
    *(st.none() | st.floats(0, 86_400), st.none() | NAMES, st.booleans()),
)
UNDOS = st.builds(LabelEvent, IDS, NAMES, MOMENTS, st.none(), IDS)
EVENTS = st.lists(JUDGED | UNDOS, unique_by=lambda event: event.id, max_size=5)


def rows(content: bytes) -> Iterable[tuple[dict[str, Any], str | None]]:
    return ((json.loads(line), None) for line in content.splitlines())


def cells(content: bytes) -> Iterable[tuple[dict[str, Any], str | None]]:
    reader = CsvReader(io.BufferedReader(io.BytesIO(content)))
    for chunk in reader.chunks():
        yield from zip(chunk.rows, chunk.faults, strict=True)


def events_of(found: Found) -> list[LabelEvent]:
    assert (found.bad, found.left_out) == ([], [])
    return [event for _, event in found.events.values()]


def one(row: dict[str, Any], asked: Import = ASKED, csv: bool = False) -> LabelEvent:
    (event,) = events_of(from_rows([(row, None)], asked, csv))
    return event


def refused(row: dict[str, Any], asked: Import = ASKED, csv: bool = False) -> str:
    found = from_rows([(row, None)], asked, csv)
    assert not found.events
    (reason,) = found.bad
    return reason


# --- there and back ------------------------------------------------------------------------------------


@given(EVENTS)
def test_json_lines_hold_all_that_an_event_says(events: list[LabelEvent]) -> None:
    assert events_of(from_rows(rows(b"".join(written(events, "jsonl"))), ASKED, csv=False)) == events


@given(EVENTS)
def test_csv_holds_all_that_an_event_says_and_no_cell_is_a_formula(events: list[LabelEvent]) -> None:
    content = b"".join(written(events, "csv"))
    assert events_of(from_rows(cells(content), ASKED, csv=True)) == events
    for row in csv.reader(io.StringIO(content.decode())):
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)


@given(EVENTS)
def test_label_studio_holds_judgements_with_who_and_when(events: list[LabelEvent]) -> None:
    found = read_tasks(b"".join(written(events, "labelstudio")), ASKED)
    expected = [
        replace(event, replaces=None, model=None, shown=False)
        for event in events
        if event.judgement and not event.repeat
    ]
    assert sorted(events_of(found), key=lambda event: event.id) == sorted(expected, key=lambda event: event.id)


@given(st.text())
def test_a_disarmed_cell_is_no_formula_and_can_be_rearmed(text: str) -> None:
    assert rearmed(disarmed(text)) == text
    assert not disarmed(text).startswith(("=", "+", "-", "@"))


def test_many_events_are_written_in_pieces() -> None:
    events = [LabelEvent(f"event-{n}", "k", NOON, Judgement("score", (f"Storm {n}",), 5)) for n in range(2500)]
    pieces = list(written(events, "csv"))
    assert len(pieces) == 3
    assert b"".join(pieces).count(b"\n") == 2501
    assert b"".join(pieces).startswith(
        ",".join(CSV_COLUMNS).encode() + b"\nevent-0,score,Storm 0,,,,5,,,,k,2026-03-01T12"
    )


# --- rows ------------------------------------------------------------------------------------------------


def test_a_title_and_a_score_are_enough() -> None:
    event = one({"title": f" {DAM} ", "i_score": "72.5", "section": "local"}, csv=True)
    assert event == LabelEvent(event.id, "desk", NOON, Judgement("score", (DAM,), 72.5))
    assert one({"headline": DAM, "i_score": 72.5}).id == event.id == one({"text": DAM, "i_score": 72.5, "id": "7"}).id
    assert is_event_id(event.id)


def test_the_same_row_has_the_same_id_whenever_it_comes_and_another_row_another() -> None:
    row = {"title": DAM, "i_score": 70}
    later = Import("desk", NOON + timedelta(days=3))
    assert one(row).id == one(row, later).id
    others = [
        {**row, "i_score": 71},
        {**row, "title": PORT},
        {**row, "by": "ann"},
        {**row, "at": "2026-02-01T00:00:00Z"},
    ]
    assert len({one(other).id for other in [row, *others]}) == 5


def test_who_when_and_how_long_are_taken_from_the_row() -> None:
    event = one(
        {"title": DAM, "i_score": 5, "by": "Ann", "at": "2026-02-01T10:00:00+01:00", "seconds": "4.5"}, csv=True
    )
    assert (event.by, event.at, event.seconds) == ("Ann", datetime(2026, 2, 1, 9, tzinfo=UTC), 4.5)
    assert one({"title": DAM, "i_score": 5, "at": "2027-01-01T00:00:00Z"}).at == NOON
    assert one({"title": DAM, "i_score": 5, "seconds": 1e9}).seconds is None


def test_comparisons_come_in_columns_and_an_empty_best_is_a_tie() -> None:
    row = {"kind": "pair", "title": DAM, "title_2": PORT, "best": "1", "worst": "", "i_score": "", "reason": ""}
    assert one(row, csv=True).judgement == Judgement("pair", (DAM, PORT), best=1)
    assert one({**row, "best": ""}, csv=True).judgement == Judgement("pair", (DAM, PORT))
    del row["best"]
    assert refused(row, csv=True).startswith("row 1: best: is missing")


def test_an_exported_event_keeps_its_id_and_what_it_refers_to() -> None:
    row = {"id": "event-0001", "kind": "score", "titles": [DAM], "i_score": 5, "by": "k", "at": "2026-02-01T00:00:00Z"}
    event = one({**row, "replaces": "event-0000", "shown": True})
    assert (event.id, event.replaces, event.shown) == ("event-0001", "event-0000", True)
    del row["by"]
    foreign = one({**row, "replaces": "event-0000"})
    assert foreign.id != "event-0001"
    assert foreign.replaces is None


def test_steps_are_the_middles_of_their_parts() -> None:
    stars = Import("desk", NOON, steps=5)
    given_ = [one({"title": DAM, "i_score": step}, stars).judgement for step in (1, 2, 3, 4, 5, "3.5")]
    assert [said and said.i_score for said in given_] == [10, 30, 50, 70, 90, 60]
    assert refused({"title": DAM, "i_score": 0}, stars) == "row 1: i_score: must be from 1 to 5"
    assert refused({"title": DAM, "i_score": True}, stars) == "row 1: i_score: must be from 1 to 5"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"i_score": 5}, "titles: score needs 1, in a list"),
        ({"title": DAM}, "i_score: must be a number from 0 to 100"),
        ({"title": DAM, "i_score": "much"}, "i_score: must be a number from 0 to 100"),
        ({"title": DAM, "i_score": "nan"}, "i_score: must be a number from 0 to 100"),
        ({"title": DAM, "i_score": "9" * 5000}, "i_score: must be a number from 0 to 100"),
        ({"title": 5, "i_score": 5}, "titles[0]: title must be text"),
        ({"title": DAM, "i_score": 5, "at": "yesterday"}, "at: must be an RFC 3339 time"),
        ({"title": DAM, "i_score": 5, "at": "0001-01-01T00:00:00+14:00"}, "at: must be an RFC 3339 time"),
        ({"title": DAM, "i_score": 5, "by": "x" * 101}, "by: is too long"),
        ({"title": DAM, "i_score": 5, "shown": "maybe"}, "shown: must be true or false"),
        ({"title": DAM, "i_score": 5, "replaces": "!"}, "replaces: is no id of an event"),
        ({"kind": "rank", "title": DAM}, "kind: must be one of"),
        ({"undoes": "event-0001"}, "undoes: needs id, by and at"),
    ],
)
def test_a_bad_row_is_named_with_number_and_reason(row: dict[str, Any], reason: str) -> None:
    assert refused(row).startswith(f"row 1: {reason}")


def test_bad_rows_do_not_hide_each_other_and_faults_of_the_file_are_reasons() -> None:
    found = from_rows(
        [({}, "line is not JSON"), ({"title": DAM, "i_score": 5}, None), ({"title": DAM}, None)], ASKED, False
    )
    assert found.bad == ["row 1: line is not JSON", "row 3: i_score: must be a number from 0 to 100"]
    assert len(found.events) == 1


def test_the_same_row_twice_is_kept_once_and_an_id_for_two_judgements_is_bad() -> None:
    row = {"id": "event-0001", "kind": "score", "titles": [DAM], "i_score": 5, "by": "k", "at": "2026-02-01T00:00:00Z"}
    found = from_rows([(row, None), (row, None), ({**row, "i_score": 6}, None)], ASKED, csv=False)
    assert found.left_out == ["row 2: says the same as row 1"]
    assert found.bad == ["row 3: id: is that of row 1 too"]


# --- Label Studio ------------------------------------------------------------------------------------------


def result(type_: str, value: dict[str, Any], name: str = "r") -> dict[str, Any]:
    return {"id": "x", "from_name": name, "to_name": "txt", "type": type_, "value": value, "origin": "manual"}


def task(data: dict[str, Any], *results: dict[str, Any], **annotation: Any) -> dict[str, Any]:
    more = {"id": 9, "was_cancelled": False, "ground_truth": False, "lead_time": 3.5, "completed_by": 7, **annotation}
    made = {"created_at": "2026-02-01T10:00:00.123456Z", "updated_at": "2026-02-01T10:00:00.123456Z"}
    return {"id": 1, "data": data, "annotations": [{"result": list(results), **made, **more}], "predictions": []}


def imported(*tasks: object, asked: Import = ASKED) -> Found:
    return read_tasks(json.dumps(list(tasks)).encode(), asked)


def said(data: dict[str, Any], *results: dict[str, Any]) -> Judgement | None:
    (event,) = events_of(imported(task(data, *results)))
    return event.judgement


RATING = result("rating", {"rating": 4})
BOTH = {"title_1": DAM, "title_2": PORT}


def test_ratings_numbers_and_words_are_scores() -> None:
    assert said({"text": DAM}, RATING) == Judgement("score", (DAM,), 70)
    assert said({"title": DAM, "url": "https://n.example/1"}, result("number", {"number": 72})) == Judgement(
        "score", (DAM,), 72
    )
    assert said({"story": DAM}, result("choices", {"choices": ["Historic"]})) == Judgement("score", (DAM,), 90)
    assert said({"headline": DAM}, result("choices", {"choices": ["2"]})) == Judgement("score", (DAM,), 30)
    (event,) = events_of(imported(task({"text": DAM}, RATING), asked=Import("desk", NOON, steps=10)))
    assert event.judgement == Judgement("score", (DAM,), 35)


def test_pairwise_is_a_pair_and_so_are_sides_and_ties_among_choices() -> None:
    assert said({"text1": DAM, "text2": PORT}, result("pairwise", {"selected": "right"})) == Judgement(
        "pair", (DAM, PORT), best=1
    )
    assert said(BOTH, result("choices", {"choices": ["Left"]})) == Judgement("pair", (DAM, PORT), best=0)
    assert said({"a": DAM, "b": PORT, "n": 3}, result("choices", {"choices": ["tie"]})) == Judgement(
        "pair", (DAM, PORT)
    )


def test_what_cannot_be_judged_says_why() -> None:
    cannot = result("choices", {"choices": ["Can't judge"]})
    assert said({"text": DAM}, cannot) == Judgement("cannot_judge", (DAM,), reason="Can't judge")
    assert said({"text": DAM}, result("textarea", {"text": []}), cannot) == said({"text": DAM}, cannot)
    why = result("textarea", {"text": ["no event", "in it"]})
    assert said({"text": DAM}, why, cannot) == Judgement("cannot_judge", (DAM,), reason="no event in it")


def test_who_when_and_how_long_are_those_of_the_annotation() -> None:
    (event,) = events_of(imported(task({"text": DAM}, RATING)))
    at = datetime(2026, 2, 1, 10, 0, 0, 123456, tzinfo=UTC)
    assert (event.by, event.at, event.seconds) == ("labelstudio-7", at, 3.5)
    (event,) = events_of(imported(task({"text": DAM}, RATING, completed_by={"id": 7, "email": "ann@n.example"})))
    assert event.by == "ann@n.example"
    (event,) = events_of(imported(task({"text": DAM}, RATING, completed_by=None, created_at="2026-02-01T10:00:00")))
    assert (event.by, event.at) == ("desk", datetime(2026, 2, 1, 10, tzinfo=UTC))


def test_what_was_skipped_or_not_judged_yet_is_left_out_and_not_bad() -> None:
    found = imported(
        task({"text": DAM}, RATING, was_cancelled=True),
        task({"text": DAM}),
        {"data": {"text": DAM}, "annotations": []},
        {"data": {"text": DAM}},
    )
    assert (found.events, found.bad) == ({}, [])
    assert found.left_out == [
        *(f"task {n}, annotation 1: was skipped" for n in (1, 2)),
        *(f"task {n}: has no annotations" for n in (3, 4)),
    ]


@pytest.mark.parametrize(
    ("given_", "reason"),
    [
        (5, "is no task: it has no data"),
        ({"data": {"text": DAM}, "annotations": [5]}, "annotation 1: has no result"),
        (task({"text": DAM}, result("labels", {"labels": ["PER"]})), "annotation 1: has no rating, number, pairwise"),
        (task({"text": DAM}, result("rating", {"rating": 9})), "annotation 1: i_score: must be from 1 to 5"),
        (task({"text": DAM}, result("number", {"number": 101})), "annotation 1: i_score: must be a number from 0"),
        (
            task({"text": DAM}, RATING, result("number", {"number": 5})),
            "annotation 1: says two things: i_score is 70.0",
        ),
        (task({"text": DAM}, result("choices", {"choices": ["a", "b"]})), "annotation 1: choices: must be one"),
        (task({"text": DAM}, result("choices", {"choices": ["sport"]})), "annotation 1: choice 'sport' says nothing"),
        (task({"x": DAM, "y": PORT}, RATING), "annotation 1: data: cannot tell the titles: call them title"),
        (task({"text": DAM}, result("pairwise", {"selected": "left"})), "annotation 1: data: cannot tell the titles"),
        (task({"text": DAM}, RATING, created_at="soon"), "annotation 1: created_at: must be an RFC 3339 time"),
    ],
)
def test_a_bad_task_is_named_with_number_and_reason(given_: object, reason: str) -> None:
    found = imported(task({"text": PORT}, RATING), given_)
    assert len(found.events) == 1
    (bad,) = found.bad
    assert bad.startswith(("task 2: " if reason.startswith("is no task") else "task 2, ") + reason)


@pytest.mark.parametrize("content", [b"{", b"{}", b"[" * 100_000, b"\xff"])
def test_what_is_not_label_studios_json_is_refused(content: bytes) -> None:
    with pytest.raises(InputError, match="this is not"):
        read_tasks(content, ASKED)


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["rating", "number", "choices", "selected", "text", "id", "email"]), inner)
    ),
    max_leaves=8,
)
_TYPES = st.sampled_from(["rating", "number", "choices", "pairwise", "textarea"])


@given(_JSON, _TYPES, _JSON, _JSON)
def test_no_json_breaks_the_import(data: object, type_: str, value: object, who: object) -> None:
    broken = {"data": {"text": DAM, "x": data}, "annotations": [{"result": [{"type": type_, "value": value}, data]}]}
    broken["annotations"][0] |= {"completed_by": who, "created_at": data, "lead_time": data, "iscore": who}  # type: ignore[index]
    found = imported(broken, data)
    assert len(found.events) + len(found.bad) + len(found.left_out) >= 1
    from_rows(
        [({"title": data, "i_score": value, "id": who, "by": who, "undoes": data, "kind": data}, None)], ASKED, True
    )
