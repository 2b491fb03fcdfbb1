"""When feeds say that something was published, in the many ways in which they say it."""

import re
import unicodedata
from datetime import UTC, datetime, timedelta

EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
"""Before the first news sites: what claims to be older is an epoch, a default or a typing error."""
_MAX_CHARS = 120

_CLOCK = re.compile(
    r"(?<![\d:+-])(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?![\d:])"
    r"(?:\s*([ap])\.?m\b\.?)?"
    r"(?:\s*\(?(?:[A-Z]{1,5}\s?)?([+-])(\d{1,2}):?(\d\d)?(?![\d:])|\s*\(?([A-Z]{1,5})(?![^\W_]))?",
    re.IGNORECASE,
)
_COMPACT = re.compile(r"^(\d{4})(\d\d)(\d\d)(?:T?(\d\d)(\d\d)(\d\d)?)?(?![\d.])")
_EPOCH = re.compile(r"\d{9,10}(?:\.\d+)?|\d{12,13}")
_PIECES = re.compile(r"\d+|[^\W\d_]+")
_YEAR_FIRST = re.compile(r"(\d{4})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{1,2})(?!\d)")
_YEAR_LAST = re.compile(r"(?<!\d)(\d{1,2})\s*([-/.])\s*(\d{1,2})\s*\2\s*(\d{4})(?!\d)")

# Abbreviations have no owner. Where two zones share one, news feeds mean the first here: IST is India's (not Ireland's
# or Israel's), CST and EST are North America's (not China's or Australia's), BST is Britain's summer (not Bangladesh),
# AST is the Atlantic's (not Arabia's), GST the Gulf's. What is not listed is read as UTC, as if nothing stood there.
_ZONES = {
    name: minutes
    for minutes, names in {
        0: "UTC UT GMT Z WET",
        60: "CET MEZ WEST BST WAT",
        120: "CEST MESZ EET CAT SAST IDT",
        180: "EEST MSK EAT TRT",
        210: "IRST",
        240: "GST",
        300: "PKT UZT",
        330: "IST",
        345: "NPT",
        360: "BDT",
        420: "WIB ICT",
        480: "HKT SGT PHT MYT AWST",
        540: "JST KST",
        570: "ACST",
        600: "AEST",
        630: "ACDT",
        660: "AEDT",
        720: "NZST",
        780: "NZDT",
        -150: "NDT",
        -180: "ADT BRT ART UYT",
        -210: "NST",
        -240: "EDT AST CLT",
        -300: "EST CDT COT PET",
        -360: "CST MDT",
        -420: "MST PDT",
        -480: "PST AKDT",
        -540: "AKST",
        -600: "HST",
    }.items()
    for name in names.split()
}

# English, German, French, Spanish, Portuguese, Italian, Dutch, Swedish/Danish/Norwegian, Polish, Czech, Romanian,
# Hungarian, Turkish, Finnish, Russian, Ukrainian, Greek: as they stand in dates, abbreviated too, without accents.
_MONTHS = {
    name: month
    for month, names in enumerate(
        (
            "january jan januar janner janvier janv enero ene janeiro gennaio gen januari stycznia styczen sty ledna "
            "ianuarie ian ocak oca tammikuuta tammikuu января январь янв січня січ ιανουαριου ιαν",
            "february feb februar feber fevrier fevr fev febrero fevereiro febbraio februari lutego luty lut unora "
            "februarie subat sub helmikuuta helmikuu февраля февраль фев февр лютого лют φεβρουαριου φεβ",
            "march mar marz maerz mrz mars marzo marco maart mrt marts marca marzec brezna martie marcius mart "
            "maaliskuuta maaliskuu марта март мар березня бер μαρτιου μαρ",
            "april apr avril avr abril abr aprile kwietnia kwiecien kwi dubna aprilie aprilis nisan nis "
            "huhtikuuta huhtikuu апреля апрель апр квітня кві απριλιου απρ",
            "may mai mayo maio maggio mag mei maj maja kvetna majus mayıs toukokuuta toukokuu мая май травня тра "
            "μαιου μαι",
            "june jun juni juin junio junho giugno giu czerwca czerwiec cze cervna iunie iun junius haziran haz "
            "kesakuuta kesakuu июня июнь июн червня чер ιουνιου ιουν",
            "july jul juli juillet juil julio julho luglio lug lipca lipiec lip cervence iulie iul julius temmuz tem "
            "heinakuuta heinakuu июля июль июл липня лип ιουλιου ιουλ",
            "august aug aout agosto ago augustus augusti sierpnia sierpien sie srpna augusztus agustos agu "
            "elokuuta elokuu августа август авг серпня сер αυγουστου αυγ",
            "september sep sept septembre septiembre setiembre septembro setembro set settembre wrzesnia wrzesien wrz "
            "zari septembrie szeptember szept eylul eyl syyskuuta syyskuu сентября сентябрь сен сент вересня вер "
            "σεπτεμβριου σεπ",
            "october oct oktober okt octobre octubre outubro out ottobre ott pazdziernika pazdziernik paz rijna "
            "octombrie ekim eki lokakuuta lokakuu октября октябрь окт жовтня жов οκτωβριου οκτ",
            "november nov novembre noviembre novembro listopada listopadu listopad lis noiembrie noi kasım kas "
            "marraskuuta marraskuu ноября ноябрь ноя нояб листопада νοεμβριου νοε",
            "december dec dezember dez decembre diciembre dic dezembro dicembre desember des grudnia grudzien gru "
            "prosince decembrie aralık ara joulukuuta joulukuu декабря декабрь дек грудня гру δεκεμβριου δεκ",
        ),
        start=1,
    )
    for name in names.split()
}


