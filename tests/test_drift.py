"""Drift: distributions, shares and agreement, from invented news of 37 days."""

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.drift.measures import agreement, agreement_intervals, psi, risen
from service.drift.parts import ENOUGH, ENOUGH_JUDGED, Part
from service.drift.report import Evidence, Report, report
from service.ranks import spearman
from service.types import TOPICS, Headline, Score, ScoredHeadline

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVEN = tuple(np.linspace(0, 100, 201).tolist())
"""A reference in which all scores are equally frequent."""
counts = st.lists(st.integers(0, 1000), min_size=10, max_size=10).filter(any)


def row(raw: float, hours_ago: float, topic: str | None = "world", doubt: str | None = None) -> ScoredHeadline:
    time = NOW - timedelta(hours=hours_ago)
    headline = Headline(f"{raw}-{hours_ago}", "Ferry service resumes", "", "Example", time, time, topic=topic)
    return ScoredHeadline(headline, Score(raw, doubt=doubt), "tiny-1")


def month(
    per_day: int = 360, raw: Callable[[float], float] = lambda raw: raw, recent: Sequence[str] = TOPICS
) -> list[ScoredHeadline]:
    """As many headlines each day, of even scores and all topics; ``raw`` and ``recent``: how the last day differs."""
    rows = []
    for day in range(37):
        topics = cycle(TOPICS if day else recent)
        for k in range(per_day):
            score = 100 * (k + 0.5) / per_day
            hours_ago = 24 * (day + k / per_day)
            rows.append(row(score if day else raw(score), hours_ago, next(topics)))
    return rows


def made(rows: Sequence[ScoredHeadline] = (), **found: object) -> Report:
    return report("tiny-1", NOW, Evidence(rows, EVEN, **found))  # type: ignore[arg-type]


def part(seen: Report, name: str, window: str = "24h") -> Part:
    (found,) = [one for one in seen.parts if (one.name, one.window) == (name, window)]
    return found


# --- measures ---------------------------------------------------------------------------------------


@given(counts, counts)
def test_the_index_is_never_negative_and_the_same_in_both_directions(a: list[int], b: list[int]) -> None:
    assert psi(a, b) >= 0
    assert psi(a, b) == pytest.approx(psi(b, a))


@given(counts, st.integers(1, 50))
def test_the_index_of_equal_shares_is_zero_however_many_there_are(a: list[int], times: int) -> None:
    assert psi(a, [times * one for one in a]) == pytest.approx(0, abs=1e-12)


def test_the_index_has_the_values_of_its_definition() -> None:
    assert psi([50, 50], [60, 40]) == pytest.approx(0.1 * math.log(0.6 / 0.5) - 0.1 * math.log(0.4 / 0.5))
    assert psi([0.25, 0.25, 0.5], [0.5, 0.25, 0.25]) == pytest.approx(0.5 * math.log(2))


def test_one_headline_in_a_bin_that_was_empty_is_no_drift() -> None:
    assert psi([200, 0], [199, 1]) < 0.01


def test_by_chance_alone_the_index_stays_below_watching() -> None:
    drawn = np.random.default_rng(7).integers(0, 10, (500, ENOUGH))
    indices = [psi(np.ones(10), np.bincount(one, minlength=10)) for one in drawn]
    assert np.mean(np.array(indices) < 0.1) >= 0.99
    assert np.mean(indices) == pytest.approx(9 / ENOUGH, rel=0.1)  # chi-square of nine degrees, over n


def test_rank_correlation_shares_ranks_among_equals() -> None:
    assert spearman(np.array([1.0, 2, 3, 4]), np.array([10.0, 20, 30, 99])) == pytest.approx(1)
    assert spearman(np.array([1.0, 2, 3, 4]), np.array([4.0, 3, 2, 1])) == pytest.approx(-1)
    assert spearman(np.array([1.0, 2, 2, 4]), np.array([1.0, 3, 2, 4])) == pytest.approx(0.9486833)
    assert spearman(np.array([1.0, 2, 3]), np.array([5.0, 5, 5])) == 0


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), min_size=2, max_size=40))
def test_rank_correlation_is_a_correlation(pairs: list[tuple[int, int]]) -> None:
    a, b = (np.array(side, float) for side in zip(*pairs, strict=True))
    assert -1 - 1e-9 <= spearman(a, b) <= 1 + 1e-9
    assert spearman(a, b) == pytest.approx(spearman(b, a))
    assert spearman(3 * a + 1, b) == pytest.approx(spearman(a, b))


