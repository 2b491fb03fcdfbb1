"""How examples come together in batches."""

from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import Dataset

from training.config import FitConfig
from training.dataset import Example
from training.fit import _shown, _units
from training.network import FamilyBatches

SIZE = 8


@given(st.lists(st.tuples(st.sampled_from(["", "a", "b", "c"]), st.integers(1, 30)), min_size=1, max_size=60))
def test_an_epoch_shows_each_example_once_and_keeps_families_together(shown: list[tuple[str, int]]) -> None:
    examples = [Example("x" * length, 50.0, family=family) for family, length in shown]
    units = _units(examples, SIZE)
    batches = list(FamilyBatches(Dataset(), units, [length for _, length in shown], SIZE, seed=0))
    assert sorted(index for batch in batches for index in batch) == list(range(len(shown)))
    for unit in units:
        assert sum(set(unit) <= set(batch) for batch in batches) == 1
    assert max(map(len, batches)) <= SIZE


def test_a_long_title_is_padded_for_with_others_as_long() -> None:
    examples = [Example("", 50.0, family=str(n // 2)) for n in range(32)]
    lengths = [30 if n % 8 == 1 else 5 for n in range(32)]  # the second title of every fourth family is long
    batches = FamilyBatches(Dataset(), _units(examples, SIZE), lengths, SIZE, seed=0)
    assert sum(max(lengths[index] for index in batch) == 30 for batch in batches) == 1


def test_an_epoch_shows_again_what_is_rare_and_splits_heavy_labels() -> None:
    config = FitConfig(repeats=2, step_weight=3.0, top_weight=1.5)
    label, heavy, top = Example("label", 50.0), Example("heavy", 50.0, weight=9.0), Example("top", 60.0)
    family, plenty = Example("family", 90.0, family="f"), Example("plenty", 50.0, once=True)
    shown = _shown([label, heavy, top, family, plenty], config)
    assert [one.text for one in shown] == [*["label"] * 2, *["heavy"] * 6, *["top"] * 2, *["family"] * 2, "plenty"]
    assert [one.weight for one in shown] == [1.0, 1.0, *[3.0] * 6, 1.5, 1.5, 1.0, 1.0, 1.0]
    assert len({one.family for one in shown if one.family}) == 2  # a batch needs no copy of a family beside it
