"""Headlines from outside are judged one by one; the API's tests go through every field."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import InputError
from service.grouping import Grouping
from service.ingest import MAX_SOURCE_CHARS, counts, headline_from, ingest
from service.model import ImportanceModel, load
from service.rescore import CHUNK, Rescoring, rescore
from service.store.connect import open_store
from service.store.contract import Span
from service.store.sql import SqlStore
from service.text import MAX_TITLE_CHARS, canonical_url, clean, headline_id
from service.types import TOPICS, Headline
from tests.tiny_models import write_version

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[ImportanceModel]:
    """Two that disagree: "w90" scores 90 and 10."""
    folder = tmp_path_factory.mktemp("models")
    return [load(write_version(folder / f"tiny-{n}", upside_down=n == 2), threads=1) for n in (1, 2)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    store = open_store(f"sqlite:///{tmp_path / 'iscore.db'}")
    yield store
    store.close()


def item(number: int, **fields: object) -> dict[str, object]:
    return {"title": f"w{number}", "url": f"https://news.example/{number}", **fields}


def judged(item: object) -> Headline | str:
    try:
        return headline_from(item, NOW)
    except InputError as exc:
        return str(exc)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
fields = st.fixed_dictionaries(
    {},
    optional={
        "title": st.text() | json_values,
        "url": st.text().map(lambda text: "https://news.example/" + text) | json_values,
        "source": st.text() | json_values,
        "published_at": st.datetimes(timezones=st.timezones() | st.none()).map(datetime.isoformat) | json_values,
        "language": st.sampled_from(["en", "pt-BR"]) | json_values,
        "topic": st.sampled_from(TOPICS) | json_values,
    },
)


@settings(max_examples=250)
@given(item=fields | json_values)
def test_whatever_comes_is_a_sound_headline_or_an_input_error(item: object) -> None:
    headline = judged(item)
    if isinstance(headline, str):
        assert 0 < len(headline) < 300
        return
    assert headline.title == clean(headline.title)
    assert 0 < len(headline.title) <= MAX_TITLE_CHARS
    assert headline.url == canonical_url(headline.url)
    assert headline.id == headline_id(headline.title, headline.url)
    assert 0 < len(headline.source) <= MAX_SOURCE_CHARS
    assert headline.published_at <= headline.first_seen_at == NOW
    assert headline.published_at.tzinfo is headline.first_seen_at.tzinfo is UTC
    assert headline.topic in (None, *TOPICS)


def test_outcomes_come_in_input_order_with_the_good_kept_and_scored(
    models: list[ImportanceModel], store: SqlStore
) -> None:
    outcomes = ingest([item(90), {}, item(20), item(90), 5, item(90, title="w91")], models[0], store, NOW)
    assert [one.result for one in outcomes] == ["created", "rejected", "created", "duplicate", "rejected", "updated"]
    assert counts(outcomes) == {"created": 2, "updated": 1, "duplicate": 1, "rejected": 2}
    kept = {one.headline.title: one.raw for one in store.window(Span("tiny-1", NOW - DAY, NOW))}
    assert kept == {"w91": 91.0, "w20": 20.0}


def test_nothing_good_writes_nothing(models: list[ImportanceModel], store: SqlStore) -> None:
    before = store.revision()
    assert [one.result for one in ingest([{}, None], models[0], store, NOW)] == ["rejected", "rejected"]
    assert ingest([], models[0], store, NOW) == []
    assert store.revision() == before


# --- rescoring what is kept ---


def raws(store: SqlStore, model: str) -> list[float]:
    return sorted(one.raw for one in store.window(Span(model, NOW - DAY, NOW)))


def test_another_model_scores_what_it_has_not_scored_and_nothing_else(
    models: list[ImportanceModel], store: SqlStore
) -> None:
    ingest([item(90), item(20)], models[0], store, NOW)
    assert rescore(models[1], store, NOW - DAY, NOW) == 2
    assert (raws(store, "tiny-1"), raws(store, "tiny-2")) == ([20, 90], [10, 80])
    revision = store.revision()
    assert rescore(models[1], store, NOW - DAY, NOW) == 0
    assert store.revision() == revision


def test_rescoring_goes_on_piece_by_piece_newest_first(models: list[ImportanceModel], store: SqlStore) -> None:
    ages = range(CHUNK + 10)
    times = [(NOW - timedelta(seconds=age)).isoformat() for age in ages]
    items = [item(age % 101, url=f"https://news.example/{age}", published_at=times[age]) for age in ages]
    ingest(items, models[0], store, NOW)
    rescoring = Rescoring(models[1], store)
    assert rescoring.step(NOW, ()) is True
    assert store.census(Span("tiny-2", NOW - DAY, NOW)).unscored == 10
    assert store.census(Span("tiny-2", NOW - timedelta(seconds=CHUNK), NOW)).unscored == 0
    assert rescoring.step(NOW, ()) is False
    assert store.census(Span("tiny-2", NOW - DAY, NOW)).unscored == 0


def test_what_comes_in_without_a_score_is_scored_however_old_it_is(
    models: list[ImportanceModel], store: SqlStore
) -> None:
    ingest([item(90)], models[0], store, NOW)
    rescoring = Rescoring(models[1], store)
    assert rescoring.step(NOW, ()) is False
    for days in (0, 20):
        ingest(
            [item(20, published_at=(NOW - days * DAY).isoformat(), url=f"https://a.example/{days}")],
            models[0],
            store,
            NOW,
        )
        assert store.census(Span("tiny-2", NOW - 30 * DAY, NOW)).unscored == 1
        assert rescoring.step(NOW, ()) is False
        assert store.census(Span("tiny-2", NOW - 30 * DAY, NOW)).unscored == 0


def test_headlines_of_one_moment_are_all_rescored(models: list[ImportanceModel], store: SqlStore) -> None:
    items = [item(n % 101, url=f"https://news.example/{n}") for n in range(CHUNK + 10)]
    ingest(items, models[0], store, NOW)
    assert rescore(models[1], store, NOW - DAY, NOW) == CHUNK + 10


def test_only_the_given_times_are_rescored(models: list[ImportanceModel], store: SqlStore) -> None:
    ingest([item(90), item(20, published_at=(NOW - 2 * DAY).isoformat())], models[0], store, NOW)
    assert rescore(models[1], store, NOW - DAY, NOW) == 1


# --- what a poller may say ---


def test_a_date_that_nobody_published_is_said_and_never_renewed(models: list[ImportanceModel], store: SqlStore) -> None:
    undated = item(90, date_source="fetched", publisher="Example Group")
    assert ingest([undated], models[0], store, NOW, inside=True)[0].result == "created"
    assert ingest([undated], models[0], store, NOW + DAY, inside=True)[0].result == "duplicate"
    (one,) = store.window(Span("tiny-1", NOW - DAY, NOW))
    assert (one.headline.date_source, one.headline.voice) == ("fetched", "Example Group")
    edited = {**undated, "title": "w91"}
    assert ingest([edited], models[0], store, NOW + DAY, inside=True)[0].result == "updated"
    (one,) = store.window(Span("tiny-1", NOW - DAY, NOW))
    assert (one.headline.title, one.headline.published_at) == ("w91", NOW)


def test_what_two_sections_of_an_outlet_carry_does_not_change_back_and_forth(
    models: list[ImportanceModel], store: SqlStore
) -> None:
    sections = [
        item(90, topic=topic, published_at=time.isoformat())
        for topic, time in (("world", NOW - DAY), ("business", NOW))
    ]
    said = [ingest([one], models[0], store, NOW, inside=True)[0].result for one in sections * 2]
    assert said == ["created", "duplicate", "duplicate", "duplicate"]
    found = store.get(headline_id("w90", "https://news.example/90"))
    assert found
    assert found[0].topic == "world"


@pytest.mark.parametrize("field", ["publisher", "date_source"])
def test_a_caller_may_not_say_what_only_a_poller_knows(
    models: list[ImportanceModel], store: SqlStore, field: str
) -> None:
    (outcome,) = ingest([item(90, **{field: "fetched"})], models[0], store, NOW)
    assert (outcome.result, outcome.reason and field in outcome.reason) == ("rejected", True)


def test_what_is_told_again_joins_its_story(models: list[ImportanceModel], store: SqlStore) -> None:
    told = Grouping(store)
    first, second = (f"https://{name}.example/1" for name in "ab")
    ingest([item(90, url=first)], models[0], store, NOW, told=told)
    ingest([item(90, url=second), item(20)], models[0], store, NOW, told=Grouping(store))
    stories = {one.headline.url: one.headline.story_id for one in store.window(Span("tiny-1", NOW - DAY, NOW))}
    assert stories[second] == stories[first] == headline_id("w90", first)
    assert len(set(stories.values())) == 2


def test_an_editors_split_and_merge_are_learnt_before_the_next_headline(
    models: list[ImportanceModel], store: SqlStore
) -> None:
    told = Grouping(store)
    a, b, c, d = (f"https://{name}.example/1" for name in "abcd")
    ingest([item(90, url=a), item(90, url=b), item(20)], models[0], store, NOW, told=told)
    store.retell({headline_id("w90", a): "elsewhere", headline_id("w90", b): "elsewhere"})
    ingest([item(90, url=c)], models[0], store, NOW, told=told)
    found = store.get(headline_id("w90", c))
    assert found
    assert found[0].story_id == "elsewhere"
    ingest([item(90, url=a, topic="world")], models[0], store, NOW, told=told)  # an edit keeps what the editor said
    assert {one.url for one in store.story("elsewhere")} == {a, b, c}
    ingest([item(90, url=d, published_at=(NOW - 3 * DAY).isoformat())], models[0], store, NOW, told=told)
    assert [one.url for one in store.story(headline_id("w90", d))] == [d]