def test_intervals_hold_their_values_and_are_the_same_every_time() -> None:
    draw = np.random.default_rng(3)
    editors = draw.uniform(0, 100, 120)
    scores = editors + draw.normal(2, 8, 120)
    intervals = agreement_intervals(editors, scores)
    assert intervals == agreement_intervals(editors, scores)
    for value, (low, high) in zip(agreement(editors, scores), intervals, strict=True):
        assert low < value < high


@given(st.integers(0, 300), st.integers(0, 300))
def test_the_interval_of_a_rise_holds_the_difference_of_large_shares(now: int, before: int) -> None:
    low, high = risen(now, 300, before, 300)
    assert low - 1 <= 100 * (now - before) / 300 <= high + 1


# --- news -------------------------------------------------------------------------------------------


def test_news_like_that_of_the_month_before_raises_nothing() -> None:
    seen = made(month())
    assert {one.state for one in seen.parts if one.window != "30d"} == {"ok"}
    assert (seen.state, seen.says) == ("ok", "Nothing speaks against the model.")
    assert part(seen, "scores").value == pytest.approx(0, abs=0.01)
    assert part(seen, "scores", "7d").n == 7 * 360


@pytest.mark.parametrize(("shift", "state"), [(0, "ok"), (0.08, "watch"), (0.6, "alarm")])
def test_scores_that_move_away_from_the_reference_raise_watch_and_alarm(shift: float, state: str) -> None:
    seen = made(month(raw=lambda raw: raw + shift * (100 - raw)))
    assert part(seen, "scores").state == state
    assert part(seen, "scores", "7d").state == "ok"
    assert seen.state == state
    assert ("retrain" in seen.says) == (state == "alarm")


def test_topics_that_come_in_another_mix_raise_an_alarm() -> None:
    seen = made(month(recent=["sports", "world"]))
    assert part(seen, "topics").state == "alarm"
    assert part(seen, "topics").says == "Topics are mixed very differently than in the 30 days before."
    assert part(seen, "scores").state == "ok"
    shares = {one.topic: (one.shares["24h"], one.before) for one in seen.topics}
    assert shares["sports"] == (pytest.approx(0.5), pytest.approx(1 / 9, abs=0.01))
    assert sum(now for now, _ in shares.values()) == pytest.approx(1)


def test_scores_of_versions_that_named_no_topics_are_not_compared() -> None:
    seen = made([row(50, hours_ago, topic=None) for hours_ago in np.linspace(0, 800, 20_000).tolist()])
    assert part(seen, "topics").state == "unknown"
    assert part(seen, "topics").says == f"Not enough yet (0 of {ENOUGH} headlines)."


@pytest.mark.parametrize(("share", "state"), [(0, "ok"), (0.06, "watch"), (0.2, "alarm")])
def test_words_that_the_model_cannot_read_are_told_apart_from_other_doubts(share: float, state: str) -> None:
    unread, foreign = "3 of its 4 words are unknown to the model", "not English (de): the model has learnt otherwise"
    rows = [row(50, hours_ago) for hours_ago in np.linspace(24, 800, 5000).tolist()]
    rows += [row(50, k / 20, doubt=unread if k < share * 400 else None) for k in range(400)]
    seen = made(rows)
    assert (part(seen, "unreadable").state, part(seen, "doubted").state) == (state, state)
    assert part(seen, "unreadable").value == pytest.approx(100 * share)
    rows += [row(40, k / 20, doubt=foreign) for k in range(100)]
    seen = made(rows)
    assert part(seen, "doubted").state == "alarm"
    assert part(seen, "unreadable").value < 100 * share + 0.1  # type: ignore[operator]


def test_a_rise_that_chance_explains_raises_nothing() -> None:
    rows = [row(50, 24 + k / 10, doubt="few words" if k % 20 == 0 else None) for k in range(300)]
    rows += [row(50, k / 15, doubt="few words" if k < 24 else None) for k in range(300)]  # 8 % after 5 %
    found = part(made(rows), "doubted")
    assert (found.value, found.state) == (pytest.approx(3), "ok")
    assert found.says == "8.0% of headlines have a score that means little, 5.0% in the 30 days before."


