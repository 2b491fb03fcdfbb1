"""What every store promises of headlines and scores. The fixtures run each test on SQLite and on PostgreSQL."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from service.store.connect import open_store
from service.store.contract import Span
from service.store.sql import SqlStore
from service.types import Headline, Score, ScoredHeadline

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
TICK = timedelta(microseconds=1)
EVER = (NOON - timedelta(days=1), NOON + timedelta(days=1))
HEADLINE = Headline("a1", "Parliament passes budget", "https://example.org/a1", "Example", NOON, NOON, "en", "politics")

# The store is shared by the examples of one property: each example says what it needs of it.
on_one_store = settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def scored(headline: Headline = HEADLINE, raw: float = 50.0, model: str = "m1") -> ScoredHeadline:
    """A scored headline that differs from the others only in what a test is about."""
    return ScoredHeadline(headline, Score(raw), model)


def numbered(number: int) -> Headline:
    """One of many different headlines; a higher number is published later."""
    name = f"h{number:05}"
    return replace(HEADLINE, id=name, title=f"Headline {number}", published_at=NOON + number * TICK)


def test_an_unknown_headline_is_none(store: SqlStore) -> None:
    assert store.get("nobody") is None


@pytest.mark.parametrize("name", ["a\0", "\0", "\ud800", "", "é" * 5000])
def test_an_impossible_id_is_merely_unknown(store: SqlStore, name: str) -> None:
    assert store.get(name) is None
    assert store.key(name) is None
    assert store.reply(name, name) is None
    assert store.window(Span(name, *EVER)) == []
    assert not store.revoke_key(name, NOON)


def test_a_new_headline_is_created_and_comes_back_as_it_went_in(store: SqlStore) -> None:
    assert store.put([scored(raw=12.345678901234567)]) == ["created"]
    assert store.get("a1") == (HEADLINE, {"m1": Score(12.345678901234567)})


def test_all_that_a_score_says_comes_back(store: SqlStore) -> None:
    score = Score(12.5, "science", (3.25, 21.75), 31.5, "2 of the 3 words that a headline has at least")
    store.put([ScoredHeadline(HEADLINE, score, "m1")])
    assert store.get("a1") == (HEADLINE, {"m1": score})
    assert store.window(Span("m1", *EVER)) == [ScoredHeadline(HEADLINE, score, "m1")]


def test_the_newest_scores_of_a_time_come_newest_first(store: SqlStore) -> None:
    store.put([scored(numbered(n), float(n)) for n in range(6)] + [scored(numbered(9), 9.0, "m2")])
    assert store.raws("m1", numbered(1).published_at, numbered(4).published_at, 10) == [4.0, 3.0, 2.0]
    assert store.raws("m1", *EVER, 2) == [5.0, 4.0]
    assert store.raws("m3", *EVER, 2) == []


def test_missing_language_and_topic_stay_missing(store: SqlStore) -> None:
    plain = replace(HEADLINE, language=None, topic=None)
    store.put([scored(plain)])
    assert store.get("a1") == (plain, {"m1": Score(50.0)})


def test_nothing_put_is_nothing_said(store: SqlStore) -> None:
    assert store.put([]) == []
    store.put_scores([])
    assert store.revision() == 0


def test_changes_are_told_in_input_order(store: SqlStore) -> None:
    known, edited = numbered(1), numbered(2)
    store.put([scored(known), scored(edited)])
    batch = [numbered(9), known, replace(edited, title="Another"), numbered(0), known]
    assert store.put([scored(one) for one in batch]) == ["created", "duplicate", "updated", "created", "duplicate"]


def test_one_id_twice_in_a_batch_is_created_once_then_judged_against_the_first(store: SqlStore) -> None:
    later = replace(HEADLINE, title="Parliament rejects budget")
    said = store.put([scored(), scored(), scored(later, 60.0), scored(later, 70.0)])
    assert said == ["created", "duplicate", "updated", "duplicate"]
    assert store.get("a1") == (later, {"m1": Score(60.0)})


@pytest.mark.parametrize(
    "edited",
    [
        replace(HEADLINE, title="Another title"),
        replace(HEADLINE, url="https://example.org/moved"),
        replace(HEADLINE, source="Another source"),
        replace(HEADLINE, published_at=NOON + TICK),
        replace(HEADLINE, language=None),
        replace(HEADLINE, topic="world"),
    ],
    ids=["title", "url", "source", "published_at", "language", "topic"],
)
def test_an_edit_replaces_all_but_the_first_sight(store: SqlStore, edited: Headline) -> None:
    store.put([scored()])
    assert store.put([scored(replace(edited, first_seen_at=NOON + timedelta(hours=1)), 60.0)]) == ["updated"]
    assert store.get("a1") == (edited, {"m1": Score(60.0)})


def test_an_edited_title_drops_the_scores_of_other_models(store: SqlStore) -> None:
    store.put([scored(), scored(numbered(1))])
    store.put_scores([scored(model="m2"), scored(numbered(1), model="m2")])
    store.put([scored(replace(HEADLINE, title="Edited"), 60.0)])
    assert store.get("a1") == (replace(HEADLINE, title="Edited"), {"m1": Score(60.0)})
    assert store.get("h00001") == (numbered(1), {"m1": Score(50.0), "m2": Score(50.0)})


def test_an_edit_that_leaves_the_title_keeps_the_scores_of_other_models(store: SqlStore) -> None:
    store.put([scored()])
    store.put([scored(replace(HEADLINE, topic="world"), 60.0, "m2")])
    assert store.get("a1") == (replace(HEADLINE, topic="world"), {"m1": Score(50.0), "m2": Score(60.0)})


def test_a_duplicate_keeps_its_score_and_its_first_sight(store: SqlStore) -> None:
    store.put([scored()])
    assert store.put([scored(replace(HEADLINE, first_seen_at=NOON + TICK), 99.0)]) == ["duplicate"]
    assert store.get("a1") == (HEADLINE, {"m1": Score(50.0)})


def test_a_duplicate_brings_a_missing_score(store: SqlStore) -> None:
    store.put([scored()])
    assert store.put([scored(raw=60.0, model="m2")]) == ["duplicate"]
    assert store.get("a1") == (HEADLINE, {"m1": Score(50.0), "m2": Score(60.0)})


def test_the_same_instant_in_another_zone_is_a_duplicate(store: SqlStore) -> None:
    store.put([scored()])
    elsewhere = replace(HEADLINE, published_at=NOON.astimezone(timezone(timedelta(hours=5, minutes=30))))
    assert store.put([scored(elsewhere)]) == ["duplicate"]


def test_ten_thousand_headlines_go_in_one_batch(store: SqlStore) -> None:
    batch = [scored(numbered(number)) for number in range(10_000)]
    assert Counter(store.put(batch)) == {"created": 10_000}
    assert Counter(store.put(batch)) == {"duplicate": 10_000}
    store.put_scores([replace(one, model="m2") for one in batch])
    edited = [replace(one, headline=replace(one.headline, title="Edited")) for one in batch]
    assert Counter(store.put(edited)) == {"updated": 10_000}
    assert store.window(Span("m2", *EVER)) == []
    assert len(store.window(Span("m1", *EVER))) == 10_000


def test_a_batch_with_an_impossible_score_changes_nothing(store: SqlStore) -> None:
    for impossible in (float("nan"), -0.5, 100.5):
        with pytest.raises(IntegrityError):
            store.put([scored(), scored(numbered(1), impossible)])
    assert store.get("a1") is None
    assert store.revision() == 0


def test_a_naive_time_is_a_bug_of_the_caller_and_changes_nothing(store: SqlStore) -> None:
    with pytest.raises(Exception, match="offset-naive"):
        store.put([scored(), scored(replace(HEADLINE, id="b1", published_at=NOON.replace(tzinfo=None)))])
    assert store.get("a1") is None


def test_put_scores_adds_and_replaces(store: SqlStore) -> None:
    store.put([scored()])
    store.put_scores([scored(raw=1.0), scored(raw=2.0, model="m2"), scored(raw=3.0, model="m2")])
    assert store.get("a1") == (HEADLINE, {"m1": Score(1.0), "m2": Score(3.0)})


def test_put_scores_skips_unknown_headlines_and_edited_titles(store: SqlStore) -> None:
    edited = replace(numbered(1), title="Edited since")
    store.put([scored(), scored(edited)])
    store.put_scores([scored(model="m2"), scored(numbered(1), model="m2"), scored(numbered(2), model="m2")])
    assert [one.headline for one in store.window(Span("m2", *EVER))] == [HEADLINE]
    assert store.get("h00001") == (edited, {"m1": Score(50.0)})
    assert store.get("h00002") is None


def test_put_scores_leaves_the_headline_alone(store: SqlStore) -> None:
    store.put([scored()])
    store.put_scores([scored(replace(HEADLINE, topic="world", source="Other"), 60.0)])
    assert store.get("a1") == (HEADLINE, {"m1": Score(60.0)})


def test_a_window_excludes_its_start_and_includes_its_end(store: SqlStore) -> None:
    store.put([scored(numbered(number)) for number in range(5)])
    inside = store.window(Span("m1", NOON + TICK, NOON + 3 * TICK))
    assert {one.headline.id for one in inside} == {"h00002", "h00003"}
    unscored = store.unscored("m2", NOON + TICK, NOON + 3 * TICK, 10)
    assert {one.id for one in unscored} == {"h00002", "h00003"}
    assert store.census(Span("m2", NOON + TICK, NOON + 3 * TICK)).unscored == 2


def test_a_window_holds_the_scores_of_its_model_only(store: SqlStore) -> None:
    store.put([scored(numbered(1), 1.0), scored(numbered(2), 2.0, "m2"), scored(numbered(1), 3.0, "m2")])
    assert store.window(Span("m1", *EVER)) == [scored(numbered(1), 1.0)]
    assert {one.raw for one in store.window(Span("m2", *EVER))} == {2.0, 3.0}


def test_a_window_may_be_given_in_any_zone(store: SqlStore) -> None:
    store.put([scored()])
    tokyo = timezone(timedelta(hours=9))
    assert store.window(Span("m1", (NOON - TICK).astimezone(tokyo), NOON.astimezone(tokyo))) == [scored()]


def test_unscored_headlines_come_newest_first_up_to_the_limit(store: SqlStore) -> None:
    store.put([scored(numbered(number)) for number in (3, 1, 4, 0, 2)])
    store.put_scores([scored(numbered(3), model="m2")])
    assert store.unscored("m2", *EVER, 3) == [numbered(4), numbered(2), numbered(1)]
    assert store.unscored("m2", *EVER, 0) == []
    assert store.census(Span("m2", *EVER)).unscored == 4
    assert store.census(Span("m1", *EVER)).unscored == 0


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2026, 3, 1, 2, 30, 0, 1, tzinfo=timezone(timedelta(hours=-3, minutes=-30))),
        datetime.max.replace(tzinfo=UTC),
    ],
    ids=str,
)
def test_times_keep_their_microseconds_and_come_back_in_utc(store: SqlStore, moment: datetime) -> None:
    store.put([scored(replace(HEADLINE, published_at=moment, first_seen_at=moment))])
    found = store.get("a1")
    assert found is not None
    assert found[0].published_at == found[0].first_seen_at == moment
    assert found[0].published_at.tzinfo is UTC


def test_concurrent_writers_of_the_same_headlines_create_each_once(store: SqlStore, url: str) -> None:
    batches = [[scored(numbered(n)) for n in range(start, start + 60)] for start in (0, 20, 40, 0, 20, 40, 10, 30)]
    another = open_store(url)
    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(lambda job: job[0].put(job[1]), zip([store, another] * 4, batches, strict=True)))
    another.close()
    created = [
        one.headline.id
        for batch, answers in zip(batches, said, strict=True)
        for one, answer in zip(batch, answers, strict=True)
        if answer == "created"
    ]
    assert sorted(created) == [numbered(n).id for n in range(100)]
    assert {answer for answers in said for answer in answers} == {"created", "duplicate"}
    assert len(store.window(Span("m1", *EVER))) == 100


def test_readers_see_a_batch_whole_or_not_at_all(store: SqlStore) -> None:
    with ThreadPoolExecutor(2) as pool:
        writing = pool.submit(
            lambda: [store.put([scored(numbered(100 * b + n)) for n in range(100)]) for b in range(10)]
        )
        seen = [len(store.window(Span("m1", *EVER)))]
        while not writing.done():
            seen.append(len(store.window(Span("m1", *EVER))))
        writing.result()
    assert all(count % 100 == 0 for count in seen)
    assert seen == sorted(seen)


def test_the_revision_grows_with_every_change_and_another_store_sees_it(store: SqlStore, url: str) -> None:
    another = open_store(url)
    seen = [another.revision()]
    for change in (
        lambda: store.put([scored()]),
        lambda: store.put([scored(replace(HEADLINE, topic="world"))]),
        lambda: store.put([scored(replace(HEADLINE, topic="world"), model="m2")]),
        lambda: store.put_scores([scored(raw=1.0)]),
        lambda: another.put([scored(replace(HEADLINE, title="Edited"))]),
    ):
        change()
        assert another.revision() == store.revision()
        seen.append(another.revision())
    another.close()
    assert seen == sorted(set(seen))


def test_the_revision_stays_when_nothing_changes(store: SqlStore) -> None:
    store.put([scored()])
    before = store.revision()
    store.put([scored(), scored()])
    store.put_scores([scored(numbered(7))])
    store.secret()
    assert store.revision() == before


def test_what_was_put_is_there_after_the_store_was_closed(store: SqlStore, url: str) -> None:
    store.put([scored()])
    store.close()
    again = open_store(url)
    assert again.get("a1") == (HEADLINE, {"m1": Score(50.0)})
    again.close()


text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)
times = st.datetimes(timezones=st.just(UTC))
any_headline = st.builds(
    Headline,
    id=text,
    title=text,
    url=text,
    source=text,
    published_at=times,
    first_seen_at=times,
    language=st.none() | text,
    topic=st.none() | text,
)


@on_one_store
@given(headline=any_headline, raw=st.floats(0, 100))
def test_any_text_time_and_score_comes_back_as_it_went_in(store: SqlStore, headline: Headline, raw: float) -> None:
    known = store.get(headline.id)
    store.put([scored(headline)])
    store.put_scores([scored(headline, raw)])
    seen = headline.first_seen_at if known is None else known[0].first_seen_at
    assert store.get(headline.id) == (replace(headline, first_seen_at=seen), {"m1": Score(raw)})


few = st.builds(
    replace, st.just(HEADLINE), id=st.sampled_from("abc"), title=st.sampled_from("xy"), topic=st.sampled_from("pq")
)
scores = st.builds(Score, st.floats(0, 100), st.sampled_from(["world", None]))
batches = st.lists(st.builds(ScoredHeadline, few, scores, st.sampled_from(["m1", "m2"])), max_size=8)


@on_one_store
@given(batch=batches)
def test_the_last_state_put_again_is_all_duplicates_and_changes_nothing(
    store: SqlStore, batch: list[ScoredHeadline]
) -> None:
    store.put(batch)
    states = [found for one in batch if (found := store.get(one.headline.id)) is not None]
    before = store.revision()
    again = [ScoredHeadline(headline, one, model) for headline, by_model in states for model, one in by_model.items()]
    assert set(store.put(again)) <= {"duplicate"}
    assert store.revision() == before
