"""Which real headlines are taken for one story."""

from datetime import date, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from service.text import headline_id
from training.stories import ALIKE, Dated, Vectors, dated, stories

DAY = date(2026, 1, 31)
FLOOD = [
    "Flood kills many in Laos",
    "Dozens dead as river bursts banks",
    "Laotian deluge claims lives",
    "Nation mourns drowned villagers",
]


def headlines(texts: list[str], day: date = DAY) -> list[Dated]:
    return [Dated(headline_id(text), text, day) for text in texts]


def alike(count: int) -> Vectors:
    return np.eye(1, 8).repeat(count, 0).astype(np.float32)


def test_headlines_of_one_story_in_other_words_meet() -> None:
    (group,) = stories(headlines(FLOOD), alike(4))
    assert [one.text for one in group] == FLOOD


def test_a_group_spans_two_days_and_no_more() -> None:
    for later, met in ((1, True), (2, False)):
        late = headlines(FLOOD[3:], DAY + timedelta(later))
        assert bool(stories([*headlines(FLOOD[:3]), *late], alike(4))) == met


def test_other_numbers_keep_headlines_apart() -> None:
    assert not stories(headlines([*FLOOD[:2], "12 lost to water", "Deluge: 40 perish"]), alike(4))


def test_the_same_words_again_teach_nothing() -> None:
    assert not stories(headlines([*FLOOD[:3], "Flood kills many in south Laos"]), alike(4))


@given(st.lists(st.tuples(st.integers(0, 2), st.floats(0, 1)), min_size=4, max_size=24))
def test_groups_are_disjoint_and_near_their_first(rows: list[tuple[int, float]]) -> None:
    vectors = np.eye(4, dtype=np.float32)[[axis for axis, _ in rows]]
    vectors[:, 3] = [tilt for _, tilt in rows]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    texts = [f"{chr(97 + number)}{chr(97 + number)} words apart" for number in range(len(rows))]
    place = {headline_id(text): number for number, text in enumerate(texts)}
    groups = [[place[one.id] for one in group] for group in stories(headlines(texts), vectors)]
    members = [member for group in groups for member in group]
    assert len(members) == len(set(members))
    for first, *rest in groups:
        assert all(vectors[first] @ vectors[other] >= ALIKE - 1e-5 for other in rest)
        assert 4 <= 1 + len(rest) <= 6


def test_only_dated_headlines_that_training_may_see_are_taken() -> None:
    rows = [
        {"title": FLOOD[0], "date": "2026-01-31T10:00:00Z"},
        {"title": FLOOD[0] + "!", "date": "2026-02-01"},
        {"title": "Undated headline of five words", "date": ""},
        {"title": "Too short", "date": "2026-01-31"},
        {"title": "This one judges the model", "date": "2026-01-31"},
    ]
    assert dated(rows, {headline_id("This one judges the model")}) == headlines(FLOOD[:1])
