"""Points per word: they add up, they say what moves the score, and they stay the same."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.explain import explain
from service.model import ImportanceModel
from service.text import clean, title_problem

words = st.sampled_from(
    "quake kills 4,000 in Japan minister “quits” over £20m gifts - BBC News 🎉 BREAKING: U.S.".split()
)


@settings(max_examples=15)
@given(title=st.lists(words, min_size=1, max_size=14).map(" ".join).filter(lambda title: not title_problem(title)))
def test_base_and_points_add_up_to_the_score(model: ImportanceModel, title: str) -> None:
    why = explain(model, title)
    total = why.base + sum(word.points for word in why.words)
    assert total == pytest.approx(float(model.predict([title])[0]), abs=1e-3)


def test_words_are_where_they_say(model: ImportanceModel) -> None:
    title = clean("  Dam   bursts &amp; floods town\u200b ")
    why = explain(model, title)
    assert [word.word for word in why.words] == title.split()
    assert all(title[word.start : word.end] == word.word for word in why.words)


def test_the_same_title_gets_the_same_points(model: ImportanceModel) -> None:
    assert explain(model, "Storm kills 30 in Haiti") == explain(model, "Storm  kills 30 in Haiti ")


def test_the_word_that_makes_it_news_has_the_most_points(model: ImportanceModel) -> None:
    why = explain(model, "Earthquake kills 4,000 near lake")
    points = {word.word: word.points for word in why.words}
    assert max(points, key=lambda word: points[word]) in {"kills", "4,000", "Earthquake"}
    assert points["kills"] > points["near"]


def test_a_title_of_one_word_has_all_points_in_it(model: ImportanceModel) -> None:
    why = explain(model, "Earthquake")
    assert why.base + why.words[0].points == pytest.approx(float(model.predict(["Earthquake"])[0]), abs=1e-3)
