"""The order is total and stable, and pages cut it without loss."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.bands import BANDS, band_of, rounded
from service.ranking import ListQuery, Row, rank
from service.text import headline_id
from service.types import TOPICS, Headline, Score, ScoredHeadline

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVERYTHING = ListQuery(limit=100, collapse="none")


def scored(title: str, raw: float, minutes_ago: float = 0, **fields: str) -> ScoredHeadline:
    url = f"https://news.example/{title}/{fields.get('source', '')}/{minutes_ago}"
    time = NOON - timedelta(minutes=minutes_ago)
    headline = Headline(headline_id(title, url), title, url, fields.get("source", "Source"), time, time)
    return ScoredHeadline(replace(headline, topic=fields.get("topic")), Score(raw), "model-1")


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
    assert sum(row.story.headlines for row in folded.rows) == len(fits)
    assert len({row.story.id for row in folded.rows}) == len(folded.rows) == len({r.story.id for r in flat.rows})
    for row in folded.rows:  # the best of a story stands for it
        assert row.scored == next(one.scored for one in flat.rows if one.story.id == row.story.id)


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


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mayor resigns", "MAYOR RESIGNS!"),
        ("Mayor's wife: “I resign”", "mayor s wife - I resign"),
        ("Землетрясение в Перу", "ЗЕМЛЕТРЯСЕНИЕ, в Перу"),
    ],
)
def test_the_same_words_are_one_story(one: str, other: str) -> None:
    rows = rank([scored(one, 50, source="A"), scored(other, 40, source="B")], ListQuery()).rows
    assert titles(rows) == [one]
    assert (rows[0].story.outlets, rows[0].story.headlines) == (2, 2)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mayor resigns", "Mayor resigned"),
        ("Землетрясение в Перу 2026", "Выборы в Перу 2026"),
        ("東京で地震 M7", "大阪で火災 M7"),
        ("Pelé dies", "Pela dies"),
    ],
)
def test_other_words_are_another_story_in_any_script(one: str, other: str) -> None:
    assert titles(rank([scored(one, 50), scored(other, 40)], ListQuery()).rows) == [one, other]
