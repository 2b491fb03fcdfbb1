"""Headlines of one event are one story, and toll-takers of two towns never are."""

import random
import tomllib
from collections.abc import Sequence, Sized
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.alike import THRESHOLD
from service.stories import BY_HAND, Placed, Stories, Told, same_story

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAIRS: dict[str, list[tuple[str, str]]] = {
    kind: [(one, other) for one, other in pairs]
    for kind, pairs in tomllib.loads(
        (Path(__file__).parent.parent / "data" / "stories.toml").read_text("utf-8")
    ).items()
}
TITLES = sorted({title for pairs in PAIRS.values() for pair in pairs for title in pair})


def told(titles: Sequence[str], hours: float = 0, start: int = 0) -> list[Told]:
    time = NOON + timedelta(hours=hours)
    return [Told(f"h{start + number}", title, time) for number, title in enumerate(titles)]


def placed(*titles: str) -> list[str]:
    return Stories().place(told(titles)).stories


@pytest.mark.parametrize(("one", "other"), PAIRS["different"])
def test_what_only_sounds_alike_is_two_stories(one: str, other: str) -> None:
    assert same_story(one, other) < THRESHOLD
    assert same_story(other, one) < THRESHOLD
    assert len(set(placed(one, other))) == 2


def test_no_toll_taker_is_fused_through_a_third_headline() -> None:
    by_title = dict(zip(TITLES, placed(*TITLES), strict=True))
    assert [pair for pair in PAIRS["different"] if by_title[pair[0]] == by_title[pair[1]]] == []


def test_nine_in_ten_tellings_of_one_event_are_one_story() -> None:
    assert sum(same_story(*pair) >= THRESHOLD for pair in PAIRS["same"]) >= 36
    assert sum(len(set(placed(*pair))) == 1 for pair in PAIRS["same"]) >= 36


@pytest.mark.parametrize(
    "tolls",
    [
        ("12 dead in Jakarta ferry fire", "15 dead in Jakarta ferry fire", "Jakarta ferry fire: 31 dead"),
        ("Earthquake in Chile kills nine", "Chile earthquake death toll reaches 40", "Chile earthquake toll at 112"),
    ],
)
def test_a_toll_that_rises_stays_one_story(tolls: tuple[str, ...]) -> None:
    assert len(set(placed(*tolls))) == 1


def test_a_headline_without_a_place_does_not_bridge_two_places() -> None:
    stories = placed("12 killed in bus crash in Peru", "12 killed in bus crash", "12 killed in bus crash in Kenya")
    assert stories[0] != stories[2]


TOWNS = "Kano Lahore Manila Lima Naples Oslo Quito Dakar Hanoi Seoul Leeds Mumbai Nairobi Tunis Lyon Bogota".split()
TOLLS = [
    *("12 killed in {}", "12 killed in {} bus crash", "At least 12 killed in {} market blast", "Fire in {} kills 12"),
    *("12 dead after flood in {}", "{}: 12 die as ferry sinks"),
]
WITHOUT_A_TOWN = ["12 killed", "12 killed in bus crash", "At least 12 killed in market blast", "12 die as ferry sinks"]


@given(st.randoms(use_true_random=False))
@settings(max_examples=20, deadline=None)
def test_in_whatever_order_they_come_no_two_towns_share_a_toll(rng: random.Random) -> None:
    rows = [(town, toll.format(town)) for town in TOWNS for toll in TOLLS] + [("", one) for one in WITHOUT_A_TOWN * 3]
    rng.shuffle(rows)
    towns: dict[str, set[str]] = {}
    for (town, _), story in zip(rows, placed(*(title for _, title in rows)), strict=True):
        towns.setdefault(story, set()).update([town] if town else [])
    assert [found for found in towns.values() if len(found) > 1] == []


SCANDAL = [
    "Mayor Halvorsen resigns in Duluth",
    "Water contract scandal shakes Duluth council",
    "Duluth mayor Halvorsen resigns as water contract scandal shakes council",
]


