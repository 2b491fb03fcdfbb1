"""What is chosen to be judged next."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.head import Head
from service.model import ImportanceModel
from service.sample import read_sample
from service.selecting import SIZES, Asked, Known, Pool, candidates, choose, places, repeats
from service.store.editorial import LabelEvent
from service.taste import Unknown
from service.types import Headline, Judgement, JudgementKind, Score, ScoredHeadline

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WIDTH = 3
NOTHING = Known(np.empty((0, WIDTH)), np.empty((0, WIDTH + 1)))


def listed(
    title: str, raw: float = 50.0, story: str = "", minutes: int = 5, doubt: str | None = None
) -> ScoredHeadline:
    time = NOON - timedelta(minutes=minutes)
    id_ = title.casefold().replace(" ", "-")
    headline = Headline(id_, title, f"https://n.example/{id_}", "Example News", time, time, story=story)
    return ScoredHeadline(headline, Score(raw, doubt=doubt), "some-1")


def titles(found: list[ScoredHeadline]) -> list[str]:
    return [one.headline.title for one in found]


def pool(size: int, seed: int = 0, **said: object) -> Pool:
    rng = np.random.default_rng(seed)
    spots = rng.normal(size=(size, WIDTH))
    spots /= np.linalg.norm(spots, axis=1, keepdims=True)
    raws, tastes = rng.uniform(0, 100, size), rng.normal(size=(size, WIDTH + 1))
    parts = {"raws": raws, "places": spots, "tastes": tastes, "fresh": np.ones(size, bool), **said}
    return Pool(**parts)  # type: ignore[arg-type]


def judged(number: int, hours_ago: float = 0.0, repeat: bool = False, kind: JudgementKind = "score") -> LabelEvent:
    judgement = Judgement(kind, (f"Headline {number}",), i_score=50.0)
    again = "again-" if repeat else ""
    return LabelEvent(f"{again}{number}", "ada", NOON - timedelta(hours=hours_ago), judgement, repeat=repeat)


# --- candidates ------------------------------------------------------------------------------------


def test_of_a_story_the_best_headline_stands_and_of_copies_the_first() -> None:
    rows = [listed("Dam leaks", 40, "dam"), listed("Dam bursts", 80, "dam"), listed("Dam breaks", 80, "dam", minutes=9)]
    assert titles(candidates([*rows, listed("Rates cut", 60)], [], 10, "x")) in (
        ["Dam breaks", "Rates cut"],
        ["Rates cut", "Dam breaks"],
    )


def test_a_story_is_over_once_a_headline_of_it_is_judged() -> None:
    rows = [listed("Dam leaks", 40, "dam"), listed("Dam bursts", 80, "dam"), listed("Rates cut", 60)]
    assert titles(candidates(rows, ["Dam leaks"], 10, "x")) == ["Rates cut"]


def test_what_the_model_cannot_read_is_not_asked_for() -> None:
    assert candidates([listed("Barrage rompu", doubt="it is not English")], [], 10, "x") == []


def test_the_same_headline_of_two_stories_is_asked_for_once() -> None:
    rows = [listed("Dam bursts", 80, "one"), listed("BREAKING: Dam bursts", 80, "two")]
    assert len(candidates(rows, [], 10, "x")) == 1


@given(st.lists(st.floats(0, 100), max_size=60), st.integers(4, 40))
def test_of_too_many_the_highest_are_kept_and_the_others_by_chance_alone(raws: list[float], most: int) -> None:
    rows = [listed(f"Headline {at}", raw) for at, raw in enumerate(raws)]
    found = candidates(rows, [], most, "x")
    everything = candidates(rows, [], 1000, "x")
    assert len(found) == min(most, len(rows))
    assert titles(found) == [title for title in titles(everything) if title in set(titles(found))]
    assert titles(found)[: most - most // 4] == titles(everything)[: most - most // 4]
    left = [one.raw for one in everything if one not in found]
    assert sum(one.raw >= max(left, default=0) for one in found) >= min(len(found), most // 4)


def test_the_order_of_chance_stays_when_headlines_come_and_go() -> None:
    rows = [listed(f"Headline {number}") for number in range(30)]
    whole, part = titles(candidates(rows, [], 100, "x")), titles(candidates(rows[:20], [], 100, "x"))
    assert part == [title for title in whole if title in part]
    assert titles(candidates(rows, [], 100, "y")) != whole


# --- the mix ---------------------------------------------------------------------------------------


def test_of_twenty_eight_are_uncertain_and_four_each_high_diverse_and_random() -> None:
    reasons = Counter(one.why for one in choose(pool(500), NOTHING, "score", 20, "x"))
    assert reasons == {"uncertain": 8, "high": 4, "diverse": 4, "random": 4}


def test_each_reason_is_true_of_what_is_chosen_for_it() -> None:
    pooled = pool(400)
    chosen = choose(pooled, NOTHING, "score", 5, "x")
    assert {one.why for one in chosen} == {"uncertain", "high", "diverse", "random"}
    for at, one in enumerate(chosen):
        earlier = [row for before in chosen[:at] for row in before.rows]
        near = (pooled.places @ pooled.places[earlier].T).max(1, initial=-1.0)
        unlike = [row for row in range(400) if near[row] < 0.7]
        told = Unknown(pooled.tastes, pooled.tastes[earlier]).told()
        best = {
            "uncertain": max(unlike, key=told.__getitem__),
            "high": max(unlike, key=pooled.raws.__getitem__),
            "diverse": min(unlike, key=near.__getitem__),
            "random": next(row for row in range(400) if row not in earlier),
        }
        assert one.rows == (best[one.why],)


def test_where_much_is_judged_another_label_tells_little() -> None:
    """Two crowds of a hundred and three odd ones: the crowd without labels is asked about, not the odd."""
    crowds = np.repeat(np.eye(WIDTH + 1), [100, 100, 3, 0], axis=0)
    pooled = pool(203, tastes=crowds * np.random.default_rng(1).uniform(0.9, 1.1, (203, 1)))
    known = Known(np.empty((0, WIDTH)), np.tile(np.eye(WIDTH + 1)[0], (5, 1)))
    (first, *_) = (one.rows[0] for one in choose(pooled, known, "score", 5, "x") if one.why == "uncertain")
    assert 100 <= first < 200


def test_the_random_ones_are_the_first_whatever_their_scores() -> None:
    chosen = choose(pool(300), NOTHING, "score", 100, "x")
    taken = [one.rows[0] for one in chosen]
    for one in chosen:
        if one.why == "random":
            before = set(taken[: taken.index(one.rows[0])])
            assert set(range(one.rows[0])) <= before


@given(st.integers(1, 60), st.integers(1, 40), st.sampled_from(list(SIZES)), st.text(max_size=5))
def test_no_headline_is_asked_for_twice_and_the_same_seed_asks_the_same(
    size: int, count: int, kind: Asked, seed: str
) -> None:
    chosen = choose(pool(size), NOTHING, kind, count, seed)
    rows = [row for one in chosen for row in one.rows]
    assert len(rows) == len(set(rows))
    assert len(chosen) == min(count, size // SIZES[kind])
    assert all(len(one.rows) == SIZES[kind] for one in chosen)
    assert chosen == choose(pool(size), NOTHING, kind, count, seed)


def test_what_others_have_judged_is_asked_for_by_chance_only() -> None:
    fresh = np.arange(200) >= 100
    chosen = choose(pool(200, fresh=fresh), NOTHING, "score", 40, "x")
    assert {one.why for one in chosen if not fresh[one.rows[0]]} == {"random"}


def test_look_alikes_of_what_is_judged_or_chosen_come_last() -> None:
    spots = np.vstack([np.tile([1.0, 0.0, 0.0], (10, 1)), np.tile([0.0, 1.0, 0.0], (2, 1)), [[0.0, 0.0, 1.0]]])
    raws = np.array([90.0] * 10 + [80.0, 70.0, 60.0])
    pooled = pool(13, places=spots, raws=raws)
    known = Known(spots[:1], pooled.tastes[:1])
    by_reason = [one.rows[0] for one in choose(pooled, known, "score", 4, "x") if one.why != "random"]
    assert set(by_reason[:2]) <= {10, 11, 12}


def test_a_pair_is_as_near_in_score_as_can_be() -> None:
    raws = np.array([10.0, 90.0, 11.0, 88.0, 50.0, 52.0])
    found = choose(pool(6, raws=raws), NOTHING, "pair", 3, "x")
    assert {frozenset(one.rows) for one in found} == {frozenset((0, 2)), frozenset((1, 3)), frozenset((4, 5))}


def test_sets_of_four_hold_one_of_each_quarter_of_the_scores() -> None:
    raws = np.arange(40.0)
    for one in choose(pool(40, raws=raws), NOTHING, "best_worst", 5, "x"):
        assert sorted(int(raws[row] // 10) for row in one.rows) == [0, 1, 2, 3]


def test_the_more_important_stands_in_no_particular_place() -> None:
    pooled = pool(400)
    firsts = [pooled.raws[one.rows[0]] > pooled.raws[one.rows[1]] for one in choose(pooled, NOTHING, "pair", 100, "x")]
    assert 30 < sum(firsts) < 70


def test_an_empty_pool_asks_nothing() -> None:
    assert choose(pool(0), NOTHING, "score", 20, "x") == []


# --- places ----------------------------------------------------------------------------------------


def test_places_are_directions_measured_by_the_heads_precision() -> None:
    head = Head(np.zeros(3), np.diag([4.0, 1.0, 1e-12]) + 1e-15, 1.0)
    found = places(head, np.array([[2.0, 0.0], [0.0, 2.0]], np.float32))
    assert np.linalg.norm(found, axis=1) == pytest.approx([1.0, 1.0])
    assert found.shape == (2, 3)


def test_headlines_of_one_event_are_alike_and_others_are_not(model: ImportanceModel) -> None:
    same = ["Flooding in Northport forces 4,000 from homes", "Northport flooding: 4,000 forced from their homes"]
    other = [str(row["title"]) for row in read_sample()]
    found = places(model.head, model.encoder.encode([*same, *other]))
    assert found[0] @ found[1] > 0.7
    assert np.quantile(found[0] @ found[2:].T, 0.99) < 0.5


# --- repeats ---------------------------------------------------------------------------------------


def test_a_twentieth_is_asked_for_again_twenty_judgements_later() -> None:
    own = [judged(number) for number in range(25)]
    (again,) = repeats(own, "score", NOON, 20, "x")
    assert own.index(again) < 5
    assert repeats([*own, judged(own.index(again), repeat=True)], "score", NOON, 20, "x") == []
    assert repeats(own[:20], "score", NOON, 20, "x") == []


def test_after_a_day_sooner_is_late_enough() -> None:
    old = [judged(number, hours_ago=25) for number in range(18)]
    new = [judged(number) for number in range(18, 20)]
    (again,) = repeats([*old, *new], "score", NOON, 20, "x")
    assert again in old


def test_no_more_than_a_twentieth_of_a_queue_is_repeats_and_none_of_another_kind_or_of_repeats() -> None:
    own = [judged(number, hours_ago=25) for number in range(200)]
    assert len(repeats(own, "score", NOON, 20, "x")) == 1
    assert len(repeats(own, "score", NOON, 60, "x")) == 3
    assert repeats([judged(number, 25, kind="cannot_judge") for number in range(200)], "score", NOON, 20, "x") == []
    found = repeats([*own, judged(7, repeat=True)], "score", NOON, 100, "x")
    assert judged(7, hours_ago=25) not in found
    assert not any(one.repeat for one in found)
