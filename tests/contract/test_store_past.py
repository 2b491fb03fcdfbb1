"""What every store promises of spans, stories and the past. The fixtures run each test on SQLite and on PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.store.connect import open_store
from service.store.contract import Census, Span
from service.store.sql import SqlStore
from service.types import Headline, Score, ScoredHeadline

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HEADLINE = Headline("a", "Parliament passes budget", "https://example.org/a", "Example", NOON, NOON)
EVER = (NOON - timedelta(days=1), NOON + timedelta(days=1))


def scored(key: str, raw: float = 50.0, model: str = "m1", **fields: object) -> ScoredHeadline:
    """A headline that differs from the others only in what a test is about."""
    headline = replace(HEADLINE, id=key, url=f"https://example.org/{key}")
    return ScoredHeadline(replace(headline, **fields), Score(raw), model)  # type: ignore[arg-type]


def ids(found: list[ScoredHeadline]) -> list[str]:
    return [one.headline.id for one in found]


def test_the_best_come_by_score_then_newest_then_id(store: SqlStore) -> None:
    store.put([scored("a", 10), scored("c", 60), scored("b", 60), scored("d", 60, published_at=NOON + MINUTE)])
    store.put_scores([scored("a", 99, "m2")])
    assert ids(store.best(Span("m1", *EVER), 3)) == ["d", "b", "c"]
    assert ids(store.best(Span("m1", *EVER), 9)) == ["d", "b", "c", "a"]
    assert ids(store.best(Span("m2", *EVER), 9)) == ["a"]
    assert store.best(Span("m1", NOON, NOON + MINUTE), 9)[0].headline.id == "d"


def test_a_census_counts_headlines_stories_and_what_waits(store: SqlStore) -> None:
    old = NOON - MINUTE
    store.put([scored("a", published_at=old), scored("b", story="a"), scored("c"), scored("d", model="m2")])
    assert store.census(Span("m1", *EVER)) == Census(3, 2, 1, old)
    assert store.census(Span("m1", old, NOON)) == Census(2, 2, 1, NOON)
    assert store.census(Span("m3", *EVER)) == Census(0, 0, 4, None)


def test_a_story_is_told_by_the_headlines_that_say_so_and_by_its_first(store: SqlStore) -> None:
    store.put([scored("a"), scored("b", story="a", published_at=NOON - MINUTE), scored("c")])
    assert [one.id for one in store.story("a")] == ["b", "a"]
    assert [one.id for one in store.story("c")] == ["c"]
    assert store.story("nobody") == []
    assert sorted(ids(store.told(Span("m1", *EVER), ["a"]))) == ["a", "b"]
    assert store.told(Span("m1", *EVER), []) == []


def test_who_is_told_another_story_changes_and_the_rest_stays(store: SqlStore) -> None:
    store.put([scored("a"), scored("b", story="a"), scored("c")])
    before = store.revision()
    assert store.retell({"b": "c", "c": "c", "nobody": "c"}) == 1
    assert store.revision() == before + 1
    assert [one.id for one in store.story("c")] == ["b", "c"]
    assert ids(store.told(Span("m1", *EVER, before), ["a"])) != ids(store.told(Span("m1", *EVER), ["a"])) == ["a"]
    assert store.retell({"b": "c"}) == 0
    assert store.revision() == before + 1
    store.put([scored("b", 60, title="Edited", story="a")])  # what an editor said outlives an edit
    assert [one.id for one in store.story("c")] == ["b", "c"]


def test_what_is_new_or_changed_since_is_heard_oldest_first(store: SqlStore) -> None:
    store.put([scored("a"), scored("b", published_at=NOON - MINUTE)])
    seen = store.revision()
    store.put([scored("c", published_at=NOON + MINUTE), scored("a", title="Edited"), scored("b")])
    assert [one.id for one in store.heard(seen, NOON - MINUTE)] == ["a", "b", "c"]
    assert [one.id for one in store.heard(seen, NOON)] == ["c"]
    assert store.heard(store.revision(), NOON - MINUTE) == []


def test_the_model_whose_scores_are_listed_is_known_for_every_revision(store: SqlStore) -> None:
    assert store.ruler(store.revision()) is None
    store.reign("m1")
    first = store.revision()
    store.reign("m1")
    assert store.revision() == first
    store.reign("m2")
    assert [store.ruler(at) for at in (0, first, store.revision(), 99)] == [None, "m1", "m2", "m2"]


def test_scores_of_a_model_that_does_not_reign_change_no_list(store: SqlStore) -> None:
    headline = Headline("a", "Dam bursts", "https://a.example/", "A", NOON, NOON)
    store.put([ScoredHeadline(headline, Score(60.0), "m1")])
    assert store.listed_revision() == store.revision()
    store.reign("m1")
    listed = store.listed_revision()
    assert listed == store.revision()
    store.put_scores([ScoredHeadline(headline, Score(50.0), "m2")])
    assert (store.listed_revision(), store.revision()) == (listed, listed + 1)
    store.put_scores([ScoredHeadline(headline, Score(55.0), "m1")])
    assert store.listed_revision() == store.revision() == listed + 2
    store.reign("m2")
    assert store.listed_revision() == store.revision() == listed + 3


def test_a_revision_is_found_by_its_time(url: str) -> None:
    times = iter([NOON, NOON, NOON + MINUTE, NOON + MINUTE])
    store = open_store(url, lambda: next(times))
    store.put([scored("a")])
    store.reign("m1")
    found = [store.revision_at(NOON + delay) for delay in (-MINUTE, 0 * MINUTE, MINUTE / 2, MINUTE, 9 * MINUTE)]
    store.close()
    assert found == [0, 1, 1, 2, 2]


def test_what_a_headline_was_is_kept_with_its_scores(store: SqlStore) -> None:
    assert store.past("a") == []
    store.put([scored("a", 10)])
    store.put_scores([scored("a", 20, "m2")])
    store.put([scored("a", 30, title="Edited")])
    store.put([scored("a", 40, title="Edited", topic="world")])
    first, second = store.past("a")
    assert (first.headline.title, first.scores) == (HEADLINE.title, {"m1": Score(10), "m2": Score(20)})
    assert (second.headline.title, second.headline.topic, second.scores) == ("Edited", None, {"m1": Score(30)})
    assert first.until <= second.until


batches = st.lists(
    st.builds(
        scored,
        st.sampled_from("abcd"),
        st.sampled_from([10.0, 50.0, 50.5]),
        st.sampled_from(["m1", "m2"]),
        title=st.sampled_from(["x", "y"]),
        topic=st.sampled_from([None, "world"]),
        published_at=st.sampled_from([NOON, NOON + MINUTE, NOON - 2 * timedelta(days=1)]),
        story=st.sampled_from(["", "a", "z"]),
    ),
    max_size=4,
)
changes = st.lists(
    st.tuples(st.just("put"), batches)
    | st.tuples(st.just("put_scores"), batches)
    | st.tuples(st.just("retell"), st.dictionaries(st.sampled_from("abcd"), st.sampled_from("az"), max_size=2)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(changes=changes)
def test_a_span_can_be_read_again_as_of_any_revision(store: SqlStore, changes: list[tuple[str, object]]) -> None:
    def look(model: str, at: int | None) -> object:
        span = Span(model, *EVER, at)
        window = sorted(store.window(span), key=lambda one: one.headline.id)
        assert sorted(ids(store.best(span, 9))) == ids(window)
        census = store.census(span)
        assert (census.headlines, census.stories) == (len(window), len({one.headline.story_id for one in window}))
        told = [sorted(ids(store.told(span, [story]))) for story in "abcdz"]
        assert told == [[one.headline.id for one in window if one.headline.story_id == story] for story in "abcdz"]
        return window, census

    seen = []
    for method, argument in changes:
        getattr(store, method)(argument)
        seen.append((store.revision(), [look(model, None) for model in ("m1", "m2")]))
    for at, said in seen:
        assert [look(model, at) for model in ("m1", "m2")] == said


def test_a_span_is_read_whole_while_its_rows_move_to_the_past(store: SqlStore, url: str) -> None:
    store.put([scored(f"h{number}") for number in range(50)])
    at = store.revision()
    writer = open_store(url)

    def rewrite() -> None:
        for turn in range(20):
            writer.put([scored(f"h{number}", title=f"Title {turn}") for number in range(50)])

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(rewrite)
        seen = []
        while not writing.done():
            seen.append(sorted(ids(store.window(Span("m1", *EVER, at)))))
        writing.result()
    writer.close()
    assert seen
    assert all(one == sorted(f"h{number}" for number in range(50)) for one in seen)
