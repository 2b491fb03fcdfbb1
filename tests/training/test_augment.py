"""Augmented headlines keep what their score depends on."""

from training.augment import siblings, with_typos
from training.dataset import Example

QUAKE = Example("Earthquake in Peru kills 12 near Lima", 71, family="quake")


def test_a_sibling_names_another_place_of_the_same_kind_and_keeps_score_and_family() -> None:
    varied = siblings([QUAKE], copies=20, seed=1)
    assert len(varied) == 20
    assert len({one.text for one in varied}) > 10
    for one in varied:
        assert (one.i_score, one.family) == (71, "quake")
        assert one.text.startswith("Earthquake in ")
        assert " kills 12 near " in one.text


def test_a_sibling_keeps_great_powers_and_has_a_typing_error_instead() -> None:
    power = Example("China recalls its ambassador", 70, family="power")
    (varied,) = siblings([power], copies=1, seed=1)
    assert varied.text != power.text
    assert sorted(varied.text) == sorted(power.text)


def test_headlines_outside_families_have_no_siblings() -> None:
    assert siblings([Example("Earthquake in Peru", 60)], copies=3, seed=1) == []


def test_a_typing_error_swaps_two_letters_of_one_longer_word() -> None:
    (mistyped,) = with_typos([QUAKE], share=1.0, seed=3)
    assert mistyped.text != QUAKE.text
    assert sorted(mistyped.text) == sorted(QUAKE.text)
    assert with_typos([QUAKE], share=0.0, seed=3) == [QUAKE]


def test_a_headline_without_longer_words_has_no_place_for_an_error() -> None:
    short = Example("12 die at sea", 60)
    assert with_typos([short], share=1.0, seed=0) == [short]
