"""Values of one format in the words of another."""

import base64
import json
import re
from typing import Any

SURROGATES = re.compile("[\ud800-\udfff]")
"""Half characters: how Python keeps bytes that are not UTF-8, and what a broken JSON escape stands for."""


def as_text(value: object) -> str:
    """A value as a CSV cell: text as it is, nothing as nothing, times in ISO 8601, lists and objects as JSON."""
    if isinstance(value, str):
        return value
    if value is None or value != value:
        return ""
    plain = value if isinstance(value, bool | int | float | list | dict) else _plain(value)
    return plain if isinstance(plain, str) else as_json(plain)


def as_json(value: object) -> str:
    """JSON on one line that any reader takes: whole characters, null for NaN and infinity, base64 for bytes."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain)
    except ValueError:
        text = json.dumps(_without_nan(value), ensure_ascii=False, allow_nan=False, default=_plain)
    return legible(text)


def legible(text: str) -> str:
    """The text with the replacement character for every half character."""
    return text if text.isascii() else SURROGATES.sub("\ufffd", text)


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nan(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(inner) for inner in value]
    return None if isinstance(value, float) and value - value != 0 else value
