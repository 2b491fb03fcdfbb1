"""Words that the vocabulary only knows in pieces are counted while titles are read."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from service.encoder import _words
from service.model import ImportanceModel

lines = st.integers(1, 12).flatmap(
    lambda length: st.lists(st.lists(st.booleans(), min_size=length, max_size=length), min_size=1, max_size=5)
)


@given(lines)
def test_a_word_counts_once_as_broken_when_two_pieces_follow_its_first(goes_on: list[list[bool]]) -> None:
    for line, (words, broken) in zip(goes_on, _words(np.array(goes_on)).tolist(), strict=True):
        runs = "".join(map(str, map(int, line))).split("0")
        assert (words, broken) == (line.count(False), sum(len(run) >= 2 for run in runs))


def test_titles_are_read_alike_alone_and_in_company(model: ImportanceModel) -> None:
    titles = ["Dam bursts above valley town", "Qzxvwk bvbvbvb hjkhjk zzqqx", "A", "Ünïcödé wørds ärrive"]
    vectors, words = model.encoder.read(titles)
    assert np.array_equal(vectors, model.encoder.encode(titles))
    for n, title in enumerate(titles):
        alone, counted = model.encoder.read([title])
        assert np.array_equal(alone[0], vectors[n])
        assert counted.tolist() == [words[n].tolist()]
    assert words[1, 1] > words[0, 1] == 0


def test_nothing_is_read_of_nothing(model: ImportanceModel) -> None:
    vectors, words = model.encoder.read([])
    assert (vectors.shape, words.shape) == ((0, model.encoder.width), (0, 2))
