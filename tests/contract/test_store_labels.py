"""What every store promises of editors' judgements, on SQLite and on PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from service.store.connect import open_store
from service.store.editorial import Entry, LabelEvent, LabelOutcome
from service.store.sql import SqlStore
from service.types import Judgement

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
TICK = timedelta(microseconds=1)
DAM, FAIR, VOTE, CAT = "Dam bursts above the town", "Village fair opens", "Parliament votes tonight", "Cat found"
SCORE = LabelEvent("e1", "k1", NOON, Judgement("score", (DAM,), 70.0))
PAIR = LabelEvent("e2", "k1", NOON, Judgement("pair", (DAM, FAIR), best=0))
FULL = LabelEvent("e3", "k1", NOON + TICK, Judgement("score", (CAT,), 12.5), None, None, True, 3.25, "m1", True)
ENTRY = Entry("k1", "label.add", "e1", {"kind": "score"})


def undo(event_id: str, undoes: str, by: str = "k1") -> LabelEvent:
    return LabelEvent(event_id, by, NOON, undoes=undoes)


def score(event_id: str, title: str = DAM, **said: object) -> LabelEvent:
    return replace(SCORE, id=event_id, judgement=Judgement("score", (title,), 50.0), **said)  # type: ignore[arg-type]


def standing(store: SqlStore, by: str | None = None) -> list[str]:
    return [event.id for event in store.labels.standing(by)]


EVENTS = [
    SCORE,
    PAIR,
    FULL,
    LabelEvent("e4", "k2", NOON, Judgement("pair", (DAM, FAIR))),
    LabelEvent("e5", "k2", NOON, Judgement("best_worst", (DAM, FAIR, VOTE, CAT), best=0, worst=3), seconds=0.0),
    LabelEvent("e6", "Ann B. — ☃", NOON, Judgement("cannot_judge", (DAM,), reason="No idea what this is — ☃")),
    undo("e7", "e1"),
]


def test_events_come_back_as_they_went_in_and_numbered_in_order_of_arrival(store: SqlStore) -> None:
    assert store.labels.add(EVENTS) == ["created"] * len(EVENTS)
    assert store.labels.events() == list(enumerate(EVENTS, 1))
    assert store.labels.events(after=2, limit=3) == list(enumerate(EVENTS, 1))[2:5]
    assert [store.labels.event(event.id) for event in EVENTS] == EVENTS
    assert store.labels.standing() == EVENTS[1:-1]
    assert store.labels.standing("k2") == EVENTS[3:5]
    assert store.labels.standing("k3") == []


def test_nothing_added_changes_nothing(store: SqlStore) -> None:
    assert store.labels.add([], ENTRY) == store.labels.events() == store.labels.standing() == []
    assert store.audit.entries(9) == []


def test_an_event_that_comes_twice_is_kept_once(store: SqlStore) -> None:
    assert store.labels.add([SCORE, SCORE, PAIR]) == ["created", "duplicate", "created"]
    assert store.labels.add([replace(PAIR, by="k2"), SCORE]) == ["duplicate", "duplicate"]
    assert store.labels.add([undo("e9", "e1"), undo("e9", "e1"), SCORE]) == ["created", "duplicate", "duplicate"]
    assert standing(store) == ["e2"]


def test_an_editor_judges_titles_once_in_each_way(store: SqlStore) -> None:
    store.labels.add([SCORE, PAIR])
    turned = replace(PAIR, id="x1", judgement=Judgement("pair", (FAIR, DAM), best=1))
    skipped = replace(SCORE, id="x2", judgement=Judgement("cannot_judge", (DAM,), reason="Too short"))
    again = [turned, score("x3"), score("x4", by="k2"), score("x5", FAIR), skipped]
    assert store.labels.add(again) == ["conflict", "conflict", "created", "created", "created"]
    assert standing(store) == ["e1", "e2", "x4", "x5", "x2"]
    assert store.labels.event("x3") is None


def test_what_is_undone_can_be_judged_again(store: SqlStore) -> None:
    assert store.labels.add([SCORE, undo("u1", "e1"), score("x1")]) == ["created"] * 3
    assert standing(store) == ["x1"]


def test_only_ones_own_standing_judgement_can_be_undone(store: SqlStore) -> None:
    store.labels.add([SCORE, PAIR, undo("u1", "e2"), score("x1", replaces="e1")])
    wrong = [undo("u2", "e2"), undo("u3", "u1"), undo("u4", "x1", by="k2"), undo("u5", "unknown"), undo("u6", "e1")]
    assert store.labels.add(wrong) == ["conflict"] * 5
    assert standing(store) == ["x1"]


def test_a_correction_stands_in_place_of_what_it_corrects_until_it_is_undone(store: SqlStore) -> None:
    store.labels.add([SCORE, PAIR])
    assert store.labels.add([score("x1", replaces="e1")]) == ["created"]
    assert standing(store) == ["e2", "x1"]
    assert store.labels.add([score("x2", replaces="e1"), score("x3", replaces="x1")]) == ["conflict", "created"]
    assert standing(store) == ["e2", "x3"]
    assert store.labels.add([undo("u1", "x3"), undo("u2", "x1")]) == ["created"] * 2
    assert standing(store) == ["e1", "e2"]


def test_a_correction_may_be_of_another_kind(store: SqlStore) -> None:
    unsure = replace(SCORE, judgement=Judgement("cannot_judge", (DAM,), reason="Too short"))
    assert store.labels.add([unsure, score("x1", replaces="e1")]) == ["created"] * 2
    assert standing(store) == ["x1"]


def test_a_correction_is_of_ones_own_judgement_of_the_same_titles(store: SqlStore) -> None:
    store.labels.add([SCORE, PAIR])
    wrong = [score("x1", by="k2", replaces="e1"), score("x2", FAIR, replaces="e1"), score("x3", FAIR, replaces="e9")]
    assert store.labels.add(wrong) == ["conflict"] * 3
    assert standing(store) == ["e1", "e2"]


def test_a_repeat_stands_beside_the_first_judgement_and_corrects_nothing(store: SqlStore) -> None:
    repeats = [score("x1", repeat=True), score("x2", repeat=True), score("x3", repeat=True, replaces="e1")]
    assert store.labels.add([SCORE, *repeats]) == ["created"] * 3 + ["conflict"]
    assert standing(store) == ["e1", "x1", "x2"]
    assert store.labels.add([score("x4"), score("x5", repeat=True, replaces="x2")]) == ["conflict", "created"]
    assert store.labels.add([undo("u1", "x1"), undo("u2", "e1"), score("x6")]) == ["created"] * 3
    assert standing(store) == ["x5", "x6"]


def test_an_entry_is_logged_once_when_something_was_kept(store: SqlStore) -> None:
    store.labels.add([SCORE, PAIR], ENTRY)
    store.labels.add([SCORE, undo("u1", "e9")], ENTRY)
    assert [logged.entry for logged in store.audit.entries(9)] == [ENTRY]


@pytest.mark.parametrize("title", ["", "a\0b", "\ud800", "👩\u200d💻 ☃", '"\\/\n', "x" * 3000])
def test_titles_stay_as_they_are_whatever_is_in_them(store: SqlStore, title: str) -> None:
    assert store.labels.add([score("x1", title), score("x2", title)]) == ["created", "conflict"]
    assert store.labels.standing() == [score("x1", title)]
    assert store.labels.add([score("x3", title)]) == ["conflict"]


@pytest.mark.parametrize("text", ["", "a\0b", "\ud800", "☃" * 500])
def test_any_text_can_be_an_id_or_a_name(store: SqlStore, text: str) -> None:
    event = score(text, by=text, model=text)
    reason = replace(event, id="x2", judgement=Judgement("cannot_judge", (DAM,), reason=text))
    assert store.labels.add([event, event, reason]) == ["created", "duplicate", "created"]
    assert store.labels.add([event, score("x1", by=text)]) == ["duplicate", "conflict"]
    assert store.labels.event(text) == store.labels.standing(text)[0]
    assert store.labels.add([undo("u1", text, by=text)]) == ["created"]


def test_events_that_several_send_at_once_are_kept_once(store: SqlStore, url: str) -> None:
    another = open_store(url)
    batch = [SCORE, PAIR, undo("u1", "e2")]
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda one: one.labels.add(batch), [store, another] * 4))
    another.close()
    assert sorted(said) == [["created"] * 3] + [["duplicate"] * 3] * 7
    assert [number for number, _ in store.labels.events()] == [1, 2, 3]


@pytest.mark.parametrize(
    "wrong",
    [
        replace(PAIR, undoes="e1"),
        LabelEvent("x1", "k1", NOON, undoes="e1", replaces="e1"),
        *(replace(PAIR, id="x1", judgement=Judgement("score", (FAIR,), value)) for value in (None, -1, float("nan"))),
    ],
)
def test_no_event_of_a_refused_batch_is_kept(store: SqlStore, wrong: LabelEvent) -> None:
    with pytest.raises(IntegrityError):
        store.labels.add([SCORE, wrong], ENTRY)
    assert store.labels.events() == store.audit.entries(9) == []


# --- any events in any order, against the contract said again in the plainest words -----------------

IDS = st.sampled_from("abcdef")
EDITORS = st.sampled_from(["k1", "k1", "k2"])
JUDGEMENTS = st.builds(
    Judgement,
    st.sampled_from(["pair", "cannot_judge"]),
    st.sampled_from([(DAM, FAIR), (FAIR, DAM), (DAM, DAM)]),
)
JUDGED = st.builds(
    LabelEvent, IDS, EDITORS, st.just(NOON), JUDGEMENTS, replaces=st.none() | IDS, repeat=st.sampled_from([False, True])
)
UNDONE = st.builds(LabelEvent, IDS, EDITORS, st.just(NOON), undoes=IDS)


class Reference:
    """All that was kept, looked through from the first to the last each time."""

    def __init__(self) -> None:
        self.kept: list[LabelEvent] = []

    def standing(self) -> list[LabelEvent]:
        undone = {event.undoes for event in self.kept}
        left = [event for event in self.kept if event.judgement and event.id not in undone]
        return [event for event in left if event.id not in {one.replaces for one in left}]

    def add(self, event: LabelEvent) -> LabelOutcome:
        if event.id in {one.id for one in self.kept}:
            return "duplicate"
        if not (self.may_be_judged(event, event.judgement) if event.judgement else self.may_be_undone(event)):
            return "conflict"
        self.kept.append(event)
        return "created"

    def may_be_undone(self, event: LabelEvent) -> bool:
        return any(one.id == event.undoes and one.by == event.by for one in self.standing())

    def may_be_judged(self, event: LabelEvent, judgement: Judgement) -> bool:
        own = [(one, one.judgement) for one in self.standing() if one.by == event.by and one.judgement]
        alike = [(one, said) for one, said in own if sorted(said.titles) == sorted(judgement.titles)]
        if event.replaces and not any(one.id == event.replaces and one.repeat == event.repeat for one, _ in alike):
            return False
        others = [said.kind for one, said in alike if not one.repeat and one.id != event.replaces]
        return event.repeat or judgement.kind not in others


@given(batches=st.lists(st.lists(JUDGED | UNDONE, max_size=6), max_size=6))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_same_judgements_stand_whatever_comes_and_however_it_is_batched(
    store: SqlStore, batches: list[list[LabelEvent]]
) -> None:
    reference, before = Reference(), len(store.labels.standing())
    last = max([number for number, _ in store.labels.events(limit=100_000)], default=0)
    for batch in batches:
        mine = [_renamed(event, str(last)) for event in batch]
        assert store.labels.add(mine) == [reference.add(event) for event in mine]
        assert store.labels.standing()[before:] == reference.standing()
    assert [event for _, event in store.labels.events(last, 100_000)] == reference.kept


def _renamed(event: LabelEvent, example: str) -> LabelEvent:
    """The event with names that no other example uses."""
    names = {name: getattr(event, name) for name in ("id", "by", "undoes", "replaces")}
    return replace(event, **{name: said and f"{said}-{example}" for name, said in names.items()})
