"""What ``service.feeds.dates`` reads, and what it does not guess."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.feeds.dates import EARLIEST, parse_date

MORNING = datetime(2026, 8, 22, 10, 15, tzinfo=UTC)
"""A Saturday."""
LATEST = datetime(2099, 12, 31)
_ENGLISH = "January February March April May June July August September October November December".split()
_GERMAN = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()
_FRENCH = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
_SPANISH = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split()
_RUSSIAN = "января февраля марта апреля мая июня июля августа сентября октября ноября декабря".split()
_FRENCH_DAYS = ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim.")

moments = st.datetimes(EARLIEST.replace(tzinfo=None) + timedelta(days=1), LATEST).map(
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def in_words(months: list[str], text: str) -> Callable[[datetime], str]:
    return lambda at: at.strftime(text).replace("MONTH", months[at.month - 1]).replace("DAY", str(at.day))


FORMATS: dict[str, Callable[[datetime], str]] = {
    "RFC 3339": lambda at: at.isoformat(),
    "RFC 3339, Z": lambda at: at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    "RFC 3339 with a space": lambda at: at.isoformat(" "),
    "ISO 8601, basic": lambda at: at.strftime("%Y%m%dT%H%M%S%z"),
    "RFC 822": format_datetime,
    "RFC 822, wrong day": lambda at: (
        at.strftime("Xyz, %d ") + _ENGLISH[at.month - 1][:3] + at.strftime(" %Y %H:%M:%S %z")
    ),
    "JavaScript": in_words(_ENGLISH, "Sat MONTH DAY %Y %H:%M:%S GMT%z (some summer time)"),
    "asctime with zone": in_words(_ENGLISH, "Sat MONTH DAY %H:%M:%S %z %Y"),
    "slashes, year first": lambda at: at.astimezone(UTC).strftime("%Y/%m/%d %H:%M:%S"),
    "digits only": lambda at: at.astimezone(UTC).strftime("%Y%m%d%H%M%S"),
    "dots": lambda at: at.astimezone(UTC).strftime("%d.%m.%Y %H:%M:%S"),
    "epoch": lambda at: str(int(at.timestamp())),
    "epoch in ms": lambda at: str(int(at.timestamp() * 1000)),
    "twelve hours": in_words(_ENGLISH, "MONTH DAY, %Y %I:%M:%S %p %z"),
    "German": in_words(_GERMAN, "DAY. MONTH %Y, %H:%M:%S %z"),
    "French": lambda at: f"{_FRENCH_DAYS[at.weekday()]} {in_words(_FRENCH, 'DAY MONTH %Y %H:%M:%S %z')(at)}",
    "Spanish": in_words(_SPANISH, "sábado, DAY de MONTH de %Y %H:%M:%S %z"),
    "Russian": in_words(_RUSSIAN, "Сб, DAY MONTH %Y %H:%M:%S %z"),
}


@pytest.mark.parametrize("name", FORMATS)
@given(moment=moments, zone=zones)
def test_every_moment_comes_back_from_every_format(name: str, moment: datetime, zone: timezone) -> None:
    assert parse_date(FORMATS[name](moment.astimezone(zone))) == moment


@given(moments, st.integers(0, 999_999))
def test_fractions_of_a_second_are_kept(moment: datetime, microsecond: int) -> None:
    moment = moment.replace(microsecond=microsecond)
    assert parse_date(moment.isoformat()) == moment


@pytest.mark.parametrize(
    "text",
    [
        "2026-08-22T10:15Z",
        "2026-08-22t10:15:00z",
        "2026-08-22 10:15",
        "2026-08-22T10:15:00.000000000Z",
        "2026-08-22T12:15:00+02",
        "2026-08-22T15:45:00+5:30",
        "2026-08-22T10:15:00Z[UTC]",
        "2026-8-22 10:15:00",
        "2026/8/22 10:15:00",
        "202608221015",
        "22.08.2026 10:15",
        "22/08/2026 10:15",
        "08/22/2026 10:15 AM",
        "08-22-2026 10:15",
        "08.22.2026 10:15",
        "Sat, 22 Aug 2026 10:15:00",
        "Sat, 22 Aug 2026 10:15:00 -0000",
        "Sat, 22 Aug 2026 12:15:00+0200",
        "Sat, 22 Aug 26 10:15:00 UT",
        "Saturday, 22-Aug-26 10:15:00 GMT",
        "Thu, 22 Aug 2026 10:15:00 GMT",
        "Sa, 22 Aug 2026 10:15:00 GMT",
        "Sat, 22 Aug 2026 12:15:00 GMT+0200 (CEST)",
        "Sat, 22 Aug 2026 12:15:00 GMT+02:00",
        "Sat, 22 Aug 2026 03:15:00 PDT-0700",
        "Sat, 22 Aug 2026 12:15:00 (CEST)",
        "Sat Aug 22 12:15:00 CEST 2026",
        "Sat, 22nd August 2026 10:15",
        "10:15, 22 August 2026",
        "  Sat,\n 22 Aug 2026   10:15:00 GMT ",
        "22 août 2026 à 10:15",
        "22. Aug. 2026, 10:15 Uhr",
        "sobota, 22 sierpnia 2026 10:15",
        "22 Ağustos 2026 10:15",
        "22 agosto 2026, ore 10:15",
        "zaterdag 22 augustus 2026 10:15",
        "lördag 22 augusti 2026 10:15",
    ],
)
def test_ways_to_write_one_morning(text: str) -> None:
    assert parse_date(text) == MORNING


@pytest.mark.parametrize(
    ("zone", "hours_ahead"),
    [
        *(("CEST", 2), ("CET", 1), ("MESZ", 2), ("BST", 1), ("IST", 5.5), ("EST", -5), ("EDT", -4), ("CST", -6)),
        *(("PST", -8), ("PDT", -7), ("AEST", 10), ("NZST", 12), ("JST", 9), ("SAST", 2), ("MSK", 3), ("est", -5)),
        *(("UTC", 0), ("Z", 0), ("A", 0), ("XYZT", 0)),
    ],
)
def test_an_abbreviated_zone_means_what_news_feeds_mean_by_it_and_an_unknown_one_utc(
    zone: str, hours_ahead: float
) -> None:
    assert parse_date(f"Sat, 22 Aug 2026 10:15:00 {zone}") == MORNING - timedelta(hours=hours_ahead)


@pytest.mark.parametrize("text", ["2026-08-22", "20260822", "22 Aug 2026", "August 22, 2026", "22.8.2026"])
def test_a_day_without_a_time_is_its_first_moment(text: str) -> None:
    assert parse_date(text) == MORNING.replace(hour=0, minute=0)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-08-22T24:00:00Z", datetime(2026, 8, 23, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("22 Aug 2026 12:05 AM", datetime(2026, 8, 22, 0, 5, tzinfo=UTC)),
        ("22 Aug 2026 12:05 p.m.", datetime(2026, 8, 22, 12, 5, tzinfo=UTC)),
        ("05/05/2026", datetime(2026, 5, 5, tzinfo=UTC)),
        ("05.06.2026", datetime(2026, 6, 5, tzinfo=UTC)),
        ("mar. 3 mars 2026", datetime(2026, 3, 3, tzinfo=UTC)),
        ("mar, 1 set 2026", datetime(2026, 9, 1, tzinfo=UTC)),
        ("1er mai 2026", datetime(2026, 5, 1, tzinfo=UTC)),
        ("Fri, 01 Jan 2099 00:00:00 GMT", datetime(2099, 1, 1, tzinfo=UTC)),  # the future is judged later
        ("946684800", datetime(2000, 1, 1, tzinfo=UTC)),
        ("1755857700.5", datetime(2025, 8, 22, 10, 15, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_edges_of_days_and_of_reading(text: str, read: datetime) -> None:
    assert parse_date(text) == read


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "today", "3 hours ago", "10:15", "2026", "2026-08", "August 2026", "22 August", "2026-W34-6"),
        *("05/06/2026", "5-6-2026", "22/08/26", "13/13/2026", "00/08/2026"),
        *("2026-02-29", "31 Jun 2026", "2026-13-01", "22 Aug 2026 25:00", "22 Aug 2026 10:61", "22 Aug 2026 13:00 PM"),
        *("22 Aug 2026 10:15 +9999", "22 Aug 2026 10:15 +0260", "22 Aug 02026", "22 Aug 226"),
        *("Thu, 01 Jan 1970 00:00:00 GMT", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-01:00", "0", "-1", "1"),
        *("788918399", "99999999999", "1" * 17, "1" * 5000, "1 May or 2 June 2026", "²2 Aug 2026"),
    ],
)
def test_what_has_no_certain_reading_or_lies_before_1995_is_no_date(text: str) -> None:
    assert parse_date(text) is None


@given(st.text(st.sampled_from("0123456789:-/.+ TZapm,JanFeb(²٣ı"), max_size=40) | st.text(max_size=130))
def test_any_text_is_a_moment_in_utc_since_1995_or_none(text: str) -> None:
    moment = parse_date(text)
    assert moment is None or (moment >= EARLIEST and moment.utcoffset() == timedelta(0))