def test_with_too_few_headlines_nothing_is_known() -> None:
    seen = made(month(per_day=5))
    assert part(seen, "scores").says == f"Not enough yet (5 of {ENOUGH} headlines)."
    assert (seen.state, seen.says) == ("unknown", "There is too little to judge by yet.")
    assert made().state == "unknown"


def test_deciles_histogram_and_days_say_what_was_counted() -> None:
    seen = made(month())
    assert [round(one.reference, 6) for one in seen.deciles] == [0.1] * 10
    assert [round(one.shares["24h"], 6) for one in seen.deciles] == [0.1] * 10
    assert sum(one.shares["7d"] for one in seen.histogram) == pytest.approx(1)
    assert sum(one.reference for one in seen.histogram) == pytest.approx(1)
    assert len(seen.days) == 14
    assert seen.days[-1].until == NOW
    assert all(one.n == 360 and one.mean == pytest.approx(50, abs=1) and one.psi < 0.01 for one in seen.days)  # type: ignore[operator]


def test_a_day_without_news_has_no_figures() -> None:
    days = made([row(40, 1), row(60, 2)]).days
    assert (days[-1].n, days[-1].mean, days[-1].psi) == (2, 50, None)
    assert (days[0].n, days[0].mean, days[0].psi) == (0, None, None)


# --- editors ----------------------------------------------------------------------------------------


def judged(n: int, noise: float, bias: float = 0) -> dict[str, object]:
    draw = np.random.default_rng(1)
    scores = np.linspace(5, 95, n)
    return {"editors": np.clip(scores - bias + draw.normal(0, noise, n), 0, 100).tolist(), "scores": scores.tolist()}


@pytest.mark.parametrize("n", [0, 1, ENOUGH_JUDGED - 1])
def test_too_few_judged_titles_are_counted(n: int) -> None:
    found = part(made(**judged(n, 5)), "error", "30d")
    assert (found.state, found.says, found.n) == ("unknown", f"Not enough yet ({n} of 30 judged titles).", n)


def test_editors_who_agree_raise_nothing() -> None:
    seen = made(**judged(60, 5), card_error=6.0)
    assert [part(seen, name, "30d").state for name in ("spearman", "error", "bias")] == ["ok", "ok", "ok"]
    assert seen.state == "ok"
    low, high = part(seen, "spearman", "30d").interval or (0, 0)
    assert 0.9 < low < high < 1


def test_an_error_above_the_model_cards_is_an_alarm_only_when_it_is_certain() -> None:
    assert part(made(**judged(200, 15), card_error=6.0), "error", "30d").state == "alarm"
    few = part(made(**judged(30, 9), card_error=5.0), "error", "30d")
    assert few.value > 5 > few.interval[0]  # type: ignore[index, operator]
    assert few.state == "ok"
    assert part(made(**judged(60, 5)), "error", "30d").state == "unknown"  # the figures name none


def test_an_order_that_editors_do_not_share_is_an_alarm() -> None:
    found = part(made(**judged(200, 60)), "spearman", "30d")
    assert (found.state, found.says) == ("alarm", "The model orders judged titles otherwise than editors do.")


def test_scores_that_lean_are_worth_watching_and_no_alarm() -> None:
    found = part(made(**judged(100, 5, bias=8)), "bias", "30d")
    assert (found.state, found.alarm) == ("watch", None)
    assert found.value == pytest.approx(7.7, abs=0.8)
    assert "above the editors'" in found.says


def test_titles_that_all_have_the_same_score_have_no_order() -> None:
    found = part(made(editors=[50.0] * 40, scores=[50.0] * 40), "spearman", "30d")
    assert (found.state, found.value) == ("unknown", None)


def test_judged_titles_are_gathered_by_the_models_score() -> None:
    seen = made(editors=[10, 20, 90.0], scores=[12, 18, 100.0])
    assert [(one.low, one.n, one.model, one.editors) for one in seen.judged] == [(10, 2, 15, 15), (90, 1, 100, 90)]