def test_a_headline_that_tells_two_stories_shows_that_they_are_one() -> None:
    stories = Stories()
    assert stories.place(told(SCANDAL[:2])) == Placed(["h0", "h1"], {})
    assert stories.place(told(SCANDAL[2:], 1, start=2)) == Placed(["h1"], {"h0": "h1"})
    assert stories.place(told(SCANDAL[:2])) == Placed(["h1", "h1"], {})


def test_what_an_editor_split_off_is_united_with_nothing() -> None:
    stories = Stories()
    stories.learn(told(SCANDAL[:2]), ["h0", f"{BY_HAND}1"])
    assert stories.place(told(SCANDAL[2:], 1, start=2)).united == {}


def test_two_stories_that_have_grown_large_stay_two() -> None:
    asides = ["", " today", " at last", " after row", " this morning"]
    first, second = ([title + aside for aside in asides] for title in SCANDAL[:2])
    stories = Stories()
    assert set(stories.place(told(first)).stories) == {"h0"}
    assert set(stories.place(told(second, start=10)).stories) == {"h10"}
    assert stories.place(told(SCANDAL[2:], 1, start=20)).united == {}


def test_the_list_of_words_has_each_word_once() -> None:
    lines = [line.split() for line in files("service").joinpath("words.txt").read_text("utf-8").splitlines()]
    words = [word.lower() for line in lines for word in line]
    assert len(lines) > 4000
    assert all(lines)
    assert sorted(set(words)) == sorted(words)


@given(st.text(), st.text())
def test_any_two_texts_have_a_likeness_from_0_to_1_in_either_order(one: str, other: str) -> None:
    assert 0 <= same_story(one, other) <= 1
    assert same_story(one, other) == pytest.approx(same_story(other, one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mayor of Duluth resigns", "MAYOR OF DULUTH RESIGNS!"),
        ("Mayor's wife: “I resign”", "mayor's wife - I resign"),
        ("Mayor of Duluth resigns", "BREAKING: Mayor of Duluth resigns - Reuters"),
        ("Землетрясение в Перу", "ЗЕМЛЕТРЯСЕНИЕ, в Перу"),
    ],
)
def test_the_same_words_are_one_story_in_any_dress(one: str, other: str) -> None:
    assert len(set(placed(one, other))) == 1


@pytest.mark.parametrize(("one", "other"), [("?!", "..."), ("東京で地震", "大阪で火災"), ("", "?")])
def test_texts_without_a_common_word_are_two_stories(one: str, other: str) -> None:
    assert len(set(placed(one, other))) == 2


def test_a_story_is_named_by_its_earliest_headline_whatever_the_order_of_the_batch() -> None:
    early, late = told(["Duluth mayor resigns"])[0], told(["Duluth mayor resigns"], hours=1, start=1)[0]
    assert Stories().place([late, early]).stories == ["h0", "h0"]


@given(st.randoms(use_true_random=False))
@settings(max_examples=20, deadline=None)
def test_the_order_of_a_batch_changes_nothing(rng: random.Random) -> None:
    batch = told(TITLES)
    shuffled = rng.sample(batch, len(batch))
    expected = dict(zip((one.id for one in batch), Stories().place(batch).stories, strict=True))
    assert Stories().place(shuffled).stories == [expected[one.id] for one in shuffled]


@given(st.lists(st.tuples(st.sampled_from(TITLES), st.integers(0, 40)), max_size=30), st.integers(0, 30))
@settings(max_examples=50, deadline=None)
def test_known_ids_keep_their_story_and_copies_are_together(rows: list[tuple[str, int]], cut: int) -> None:
    batch = [Told(f"h{n}", title, NOON + timedelta(hours=hours)) for n, (title, hours) in enumerate(rows)]
    stories = Stories(timedelta(hours=100))
    first = stories.place(batch[:cut]).stories
    placed = stories.place(batch)
    everything = placed.stories
    assert everything[:cut] == [placed.united.get(story, story) for story in first]
    assert stories.place(batch).stories == everything
    assert len(stories) == len(batch)
    at_once = dict(zip(batch, Stories(timedelta(hours=100)).place(batch).stories, strict=True))
    for one, story in at_once.items():  # but for "Morning briefing" and its like, each of its own day
        if same := [other for other in batch if other.title == one.title and other.published_at == one.published_at]:
            assert {at_once[other] for other in same} == {story}


