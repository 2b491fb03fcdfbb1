"""What an answer's headers say about when to come back. Any text is read; what makes no sense says nothing (None)."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import ceil

MAX_S = 2**31
"""What RFC 9111 makes of any larger number of seconds."""

_MAX_AGE = re.compile(r'(?:^|[\s,])max-age\s*=\s*"?([0-9]+)', re.IGNORECASE)  # and not the end of "s-maxage"


def retry_after_s(value: str, date: str, now: datetime) -> int | None:
    """``Retry-After``: seconds, or a time, which counts from that of the ``Date`` header, else from ``now``."""
    if re.fullmatch("[0-9]+", value):
        return _seconds(value)
    if (until := _time(value)) is None:
        return None
    return min(max(0, ceil((until - (_time(date) or now)).total_seconds())), MAX_S)


def max_age_s(value: str) -> int | None:
    """``max-age`` of a ``Cache-Control`` header. What it tells shared caches (``s-maxage``) is not for us."""
    match = _MAX_AGE.search(value)
    return _seconds(match[1]) if match else None


def _seconds(digits: str) -> int:
    return min(int(digits[:10]), MAX_S)  # Python refuses to read numbers of 4,300 digits


def _time(text: str) -> datetime | None:
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)
