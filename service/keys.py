"""API keys: made once, shown once, kept as a digest.

    isk_4kQz81Tb_VJ5…32 characters…p0aX1c9d
    │   │        │                   └ 6: CRC-32 of everything before it
    │   │        └ 32: the secret, 190 bits
    │   └ 8: the id under which the store finds the key
    └ lets secret scanners find keys that leaked

All characters are base62. The checksum tells a mistyped key from an unknown one without asking the store.
"""

import hashlib
import hmac
import re
import secrets
import string
import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from service.errors import Forbidden, InputError, Unauthenticated
from service.store.contract import ApiKey, Store
from service.text import clean

SCOPES = ("ingest", "editor", "admin")
"""Each opens its own part of the API; none includes another."""

MAX_NAME_CHARS = 60

_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SHAPE = re.compile(r"isk_([0-9A-Za-z]{8})_[0-9A-Za-z]{32}([0-9A-Za-z]{6})")
_CHECKSUM_CHARS = 6  # 62 ** 6 > 2 ** 32
_USE_RESOLUTION = timedelta(minutes=1)  # a busy key must not cost a write per request


def mint(scopes: Sequence[str], now: datetime, name: str = "") -> tuple[str, ApiKey]:
    """A new key of the holder ``name``: its text, to be shown once, and what the store keeps.

    InputError for an unknown or missing scope, or a long name.
    """
    if not scopes or not set(scopes) <= set(SCOPES):
        raise InputError(f"a key needs scopes out of {', '.join(SCOPES)}; got {', '.join(scopes) or 'none'}")
    if len(name := clean(name)) > MAX_NAME_CHARS:
        raise InputError(f"a key's name has at most {MAX_NAME_CHARS} characters; this one has {len(name)}")
    key_id = _random(8)
    body = f"isk_{key_id}_{_random(32)}"
    text = body + _checksum(body)
    kept = tuple(scope for scope in SCOPES if scope in scopes)
    return text, ApiKey(id=key_id, digest=_digest(text), scopes=kept, created_at=now, name=name)


def verify(key_text: str, store: Store, scope: str, now: datetime) -> ApiKey:
    """The stored key, when ``key_text`` is whole, known, not revoked (Unauthenticated) and has ``scope`` (Forbidden).

    Remembers the use, to the minute.
    """
    match = _SHAPE.fullmatch(key_text)
    if not match or not hmac.compare_digest(_checksum(key_text[:-_CHECKSUM_CHARS]), match[2]):
        raise Unauthenticated("this is not a whole iscore key: compare it with what `iscore keys create` printed")
    key = store.key(match[1])
    # One answer, after one comparison, for an unknown id and for a wrong secret.
    if not hmac.compare_digest(_digest(key_text), key.digest if key else "") or key is None:
        raise Unauthenticated("this key is unknown")
    return admit(key, store, scope, now)


def admit(key: ApiKey, store: Store, scope: str, now: datetime) -> ApiKey:
    """The key of a caller who has proved to hold it, unless it was revoked (Unauthenticated) or lacks ``scope``."""
    if key.revoked_at is not None:
        raise Unauthenticated(f"key {key.id} was revoked")
    if scope not in key.scopes:
        raise Forbidden(f"key {key.id} has the scopes {', '.join(key.scopes)}; this needs {scope}")
    if key.last_used_at is None or now - key.last_used_at >= _USE_RESOLUTION:
        store.use_key(key.id, now)
    return key


def _random(length: int) -> str:
    return "".join(secrets.choice(_BASE62) for _ in range(length))


def _checksum(body: str) -> str:
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(_CHECKSUM_CHARS):
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return digits


def _digest(key_text: str) -> str:
    return hashlib.sha256(key_text.encode()).hexdigest()
