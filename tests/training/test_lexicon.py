"""What words and pairs of words say by themselves."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from training.lexicon import PAIRS, Lexical, Lexicon, fit_lexicon

WORDS = 40
RANDOM = np.random.default_rng(0)
TITLES = [RANDOM.integers(2, WORDS, RANDOM.integers(1, 9)) for _ in range(3000)]
WORTH = RANDOM.normal(size=WORDS)
ROWS = st.lists(st.integers(2, WORDS - 1), min_size=1, max_size=12)


def worth(ids: np.ndarray) -> float:
    """Each word adds its own, and 7 after 5 adds three more."""
    together = ((ids[:-1] == 5) & (ids[1:] == 7)).sum()
    return float(1.5 + WORTH[ids].sum() + 3 * together)


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return fit_lexicon(TITLES, np.array([worth(ids) for ids in TITLES]), np.ones(len(TITLES)), WORDS, 0.1)


def say(lexicon: Lexicon, ids: list[int]) -> float:
    return Lexical(lexicon)(torch.tensor([ids])).item()


@given(ROWS)
def test_words_add_up(lexicon: Lexicon, ids: list[int]) -> None:
    assert say(lexicon, ids) == pytest.approx(worth(np.array(ids)), abs=0.1 * (len(ids) + 2))


def test_a_pair_says_what_its_words_alone_do_not(lexicon: Lexicon) -> None:
    assert say(lexicon, [5, 7]) - say(lexicon, [7, 5]) == pytest.approx(3, abs=0.6)


def test_what_weighs_nothing_teaches_nothing() -> None:
    values, weights = np.array([worth(ids) for ids in TITLES]), np.ones(len(TITLES))
    values[::2], weights[::2] = 1e3, 0.0
    found = fit_lexicon(TITLES, values, weights, WORDS, 0.1)
    assert max(abs(say(found, ids.tolist()) - worth(ids)) for ids in TITLES) < 5


@given(st.lists(ROWS.filter(lambda row: len(row) == 6), min_size=1, max_size=5))
def test_company_changes_no_bit(lexicon: Lexicon, rows: list[list[int]]) -> None:
    assert Lexical(lexicon)(torch.tensor(rows)).tolist() == [say(lexicon, row) for row in rows]


def test_weights_are_stored_in_one_byte_each(lexicon: Lexicon) -> None:
    assert (lexicon.pieces.dtype, lexicon.pairs.dtype) == (np.int8, np.int8)
    assert (lexicon.pieces.shape, lexicon.pairs.shape) == ((WORDS,), (PAIRS,))
    assert max(np.abs(lexicon.pieces).max(), np.abs(lexicon.pairs).max()) == 127
