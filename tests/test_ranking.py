"""The order is total and stable, and pages cut it without loss."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from service.bands import BANDS, band_of, rounded
from service.ranking import ListQuery, Row, rank, story_of
from service.text import headline_id
from service.types import TOPICS, Adjustment, AdjustmentKind, Headline, Score, ScoredHeadline

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVERYTHING = ListQuery(limit=100, collapse="none")


def scored(title: str, raw: float, minutes_ago: float = 0, **fields: Any) -> ScoredHeadline:
    url = f"https://news.example/{title}/{fields.get('source', '')}/{minutes_ago}"
    time = NOON - timedelta(minutes=minutes_ago)
    headline = Headline(headline_id(title, url), title, url, fields.pop("source", "Source"), time, time)
    return ScoredHeadline(replace(headline, **fields), Score(raw), "model-1")


def adjusted(
    kind: AdjustmentKind, one: ScoredHeadline, points: float = 0, minutes_ago: float = 5, id_: str = ""
) -> Adjustment:
    since, key = NOON - timedelta(minutes=minutes_ago), one.headline.id
    told = (key, one.headline.story_id)
    return Adjustment(id_ or f"{kind}-{key}", kind, *told, "a reason", "ada", since, NOON + timedelta(hours=1), points)


def titles(rows: tuple[Row, ...]) -> list[str]:
    return [row.scored.headline.title for row in rows]


some_headlines = st.lists(
    st.builds(
        scored,
        st.sampled_from(
            ["Mayor resigns", "MAYOR resigns!", "Volcano erupts", "Cup final", "Rates cut", "Землетрясение"]
        ),
        st.sampled_from([0.0, 12.25, 59.49, 59.5, 79.5, 85.1, 100.0]),
        st.sampled_from([0, 1, 2, 2.0000001, 30]),
        source=st.sampled_from(["A", "B", "C"]),
        topic=st.sampled_from(TOPICS[:3]),
        story=st.sampled_from(["", "", "s1", "s2"]),
    ),
    max_size=40,
    unique_by=lambda one: one.headline.id,
)
queries = st.builds(
    ListQuery,
    limit=st.integers(1, 7),
    sources=st.sampled_from([(), ("A",), ("A", "B")]),
    topics=st.sampled_from([(), (TOPICS[0], TOPICS[1])]),
    bands=st.sampled_from([(), ("top",), ("major", "notable")]),
    min_score=st.sampled_from([0, 12, 60]),
    collapse=st.sampled_from(["story", "none"]),
)
bounded = settings(max_examples=150)


@st.composite
def adjusted_headlines(draw: st.DrawFn) -> tuple[list[ScoredHeadline], list[Adjustment]]:
    """Headlines, with adjustments of some of them and of one that is not there."""
    headlines = draw(some_headlines)
    chosen = draw(st.lists(st.sampled_from([*headlines, scored("Elsewhere", 50)]), max_size=12))
    kinds: list[AdjustmentKind] = ["pin", "pin", "boost", "boost", "mute"]
    drawn = [(draw(st.sampled_from(kinds)), draw(st.sampled_from([-60.0, 0.5, 45.0]))) for _ in chosen]
    return headlines, [
        adjusted(kind, one, points if kind == "boost" else 0, draw(st.sampled_from([1, 2, 2, 30])), f"a{n}")
        for n, (one, (kind, points)) in enumerate(zip(chosen, drawn, strict=True))
    ]


@bounded
@given(headlines=some_headlines, seed=st.integers(0, 9))
def test_the_order_is_by_score_then_newest_then_id_whatever_order_comes_in(
    headlines: list[ScoredHeadline], seed: int
) -> None:
    ranking = rank(headlines, EVERYTHING)
    keys = [(-r.scored.raw, -r.scored.headline.published_at.timestamp(), r.scored.headline.id) for r in ranking.rows]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(headlines) == ranking.total
    assert rank(random.Random(seed).sample(headlines, len(headlines)), EVERYTHING) == ranking


@bounded
@given(headlines=some_headlines, query=queries)
def test_pages_cut_the_list_without_loss_or_repetition(headlines: list[ScoredHeadline], query: ListQuery) -> None:
    whole = rank(headlines, replace(query, limit=100))
    page = rank(headlines, query)
    rows = list(page.rows)
    while page.more:
        assert len(page.rows) == query.limit
        page = rank(headlines, query, rows[-1].position())
        rows += page.rows
        assert page.total == whole.total
    assert tuple(rows) == whole.rows
    assert [row.rank for row in rows] == list(range(1, whole.total + 1))
    assert rows == [] or rank(headlines, query, rows[-1].position()).rows == ()


@bounded
@given(headlines=some_headlines, query=queries)
def test_filters_keep_exactly_what_fits_and_stories_count_it(headlines: list[ScoredHeadline], query: ListQuery) -> None:
    fits = [
        one
        for one in headlines
        if rounded(one.raw) >= query.min_score
        and one.headline.source in (query.sources or "ABC")
        and one.headline.topic in (query.topics or TOPICS)
        and band_of(one.raw).name in (query.bands or [band.name for band in BANDS])
    ]
    flat = rank(fits, EVERYTHING)
    assert {one.headline.id for one in fits} == {
        row.scored.headline.id for row in rank(headlines, replace(query, limit=100, collapse="none")).rows
    }
    folded = rank(headlines, replace(query, limit=100, collapse="story"))
    assert len({row.story.id for row in folded.rows}) == len(folded.rows) == len({r.story.id for r in flat.rows})
    for row in folded.rows:  # the best of a story stands for it
        assert row.scored.raw == next(one.scored.raw for one in flat.rows if one.story.id == row.story.id)
        members = [one.headline for one in headlines if one.headline.story_id == row.story.id]
        assert row.story == story_of(members)


# --- adjustments ---


@bounded
@given(drawn=adjusted_headlines(), query=queries, seed=st.integers(0, 9))
def test_pages_neither_repeat_nor_lose_a_row_whatever_is_pinned_boosted_and_muted(
    drawn: tuple[list[ScoredHeadline], list[Adjustment]], query: ListQuery, seed: int
) -> None:
    headlines, held = drawn
    whole = rank(headlines, replace(query, limit=100), None, held)
    shuffled = random.Random(seed).sample(held, len(held))
    page = rank(headlines, query, None, shuffled)
    rows = list(page.rows)
    while page.more:
        assert (len(page.rows), page.total) == (query.limit, whole.total)
        page = rank(headlines, query, rows[-1].position(), shuffled)
        rows += page.rows
    assert tuple(rows) == whole.rows
    assert [row.rank for row in rows] == list(range(1, whole.total + 1))


@bounded
@given(drawn=adjusted_headlines(), query=queries)
def test_adjustments_move_and_hide_rows_and_change_nothing_that_is_said_of_them(
    drawn: tuple[list[ScoredHeadline], list[Adjustment]], query: ListQuery
) -> None:
    headlines, held = drawn
    query = replace(query, limit=100)
    plain = {row.scored.headline.id: row for row in rank(headlines, query).rows}
    muted = {one.story for one in held if one.kind == "mute"}
    rows = rank(headlines, query, None, held).rows
    assert {row.scored.headline.id for row in rows} == {key for key, row in plain.items() if row.story.id not in muted}
    for row in rows:
        before = plain[row.scored.headline.id]
        assert (row.scored, row.story) == (before.scored, before.story)
    marks = [row.adjusted == "pin" for row in rows]
    assert marks == sorted(marks, reverse=True)
    free = [row.weighed for row in rows if row.adjusted != "pin"]
    assert free == sorted(free, reverse=True)
    touched = {one.story for one in held}
    assert all(row.adjusted is None for row in rows if row.story.id not in touched)


def test_the_newest_pin_comes_first_and_a_story_shows_its_best_headline_all_the_same() -> None:
    told = [
        scored("Mayor quits", 70, source="A", story="m"),
        scored("Mayor resigns", 80, source="B", story="m"),
        scored("Ferry returns", 20),
        scored("Dam bursts", 99),
    ]
    held = [adjusted("pin", told[0], minutes_ago=9), adjusted("pin", told[2], minutes_ago=3)]
    rows = rank(told, ListQuery(), None, held).rows
    assert [(row.scored.headline.title, row.adjusted) for row in rows] == [
        ("Ferry returns", "pin"),
        ("Mayor resigns", "pin"),
        ("Dam bursts", None),
    ]
    again = [*held, adjusted("pin", told[0], minutes_ago=1, id_="again")]
    assert titles(rank(told, ListQuery(), None, again).rows) == ["Mayor resigns", "Ferry returns", "Dam bursts"]


def test_with_a_row_per_headline_a_pin_is_of_one_and_boost_and_mute_are_of_the_story() -> None:
    told = [
        scored("Mayor quits", 30, source="A", story="m"),
        scored("Mayor resigns", 20, source="B", story="m"),
        scored("Dam bursts", 60, story="d"),
        scored("Valley flooded", 50, story="d"),
        scored("Ferry returns", 40),
    ]
    flat = replace(EVERYTHING, limit=100)
    pinned = rank(told, flat, None, [adjusted("pin", told[1])]).rows
    assert titles(pinned) == ["Mayor resigns", "Dam bursts", "Valley flooded", "Ferry returns", "Mayor quits"]
    assert [row.adjusted for row in pinned] == ["pin", None, None, None, None]
    boosted = rank(told, flat, None, [adjusted("boost", told[1], 35)]).rows
    assert titles(boosted) == ["Mayor quits", "Dam bursts", "Mayor resigns", "Valley flooded", "Ferry returns"]
    assert [row.adjusted for row in boosted] == ["boost", None, "boost", None, None]
    muted = rank(told, flat, None, [adjusted("mute", told[3])])
    assert (titles(muted.rows), muted.total) == (["Ferry returns", "Mayor quits", "Mayor resigns"], 3)


def test_a_mute_outdoes_a_pin_and_a_pin_brings_in_nothing_that_was_not_asked_for() -> None:
    told = [scored("Ferry returns", 20), scored("Dam bursts", 99)]
    pin = adjusted("pin", told[0])
    assert titles(rank(told, ListQuery(), None, [pin, adjusted("mute", told[0])]).rows) == ["Dam bursts"]
    assert titles(rank(told, ListQuery(min_score=50), None, [pin]).rows) == ["Dam bursts"]
    assert titles(rank(told[1:], ListQuery(), None, [pin]).rows) == ["Dam bursts"]


def test_a_boost_counts_beside_weights_and_never_for_filters() -> None:
    told = [scored("Cup final", 40, topic="sports"), scored("Summit", 70, topic="world")]
    boost = [adjusted("boost", told[0], 25)]
    query = ListQuery(weights=(("sports", 1.2),))
    assert [row.weighed for row in rank(told, query, None, boost).rows] == [73.0, 70.0]
    assert titles(rank(told, ListQuery(bands=("major",)), None, boost).rows) == ["Summit"]


# --- rows ---


def test_a_page_begins_behind_a_row_that_has_gone_since() -> None:
    headlines = [scored(f"Headline {n}", n) for n in range(10)]
    page = rank(headlines, ListQuery(limit=3))
    without = [one for one in headlines if one != page.rows[-1].scored]
    assert titles(rank(without, ListQuery(limit=3), page.rows[-1].position()).rows) == [
        "Headline 6",
        "Headline 5",
        "Headline 4",
    ]


def test_nothing_ranks_as_nothing() -> None:
    ranking = rank([], ListQuery())
    assert (ranking.rows, ranking.total, ranking.more) == ((), 0, False)


def test_a_story_is_told_by_its_best_headline_and_of_copies_by_the_first() -> None:
    told = [
        scored("Mayor quits", 70, 1, source="A", story="m"),
        scored("Mayor resigns", 80, 5, source="B", story="m"),
        scored("Mayor resigns", 80, 9, source="C", story="m"),
        scored("Mayor stays", 75, source="D"),
    ]
    rows = rank(told, ListQuery()).rows
    assert [(row.scored.headline.title, row.scored.headline.source) for row in rows] == [
        ("Mayor resigns", "C"),
        ("Mayor stays", "D"),
    ]
    assert (rows[0].story.outlets, rows[0].story.headlines) == (2, 3)


def test_outlets_of_one_publisher_and_copies_confirm_nothing() -> None:
    told = [
        scored("Dam bursts", 70, 9, source="Post", publisher="Group"),
        scored("Dam bursts in the valley", 70, 8, source="Post Sport", publisher="Group"),
        scored("DAM BURSTS!", 70, 7, source="Herald"),
        scored("Valley under water", 70, 6, source="Times"),
    ]
    assert story_of([one.headline for one in told]).outlets == 2  # Group and Times


def test_filters_choose_rows_and_leave_stories_as_they_are() -> None:
    told = [scored("Mayor quits", 70, source="A", story="m"), scored("Mayor resigns", 80, source="B", story="m")]
    (row,) = rank(told, ListQuery(sources=("A",))).rows
    assert (row.scored.headline.source, row.story.outlets, row.story.headlines) == ("A", 2, 2)
