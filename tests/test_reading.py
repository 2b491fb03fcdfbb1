"""What the network reads: words, and quantities as steps of a scale."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.amounts import COUNTED, STEPS, in_words, quantity_words
from service.reading import NOTHING, reading


@pytest.mark.parametrize(
    ("title", "read"),
    [
        ("Earthquake kills 4,000 in São Paulo's north", "earthquake kills qx43 in sao paulo north"),
        ("‘We're broke’, says mayor (61)", "were broke says mayor qx21"),
        ("$4.2bn deal: will it last?", "$ qx115 deal : will it last ?"),
        ("Two dead, 19-year-old held", "qq2 dead qq19 year old held"),
        ("World Cup 2026: France 3-1 Brazil", "world cup 2026 : france 3 1 brazil"),
        ("#MeToo at 10%", "metoo at qq10 %"),
        ("Землетрясение в Перу", "землетрясение в перу"),
    ],
)
def test_a_title_is_read_as_words_quantities_and_telling_marks(title: str, read: str) -> None:
    assert reading(title).split() == read.split()


@given(st.text())
def test_any_text_can_be_read_and_is_never_nothing(title: str) -> None:
    read = reading(title)
    assert read.split()
    assert read == read.lower()


@pytest.mark.parametrize("title", ["", " ", "…", "''", "()"])
def test_nothing_is_read_as_nothing(title: str) -> None:
    assert reading(title) == NOTHING


@given(st.integers(0, 10**15), st.integers(0, 10**15))
def test_a_larger_quantity_is_never_a_smaller_word(one: int, other: int) -> None:
    if any(1900 <= number <= 2100 for number in (one, other)):
        return
    words = quantity_words()
    places = [words.index(in_words(f"{number}")) for number in sorted((one, other))]
    assert places == sorted(places)


@given(st.integers(COUNTED + 1, 10**13).filter(lambda number: not 1900 <= number <= 2100))
def test_a_word_is_within_a_tenth_of_its_quantity(number: int) -> None:
    step = int(in_words(f"{number:,}").removeprefix("qx"))
    assert abs(math.log10(number) - step / STEPS) <= 0.5 / STEPS + 1e-9


@pytest.mark.parametrize("kept", ["2024", "3-1", "1/2", "12:30", "v1.2.3", "G20", "covid-19", "1.5-2"])
def test_years_scores_times_and_names_stay(kept: str) -> None:
    assert in_words(f"It is {kept} now") == f"It is {kept} now"


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("0", "qq0"),
        ("20", "qq20"),
        ("21", "qx16"),
        ("2.5 million", "qx77"),
        ("2,500,000", "qx77"),
        ("9" * 300, "qx160"),
    ],
)
def test_a_quantity_is_the_same_word_however_it_is_written(written: str, word: str) -> None:
    assert in_words(written) == word