def parse_date(text: str) -> datetime | None:
    """The moment that a feed's text means, in UTC; None where it has no certain reading or lies before 1995.

    RFC 3339 and RFC 822 and what is written instead of them. Names of days are not read, so they may be wrong. No zone
    is UTC; 22/08/2026 has one reading only, 05/06/2026 has two and so none, 05.06.2026 is the fifth of June.
    """
    text = text.strip()
    if len(text) > _MAX_CHARS:
        return None
    try:
        moment = _epoch(text) or _written(_COMPACT.sub(_spelt_out, text))
    except (ValueError, OverflowError):  # a 30th of February, a 25th hour, a year beyond 9999
        return None
    return moment if moment and moment >= EARLIEST else None


def _epoch(text: str) -> datetime | None:
    """Seconds, or milliseconds where they are of 1995 or later: 202608221015, in twelve digits, is a date instead."""
    if not _EPOCH.fullmatch(text):
        return None
    number = float(text)
    moment = datetime.fromtimestamp(number / 1000 if number > 1e11 else number, UTC)
    return moment if moment >= EARLIEST else None


def _spelt_out(match: re.Match[str]) -> str:
    year, month, day, hour, minute, second = match.groups()
    return f"{year}-{month}-{day}" + (f" {hour}:{minute}:{second or '00'}" if hour else "")


def _written(text: str) -> datetime | None:
    clock = _CLOCK.search(text)
    day = _day(text[: clock.start()] + " " + text[clock.end() :] if clock else text)
    return day + _time_of_day(clock) - _offset(clock) if day and clock else day


def _time_of_day(clock: re.Match[str]) -> timedelta:
    """Added to a day's start, so that 24:00 is the next day's and a leap second 60 the next minute's."""
    hour, minute, second = int(clock[1]), int(clock[2]), int(clock[3] or 0)
    if hour > 24 or minute > 59 or second > 60 or (clock[5] and not 1 <= hour <= 12):
        raise ValueError("no such time of day")
    if clock[5]:
        hour = hour % 12 + (12 if clock[5] in "pP" else 0)
    return timedelta(hours=hour, minutes=minute, seconds=second, microseconds=int((clock[4] or "0").ljust(6, "0")[:6]))


def _offset(clock: re.Match[str]) -> timedelta:
    if not clock[6]:
        return timedelta(minutes=_ZONES.get((clock[9] or "").upper(), 0))
    size = timedelta(hours=int(clock[7]), minutes=int(clock[8] or 0))
    if size > timedelta(hours=14) or int(clock[8] or 0) > 59:
        raise ValueError("no such zone")
    return -size if clock[6] == "-" else size


def _day(text: str) -> datetime | None:
    if match := _YEAR_FIRST.search(text):
        return datetime(int(match[1]), int(match[2]), int(match[3]), tzinfo=UTC)
    if match := _YEAR_LAST.search(text):
        return _day_or_month_first(int(match[1]), int(match[3]), int(match[4]), dots=match[2] == ".")
    return _month_in_words(_PIECES.findall(text))


def _day_or_month_first(one: int, two: int, year: int, dots: bool) -> datetime | None:
    """Dots are written where the day comes first, slashes and hyphens everywhere."""
    if one > 12 or one == two or (dots and two <= 12):
        return datetime(year, two, one, tzinfo=UTC)
    return datetime(year, one, two, tzinfo=UTC) if two > 12 else None


def _month_in_words(pieces: list[str]) -> datetime | None:
    words = [_MONTHS.get(_plain(piece)) for piece in pieces if not piece[0].isdigit()]
    months = [month for month in words if month]
    if len(months) == 2 and words[0]:  # "mar. 22 août": a Tuesday in French, Spanish and Italian
        months = months[1:]
    numbers = [piece for piece in pieces if piece[0].isdigit()]
    if len(months) != 1 or len(numbers) != 2:
        return None
    day, year = numbers if len(numbers[0]) <= 2 else reversed(numbers)
    return datetime(_full_year(year), months[0], int(day), tzinfo=UTC)


def _full_year(digits: str) -> int:
    """RFC 822 wrote two digits; RFC 2822 says which century."""
    if len(digits) == 2:
        return int(digits) + (2000 if digits < "50" else 1900)
    if len(digits) == 4:
        return int(digits)
    raise ValueError("no such year")


def _plain(word: str) -> str:
    if word.isascii():
        return word.lower()
    letters = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
