"""What ``data/sample/headlines.jsonl`` promises: a full, tidy first page without a network."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from service.text import clean, headline_id, title_problem

DATA = Path(__file__).resolve().parent.parent / "data"
TOPICS = set("general world nation business technology entertainment sports science health".split())


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


ROWS = read_lines(DATA / "sample" / "headlines.jsonl")
CLIENT_TITLES = [row["title"] for row in read_lines(DATA / "labels" / "client.jsonl")]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["slug"])
def test_every_row_can_be_shown_as_it_stands(row: dict[str, Any]) -> None:
    assert list(row) == ["title", "source", "slug", "minutes_ago", "topic"]
    assert row["title"] == clean(row["title"])
    assert title_problem(row["title"]) is None
    assert row["source"] == clean(row["source"]) != ""
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", row["slug"])
    assert len(row["slug"]) <= 60
    assert type(row["minutes_ago"]) is int
    assert 0 < row["minutes_ago"] < 24 * 60
    assert row["topic"] in TOPICS


def test_the_ten_titles_of_the_client_come_first_and_in_the_last_hour() -> None:
    assert len(CLIENT_TITLES) == 10
    assert [row["title"] for row in ROWS[:10]] == CLIENT_TITLES
    assert all(row["minutes_ago"] < 60 for row in ROWS[:10])


def test_there_are_at_least_210_headlines_of_our_own() -> None:
    assert len(ROWS) - len(CLIENT_TITLES) >= 210


def test_no_address_and_no_headline_comes_twice() -> None:
    assert len({row["slug"] for row in ROWS}) == len(ROWS)
    assert len({headline_id(row["title"]) for row in ROWS}) == len(ROWS)


def test_the_last_hour_is_full_and_no_two_of_its_rows_share_a_minute() -> None:
    minutes = [row["minutes_ago"] for row in ROWS if row["minutes_ago"] < 60]
    assert len(minutes) >= 10
    assert len(set(minutes)) == len(minutes)


def test_every_topic_has_headlines_within_six_hours() -> None:
    assert {row["topic"] for row in ROWS if row["minutes_ago"] <= 6 * 60} == TOPICS
