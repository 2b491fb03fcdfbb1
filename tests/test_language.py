"""Which language a headline is taken for, and when its score is marked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.language import language_of, low_confidence
from service.text import clean


@pytest.mark.parametrize(
    ("title", "language"),
    [
        ("Dam bursts above valley town, thousands flee", "en"),
        ("PARLIAMENT PASSES BUDGET AFTER ALL-NIGHT DEBATE", "en"),
        ("Nuevo alcalde de Sevilla presenta su plan de vivienda", "es"),
        ("La ministre démissionne après le rejet de la réforme", "fr"),
        ("Erdbeben erschüttert den Süden der Insel, viele Verletzte", "de"),
        ("Наводнение отрезало от мира три деревни", "ru"),
        ("政府宣布提高最低工资标准", "zh"),
        ("2-1", None),
        ("🔥🔥", None),
    ],
)
def test_a_headline_is_taken_for_what_it_is(title: str, language: str | None) -> None:
    assert language_of(title) == language


@pytest.mark.parametrize("title", ["Bayern beat Benfica", "Lula meets Milei in Brasília", "Adele adds Tokyo dates"])
def test_foreign_names_do_not_make_a_headline_uncertain(title: str) -> None:
    assert low_confidence(title, language_of(title)) is None


@given(st.text(st.characters(exclude_categories=[])))
def test_any_text_has_a_language_or_none(text: str) -> None:
    language = language_of(clean(text))
    assert language is None or language.isascii()


@pytest.mark.parametrize("language", ["en", "en-GB", "EN", None])
def test_an_english_headline_of_three_words_is_trusted(language: str | None) -> None:
    assert low_confidence("Dam bursts overnight", language) is None


def test_another_language_and_too_few_words_are_named() -> None:
    assert "not English (pt-BR)" in (low_confidence("Barragem rompe e milhares fogem", "pt-BR") or "")
    assert "2 of the 3 words" in (low_confidence("Dam bursts", "en") or "")