def test_another_days_issue_of_a_series_is_another_story() -> None:
    stories = Stories()
    today, soon, tomorrow = (
        stories.place(told(["Morning briefing"], hours, start)).stories for start, hours in enumerate((0, 1, 24))
    )
    assert today == soon != tomorrow


def test_what_is_beyond_the_horizon_is_forgotten_and_joins_nothing() -> None:
    stories = Stories(timedelta(hours=48))
    assert stories.place(told(["Duluth mayor resigns"])).stories == ["h0"]
    assert stories.place(told(["Duluth mayor resigns"], hours=48, start=1)).stories == ["h0"]
    assert stories.place(told(["Duluth mayor resigns"], hours=48.1, start=2)).stories == [
        "h0"
    ]  # as long as one is left
    assert len(stories) == 2
    assert stories.place(told(["Duluth mayor resigns"], hours=200, start=3)).stories == ["h3"]
    assert stories.place(told(["Duluth mayor resigns"], hours=100, start=4)).stories == ["h4"]  # arrived too late
    assert len(stories) == 1


def test_a_batch_longer_than_the_horizon_is_placed_as_if_it_came_hour_by_hour() -> None:
    batch = [Told(f"h{n}", "Duluth mayor resigns", NOON + timedelta(hours=60 * n)) for n in range(4)]
    assert Stories().place(batch).stories == ["h0", "h1", "h2", "h3"]


@given(st.lists(st.tuples(st.sampled_from(TITLES), st.integers(0, 20)), max_size=40))
@settings(max_examples=50, deadline=None)
def test_nothing_is_left_of_what_was_forgotten(rows: list[tuple[str, int]]) -> None:
    stories = Stories()
    batch = [Told(f"h{n}", title, NOON + timedelta(hours=hours)) for n, (title, hours) in enumerate(rows)]
    stories.place(batch)
    stories.learn(batch[:5], ["editor"] * len(batch[:5]))
    assert len(stories) == len(batch)
    stories.forget(NOON + timedelta(hours=10))
    assert len(stories) == sum(hours >= 10 for _, hours in rows)
    stories.forget(NOON + timedelta(hours=21))
    assert len(stories) == 0
    assert [name for name, part in vars(stories).items() if isinstance(part, Sized) and len(part)] == []
    assert Stories().place(told(TITLES, 30)).stories == stories.place(told(TITLES, 30)).stories


def test_an_editors_merge_and_split_are_followed_by_later_headlines() -> None:
    stories = Stories()
    vote, strike = "Council of Tacoma approves stadium", "Strike closes Frankfurt airport"
    batch = told([vote, strike])
    assert stories.place(batch).stories == ["h0", "h1"]
    stories.learn(batch, ["h0", "h0"])
    assert stories.place(batch).stories == ["h0", "h0"]
    stories.learn(batch[1:], ["h1"])
    assert stories.place(batch + told([strike], 1, start=2)).stories == ["h0", "h1", "h1"]


def test_what_was_learnt_from_the_store_goes_on_growing() -> None:
    stories = Stories()
    stories.learn(told(["Duluth mayor resigns over water contract"]), ["an older story"])
    assert stories.place(told(["Mayor of Duluth resigns in water contract row"], 1, start=1)).stories == [
        "an older story"
    ]


def test_a_story_of_many_wordings_goes_on_when_its_first_are_forgotten() -> None:
    stories = Stories(timedelta(hours=48))
    asides = ["", " today", " at last", " after row", " as expected", " this morning", " in tears", " again", " alone"]
    titles = [f"Duluth mayor Halvorsen resigns over water contract{aside}" for aside in asides]
    batch = [Told(f"h{n}", title, NOON + timedelta(hours=n)) for n, title in enumerate(titles)]
    assert set(stories.place(batch).stories) == {"h0"}
    stories.forget(NOON + timedelta(hours=8))
    assert stories.place(told([titles[0]], 9, start=20)).stories == ["h0"]
