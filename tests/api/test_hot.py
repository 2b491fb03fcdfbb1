"""Ready answers: kept while they are true, and not more of them than fit."""

from datetime import datetime, timedelta

import pytest

from service.api.hot import MAX_KEPT, HotLists, ReadyAnswer, accepts_gzip
from tests.api.conftest import NOON, Clock

PATH = "/v1/top"


def answer(version: str = "v1", changed_at: datetime = NOON) -> ReadyAnswer:
    return ReadyAnswer(b"{}", "application/json", version, changed_at, None)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lists(clock: Clock) -> HotLists:
    lists = HotLists(clock)
    lists.mark(1, "m1")
    return lists


def test_an_answer_is_found_until_store_or_model_changes(lists: HotLists) -> None:
    kept = lists.keep(PATH, b"", answer(), lists.now, None)
    assert lists.find(PATH, b"") is kept
    lists.mark(2, "m1")
    assert lists.find(PATH, b"") is None
    kept = lists.keep(PATH, b"", answer("v2"), lists.now, None)
    lists.mark(2, "m2")
    assert lists.find(PATH, b"") is None


def test_an_answer_that_was_made_from_older_data_is_never_served_again(lists: HotLists) -> None:
    before = lists.now
    lists.mark(2, "m1")  # between reading the data and keeping the answer
    lists.keep(PATH, b"", answer(), before, None)
    assert lists.find(PATH, b"") is None


def test_an_answer_is_found_until_it_expires(lists: HotLists, clock: Clock) -> None:
    kept = lists.keep(PATH, b"", answer(), lists.now, NOON + timedelta(minutes=1))
    clock.move(seconds=59)
    assert lists.find(PATH, b"") is kept
    clock.move(seconds=1)
    assert lists.find(PATH, b"") is None


def test_a_new_answer_that_says_the_same_leaves_the_old_one_in_place(lists: HotLists) -> None:
    first = lists.keep(PATH, b"", answer("v1"), lists.now, None)
    lists.mark(2, "m1")
    assert lists.keep(PATH, b"", answer("v1", NOON + timedelta(hours=1)), lists.now, None) is first
    assert lists.find(PATH, b"") is first


def test_the_answer_that_was_not_asked_for_longest_makes_room(lists: HotLists) -> None:
    for number in range(MAX_KEPT):
        lists.keep(PATH, b"%d" % number, answer(), lists.now, None)
    assert lists.find(PATH, b"0")
    lists.keep(PATH, b"one more", answer(), lists.now, None)
    assert lists.find(PATH, b"0")
    assert lists.find(PATH, b"1") is None
    assert all(lists.find(PATH, b"%d" % number) for number in range(2, MAX_KEPT))


@pytest.mark.parametrize("header", ["gzip", "br, gzip", "GZIP", "*", "gzip; q=0.1", "*;q=0, gzip", "deflate;q=0,gzip"])
def test_gzip_is_sent_to_those_who_take_it(header: str) -> None:
    assert accepts_gzip(header.encode())


@pytest.mark.parametrize("header", ["", "br", "gzip;q=0", "gzip ; q=0.000", "*;q=0", "x-gz", "gzip;q=0, *", "identity"])
def test_gzip_is_not_sent_to_others(header: str) -> None:
    assert not accepts_gzip(header.encode())
