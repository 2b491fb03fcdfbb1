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
from service.types import TOPICS, Headline, Score, ScoredHeadline

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVERYTHING = ListQuery(limit=100, collapse="none")


def scored(title: str, raw: float, minutes_ago: float = 0, **fields: Any) -> ScoredHeadline:
    url = f"https://news.example/{title}/{fields.get('source', '')}/{minutes_ago}"
    time = NOON - timedelta(minutes=minutes_ago)
    headline = Headline(headline_id(title, url), title, url, fields.pop("source", "Source"), time, time)
    return ScoredHeadline(replace(headline, **fields), Score(raw), "model-1")


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
