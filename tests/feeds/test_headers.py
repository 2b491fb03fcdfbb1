"""When an answer says to come back."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.feeds.headers import MAX_S, max_age_s, retry_after_s

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DATE = "Sun, 01 Mar 2026 11:00:00 GMT"  # a server whose clock is an hour behind ours


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        ("120", "", 120),
        ("0", DATE, 0),
        ("99999999999999999999", "", MAX_S),
        ("9" * 5000, "", MAX_S),
        ("Sun, 01 Mar 2026 12:02:00 GMT", "", 120),
        ("Sun, 01 Mar 2026 11:02:00 GMT", DATE, 120),
        ("Sun, 01 Mar 2026 11:02:00 GMT", "yesterday", 0),
        ("Sunday, 01-Mar-26 12:02:00 GMT", "", 120),
        ("Sun Mar  1 12:02:00 2026", "", 120),
        ("Fri, 31 Dec 9999 23:59:59 GMT", "", MAX_S),
        ("Sun, 01 Mar 2020 11:02:00 GMT", "", 0),
        ("", DATE, None),
        ("soon", DATE, None),
        ("-5", "", None),
        ("1.5", "", None),
        ("१२", "", None),
    ],
)
def test_retry_after_is_read_in_all_its_forms(value: str, date: str, seconds: int | None) -> None:
    assert retry_after_s(value, date, NOON) == seconds


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("max-age=600", 600),
        ("public, Max-Age=600, must-revalidate", 600),
        ("s-maxage=60, max-age=600", 600),
        ("s-maxage=60,max-age=600", 600),
        ('max-age="600"', 600),
        ("max-age=0", 0),
        ("max-age=" + "9" * 5000, MAX_S),
        ("s-maxage=60", None),
        ("x-max-age=60", None),
        ("max-age=-1", None),
        ("no-cache", None),
        ("", None),
    ],
)
def test_max_age_is_told_from_its_neighbours(value: str, seconds: int | None) -> None:
    assert max_age_s(value) == seconds


_TEXTS = st.text() | st.lists(
    st.sampled_from(
        ["Sun", ", ", "31", " Mar ", "9999", "-1", "1", " 23:59:60 ", "GMT", "+9999", "-99999999999", "max-age="]
    )
).map("".join)


@given(_TEXTS, _TEXTS)
def test_any_text_means_a_bearable_number_of_seconds_or_nothing(value: str, date: str) -> None:
    for seconds in (retry_after_s(value, date, NOON), max_age_s(value)):
        assert seconds is None or 0 <= seconds <= MAX_S
