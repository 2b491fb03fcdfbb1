"""How far back a list looks, and from which moment: on the wire, and in words above the list."""

import re
from datetime import UTC, datetime, timedelta

from service.errors import InputError

LONGEST = timedelta(days=30)
_UNITS = {"d": ("Day", timedelta(days=1)), "h": ("Hour", timedelta(hours=1)), "m": ("Minute", timedelta(minutes=1))}


def parse_window(text: str) -> timedelta:
    """``90m``, ``6h``, ``7d`` as a duration; InputError for anything else or more than 30 days."""
    match = re.fullmatch(r"([1-9][0-9]{0,5})([mhd])", text)
    window = int(match[1]) * _UNITS[match[2]][1] if match else None
    if window is None or window > LONGEST:
        raise InputError(f"{text[:20]!r} is not a window: write it like 90m, 6h or 7d, at most 30d")
    return window


def rfc3339(time: datetime) -> str:
    """UTC, ending in Z (RFC 3339)."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_moment(text: str) -> datetime:
    """An RFC 3339 time, in its own zone; InputError when it is none or has no zone."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise InputError("must be an RFC 3339 time such as 2026-01-31T09:30:00Z") from None
    if time.tzinfo is None:
        raise InputError("needs a time zone: end it in Z or an offset such as +01:00")
    return time


def window_name(window: timedelta) -> str:
    """``1h``, ``7d``: the shortest name of a window of whole minutes; 24 hours stay ``24h``."""
    letter, _, size = _unit(window)
    return f"{window // size}{letter}"


def window_words(window: timedelta) -> str:
    """``the Last Hour``, ``the Last 7 Days``."""
    _, name, size = _unit(window)
    count = window // size
    return f"the Last {name}" if count == 1 else f"the Last {count} {name}s"


def _unit(window: timedelta) -> tuple[str, str, timedelta]:
    """The largest unit that divides the window; 24 hours are said as hours, as readers say them."""
    divides = ((letter, name, size) for letter, (name, size) in _UNITS.items() if not window % size)
    return next(unit for unit in divides if unit[0] != "d" or window > unit[2])
