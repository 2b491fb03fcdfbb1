"""Augmented headlines keep what their score depends on."""

from training.augment import with_other_places, with_typos
from training.dataset import Example

QUAKE = Example("Earthquake in Peru kills 12 near Lima", 71, family="quake")


def test_a_sibling_names_another_place_of_the_same_kind_and_keeps_score_and_family() -> None:
    siblings = with_other_places([QUAKE], copies=20, seed=1)
    assert len(siblings) == 20
    assert len({one.text for one in siblings}) > 10
    for one in siblings:
        assert (one.i_score, one.family) == (71, "quake")
        assert one.text.startswith("Earthquake in ")
        assert " kills 12 near " in one.text


def test_great_powers_and_headlines_outside_families_stay_as_they_are() -> None:
    power = Example("China recalls its ambassador", 70, family="power")
    assert with_other_places([power, Example("Earthquake in Peru", 60)], copies=3, seed=1) == []


def test_a_typing_error_swaps_two_letters_of_one_longer_word() -> None:
    (mistyped,) = with_typos([QUAKE], share=1.0, seed=3)
    assert mistyped.text != QUAKE.text
    assert sorted(mistyped.text) == sorted(QUAKE.text)
    assert with_typos([QUAKE], share=0.0, seed=3) == [QUAKE]


def test_a_headline_without_longer_words_has_no_place_for_an_error() -> None:
    short = Example("12 die at sea", 60)
    assert with_typos([short], share=1.0, seed=0) == [short]
