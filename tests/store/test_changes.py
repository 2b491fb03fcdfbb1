"""A batch is judged as if its headlines had come one by one."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from service.store.changes import Changes, plan
from service.types import Headline, Score, ScoredHeadline

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HEADLINE = Headline("a", "x", "https://example.org/a", "Example", NOON, NOON)

headlines = st.builds(
    replace, st.just(HEADLINE), id=st.sampled_from("ab"), title=st.sampled_from("xy"), topic=st.sampled_from("pq")
)
scores = st.builds(Score, st.floats(0, 100))
items = st.lists(st.builds(ScoredHeadline, headlines, scores, st.sampled_from(["m1", "m2"])), max_size=10)

State = tuple[dict[str, Headline], dict[str, dict[str, Score]]]


def applied(state: State, changes: Changes) -> State:
    """A store of two dicts: what the changes do to it."""
    headlines, scores = dict(state[0]), {key: dict(raws) for key, raws in state[1].items()}
    headlines.update({one.id: one for one in changes.headlines})
    for key in changes.outdated:
        scores.pop(key, None)
    for key, raws in changes.scores.items():
        scores.setdefault(key, {}).update(raws)
    return headlines, scores


def planned(state: State, batch: list[ScoredHeadline]) -> Changes:
    """The plan for a batch on top of a state."""
    return plan(batch, state[0], {key: set(raws) for key, raws in state[1].items()})


@given(before=items, batch=items)
def test_a_batch_changes_what_its_headlines_change_one_by_one(
    before: list[ScoredHeadline], batch: list[ScoredHeadline]
) -> None:
    start = applied(({}, {}), planned(({}, {}), before))
    whole = planned(start, batch)
    state, said = start, []
    for one in batch:
        step = planned(state, [one])
        said += step.said
        state = applied(state, step)
    assert whole.said == said
    assert applied(start, whole) == state


@given(batch=items)
def test_a_batch_that_changes_nothing_is_false(batch: list[ScoredHeadline]) -> None:
    state = applied(({}, {}), planned(({}, {}), batch))
    again = [ScoredHeadline(state[0][key], raw, m) for key, raws in state[1].items() for m, raw in raws.items()]
    assert bool(planned(({}, {}), batch)) == bool(batch)
    assert not planned(state, again)
