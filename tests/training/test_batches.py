"""How examples come together in batches."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import Dataset

from training.batches import batches, units
from training.dataset import Example
from training.network import FamilyBatches

MOST = 8
TOKENS = 64
ROWS = st.lists(st.tuples(st.sampled_from(["", "a", "b", "c"]), st.integers(1, 30)), min_size=1, max_size=60)


def examples_of(rows: list[tuple[str, int]]) -> tuple[list[Example], list[int]]:
    return [Example("", 50.0, family=family) for family, _ in rows], [length for _, length in rows]


@given(ROWS)
def test_units_hold_each_example_once_and_families_whole_where_they_fit(rows: list[tuple[str, int]]) -> None:
    examples, _ = examples_of(rows)
    found = units(examples, MOST)
    assert sorted(index for unit in found for index in unit) == list(range(len(rows)))
    assert max(map(len, found)) <= MOST
    for name in "abc":
        members = [index for index, example in enumerate(examples) if example.family == name]
        holders = [unit for unit in found if set(unit) & set(members)]
        assert len(holders) == -(-len(members) // MOST)
        assert sorted(index for unit in holders for index in unit) == members


def test_rows_of_no_family_do_not_make_one() -> None:
    assert units([Example("", 50.0), Example("", 50.0)], MOST) == [[0], [1]]


@given(ROWS, st.integers(0, 3))
def test_batches_hold_each_example_once_and_units_whole(rows: list[tuple[str, int]], seed: int) -> None:
    examples, lengths = examples_of(rows)
    whole = units(examples, MOST)
    found = batches(whole, lengths, np.random.default_rng(seed), rows=MOST)
    assert sorted(index for batch in found for index in batch) == list(range(len(rows)))
    for unit in whole:
        assert sum(set(unit) <= set(batch) for batch in found) == 1


@given(ROWS, st.integers(0, 3))
def test_no_batch_has_more_rows_than_allowed(rows: list[tuple[str, int]], seed: int) -> None:
    examples, lengths = examples_of(rows)
    found = batches(units(examples, MOST), lengths, np.random.default_rng(seed), rows=MOST)
    assert max(map(len, found)) <= MOST


@given(ROWS, st.integers(0, 3))
def test_no_batch_has_more_tokens_than_allowed_but_a_unit_that_is_larger(
    rows: list[tuple[str, int]], seed: int
) -> None:
    examples, lengths = examples_of(rows)
    whole = units(examples, MOST)
    found = batches(whole, lengths, np.random.default_rng(seed), tokens=TOKENS)
    assert sorted(index for batch in found for index in batch) == list(range(len(rows)))
    for batch in found:
        padded = len(batch) * max(lengths[index] for index in batch)
        assert padded <= TOKENS or batch in whole


def test_a_batch_is_as_full_as_the_limit_allows() -> None:
    whole, lengths = [[index] for index in range(64)], [10] * 64
    by_rows = batches(whole, lengths, np.random.default_rng(0), rows=MOST)
    by_tokens = batches(whole, lengths, np.random.default_rng(0), tokens=TOKENS)
    assert [len(batch) for batch in by_rows] == [8] * 8
    assert sorted(len(batch) for batch in by_tokens) == [4, *[6] * 10]


def test_a_long_title_is_padded_for_with_others_as_long() -> None:
    examples = [Example("", 50.0, family=str(n // 2)) for n in range(32)]
    lengths = [30 if n % 8 == 1 else 5 for n in range(32)]  # the second title of every fourth family is long
    found = batches(units(examples, MOST), lengths, np.random.default_rng(0), rows=MOST)
    assert sum(max(lengths[index] for index in batch) == 30 for batch in found) == 1


def test_long_titles_do_not_come_last() -> None:
    lengths = list(range(1, 161))
    found = batches([[index] for index in range(160)], lengths, np.random.default_rng(0), rows=MOST)
    longest = [max(lengths[index] for index in batch) for batch in found]
    assert longest != sorted(longest)


def test_each_epoch_has_a_new_order_the_same_for_a_seed() -> None:
    def epochs(seed: int) -> list[list[list[int]]]:
        sampler = FamilyBatches(Dataset(), [[index] for index in range(64)], [5] * 64, MOST, seed)
        assert len(sampler) == 8
        found = []
        for epoch in range(2):
            sampler.set_epoch(epoch)
            found.append(list(sampler))
        return found

    first, second = epochs(0)
    assert first != second
    assert epochs(0) == [first, second]
    assert epochs(1)[0] != first
